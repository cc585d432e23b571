"""A number is vouched for only if everything that it rests on is what the received files give: a table of forgeries."""

import csv
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.audit.build import Build
from pipeline.errors import InputError
from pipeline.estimate.table import parse_address
from pipeline.runner.inputs import load_input
from pipeline.stages import outcomes
from pipeline.verify import behind
from pipeline.verify.behind import Behind, compare_number, compare_person, require_received
from tests.linked import twins

RAW, DERIVED, CONFIG = Path("data_raw/twin"), Path("data_derived/twin"), Path("config")
pytestmark = pytest.mark.report("exhibits.toml", "scales.csv")
SHARE, EXIT = "itt/all/employment/4/treated", "hazard_logit/all/employment_exit//treated"
SCORE = "survey/self_efficacy_6/pain//treated:low"
OF_PERSONS = ("sample", "background", "weekly", "shares", "durations")


@pytest.fixture(scope="module")
def made_once():
    """The second route of each number, which is the same whatever is forged, is gone once."""
    known, own = {}, behind.make_second

    def make_second(raw, settings, wanted):
        if repr(wanted) not in known:
            known[repr(wanted)] = own(raw, settings, wanted)
        return dict(known[repr(wanted)])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(behind, "make_second", make_second)
        yield


def change(frame, column, rows, value):
    """A table with a column changed in some rows."""
    return frame.assign(**{column: frame[column].where(~rows, value)})


def some(build, number):
    """The first persons of the treated arm."""
    sample = build.table("sample")
    return set(sample.loc[sample["treated"] == 1, "person"].iloc[:number])


def of_states(build):
    """Nobody of 100 persons was ever employed, in states and shares alike."""
    persons = some(build, 100)
    weekly, shares = build.table("weekly"), build.table("shares")
    is_own = shares["person"].isin(persons) & (shares["outcome"] == "employment")
    return {
        "weekly": change(weekly, "employment", weekly["person"].isin(persons), 0),
        "shares": change(shares, "share", is_own, 0.0),
    }


def of_arms(*tables):
    def forge(build):
        persons = some(build, 40)
        return {name: change(build.table(name), "treated", build.table(name)["person"].isin(persons), 0)
                for name in tables}  # fmt: skip

    return forge


def of_members(build):
    persons = some(build, 10)
    return {name: build.table(name)[~build.table(name)["person"].isin(persons)] for name in OF_PERSONS}


def of_wages(build):
    """60 persons earned something in every month, and everything that follows of it."""
    register = build.table("register_weeks")
    forged = change(register, "wage", register["person"].isin(some(build, 60)), True)
    codes, definitions = load_input(CONFIG / "benefit_codes.csv"), load_input(CONFIG / "outcomes.toml")
    made = outcomes.run(build.table("sample"), forged, definitions, build.study, build.table("baseline"), codes)
    return {"register_weeks": forged, **{name.removesuffix(".parquet"): table for name, table in made.items()}}


def of_scores(build):
    background = build.table("background")
    return {"background": background.assign(self_efficacy=np.roll(background["self_efficacy"], 100))}


def of_teams(build):
    sample = build.table("sample")
    persons, team = sample["person"].isin(some(build, 20)), sample.iloc[-1]
    moved = change(change(sample, "team", persons, team["team"]), "team_name", persons, team["team_name"])
    return {"sample": moved}


def of_cells(table, column, value, number=5):
    def forge(build):
        frame = build.table(table)
        return {table: change(frame, column, frame.index.isin(frame.index[:number]), value)}

    return forge


