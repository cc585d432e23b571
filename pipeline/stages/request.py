"""What is asked of the register: whose rows, of which files. It changes with these alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from pipeline.errors import InputError
from pipeline.register.kept import keys_asked
from pipeline.settings.extract import Extract
from pipeline.settings.study import Study

if TYPE_CHECKING:
    import pandas as pd


def run(extract: Extract, study: Study, allocation: pd.DataFrame | None = None) -> dict[str, Any]:
    """The keys of the randomised persons in the register, and what extract.toml says of its files, as JSON.

    An extract without an allocation file or a register is an InputError.
    """
    absent = [role for role in ("allocation", "register") if role not in extract.files]
    if absent or allocation is None:
        raise InputError(
            f"extract.toml: no [files.{(absent or ['allocation'])[0]}], or its file is missing. Put the file there and "
            f"say make extract EXTRACT={extract.name} AGAIN=yes."
        )
    asked = {
        "keys": keys_asked(allocation, study.design.key),
        "format": extract.format,
        "files": [msgspec.to_builtins(file) for file in extract.registers],
    }
    return {"request.json": msgspec.json.format(msgspec.json.encode(asked)).decode() + "\n"}
