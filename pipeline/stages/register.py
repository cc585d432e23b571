"""The register, read once: the rows of the randomised persons, with their lines, as text, under pseudonyms."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from pipeline.errors import InputError
from pipeline.register.kept import keep_register, read_asked
from pipeline.settings.extract import RawFile

if TYPE_CHECKING:
    import pandas as pd


def run(request: dict[str, Any], **received: Path) -> dict[str, pd.DataFrame]:
    """Keep what is asked for of the register files, whose places `received` are: they may be larger than the memory.

    The frame is indexed by line, as that of any received file.
    """
    files = [msgspec.convert(file, RawFile) for file in request["files"]]
    paths = {path.name: path for path in received.values()}
    absent = [file.path for file in files if file.path not in paths]
    if absent:
        raise InputError(f"extract.toml: {absent[0]}: the file is missing. Put the received files there.")
    is_wide = request["format"] == "dream_wide"
    own = [paths[file.path] for file in files]
    return {"register.parquet": keep_register(own, files, read_asked(request), is_wide=is_wide)}
