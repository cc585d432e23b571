"""Settings are inputs too: closed lists, cells of numbers, rows that stand once, names that another file must know."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.checks.groups import is_one_letter_apart
from pipeline.errors import Faults, InputError
from pipeline.settings.outcomes import OutcomeDefinitions
from pipeline.settings.study import Study

if TYPE_CHECKING:
    import pandas as pd

CELLS = Path(__file__).with_name("tables.csv")  # by table and column the pattern of a cell, and whether it stands once
FIRST_LINE = 2
NUMERIC = ("integer", "number")
SHOWN = 10


def check_settings(settings: Mapping[str, Any], types: Mapping[str, str]) -> None:
    """Raise InputError with every fault of the settings, by their stems, each with its line.

    `types` are those of the variables that the pipeline itself makes, by their names; the dictionary has the study's.
    """
    faults = Faults()
    for table in dict.fromkeys(row["table"] for row in _cells()):
        if settings.get(table) is not None:
            with faults.part():
                check_cells(table, settings[table])
    known = {**types, **_types(settings.get("variables"))}
    for check in (check_groups, check_validity, check_marks, lambda given: check_variables(given, known)):
        with faults.part():
            check(settings)
    faults.stop()


def _cells() -> list[dict[str, str]]:
    with CELLS.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _types(variables: pd.DataFrame | None) -> dict[str, str]:
    return {} if variables is None else dict(zip(variables["name"], variables["type"], strict=True))


def check_cells(table: str, frame: pd.DataFrame) -> None:
    """Raise InputError naming line, column and value of every cell that cannot be, and every row that stands twice."""
    wrong = []
    for row in (row for row in _cells() if row["table"] == table):
        cells = frame[row["column"]].astype(str)
        odd = ~cells.str.fullmatch(row["holds"])
        wrong += [f"line {place + FIRST_LINE}, {row['column']}: {cells.iloc[place]!r}" for place in _places(odd)]
        if row["unique"]:
            twice = cells.duplicated() & (cells != "")
            wrong += [
                f"line {place + FIRST_LINE}, {row['column']}: {cells.iloc[place]!r} a second time"
                for place in _places(twice)
            ]
    wrong += [f"line {place + FIRST_LINE}: the row a second time" for place in _places(frame.duplicated())]
    _refuse(f"{table}.csv", wrong, "cells that cannot be", "Mend the cells; a row stands once, and a list is closed")


def _places(marked: pd.Series) -> list[int]:
    return [place for place, is_marked in enumerate(marked) if is_marked]


def _refuse(file: str, wrong: list[str], fault: str, remedy: str) -> None:
    if wrong:
        more = "" if len(wrong) <= SHOWN else f"; and {len(wrong) - SHOWN} more"
        raise InputError(f"{file}: {len(wrong)} {fault}: {'; '.join(wrong[:SHOWN])}{more}. {remedy}.")


def check_groups(settings: Mapping[str, Any]) -> None:
    """Raise InputError for a group or activation of a code that is one letter from one that is named elsewhere."""
    codes, definitions = settings.get("benefit_codes"), settings.get("outcomes")
    if codes is None or not isinstance(definitions, OutcomeDefinitions):
        return
    states = definitions.states.values()
    named = {
        "group": {*definitions.unknown_groups, *definitions.terminal_groups, *definitions.lasting_groups}
        | {group for state in states for group in state.groups},
        "activation": {kind for state in states for kind in state.activation},
    }
    wrong = []
    for column, names in named.items():
        for place, value in enumerate(codes[column]):
            near = None if value in names else next((name for name in sorted(names) if _is_near(value, name)), None)
            if near:
                wrong.append(f"line {place + FIRST_LINE}, {column}: {value!r}, near {near!r}")
    remedy = "Mend the name, or give what is another group one that nobody takes for it"
    _refuse("benefit_codes.csv", wrong, "names that no outcome has, one letter from one that an outcome has", remedy)


def _is_near(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    return is_one_letter_apart(short, long)


def check_validity(settings: Mapping[str, Any]) -> None:
    """Raise InputError for a code that ends before it begins."""
    codes = settings.get("benefit_codes")
    if codes is None:
        return
    both = (codes["valid_from"] != "") & (codes["valid_to"] != "")
    wrong = [f"line {place + FIRST_LINE}" for place in _places(both & (codes["valid_from"] > codes["valid_to"]))]
    _refuse("benefit_codes.csv", wrong, "codes that end before they begin", "Mend valid_from or valid_to")


def check_marks(settings: Mapping[str, Any]) -> None:
    """Raise InputError for marks of exhibits that the study does not define."""
    study, exhibits = settings.get("study"), settings.get("exhibits")
    if not isinstance(study, Study) or exhibits is None:
        return
    wrong = [
        f"[{name}] stars: {mark!r}"
        for name, exhibit in exhibits.items()
        if isinstance(exhibit, dict)
        for mark in exhibit.get("stars", ())
        if mark not in study.inference.stars
    ]
    known = ", ".join(map(repr, study.inference.stars)) or "none"
    _refuse("exhibits.toml", wrong, "marks that study.toml does not define", f"Those of [inference] stars are {known}")


def check_variables(settings: Mapping[str, Any], types: Mapping[str, str]) -> None:
    """Raise InputError for a bound on a variable that is no number, or that nothing makes."""
    study = settings.get("study")
    if not isinstance(study, Study) or settings.get("variables") is None:
        return
    wrong = []
    for place, variable in _bounded(study):
        kind = types.get(variable)
        if kind is None:
            wrong.append(f"{place}: {variable!r} is no variable of variables.csv")
        elif kind not in NUMERIC:
            wrong.append(f"{place}: {variable!r} is {kind}, and a bound needs a number")
    _refuse("study.toml", wrong, "bounds that cannot be", "Mend the names of the variables")


def _bounded(study: Study) -> Iterable[tuple[str, str]]:
    yield from (
        (f"samples.{name}", condition.variable)
        for name, sample in study.samples.items()
        for condition in sample.conditions
    )
    yield from ((f"splits.{name}", split.variable) for name, split in study.splits.items())
    if study.peers:
        yield "peers", study.peers.variable
