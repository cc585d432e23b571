"""What the files of a delivery do not say, as questions that an analyst answers in extract.toml."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipeline.register.answers import item_ends
from pipeline.register.cells import ISO
from pipeline.register.readers import NUMBERED, parse_numbers
from pipeline.settings.extract import Extract, RawFile
from pipeline.settings.scales import asked_again, item_names
from pipeline.settings.study import Design

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd

ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
ORDERED = re.compile(r"\d{2}[-./]\d{2}[-./]\d{4}")
SERIAL = re.compile(r"\d{4,6}")
LONGEST_LIST = 8


def ask(extract: Extract, frames: Mapping[str, pd.DataFrame], design: Design, scales: pd.DataFrame | None) -> list[str]:
    """The questions, a line each: columns that no name was found for, dates in no known order, answers off a scale."""
    found = []
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
            is_told = extract.files[role].dates != ISO or extract.files[role].kind in NUMBERED
            found += [] if is_told else [q for name in dates if name in frame for q in _about_dates(path, frame, name)]
            found += _about_scales(extract.files[role], frame, item_ends(scales)) if role != "allocation" else []
    return found


def _about_columns(path: str, frame: pd.DataFrame, names: list[str]) -> list[str]:
    absent = [name for name in names if name not in frame]
    if not absent:
        return []
    others = _list(name for name in frame if name not in names)
    return [
        f"{path} has no column {_list(absent)}. What does the file call {'it' if len(absent) == 1 else 'them'}? Its "
        f'other columns: {others or "none"}. Say columns = {{ {absent[0]} = "..." }}'
    ]


def _about_dates(path: str, frame: pd.DataFrame, column: str) -> list[str]:
    cells = frame[column][frame[column] != ""]
    other = cells[~cells.str.fullmatch(ISO_DATE)]
    if other.str.fullmatch(ORDERED).sum() * 2 > len(cells):
        return [
            f"{path}, column {column}: {len(other)} cells are dates like 31-01-2015. Day or month first? Say "
            'dates = "dd-mm-yyyy", or "mm-dd-yyyy"'
        ]
    if other.str.fullmatch(SERIAL).sum() * 2 > len(cells):
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
            asked.append(
                f"{facts.path}, column {item}: {len(off)} answers off the scale {low:g} to {high:g}, "
                f"from {values.min():g} to {values.max():g}. Another coding, or a code for no answer? Say "
                f'offset = {{ {item} = -1 }}, or no_answer = {{ {item} = ["{off.mode().iloc[0]:g}"] }}'
            )
    return asked


def _list(names: Iterable[object]) -> str:
    every = [str(name) for name in names]
    more = f" and {len(every) - LONGEST_LIST} more" if len(every) > LONGEST_LIST else ""
    return ", ".join(every[:LONGEST_LIST]) + more
