"""What the files of a delivery do not say, as questions that an analyst answers in extract.toml."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from pipeline.register.answers import item_ends
from pipeline.register.cells import ISO, ORDERS
from pipeline.register.readers import NUMBERED, parse_numbers
from pipeline.register.shown import count_digits, show_column, show_value
from pipeline.settings.extract import Extract, RawFile
from pipeline.settings.scales import asked_again, item_names
from pipeline.settings.sensitivity import PERSON
from pipeline.settings.study import Design

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd

ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
ORDERED = re.compile(r"\d{2}[-./]\d{2}[-./]\d{4}")
SERIAL = re.compile(r"\d{5,12}")
LONGEST_LIST = 8
FEWEST = 5  # persons behind a value that is shown
MOST_CODES, DIGITS_OF_A_CODE = 3, 3  # for no answer, as 8, 98 and 998


def ask(extract: Extract, frames: Mapping[str, pd.DataFrame], design: Design, scales: pd.DataFrame | None) -> list[str]:
    """The questions, a line each: of weeks without a spell, columns,  dates in no known order, answers."""
    found = [*_about_rows(extract), *_about_cover(extract)]
    grouping = [grouping.column for grouping in design.groupings]
    named = [design.person, design.key, design.arm, design.date, design.consent, *grouping]
    wanted = {"allocation": [name for name in named if name]}
    for role, asked in (("baseline_survey", scales), ("followup_survey", asked_again(scales))):
        wanted[role] = [design.person, *([design.answered] if design.answered else []), *item_ends(asked)]
    for role, names in wanted.items():
        if role in frames:
            frame, path = frames[role], extract.files[role].path
            found += _about_columns(path, frame, list(dict.fromkeys(names)))
            dates = [name for name in (design.date, design.answered) if name and name in names]
            facts = extract.files[role]
            if facts.dates not in ORDERS:
                is_told = facts.dates != ISO or facts.kind in NUMBERED
                found += [
                    q for name in dates if name in frame for q in _about_dates(path, frame, name, is_told=is_told)
                ]
            found += _about_scales(extract.files[role], frame, item_ends(scales)) if role != "allocation" else []
    return found


def _about_rows(extract: Extract) -> list[str]:
    """Of the rows that the sender counted: a row that is lost on the way leaves no other trace."""
    asked = [file.path for file in extract.files.values() if not file.rows_sent]
    if extract.synthetic or not asked:
        return []
    return [
        f"{', '.join(asked)}: how many rows did the sender count? A row that was lost on the way is told by nothing "
        "else: ask, and say rows_sent = that number under each file"
    ]


def _about_cover(extract: Extract) -> list[str]:
    """Of spells, which leave weeks uncovered by their nature; unknown is the answer until another is given."""
    if extract.format != "spells" or extract.uncovered == "none":
        return []
    return [
        f"{extract.files['register'].path}: what is a week that no spell of a person covers? It is unknown, and so are "
        'shares and exits over it; if the file tells every spell, say uncovered = "none"'
    ]


def _about_columns(path: str, frame: pd.DataFrame, names: list[str]) -> list[str]:
    absent = [name for name in names if name not in frame]
    if not absent:
        return []
    others = _list(name for name in frame if name not in names)
    return [
        f"{path} has no column {_list(absent)}. What does the file call {'it' if len(absent) == 1 else 'them'}? Its "
        f'other columns: {others or "none"}. Say columns = {{ {absent[0]} = "..." }}'
    ]


def _about_dates(path: str, frame: pd.DataFrame, column: str, *, is_told: bool) -> list[str]:
    """Of dates in no known order, and of numbers unless it `is_told` who counts them."""
    cells = frame[column][frame[column] != ""]
    other = cells[~cells.str.fullmatch(ISO_DATE)]
    if other.str.fullmatch(ORDERED).sum() * 2 > len(cells):
        return [
            f"{path}, column {column}: {len(other)} cells are dates like 31-01-2015. Day or month first? Say "
            'dates = "dd-mm-yyyy", or "mm-dd-yyyy"'
        ]
    if not is_told and other.str.fullmatch(SERIAL).sum() * 2 > len(cells):
        return [
            f'{path}, column {column}: {len(other)} cells are numbers. Counted by whom? Say dates = "excel", or "sas"'
        ]
    return []


def _about_scales(facts: RawFile, frame: pd.DataFrame, ends: Mapping[str, tuple[float, float]]) -> list[str]:
    asked = []
    told = {item for short in (*facts.offset, *facts.no_answer) for item in item_names(short)}
    for item, (low, high) in ends.items():
        if item not in frame or item in told:
            continue
        values = parse_numbers(frame[item], frame.attrs.get("decimal", ","))
        off = values[(values < low) | (values > high)]
        if len(off):
            ends_of = " to ".join(_show_end(values, value) for value in (values.min(), values.max()))
            asked.append(
                f"{facts.path}, column {item}: {len(off)} of {values.notna().sum()} answers off the scale {low:g} to "
                f"{high:g}; all lie from {ends_of}. {_guess(item, off, is_all=len(off) == values.notna().sum())}"
            )
    return asked


def _show_end(values: pd.Series, end: float) -> str:
    """The least or the greatest answer, if so many gave it that it is nobody's own."""
    return show_value(f"{end:.10g}", "group" if (values == end).sum() >= FEWEST else PERSON)


def _guess(item: str, off: pd.Series, *, is_all: bool) -> str:
    """What answers off their scale may be, and how that is declared: codes for no answer are few beside answers."""
    coding = f"Another coding? Say offset = {{ {item} = -1 }}"
    codes = [f"{value:.10g}" for value in off.unique()]
    if is_all or len(codes) > MOST_CODES or any(count_digits(code) > DIGITS_OF_A_CODE for code in codes):
        return f'{coding}. Or another column? Say columns = {{ {item} = "..." }}'
    return f"{coding}. Codes for no answer? Say no_answer = {{ {item} = {json.dumps(codes)} }}"


def _list(names: Iterable[object]) -> str:
    every = [show_column(str(name)) for name in names]
    more = f" and {len(every) - LONGEST_LIST} more" if len(every) > LONGEST_LIST else ""
    return ", ".join(every[:LONGEST_LIST]) + more
