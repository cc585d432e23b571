"""The cells that a trace lists, read again where they stand in the files as received.

Of each file the columns concerned are read, with the readers of its format, and of a register the rows of the trial's
persons alone. What a cell holds is made of its text as a delivery is read, so a code, a date or an answer that is not
the one in the file is an error, whatever derived tables and records say.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pandas as pd

from pipeline.audit.located import WAGE
from pipeline.errors import InputError
from pipeline.register.answers import recode_answers
from pipeline.register.cells import parse_dates
from pipeline.register.codes import parse_codes
from pipeline.register.files.kinds import open_file
from pipeline.register.long import read_states
from pipeline.register.readers import describe_frame, parse_numbers
from pipeline.settings.extract import RawFile, is_register
from pipeline.settings.scales import item_names

if TYPE_CHECKING:
    from pipeline.audit.build import Build

CELL = ["file", "line", "column", "content"]
Place = tuple[str, int, str]  # file, line and column


def compare_cells(parts: Iterable[pd.DataFrame], build: Build) -> int:
    """How many cells of the tables `parts`, which have the columns of CELL, were compared with the received files.

    Raises InputError naming file, line, column and both contents for the first that holds something else, and how many
    do. A week that no row of the file covers has no cell.
    """
    cells = pd.concat([part[CELL] for part in parts if len(part)] or [pd.DataFrame(columns=CELL)], ignore_index=True)
    cells = cells[cells["line"].notna() & (cells["file"] != "")].drop_duplicates()
    for name, listed in cells.groupby("file"):
        _compare_file(str(name), listed, build)
    return len(cells)


def read_wages(tables: Iterable[pd.DataFrame], build: Build) -> dict[Place, str]:
    """What the wage cells of tables with the columns of WAGE hold, as received, by file, line and column."""
    told = [table.loc[table["wage_column"] != "", WAGE] for table in tables]
    places = pd.concat([part for part in told if len(part)] or told[:1], ignore_index=True).drop_duplicates()
    found: dict[Place, str] = {}
    for name, own in places.groupby("wage_file"):
        facts = next(file for file in build.extract.files.values() if file.path == name)
        columns = sorted(set(own["wage_column"]))
        frame = _read_rows(build.raw / str(name), facts, columns, build, is_register=True)
        for column in columns:
            found |= {(str(name), int(line), column): text for line, text in frame[column].items()}
    return found


def with_wages(table: pd.DataFrame, wages: Mapping[Place, str]) -> pd.DataFrame:
    """A table of cells with what the wage cell of each holds, "" where no wage is part of it."""
    places = zip(*(table[name] for name in WAGE), strict=True)
    held = [wages.get((file, int(line), column), "") if column else "" for file, line, column in places]
    at = list(table.columns).index(WAGE[-1]) + 1
    return pd.concat([table.iloc[:, :at], pd.Series(held, table.index, name="wage_content", dtype=object),
                      table.iloc[:, at:]], axis=1)  # fmt: skip


def _compare_file(name: str, listed: pd.DataFrame, build: Build) -> None:
    path = build.raw / name
    role, facts = next((role, file) for role, file in build.extract.files.items() if file.path == name)
    columns = sorted(set(listed["column"]))
    frame = _read_rows(path, facts, columns, build, is_register=is_register(role))
    held = _contents(frame, columns, role, facts, build)
    lines = listed["line"].astype("int64")
    places = pd.Series(range(len(frame)), index=frame.index).reindex(lines).to_numpy()
    order = {column: place for place, column in enumerate(columns)}
    wrong, first = 0, ""
    for place, line, column, content in zip(places, lines, listed["column"], listed["content"], strict=True):
        found = None if pd.isna(place) else held[int(place)][order[column]]
        if found != content:
            wrong += 1
            in_file = "no such row of a person of the trial" if found is None else "another value"
            first = first or f"line {line}, column {column}: the file has {in_file}, not what the trace lists"
    if wrong:
        raise InputError(
            f"{path}, {first} ({wrong} of {len(listed)} cells). The derived tables are not made of this file. Say "
            f"make clean EXTRACT={build.raw.name}, then make all."
        )


def _read_rows(path: Path, facts: RawFile, columns: Sequence[str], build: Build, *, is_register: bool) -> pd.DataFrame:
    """The columns of a received file by the names of the cells, text indexed by line."""
    file = open_file(path, facts)
    header = file.columns()
    own = {column: facts.columns.get(column, column) for column in columns}
    absent = [column for column in columns if own[column] not in header]
    if absent:
        raise InputError(f"{path}: no column {absent[0]}, of which the trace lists cells ({len(absent)} columns).")
    key, choose = None, None
    if is_register and build.extract.format == "dream_wide":
        key, choose = facts.columns.get(facts.key, facts.key), build.asked.seen().choose
    chunks = [chunk.rows for chunk in file.chunks(key, [own[column] for column in columns], choose)]
    frame = pd.concat(chunks).set_axis(list(columns), axis="columns").rename_axis(index="line")
    describe_frame(frame, path, facts)
    return frame


def _contents(frame: pd.DataFrame, columns: Sequence[str], role: str, facts: RawFile, build: Build) -> list[list[str]]:
    """What each cell (rows, columns) holds, as a trace writes it."""
    if is_register(role):
        codes = _codes(frame, columns, build)
        return [list(row) for row in np.asarray(codes, dtype=object).reshape(len(frame), len(columns))]
    if role == "allocation":
        return [list(row) for row in zip(*(_draws(frame, column, build) for column in columns), strict=True)]
    recoded = recode_answers(frame, _only(facts, columns), build.scales)
    values = {column: parse_numbers(recoded[column], facts.decimal) for column in columns}
    texts = [["" if pd.isna(value) else f"{value:.12g}" for value in values[column]] for column in columns]
    return [list(row) for row in zip(*texts, strict=True)]


def _codes(frame: pd.DataFrame, columns: Sequence[str], build: Build) -> pd.Categorical:
    if build.extract.format == "dream_wide":
        assert build.benefit_codes is not None
        return parse_codes(frame, columns, build.benefit_codes, build.extract.register_version)
    return read_states(frame, columns[0], build.benefit_codes, build.extract)


def _draws(frame: pd.DataFrame, column: str, build: Build) -> list[str]:
    if column == build.study.design.date:
        return list(parse_dates(frame, column).dt.strftime("%Y-%m-%d"))
    return list(frame[column])


def _only(facts: RawFile, columns: Sequence[str]) -> RawFile:
    """The facts without what they say of items that were not read."""

    def kept(short: str) -> list[str]:
        return [item for item in item_names(short) if item in columns]

    return msgspec.structs.replace(
        facts,
        no_answer={item: codes for short, codes in facts.no_answer.items() for item in kept(short)},
        offset={item: by for short, by in facts.offset.items() for item in kept(short)},
        reversed=[item for short in facts.reversed for item in kept(short)],
    )
