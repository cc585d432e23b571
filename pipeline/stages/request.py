"""What is asked of the register: whose rows, of which files. It changes with these alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from pipeline.errors import InputError
from pipeline.pseudonyms.hashed import Pseudonyms
from pipeline.register.kept import ask_register
from pipeline.register.persons import require_secret
from pipeline.settings.extract import Extract
from pipeline.settings.study import Study

if TYPE_CHECKING:
    import pandas as pd


def run(extract: Extract, study: Study, allocation: pd.DataFrame | None = None) -> dict[str, Any]:
    """The pseudonyms of the randomised persons in the register, and what extract.toml says of its files, as JSON.

    An extract without an allocation file or a register is an InputError.
    """
    absent = [role for role in ("allocation", "register") if role not in extract.files]
    if absent or allocation is None:
        raise InputError(
            f"extract.toml: no [files.{(absent or ['allocation'])[0]}], or its file is missing. Put the file there and "
            f"say make extract EXTRACT={extract.name} AGAIN=yes."
        )
    require_secret(extract, study)
    rows = ask_register(allocation, study.design, Pseudonyms.of(extract))
    asked = {
        "extract": extract.name,
        "key_digest": extract.key_digest,
        "public_key": extract.public_key,
        "keys": sorted(rows.keys),
        "form": rows.form,
        "columns": sorted(rows.columns),
        "format": extract.format,
        "files": [msgspec.to_builtins(file) for file in extract.registers],
    }
    return {"request.json": msgspec.json.format(msgspec.json.encode(asked)).decode() + "\n"}
