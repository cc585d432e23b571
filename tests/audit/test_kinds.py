"""Every kind of estimate is the sum of its cells, which hold what the raw files say, read without the pipeline."""

import datetime
import math
import re
import tomllib
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.audit.build import Build
from pipeline.audit.evidence import locate_squares, locate_sum
from pipeline.estimate.table import parse_address
from pipeline.stats.errors import NoEstimateError
from tests.linked import twins
from tests.models import MODELS, estimates, problem_of, run, trial, with_models, with_study

RAW, DERIVED, CONFIG = Path("data_raw/twin"), Path("data_derived/twin"), Path("config")

# The files whose cells each kind of estimate rests on.
KINDS = {
    "self_efficacy/self_efficacy_8/employment/81/treated:low": {"dream.csv"},
    "self_efficacy/self_efficacy_8/employment/81/control_mean:high": {"dream.csv"},
    "self_efficacy/self_efficacy_8/employment/81/size:low": {"baseline_survey.csv"},
    "self_efficacy_short_wait/self_efficacy_6/sickness_benefit/81/treated:low": {"dream.csv"},
    "background_groups/employment_pre_share/employment/81/size:high": {"dream.csv"},
    "survey/self_efficacy_6/bipq_symptoms//treated:low": {"followup_survey.csv"},
    "survey_wait/self_efficacy_9/self_efficacy//treated:high": {"followup_survey.csv"},
    "peers/self_efficacy_8/employment/81/treated:high:low_peers": {"dream.csv"},
    "peers_pooled/self_efficacy_8/employment/81/treated:high": {"dream.csv"},
    "peers_survey/self_efficacy_8/self_efficacy//treated:low:low_peers": {"followup_survey.csv"},
    "activation/short_wait/guidance/12/treated": {"dream.csv"},
    "activation/all/workplace_activation/40/treated": {"dream.csv"},
    "self_efficacy_wait/self_efficacy_12/employment/81/treated:high": {"dream.csv"},
    "itt_unadjusted/all/employment/81/treated": {"dream.csv"},
    "municipality_effects/all/sickness_benefit/60/treated": {"dream.csv"},
    "group_level/all/employment/81/treated": {"dream.csv"},
    "tobit/control/employment/81/age": {"dream.csv"},
    "tobit/control/sickness_benefit/81/pain": {"dream.csv"},
}


@cache
def received(name):
    """Columns by name and rows by line of a received file, read without the pipeline."""
    rows = [line.split(";") for line in (RAW / name).read_text(encoding="utf-8").splitlines()]
    return {column: place for place, column in enumerate(rows[0])}, rows


BUILD = Build(RAW, DERIVED)


@cache
def decomposed(estimate_id):
    """The cells of an estimate of the synthetic trial; the addresses are those of the report's models."""
    request = BUILD.request(parse_address(estimate_id))
    return locate_sum(request.estimator.terms(request.problem, request.address), request.tables)


def raw(cell, column="column"):
    """The content of the received file at the cell's line and column."""
    columns, rows = received(cell["file"])
    return rows[cell["line"] - 1][columns[cell[column]]]


@pytest.mark.report
@pytest.mark.parametrize("estimate_id", KINDS)
def test_the_cells_add_up_to_the_estimate_and_stand_in_the_received_files(estimate_id):
    found, estimate = decomposed(estimate_id), BUILD.estimates[estimate_id][1]["estimate"]
    # Some ten thousand additions of terms that are at most of the order of the sum of their sizes.
    scale = max(abs(estimate), found.cells["contribution"].abs().sum())
    assert math.fsum(found.cells["contribution"]) == pytest.approx(estimate, abs=1e-12 * scale)
    terms = found.terms.table
    assert math.fsum(terms["weight"] * terms["outcome"]) == pytest.approx(estimate, abs=1e-12 * scale)
    assert found.total == pytest.approx(found.total_of_terms, abs=1e-12 * scale)
    assert set(found.cells["file"]) == KINDS[estimate_id]
    for cell in found.cells.to_dict("records"):
        assert raw(cell) == cell["content"]


def trial_numbers():
    """Trial number, arm and person number by line of the allocation, from the file itself."""
    columns, rows = received("allocation.csv")
    return [(row[columns["LOEBENR"]], row[columns["GRUPPE"]], row[columns["PNR"]]) for row in rows[1:]]


def monday_of(day):
    return day - datetime.timedelta(days=day.weekday())


