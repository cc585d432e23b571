"""Faults put into the synthetic trial, of the size of a real one: each is told by its rule, and the rest passes."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from pipeline.checks.reading import Sources, read_delivery
from pipeline.runner.inputs import load_input
from tests.delivery import with_register

pytestmark = pytest.mark.report
RAW, CONFIG = Path("data_raw/twin"), Path("config")


@cache
def sources() -> Sources:
    extract = load_input(RAW / "extract.toml")
    paths = {role: RAW / file.path for role, file in extract.files.items() if role != "targets"}
    study = load_input(CONFIG / "study.toml")
    loaded = with_register({"extract": extract, "study": study, **{p.stem: load_input(p) for p in paths.values()}})
    files = {role: loaded["register" if role == "register" else path.stem] for role, path in paths.items()}
    names = ("benefit_codes.csv", "scales.csv", "outcomes.toml")
    codes, scales, outcomes = (load_input(CONFIG / name) for name in names)
    return Sources(extract, study, files, codes, scales, outcomes)


def told(role: str, change: Callable[[pd.DataFrame], None]) -> dict[str, dict[str, str]]:
    """The rows of checks that do not pass, by rule, of the trial with a changed file."""
    own = sources()
    frame = own.files[role].copy()
    frame.attrs = dict(own.files[role].attrs)
    change(frame)
    rows = read_delivery(
        Sources(own.extract, own.study, {**own.files, role: frame}, own.benefit_codes, own.scales, own.outcomes)
    ).rows
    return {row["rule"]: row for row in rows if row["state"] in ("wrong", "suspicious")}


def fill(pattern: str, value: str, rows: Any = slice(None)) -> Callable[[pd.DataFrame], None]:
    """The value in the columns that fit, in these rows."""

    def change(frame: pd.DataFrame) -> None:
        columns = frame.columns[frame.columns.str.fullmatch(pattern)]
        assert len(columns)
        frame.iloc[rows, frame.columns.get_indexer(columns)] = value

    return change


def up_a_row(column: str) -> Callable[[pd.DataFrame], None]:
    """The cells of a column a row up, the first one last."""

    def change(frame: pd.DataFrame) -> None:
        frame[column] = [*frame[column].iloc[1:], frame[column].iloc[0]]

    return change


def unknown_industry(frame: pd.DataFrame) -> None:
    for column in frame.columns[frame.columns.str.startswith("BRANCHE")]:
        frame[column] = frame[column].replace({"": "999999"})


def day_and_month(frame: pd.DataFrame) -> None:
    place = frame.index[frame["LOEBENR"] == "18"][0]
    year, month, day = frame.loc[place, "ALLOKERINGSDATO"].split("-")
    frame.loc[place, "ALLOKERINGSDATO"] = f"{year}-{day}-{month}"


def one_letter(frame: pd.DataFrame) -> None:
    frame.loc[frame.index[frame["HOLD"] == "Rebild 1"][:6], "HOLD"] = "Rebld 1"


def reversed_items(frame: pd.DataFrame) -> None:
    for column in frame.columns[frame.columns.str.startswith("UWSES")]:
        frame[column] = frame[column].map(lambda cell: str(4 - int(cell)) if cell else cell)


def cut(frame: pd.DataFrame) -> None:
    frame.drop(index=frame.index[585:], inplace=True)


# file, its fault, the rule that tells it, its state, how many fail
FAULTS: list[tuple[str, Callable[[pd.DataFrame], None], str, str, str]] = [
    ("register", fill("(BRANCHE|GRAD)_2016.*", ""), "months_without_wage", "wrong", "12"),
    ("register", fill("BRANCHE_2015.*", ""), "degree_without_industry", "wrong", ""),
    ("register", fill("Y_16.*", "", slice(200, None)), "codes_step", "suspicious", "2"),
    ("register", fill("Y_1610", ""), "weeks_without_code", "wrong", "1"),
    ("register", unknown_industry, "industry_without_degree", "suspicious", ""),
    ("register", fill("Y_16(1.|2[0-5])", "999", slice(10)), "living_after_death", "suspicious", "10"),
    ("register", fill("Y_16(1.|2[0-5])", "783", slice(10)), "lasting_ends", "suspicious", "10"),
    ("register", cut, "in_register", "suspicious", "72"),
    ("allocation", up_a_row("PNR"), "sex_of_survey", "wrong", ""),
    ("allocation", up_a_row("PNR"), "age_of_survey", "wrong", ""),
    ("allocation", day_and_month, "draws_out_of_order", "suspicious", "1"),
    ("allocation", one_letter, "names_near_another", "suspicious", "1"),
    ("baseline_survey", fill("BESOEG_LAEGE", "99", slice(None, None, 10)), "codes_for_no_answer", "suspicious", "1"),
    ("baseline_survey", fill("ALDER", "99", slice(None, None, 10)), "age_of_survey", "wrong", ""),
    ("baseline_survey", fill("SVARDATO", "1900-01-01"), "answered_long_before", "suspicious", "644"),
    ("baseline_survey", reversed_items, "scales_reversed", "suspicious", "1"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("role", "change", "rule", "state", "failing"), FAULTS, ids=[f"{row[0]}-{row[2]}" for row in FAULTS]
)
def test_a_fault_is_told_by_its_rule(role, change, rule, state, failing):
    found = told(role, change)
    assert rule in found, sorted(found)
    assert found[rule]["state"] == state
    assert failing in ("", found[rule]["failing"])


def test_the_trial_itself_has_nothing_but_persons_who_stay_away():
    assert set(told("allocation", lambda _: None)) == {"away_to_the_end"}
