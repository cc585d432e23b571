"""Inputs and outputs of a stage by suffix: what a file holds as an object, and an object as bytes."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import InputError
from pipeline.pseudonyms.linkage import NAME as LINKAGE
from pipeline.settings.extract import is_register
from pipeline.settings.reading import SETTINGS_COLUMNS, read_settings
from pipeline.settings.scales import check_scales
from pipeline.storage import digest

if TYPE_CHECKING:
    import pandas as pd

DESCRIPTION = "extract.toml"
DIGESTS = "SHA256SUMS"  # beside numbers copied from a report, which nothing else vouches for
AS_RECEIVED = "line"  # the index of a frame of received rows, which keeps it and has no schema


def load_input(path: Path) -> Any:
    """Load one input by its suffix: parquet and csv as data frames (csv all text), toml as settings, json and svg.

    What lies beside an extract.toml is a file as received, of any format, and is read by the register's readers; the
    register itself, which may be larger than the memory, is its path.
    """
    if path.suffix == ".toml":
        return _read_settings(path)
    if is_received(path):
        return _read_received(path)
    if path.suffix == ".parquet":
        return _read_parquet(path)
    if path.suffix == ".csv":
        return _read_csv(path)
    if path.suffix == ".json":
        return _read_json(path)
    if path.suffix == ".svg":
        return path.read_text(encoding="utf-8")
    raise InputError(f"{path}: no way to read a {path.suffix} file. Use parquet, csv, toml, json or svg.")


def _read_settings(path: Path) -> Any:
    settings = read_settings(path)
    if path.name == DESCRIPTION:
        from pipeline.register.readers import require_counted, require_own

        require_own(path.parent, settings)
        require_counted(path.parent, settings)
    return settings


def is_received(path: Path) -> bool:
    """Whether a file is one as received: it lies beside an extract.toml."""
    return path.suffix != ".toml" and (path.parent / DESCRIPTION).exists()


def name_of(path: Path) -> str:
    """What a stage calls an input: its stem, and a received file by its role, since senders name files as they like.

    The linkage files of several extracts, which have one name, are told by their folders.
    """
    if path.name == LINKAGE:
        return f"{path.stem}_{path.parent.name}"
    if not is_received(path):
        return path.stem
    from pipeline.register.readers import find_facts

    return find_facts(path, read_settings(path.parent / DESCRIPTION))[0]


def _read_parquet(path: Path) -> pd.DataFrame:
    import pandas as pd

    try:
        return pd.read_parquet(path)
    except (OSError, ValueError) as error:  # what pyarrow raises of a file that is empty or cut off, or of other bytes
        why = str(error).splitlines()[0]
        raise InputError(f"{path}: not a table as make writes it ({why}). Delete it, and run make again.") from error


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except ValueError as error:
        raise InputError(f"{path}: not as make writes it ({error}). Delete it, and run make again.") from error


def _read_received(path: Path) -> Path | pd.DataFrame:
    from pipeline.register.readers import find_facts, read_received

    extract = read_settings(path.parent / DESCRIPTION)
    role, _ = find_facts(path, extract)
    return path if is_register(role) else read_received(path, extract)


def require_digest(path: Path) -> None:
    """Raise InputError for a file that is not the one in the list of digests beside it, as `sha256sum` writes it."""
    listed = path.with_name(DIGESTS)
    if not listed.exists():
        return
    lines = (line.split() for line in listed.read_text(encoding="utf-8").splitlines())
    digests = {name: sha256 for sha256, name in lines}
    if digests.get(path.name) != digest(path):
        raise InputError(
            f"{path}: its SHA-256 is not the one in {listed}. Put the file back as it was; if a number was read "
            "wrongly from the report, mend it and write the list anew with sha256sum."
        )


def _read_csv(path: Path) -> pd.DataFrame:
    require_digest(path)
    return read_table(path, path)


def read_table(path: Path, content: Path | bytes) -> pd.DataFrame:
    """A csv as text, with the columns that settings of its name have; `content` is where its bytes are, or they."""
    import pandas as pd

    source = io.BytesIO(content) if isinstance(content, bytes) else content
    try:
        table = pd.read_csv(source, dtype=str, keep_default_na=False)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not a comma-separated UTF-8 table: {error}. Mend the line.") from error
    expected = SETTINGS_COLUMNS.get(path.stem, tuple(table.columns))
    for name in (column for column in expected if column.endswith("_da") and column not in table):
        table[name] = ""  # a study may offer one language
    absent, unknown = sorted(set(expected) - set(table.columns)), sorted(set(table.columns) - set(expected))
    if absent or unknown:
        raise InputError(
            f"{path}, line 1: columns missing: {', '.join(absent) or 'none'}; unknown columns: "
            f"{', '.join(unknown) or 'none'}. The columns are {', '.join(expected)}."
        )
    if path.stem == "scales":
        check_scales(str(path), table)
    return table


def serialise(path: Path, content: Any) -> bytes:
    """The bytes of an output: a data frame as parquet, text as UTF-8, bytes as they are."""
    if isinstance(content, bytes):
        return content
    if isinstance(content, str):
        return content.encode("utf-8")
    buffer = io.BytesIO()
    content.to_parquet(buffer, index=content.index.name == AS_RECEIVED, compression="zstd")
    return buffer.getvalue()
