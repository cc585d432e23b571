"""Faults put into the synthetic trial, of the size of a real one: each is told by its rule, and the rest passes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pytest

from pipeline.checks.finding import Delivery, Last
from pipeline.checks.reading import Sources, read_delivery
from pipeline.runner.inputs import load_input
from pipeline.settings.extract import Attended
from tests.delivery import with_register

pytestmark = pytest.mark.report
RAW, CONFIG = Path("data_raw/twin"), Path("config")


@cache
def sources() -> Sources:
    extract = load_input(RAW / "extract.toml")
    paths = {role: RAW / file.path for role, file in extract.files.items() if role != "targets"}
    study = load_input(CONFIG / "study.toml")
    loaded = with_register(
        {"extract": extract, "study": study, **{role: load_input(path) for role, path in paths.items()}}
    )
    files = {role: loaded[role] for role in paths}
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


def renamed_sexes(frame: pd.DataFrame) -> None:
    frame["KON"] = frame["KON"].map({"1": "Mand", "2": "Kvinde", "M": "Mand", "K": "Kvinde"})


def day_first(frame: pd.DataFrame) -> None:
    frame["FOEDDT"] = frame["FOEDDT"].str.replace(r"(....)-(..)-(..)", r"\3-\2-\1", regex=True)


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
    ("followup_survey", up_a_row("LOEBENR"), "scales_unrelated", "suspicious", ""),
    ("register", renamed_sexes, "cells_of_identity", "suspicious", "645"),
    ("register", day_first, "cells_of_identity", "suspicious", "645"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("role", "change", "rule", "state", "failing"), FAULTS, ids=[f"{row[0]}-{row[2]}" for row in FAULTS]
)
def test_a_fault_is_told_by_its_rule(role, change, rule, state, failing):
    found = told(role, change)
    assert rule in found, sorted(found)
    assert found[rule]["state"] == state
    assert failing in ("", found[rule]["failing"])


def test_of_the_trial_itself_only_those_are_told_who_are_absent_or_stay_away():
    said = {rule: row["said_en"].partition(" persons")[0] for rule, row in told("allocation", lambda _: None).items()}
    assert said == {"in_register": "12 of 657 randomised", "with_questionnaire": "13 of 657 randomised",
                    "away_to_the_end": "10 of 28"}  # fmt: skip


def test_a_row_that_was_lost_is_one_more_person_absent():
    lost = told("register", lambda frame: frame.drop(index=frame.index[100], inplace=True))
    assert lost["in_register"]["said_en"].startswith("13 of 657 randomised persons (2.0%) are in none of the 645 rows")
    assert "(2,0\N{NO-BREAK SPACE}%)" in lost["in_register"]["said_da"]


def test_beside_the_last_extract_rows_that_were_lost_and_weeks_that_changed_are_told():
    own = sources()
    first = read_delivery(own)
    frame = own.files["register"].drop(index=own.files["register"].index[[100, 101]])
    frame.attrs = dict(own.files["register"].attrs)
    frame["Y_1610"] = frame["Y_1610"].where(frame["Y_1610"] != "890", "")
    trial, register = first.require()
    last = Last("before", trial, register.weeks)
    rows = read_delivery(replace(own, files={**own.files, "register": frame}, before=last)).rows
    said = {row["rule"]: row["said_en"] for row in rows if row["rule"].endswith("_of_last_extract")}
    looked_at = len(last.trial) + sum(
        int(last.trial[f"{name}_line"].notna().sum()) for name in ("register", "baseline", "followup")
    )
    assert said["persons_of_last_extract"] == (
        f"2 of {looked_at} rows and answers that before had are not here (register 2)"
    )
    assert said["counts_of_last_extract"].startswith(
        "beside before: in 1 of 297 weeks another number of the 643 persons"
    )


def test_controls_who_came_to_the_course_are_told_where_the_extract_tells_who_came():
    own = sources()
    frame = own.files["allocation"].copy()
    frame.attrs = dict(own.files["allocation"].attrs)
    design = own.study.design
    came = frame[design.arm] == design.treated.value
    came.iloc[np.flatnonzero(~came)[:3]] = True
    unknown = np.flatnonzero(~came)[:2]
    frame["FREMMOEDE"] = np.where(came, "4", "0")
    frame.iloc[unknown, frame.columns.get_loc("FREMMOEDE")] = ""
    extract = msgspec.structs.replace(own.extract, attended=Attended(column="FREMMOEDE", at_least=2))
    rows = read_delivery(replace(own, extract=extract, files={**own.files, "allocation": frame})).rows
    [row] = [row for row in rows if row["rule"] == "controls_attended"]
    controls = int((frame[design.arm] == design.control.value).sum())
    assert (row["state"], row["failing"], row["looked_at"]) == ("suspicious", "3", str(controls - 2))
    assert row["column"] == "FREMMOEDE"
    assert frame.loc[int(row["line"]), design.arm] == design.control.value


@pytest.mark.parametrize(("number", "told"), [(5, ("a.dta", 5)), (1_000_000_007, ("b.dta", 7))])
def test_the_row_of_a_person_is_that_of_the_file_that_has_it(number, told):
    register = pd.DataFrame()
    register.attrs["parts"] = [{"path": "a.dta"}, {"path": "b.dta"}]
    delivery = SimpleNamespace(found=pd.DataFrame({"register_line": [number]}), files={"register": register})
    assert Delivery.row_of(delivery, "register", 0) == told