def week_column(day, week):
    """The register column of the week that lies `week` weeks after the day's."""
    year, number, _ = (monday_of(day) + datetime.timedelta(weeks=week)).isocalendar()
    return f"Y_{year % 100:02d}{number:02d}"


@pytest.mark.report
@pytest.mark.parametrize("model", ["activation/short_wait/guidance/12/treated", "activation/all/guidance/40/treated"])
def test_activation_is_the_code_of_the_week_after_the_draw(model):
    columns, rows = received("allocation.csv")
    draws = {row[columns["PNR"]]: row[columns["ALLOKERINGSDATO"]] for row in rows[1:]}
    codes = {row["code"]: row for row in pd.read_csv(CONFIG / "benefit_codes.csv", dtype=str).to_dict("records")}
    state = tomllib.loads((CONFIG / "outcomes.toml").read_text())["states"]["guidance"]
    found, week = decomposed(model), int(model.split("/")[3])
    register, lines = received("dream.csv")
    assert found.cells["line"].is_unique
    for cell in found.cells.to_dict("records"):
        person = lines[cell["line"] - 1][register["PNR"]]
        assert cell["column"] == week_column(datetime.date.fromisoformat(draws[person]), week)
        code = codes.get(raw(cell), {"group": "", "activation": ""})
        inside = code["group"] in state["groups"] and code["activation"] in state["activation"]
        assert cell["contribution"] == cell["weight"] * inside


@pytest.mark.report
def test_the_effect_on_a_score_is_the_answers_of_the_second_survey_by_weight():
    found = decomposed("survey/self_efficacy_6/bipq_symptoms//treated:low")
    items = set(found.cells["column"])
    assert len(items) == 1  # one item is the score
    for cell in found.cells.to_dict("records"):
        assert cell["contribution"] == pytest.approx(cell["weight"] * float(raw(cell)), rel=1e-15)
    columns, rows = received("followup_survey.csv")
    persons = [rows[line - 1][columns["LOEBENR"]] for line in found.cells["line"]]
    assert sorted(twins()[number] for number in persons) == sorted(found.terms.table["person"])


@pytest.mark.report
def test_a_control_mean_is_a_plain_mean_over_the_cells_of_controls():
    found = decomposed("self_efficacy/self_efficacy_8/employment/81/control_mean:high")
    register, lines = received("dream.csv")
    arms = {person: arm for _, arm, person in trial_numbers()}
    people = {lines[line - 1][register["PNR"]] for line in found.cells["line"]}
    assert {arms[person] for person in people if person in arms} == {"Kontrol"}
    employed = [raw(cell) == "" and raw(cell, "wage_column") != "" for cell in found.cells.to_dict("records")]
    assert len(employed) == 81 * len(people)
    assert np.mean(employed) == pytest.approx(found.total, rel=1e-12)


@pytest.mark.report
def test_the_tobit_weighs_the_shares_of_those_between_the_limits():
    """Of each person strictly between 0 and 1 the outcome is the share counted in the file."""
    found = decomposed("tobit/control/employment/81/age")
    trial = pd.read_parquet(DERIVED / "trial.parquet").set_index("person")["register_line"]
    inside = 0
    for person, outcome in zip(found.terms.table["person"], found.terms.table["outcome"], strict=True):
        cells = found.cells[found.cells["line"] == trial[person]].to_dict("records")
        share = np.mean([raw(cell) == "" and raw(cell, "wage_column") != "" for cell in cells])
        if 0 < share < 1:
            inside += 1
            assert outcome == pytest.approx(share, rel=1e-12)
        else:
            assert (outcome - share) * (share - 0.5) >= 0  # the latent outcome lies beyond the limit
    assert 0 < inside < len(found.terms.table)


@pytest.mark.report
@pytest.mark.parametrize("estimate_id", [address for address in KINDS if not re.search("mean|size", address)])
def test_the_cells_give_the_standard_error_back_from_received_files(estimate_id):
    request, error = BUILD.request(parse_address(estimate_id)), BUILD.estimates[estimate_id][1]["se"]
    found = locate_squares(request.estimator.squares(request.problem, request.address), request.tables)
    assert found.total == pytest.approx(error, rel=1e-9)
    assert found.total_of_terms == pytest.approx(error, rel=1e-9)
    for cell in found.cells.iloc[::97].to_dict("records"):
        assert raw(cell) == cell["content"]


# --- Of an invented trial, on settings of the tests' own -------------------------------------------------------------


