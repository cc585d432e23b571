"""The archive's metadata as an RO-Crate, with the run that made it as the profile Process Run Crate asks."""

from __future__ import annotations

import json
import mimetypes
from collections.abc import Mapping
from typing import Any

from pipeline.release.repository import Commit
from pipeline.settings.extract import Extract

METADATA = "ro-crate-metadata.json"
PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
TYPES = {
    ".md": "text/markdown",
    ".lock": "text/plain",
    ".toml": "application/toml",
    ".parquet": "application/vnd.apache.parquet",
}


def write_crate(
    files: Mapping[str, bytes], sums: Mapping[str, str], extract: Extract, provenance: Mapping[str, Any], commit: Commit
) -> str:
    """ro-crate-metadata.json for `files`, by path in the archive, with their SHA-256.

    Received files and derived tables are named with their hashes and are not part of the archive.
    """
    from rocrate.model.contextentity import ContextEntity
    from rocrate.rocrate import ROCrate

    crate = ROCrate()
    crate.name = f"Evaluation of {extract.label or extract.name}"
    crate.description = (
        f"Exhibits, results, records and guide of the extract {extract.name}"
        f"{', which is synthetic' if extract.synthetic else ''}: aggregates only."
    )
    crate.license = "https://spdx.org/licenses/MIT"
    crate.datePublished = commit.instant
    crate.root_dataset["conformsTo"] = {"@id": PROFILE}
    parts = [
        crate.add_file(
            dest_path=path,
            properties={"sha256": sums[path], "contentSize": str(len(content)), "encodingFormat": _type(path)},
        )
        for path, content in files.items()
    ]
    given = [
        crate.add(ContextEntity(crate, f"urn:sha256:{known['sha256']}", {"@type": "CreativeWork", "name": path}))
        for path, known in provenance["files"].items()
        if known["made_by"] == "received"
    ]
    program = crate.add(
        ContextEntity(
            crate,
            f"urn:git:{commit.sha}",
            {"@type": "SoftwareApplication", "name": "pipeline", "softwareVersion": commit.sha},
        )
    )
    run = crate.add(
        ContextEntity(
            crate,
            f"urn:sha256:{provenance['head']}",
            {"@type": "CreateAction", "name": f"make all EXTRACT={extract.name}", "description": "Head of the records"},
        )
    )
    run["instrument"], run["object"], run["result"] = program, given, parts
    crate.root_dataset["mentions"] = run
    return json.dumps(crate.metadata.generate(), indent=1, ensure_ascii=False) + "\n"


def _type(path: str) -> str:
    suffix = "." + path.rpartition(".")[2]
    return TYPES.get(suffix) or mimetypes.guess_type(path)[0] or "application/octet-stream"
