"""Every kind of estimate is the sum of its cells, which hold what the raw files say, read without the pipeline."""

import datetime
import math
import tomllib
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.audit.build import Build
from pipeline.audit.decompose import decompose
from pipeline.audit.person_weeks import hazard_terms
from pipeline.errors import InputError
from pipeline.estimate.table import parse_address
from pipeline.runner.inputs import load_input
from pipeline.settings.models import read_models
from pipeline.stages import hazard
from tests.trial import draw_trial

RAW, DERIVED, CONFIG = Path("data_raw/twin"), Path("data_derived/twin"), Path("config")
MODELS = load_input(CONFIG / "models.toml")
STUDY = load_input(CONFIG / "study.toml")

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
    return decompose(BUILD.request(parse_address(estimate_id)))


def raw(cell, column="column"):
    """The content of the received file at the cell's line and column."""
    columns, rows = received(cell["file"])
    return rows[cell["line"] - 1][columns[cell[column]]]


@pytest.mark.parametrize("estimate_id", KINDS)
def test_the_cells_add_up_to_the_estimate_and_stand_in_the_received_files(estimate_id):
    found, estimate = decomposed(estimate_id), BUILD.estimates[estimate_id][1]["estimate"]
    # Some ten thousand additions of terms that are at most of the order of the sum of their sizes.
    scale = max(abs(estimate), found.cells["contribution"].abs().sum())
    assert math.fsum(found.cells["contribution"]) == pytest.approx(estimate, abs=1e-12 * scale)
    assert math.fsum(found.terms["weight"] * found.terms["outcome"]) == pytest.approx(estimate, abs=1e-12 * scale)
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


def test_the_effect_on_a_score_is_the_answers_of_the_second_survey_by_weight():
    found = decomposed("survey/self_efficacy_6/bipq_symptoms//treated:low")
    items = set(found.cells["column"])
    assert len(items) == 1  # one item is the score
    for cell in found.cells.to_dict("records"):
        assert cell["contribution"] == pytest.approx(cell["weight"] * float(raw(cell)), rel=1e-15)
    columns, rows = received("followup_survey.csv")
    persons = [rows[line - 1][columns["LOEBENR"]] for line in found.cells["line"]]
    assert sorted(map(int, persons)) == sorted(found.terms["person"])


def test_a_control_mean_is_a_plain_mean_over_the_cells_of_controls():
    found = decomposed("self_efficacy/self_efficacy_8/employment/81/control_mean:high")
    register, lines = received("dream.csv")
    arms = {person: arm for _, arm, person in trial_numbers()}
    people = {lines[line - 1][register["PNR"]] for line in found.cells["line"]}
    assert {arms[person] for person in people if person in arms} == {"Kontrol"}
    employed = [raw(cell) == "" and raw(cell, "wage_column") != "" for cell in found.cells.to_dict("records")]
    assert len(employed) == 81 * len(people)
    assert np.mean(employed) == pytest.approx(found.total, rel=1e-12)


def test_the_tobit_weighs_the_shares_of_those_between_the_limits():
    """Of each person strictly between 0 and 1 the outcome is the share counted in the file."""
    found = decomposed("tobit/control/employment/81/age")
    trial = pd.read_parquet(DERIVED / "trial.parquet").set_index("person")["register_line"]
    inside = 0
    for person, outcome in zip(found.terms["person"], found.terms["outcome"], strict=True):
        cells = found.cells[found.cells["line"] == trial[person]].to_dict("records")
        share = np.mean([raw(cell) == "" and raw(cell, "wage_column") != "" for cell in cells])
        if 0 < share < 1:
            inside += 1
            assert outcome == pytest.approx(share, rel=1e-12)
        else:
            assert (outcome - share) * (share - 0.5) >= 0  # the latent outcome lies beyond the limit
    assert 0 < inside < len(found.terms)


def hazard_of(models, durations=None):
    base = draw_trial()
    used = base.durations if durations is None else durations
    table = hazard.run(base.sample, used, base.background, models, STUDY)["hazard.parquet"].set_index("estimate_id")
    own = used.query("outcome == 'employment_exit'")
    return table, base.sample.merge(own, on="person").sort_values("person", ignore_index=True)


@pytest.mark.parametrize("fixed_effects", ["none", "municipality"])
@pytest.mark.parametrize("name", ["hazard_logit", "hazard_cloglog"])
def test_a_hazard_is_the_sum_of_its_person_weeks_with_and_without_municipalities(name, fixed_effects):
    models = {name: {**MODELS[name], "fixed_effects": fixed_effects, "samples": ["all"]}}
    table, at_risk = hazard_of(models)
    terms = hazard_terms(at_risk, read_models(models)[name], STUDY)
    estimate = table.loc[f"{name}/all/employment_exit//treated", "estimate"]
    parts = terms["weight"] * terms["outcome"]
    assert math.fsum(parts) == pytest.approx(estimate, abs=1e-12 * parts.abs().sum())


def test_a_hazard_that_did_not_converge_has_nothing_to_trace(monkeypatch):
    monkeypatch.setattr("pipeline.stats.hazard.MAXIMUM_STEPS", 1)
    _, at_risk = hazard_of({"hazard_logit": {**MODELS["hazard_logit"], "samples": ["all"]}})
    with pytest.raises(InputError, match=r"\[hazard_logit\] did not converge here"):
        hazard_terms(at_risk, read_models(MODELS)["hazard_logit"], STUDY)