def rooted(squares):
    """A standard error from its squares, added up here."""
    scores = squares.table.groupby("cluster")["score"].sum()
    return math.sqrt(squares.factor * (scores**2).sum())


def require_given_back(table, address, *at, **settings):
    """An estimate is the sum of its terms, its error the root of its squares, and its counts sums of ones."""
    row = table.loc[address]
    estimator, problem, place = problem_of(address, *at, **settings)
    terms = estimator.terms(problem, place).table
    parts = terms["weight"] * terms["outcome"]
    # Some twenty thousand additions of terms that are larger than their sum.
    assert math.fsum(parts) == pytest.approx(row["estimate"], abs=1e-12 * max(1.0, parts.abs().sum()))
    assert rooted(estimator.squares(problem, place)) == pytest.approx(row["se"], rel=1e-9)
    for statistic in ("n", "n_treated", "n_control", "n_clusters"):
        if pd.notna(row[statistic]):
            count = estimator.counted(problem, place, statistic).table["weight"]
            assert math.fsum(count) == pytest.approx(row[statistic], rel=1e-12), statistic


@pytest.mark.parametrize("cluster", ["team", "none"])
@pytest.mark.parametrize("covariates", [[], ["age", "ordinary_job", "pain"]])
@pytest.mark.parametrize("fixed_effects", ["none", "municipality"])
@pytest.mark.parametrize("name", ["hazard_logit", "hazard_cloglog"])
def test_a_hazard_is_the_sum_of_its_person_weeks_in_every_form(name, fixed_effects, covariates, cluster):
    changes = {"fixed_effects": fixed_effects, "covariates": covariates, "cluster": cluster, "samples": ["all"]}
    models = {name: {**MODELS[name], **changes, "outcomes": ["employment_exit"]}}
    # Weeks in longer steps: fewer columns in the design of every person-week.
    study = with_study(outcomes={"hazard_interval_weeks": 20})
    table = run("hazard", models, study)
    ends = ("", "_clustered") if cluster == "team" else ("",)
    address = f"{name}/all/employment_exit//"
    assert set(table.index) == {f"{address}{column}{end}" for column in ("treated", *covariates) for end in ends}
    for column in ("treated", *covariates[1:2]):
        for end in ends:
            require_given_back(table, f"{address}{column}{end}", models, study)


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("itt", {}),
        ("itt", {"cluster": "none"}),
        ("itt", {"fixed_effects": "none", "covariates": []}),
        ("group_level", {}),
        ("group_level", {"cluster": "none"}),
        ("municipality_effects", {}),
        ("municipality_effects", {"fixed_effects": "none"}),
    ],
)
def test_a_regression_is_the_sum_of_its_persons_in_every_form(name, keys):
    models = with_models(**{"itt": {"weeks": [7]}, name: {"weeks": [7], **keys}})
    table = run(("itt", "robustness"), models)
    require_given_back(table, f"{name}/all/employment/7/treated", models)


def test_a_regression_with_one_armed_strata_and_unknown_outcomes_is_the_sum_of_its_persons():
    where = trial().sample["municipality"].isin(["m07", "m11"])
    shares = trial().shares
    base = replace(
        trial(),
        sample=trial().sample.assign(treated=trial().sample["treated"].mask(where, 1)),
        shares=shares.assign(share=shares["share"].mask(shares["person"] % 9 == 0)),
    )
    models = with_models(itt={"weeks": [7]})
    table = run("robustness", models, base=base)
    for name in ("municipality_effects", "group_level"):
        require_given_back(table, f"{name}/all/employment/7/treated", models, base=base)


def test_a_survival_is_one_less_what_each_exit_takes():
    row = estimates("survival").loc["kaplan_meier/all/employment_exit/40/treated"]
    estimator, problem, at = problem_of("kaplan_meier/all/employment_exit/40/treated")
    terms = estimator.terms(problem, at)
    total = terms.constant + math.fsum(terms.table["weight"] * terms.table["outcome"])
    assert total == pytest.approx(row["estimate"], abs=1e-12)
    assert estimator.counted(problem, at, "at_risk").table["weight"].sum() == row["n"]


def test_a_hazard_without_a_maximum_has_no_terms(monkeypatch):
    monkeypatch.setattr("pipeline.stats.hazard.MAXIMUM_STEPS", 1)
    estimator, problem, at = problem_of("hazard_logit/all/employment_exit//treated")
    with pytest.raises(NoEstimateError, match="the likelihood has no maximum"):
        estimator.terms(problem, at)
