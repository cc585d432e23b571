"""A table of text written in the formats that deliveries come in, typed as these type it."""

from __future__ import annotations

import ctypes
import datetime
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pandas as pd

NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,5})([.,][0-9]+)?")
DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
STRING, DOUBLE = 0, 5  # readstat_type_t


def read_text(path: Path, separator: str = ";") -> pd.DataFrame:
    """The table of a csv of the tests."""
    return pd.read_csv(path, sep=separator, dtype=str, keep_default_na=False)


def typed(table: pd.DataFrame) -> pd.DataFrame:
    """The table with numbers, dates and texts where its cells are such."""
    return pd.DataFrame({name: _typed(table[name]) for name in table})


def _typed(cells: pd.Series) -> pd.Series:
    if cells.dtype != object:
        return cells
    given = cells[cells != ""]
    if given.str.fullmatch(NUMBER).all():
        return cells.map(lambda cell: float(cell.replace(",", ".")) if cell else None).astype("float64")
    if given.str.fullmatch(DATE).all():
        return cells.map(lambda cell: datetime.date.fromisoformat(cell) if cell else None).astype(object)
    return cells


def write_as(kind: str, table: pd.DataFrame, path: Path) -> Path:
    """Write the table beside `path` in a format, and take `path` away."""
    suffix, write = WRITERS[kind]
    target = path.with_suffix(suffix)
    path.unlink(missing_ok=True)
    write(table, target)
    return target


def _star(table: pd.DataFrame, path: Path) -> None:
    """As the data owner's own csv: cells padded with blanks, nothing quoted, the names not in the first line."""
    rows = [["Udtræk af DREAM"], [], [*map(str, table)], *table.to_numpy().tolist()]
    lines = [",".join(f"{cell.replace(',', '.'):<6}" for cell in row) for row in rows]
    path.write_text("\r\n".join(lines), encoding="cp1252", newline="")


def _csv(separator: str, encoding: str, *, quoting: Literal[0, 1] = 0) -> Callable[[pd.DataFrame, Path], None]:
    def write(table: pd.DataFrame, path: Path) -> None:
        text = table.to_csv(index=False, sep=separator, quoting=quoting)
        path.write_bytes((text.replace("–", "-") if encoding == "latin-1" else text).encode(encoding))

    return write


def _points(table: pd.DataFrame, path: Path) -> None:
    """Codes as a program writes numbers of which some are missing: 890.0, and a point for nothing."""
    cells = table.replace({r"^(0|[1-9]\d{0,3})$": r"\1.0", "^$": "."}, regex=True)
    cells.replace({r"^(\d+),(\d+)$": r"\1.\2"}, regex=True).to_csv(path, index=False, sep=";")


def _parquet(table: pd.DataFrame, path: Path) -> None:
    typed(table).to_parquet(path, index=False, row_group_size=2)


def _xlsx(table: pd.DataFrame, path: Path) -> None:
    typed(table).to_excel(path, index=False, startrow=2)


def _serials(table: pd.DataFrame, path: Path) -> None:
    """Dates as the plain numbers that Excel counts."""
    days = {name: _since(column, "1899-12-30") for name, column in typed(table).items()}
    pd.DataFrame(days).to_excel(path, index=False)


def _since(column: pd.Series, origin: str) -> pd.Series:
    if not any(isinstance(value, datetime.date) for value in column):
        return column
    return (pd.to_datetime(column) - pd.Timestamp(origin)).dt.days


def _stata(table: pd.DataFrame, path: Path) -> None:
    import pyreadstat

    pyreadstat.write_dta(typed(table), str(path))


def _spss(table: pd.DataFrame, path: Path) -> None:
    """With labels of values, which are not the codes."""
    import pyreadstat

    values = typed(table)
    numbers = [str(name) for name in values if values[name].dtype == "float64"]
    labels: dict[str, dict[int | float, str]] = {
        name: {1.0: "yes", 2.0: "no", 0.0: "never", 890.0: "sick"} for name in numbers
    }
    pyreadstat.write_sav(values, str(path), variable_value_labels=labels)


def write_sas(table: pd.DataFrame, path: Path, formats: dict[str, str] | None = None) -> None:
    """By the writer of ReadStat, the library behind pyreadstat, which pyreadstat itself does not offer."""
    import pyreadstat

    values = pd.DataFrame({name: _since(column, "1960-01-01") for name, column in typed(table).items()})
    library = ctypes.CDLL(str(next(Path(pyreadstat.__path__[0]).glob("_readstat_writer*.so"))))
    library.readstat_variable_set_format.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
    for name in ("readstat_writer_init", "readstat_add_variable"):
        getattr(library, name).restype = ctypes.c_void_p
    kind = ctypes.CFUNCTYPE(ctypes.c_ssize_t, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p)
    with path.open("wb") as file:
        take = kind(lambda data, size, _: file.write(ctypes.string_at(data, size)))
        writer = ctypes.c_void_p(library.readstat_writer_init())
        library.readstat_set_data_writer(writer, take)
        columns = [_sas_column(library, writer, str(name), column) for name, column in values.items()]
        for variable, name in zip(columns, map(str, values), strict=True):
            library.readstat_variable_set_format(variable, (formats or {}).get(name, "").encode() or None)
        assert library.readstat_begin_writing_sas7bdat(writer, None, ctypes.c_long(len(values))) == 0
        for row in values.itertuples(index=False):
            assert library.readstat_begin_row(writer) == 0
            for variable, cell in zip(columns, row, strict=True):
                assert _sas_cell(library, writer, variable, cell) == 0
            assert library.readstat_end_row(writer) == 0
        assert library.readstat_end_writing(writer) == 0
        library.readstat_writer_free(writer)


def _sas_column(library: ctypes.CDLL, writer: ctypes.c_void_p, name: str, column: pd.Series) -> ctypes.c_void_p:
    is_text = column.dtype == object
    width = max([1, *(len(cell.encode()) for cell in column)]) if is_text else 8
    kind = STRING if is_text else DOUBLE
    return ctypes.c_void_p(library.readstat_add_variable(writer, name.encode(), kind, ctypes.c_size_t(width)))


def _sas_cell(library: ctypes.CDLL, writer: ctypes.c_void_p, variable: ctypes.c_void_p, cell: Any) -> int:
    if isinstance(cell, str):
        return int(library.readstat_insert_string_value(writer, variable, cell.encode()))
    if pd.isna(cell):
        return int(library.readstat_insert_missing_value(writer, variable))
    return int(library.readstat_insert_double_value(writer, variable, ctypes.c_double(cell)))


WRITERS: dict[str, tuple[str, Callable[[pd.DataFrame, Path], None]]] = {
    "comma": (".csv", _csv(",", "utf-8")),
    "quoted": (".csv", _csv(";", "utf-8-sig", quoting=1)),
    "tab": (".txt", _csv("\t", "latin-1")),
    "windows": (".csv", _csv(";", "cp1252")),
    "utf-16": (".csv", _csv("\t", "utf-16")),
    "star": (".csv", _star),
    "points": (".csv", _points),
    "parquet": (".parquet", _parquet),
    "xlsx": (".xlsx", _xlsx),
    "serials": (".xlsx", _serials),
    "stata": (".dta", _stata),
    "spss": (".sav", _spss),
    "sas": (".sas7bdat", write_sas),
}