# A number, what is forged, and what it then rests on: counts where they are known from what was done.
FORGERIES = {
    "states and shares": (SHARE, of_states, r"\d+ states, \d+ shares of weeks"),
    "arm in sample": (SHARE, of_arms("sample"), "40 arms"),
    "arm in trial": (SHARE, of_arms("trial", "sample", "exclusions"), "120 arms"),
    "persons dropped": (SHARE, of_members, r"40 municipalities|20 municipalities"),
    "wages": (SHARE, of_wages, r"\d+ background variables, \d+ wages, \d+ states, \d+ shares of weeks"),
    "scores": (SHARE, of_scores, r"\d+ scores"),
    "teams": (SHARE, of_teams, r"\d+ teams"),
    "dates": (SHARE, of_cells("trial", "allocation_date", pd.Timestamp("2013-01-01")), "5 dates and waits"),
    "codes": (SHARE, of_cells("weekly", "code", None, 120), r"\d+ codes"),
    "a reason": (SHARE, of_cells("exclusions", "reason", "withdrawn", 300), r"\d+ membership of the sample"),
    "durations": (EXIT, of_cells("durations", "weeks", 3), r"\d durations"),
    "answers": (SCORE, of_cells("followup_items", "SMERTER", 0, 300), r"\d+ answers"),
    "scores after": (SCORE, of_cells("followup", "pain", 0.0, 300), r"\d+ scores"),
}


def compared(estimate_id, forge) -> tuple[Behind, Build]:
    build = Build(RAW, DERIVED)
    for name, table in (forge(build) if forge else {}).items():
        build._tables[name] = table
    return compare_number(build.request(parse_address(estimate_id)), build), build


@pytest.mark.parametrize("name", FORGERIES)
@pytest.mark.usefixtures("made_once")
def test_a_number_that_rests_on_a_forged_row_is_not_vouched_for(name):
    estimate_id, forge, said = FORGERIES[name]
    found, build = compared(estimate_id, forge)
    with pytest.raises(
        InputError, match=rf"the number rests on ({said})[^.]* that the received files do not give\. "
    ) as error:
        require_received(found, "the number", build)
    assert re.search(r"(dream|allocation|baseline_survey|followup_survey)\.csv, line \d+", str(error.value))
    assert re.search(r"person \d+", str(error.value))
    assert "make clean EXTRACT=twin" in str(error.value)


@pytest.mark.usefixtures("made_once")
def test_the_arm_of_a_person_is_named_where_the_received_file_says_otherwise():
    found, _ = compared(SHARE, of_arms("sample"))
    assert len(found.differences) == 40
    with (RAW / "allocation.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, delimiter=";"))
    for each in found.differences:
        line, person = re.match(r"allocation\.csv, line (\d+), column GRUPPE, person (\d+): ", each.place).groups()
        row = dict(zip(rows[0], rows[int(line) - 1], strict=True))
        assert (twins()[row["LOEBENR"]], row["GRUPPE"]) == (int(person), "LTJS")
        assert (each.kind, each.stored, each.received) == ("arm", 0, 1)


@pytest.mark.usefixtures("made_once")
def test_of_a_build_as_received_everything_agrees_and_each_kind_is_counted():
    found, build = compared(EXIT, None)
    assert not found.differences
    sample, weeks = build.table("sample"), 81 + 3  # of the horizon, and of a run of four that begins there
    assert found.kinds["states"] == found.kinds["codes"] == len(sample) * weeks
    assert found.kinds["durations"] == 2 * len(sample)
    assert found.kinds["membership"] == 2 * len(build.exclusions)
    assert {"team", "municipality", "arm", "draws", "scores", "background", "wages"} <= set(found.kinds)
    require_received(found, "the number", build)


def test_a_history_rests_on_every_row_of_its_person():
    build = Build(RAW, DERIVED)
    found = compare_person(twins()["13"], build)
    assert not found.differences
    assert {"wages", "codes", "states", "answers", "shares", "durations"} <= set(found.kinds)
    register = build.table("register_weeks")
    build._tables["register_weeks"] = change(register, "wage", register["person"] == twins()["13"], True)
    with pytest.raises(InputError, match=r"the history rests on \d+ wages that .*dream\.csv, line 12, column BRANCHE_"):
        require_received(compare_person(twins()["13"], build), "the history", build)
