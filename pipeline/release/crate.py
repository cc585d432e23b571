"""The archive's metadata as an RO-Crate, with the run that made it as the profile Process Run Crate asks."""

from __future__ import annotations

import json
import mimetypes
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pipeline.release.shapes import Account
from pipeline.settings.extract import Extract

if TYPE_CHECKING:
    from rocrate.rocrate import ROCrate

METADATA = "ro-crate-metadata.json"
PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
LICENSE = "https://spdx.org/licenses/MIT"
TYPES = {
    ".md": "text/markdown",
    ".lock": "text/plain",
    ".toml": "application/toml",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".tex": "application/x-tex",
    ".csv": "text/csv",
    ".json": "application/json",
    ".html": "text/html",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".pdf": "application/pdf",
}


def write_crate(
    files: Mapping[str, bytes],
    sums: Mapping[str, str],
    extract: Extract,
    provenance: Mapping[str, Any],
    account: Account,
) -> str:
    """ro-crate-metadata.json for `files`, by path in the archive, with their SHA-256.

    Received files are named with their hashes and are not part of the archive. Records hold no times, so the same
    commit gives the same bytes: the day of all of it is the commit's.
    """
    from rocrate.rocrate import ROCrate

    crate = ROCrate()
    crate.name = f"Evaluation of {extract.label or extract.name}"
    crate.description = (
        f"Exhibits, results, records and guide of the extract {extract.name}"
        f"{', which is synthetic' if extract.synthetic else ''}: aggregates only."
    )
    crate.datePublished = account.committed
    crate.license = _add(crate, LICENSE, "CreativeWork", name="MIT License", description="The licence of the program.")
    profile = {"name": "Process Run Crate", "version": "0.5"}
    crate.root_dataset["conformsTo"] = _add(crate, PROFILE, "CreativeWork", **profile)
    parts = [
        crate.add_file(
            dest_path=path,
            properties={
                "name": path,
                "sha256": sums[path],
                "contentSize": str(len(content)),
                "encodingFormat": _type(path),
            },
        )
        for path, content in files.items()
    ]
    crate.root_dataset["mentions"] = _run(crate, extract, provenance, account, parts)
    return json.dumps(crate.metadata.generate(), indent=1, ensure_ascii=False) + "\n"


def _run(crate: ROCrate, extract: Extract, provenance: Mapping[str, Any], account: Account, parts: list[Any]) -> Any:
    """The action that made the archive: what it was given, by hash alone, the program, and what came of it."""
    given = [
        _add(crate, f"urn:sha256:{known['sha256']}", "CreativeWork", name=path)
        for path, known in sorted(provenance["files"].items())
        if known["made_by"] == "received"
    ]
    commit = f"urn:git:{account.commit}"
    program = _add(crate, commit, "SoftwareApplication", name="pipeline", softwareVersion=account.commit, url=commit)
    holder = _add(crate, "#holder", "Organization", name="Who holds the received files")
    run = _add(
        crate,
        f"urn:sha256:{provenance['head']}",
        "CreateAction",
        name=f"make report EXTRACT={extract.name}",
        description="Named by the head of the records, which hold no times: endTime is that of the commit.",
        endTime=account.committed,
    )
    run["instrument"], run["object"], run["result"], run["agent"] = program, given, parts, holder
    return run


def _add(crate: ROCrate, identifier: str, kind: str, **properties: str) -> Any:
    from rocrate.model.contextentity import ContextEntity

    return crate.add(ContextEntity(crate, identifier, {"@type": kind, **properties}))


def _type(path: str) -> str:
    suffix = "." + path.rpartition(".")[2]
    return TYPES.get(suffix) or mimetypes.guess_type(path, strict=True)[0] or "application/octet-stream"
