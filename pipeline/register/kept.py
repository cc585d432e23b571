"""The register as received, of any size, read once: the rows of the trial's persons, each with its line.

What is kept is a frame as every received file gives one, indexed by line, with the columns that the pipeline may read.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.pseudonyms.hashed import Pseudonyms
from pipeline.pseudonyms.keys import read_key
from pipeline.register.columns import LIKE_A_CELL, WEEK_OF_YEAR
from pipeline.register.files.kinds import open_file
from pipeline.register.files.rows import Chunk
from pipeline.register.long import COLUMNS
from pipeline.register.parts import join_parts, weeks_of_year, without_week_53
from pipeline.register.persons import link_keys, require_one_form, usual_form
from pipeline.register.readers import (
    describe_frame,
    idle_keys,
    refuse_missing_keys,
    refuse_no_person,
    refuse_repeated_keys,
    rename,
    require_columns,
    require_names,
    require_rows,
    require_same,
    show_column,
)
from pipeline.register.seen import SeenKeys
from pipeline.settings.extract import RawFile
from pipeline.settings.study import Design
from pipeline.storage import LARGE

if TYPE_CHECKING:
    import pandas as pd

FAMILY = re.compile(
    r"(.*?)[_ ]?[0-9][0-9_qQkKvV]*(?:[0-9]{4})?", re.DOTALL
)  # a name that ends in numbers: a time, or one of several
QUIET_SECONDS, SECONDS_BETWEEN = 3.0, 2.0
LONGEST_LIST = 12
ROWS_LOOKED_AT = 200


@dataclass(frozen=True)
class Asked:
    """Whose rows are asked of the register: their pseudonyms, and how most of their numbers are written.

    columns: what is read besides the key, weeks, wages and degrees.
    """

    keys: frozenset[str]
    form: str
    columns: frozenset[str]
    pseudonyms: Pseudonyms

    def seen(self) -> SeenKeys:
        """The keys of a file, none seen yet."""
        return SeenKeys(self.keys, self.form, self.pseudonyms)


def ask_register(allocation: pd.DataFrame, design: Design, pseudonyms: Pseudonyms) -> Asked:
    """What is asked for the randomised persons; InputError without the column of their keys in the register."""
    require_columns(allocation, [design.key])
    numbers = allocation[design.key][allocation[design.key] != ""]
    keys = frozenset(pseudonyms.keys(link_keys(numbers)))
    return Asked(keys, usual_form(numbers), frozenset(design.identity.of_register), pseudonyms)


def read_asked(request: Mapping[str, Any]) -> Asked:
    """What request.json asks; InputError as `read_key`."""
    key = read_key(request["extract"], request["key_digest"], request["public_key"])
    return Asked(frozenset(request["keys"]), request["form"], frozenset(request["columns"]), Pseudonyms(key))


def keep_register(paths: Sequence[Path], files: Sequence[RawFile], asked: Asked, *, is_wide: bool) -> pd.DataFrame:
    """The rows of the register, of one file or of several, that `keep_rows` keeps of each."""
    frames = [keep_rows(path, file, asked, is_wide=is_wide) for path, file in zip(paths, files, strict=True)]
    return join_parts(frames, files, is_wide=is_wide)


def keep_rows(path: Path, facts: RawFile, asked: Asked, *, is_wide: bool) -> pd.DataFrame:
    """The rows of the register file that are asked for, text indexed by line; all rows of a long form.

    Persons have their pseudonyms in place of their numbers, which go no further than this function.

    The weeks of the long forms run from the first to the last that any row names, so nothing of them can be left. Rows
    without a key are left out and counted where the register has a file a year. Raises InputError for a file that is
    not the one registered, a key that is missing or, in the wide form, repeated, and numbers written in another way.
    """
    import pandas as pd

    is_large = path.stat().st_size > LARGE  # it is hashed while it is read
    if not is_large:
        require_same(path, facts)
    file = open_file(path, facts)
    header = file.columns()
    names = rename(path, header, facts.columns)
    require_names(str(path), names, [facts.key])
    own = dict(zip(names, header, strict=True))
    columns = [name for name in names if name == facts.key or _is_read(name, facts, asked, is_wide=is_wide)]
    _say_others(path, [name for name in names if name not in columns])
    seen = asked.seen()
    parts = []
    for chunk in _progress(
        file.chunks(own[facts.key], [own[name] for name in columns], seen.choose if is_wide else None), path
    ):
        seen.count(chunk)
        parts.append(chunk.rows)
    if is_large:
        require_same(path, facts)
    frame = pd.concat(parts) if parts else pd.DataFrame(columns=[own[name] for name in columns], dtype=object)
    names = weeks_of_year(columns, facts.year)
    frame = frame.set_axis(names, axis="columns").rename_axis(index="line")
    frame[facts.key] = asked.pseudonyms.keys(link_keys(frame[facts.key]))
    _check(seen, path, facts, is_wide=is_wide)
    describe_frame(frame, path, facts)
    frame.attrs["idle"] = idle_keys(facts, file.texts.idle, columns)
    if facts.year:
        frame.attrs["stored"] = dict(zip(names, columns, strict=True))
    return without_week_53(frame, facts.year)


def count_rows(path: Path, facts: RawFile, *, repeats: bool) -> tuple[int, pd.DataFrame]:
    """How many rows a register file has, and the first of them as text; its keys are checked as `keep_rows` does."""
    import pandas as pd

    file = open_file(path, facts)
    header = file.columns()
    own = dict(zip(rename(path, header, facts.columns), header, strict=True))
    seen, first = SeenKeys((), ""), None

    def choose(keys: list[str]) -> range:
        return range(0 if seen.rows else min(len(keys), ROWS_LOOKED_AT))

    for chunk in _progress(file.chunks(own[facts.key], header, choose), path):
        seen.count(chunk)
        first = chunk.rows if first is None or first.empty else first
    if not facts.year:
        refuse_missing_keys(str(path), facts.key, seen.missing)
    if not repeats:
        refuse_repeated_keys(str(path), facts.key, seen.repeated())
    return seen.rows, pd.DataFrame(columns=header) if first is None else first


def _check(seen: SeenKeys, path: Path, facts: RawFile, *, is_wide: bool) -> None:
    import pandas as pd

    require_rows(path, seen.rows, facts)
    if facts.year:
        if seen.missing:
            count, first = len(seen.missing), seen.missing[0]
            print(f"register: {path}: {count} rows without a key are left out, the first row {first}")
    else:
        refuse_missing_keys(str(path), facts.key, seen.missing)
    odd = pd.Series(list(seen.odd.values()), index=list(seen.odd), dtype=object)
    specimen = pd.Series([seen.usual.replace("x", "1")] * bool(seen.usual), name=facts.key, dtype=object)
    if len(odd):
        refuse_no_person(str(path), facts.columns.get(facts.key, facts.key), odd, specimen)
    if is_wide:
        refuse_repeated_keys(str(path), facts.key, seen.repeated())
        if 2 * seen.rounded > seen.rows:
            odd = pd.Series(["00"] * seen.rounded + ["01"] * (seen.rows - seen.rounded), dtype=object)
        if len(odd):
            require_one_form(specimen, _named(facts.key, path, odd))


def _named(name: str, path: Path, column: pd.Series) -> pd.DataFrame:
    """A frame of this column alone, that errors name by the file."""
    frame = column.to_frame(name)
    frame.attrs["path"] = str(path)
    return frame


def _is_read(name: str, facts: RawFile, asked: Asked, *, is_wide: bool) -> bool:
    """Whether the pipeline reads the column: weeks, wages, degrees, those of a long form, and what is named."""
    if name in asked.columns:
        return True
    if not is_wide:
        return name.lower() in COLUMNS
    if facts.year and WEEK_OF_YEAR.fullmatch(name):
        return True
    return bool(LIKE_A_CELL.match(name))


def _say_others(path: Path, names: list[str]) -> None:
    families: dict[str, int] = {}
    for name in names:
        match = FAMILY.fullmatch(name)
        family = match.group(1) if match else name
        families[family] = families.get(family, 0) + 1
    listed = ", ".join(f"{show_column(name)} ({count})" for name, count in list(families.items())[:LONGEST_LIST])
    if names:
        more = f" and {len(families) - LONGEST_LIST} families more" if len(families) > LONGEST_LIST else ""
        print(f"register: {path}: {len(names)} other columns are not read: {listed}{more}")


def _progress(chunks: Iterator[Chunk], path: Path) -> Iterator[Chunk]:
    """The chunks; of a file that takes longer than some seconds it says how far it is, and how long it will take."""
    started = said = time.perf_counter()
    rows = 0
    for chunk in chunks:
        rows += len(chunk.lines)
        yield chunk
        now = time.perf_counter()
        if now - started > QUIET_SECONDS and now - said > SECONDS_BETWEEN and chunk.share:
            said, left = now, (now - started) * (1 - chunk.share) / chunk.share
            print(
                f"register: {path.name}: {rows:,} rows, {chunk.share:.0%}, about {left:.0f} s left",
                file=sys.stderr,
                flush=True,
            )
