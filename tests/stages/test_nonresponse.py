"""Models of non-response: their rows, the sums behind them, what a second route makes of them, and what is missing."""

from dataclasses import replace

import msgspec
import numpy as np
import pandas as pd
import pytest

from pipeline.estimate.bounding import lot_weights
from pipeline.show.kinds_of_notes import NO_ESTIMATE
from pipeline.show.words import _design_words
from pipeline.stats.bounds import imbens_manski, lee_bounds
from pipeline.verify.packages.definitions import Definitions
from pipeline.verify.packages.routes import ROUTES, estimate
from pipeline.verify.packages.trial import gather
from tests.models import MODELS, SETTINGS, VARIABLES, data_of, problem_of, run, trial, unsaid, with_study

OWN = {"reason": "requested", "purpose": "exploratory", "stage": "nonresponse"}
FOLLOWUP = {"like": "survey", **OWN, "outcomes": ["pain", "emergency_visits"], "splits": ["self_efficacy_6"]}
BOUNDS = {**FOLLOWUP, "estimator": "lee_bounds", "fixed_effects": "none", "strata": ["wait", "ordinary_job"]}
NONRESPONSE = {
    **MODELS,
    "response": {**FOLLOWUP, "outcomes": ["answered_followup"], "outcome_source": "sample", "covariates": []},
    "weighted": {**FOLLOWUP, "estimator": "weighted_ols", "response": ["self_efficacy", "wait_days", "age"]},
    "bounds": BOUNDS,
    "whole": {**{key: value for key, value in BOUNDS.items() if key != "splits"}, "splits": [], "cluster": "none"},
}
ROUTE_OF = {"response": "ols", "weighted": "weighted_ols", "bounds": "lee_bounds", "whole": "lee_bounds"}


@pytest.fixture(scope="module")
def table():
    return run("nonresponse", NONRESPONSE)


def test_every_estimate_is_made_and_every_note_has_words(table):
    assert table["converged"].all()
    assert unsaid(table["note"]) == []
    parameters = set(table.loc[table["model"] == "bounds", "parameter"])
    names = ("lower", "upper", "trimmed", "difference", "tight_lower", "tight_upper", "tight_trimmed")
    assert parameters == {f"{name}:{side}" for name in names for side in ("low", "high")}
    assert set(table.loc[table["model"] == "whole", "parameter"]) == set(names)


def test_the_second_route_gives_them_back(table):
    tables = {name: getattr(trial(), name) for name in ("sample", "background", "followup")}
    study = {**SETTINGS, "inference": SETTINGS["inference"]}
    route = gather(tables, Definitions(study, NONRESPONSE, {}, VARIABLES))
    for name in ROUTE_OF:
        second = estimate(name, route).set_index("estimate_id")
        first = table[table["model"] == name]
        assert set(second.index) == set(first.index)
        for statistic in ("estimate", "se", "df", "p_value", "ci_low", "ci_high", "n", "n_treated", "n_clusters"):
            if statistic in second:
                expected = second.loc[first.index, statistic].astype(float)
                np.testing.assert_allclose(first[statistic].astype(float), expected, rtol=1e-6, atol=1e-9)
    assert set(ROUTE_OF.values()) <= set(ROUTES)


@pytest.mark.parametrize("name", ["weighted/self_efficacy_6/pain//treated:low", "whole/all/pain//tight_upper"] + [
    f"bounds/self_efficacy_6/{outcome}//{which}:{side}"
    for outcome in ("pain", "emergency_visits") for side in ("low", "high")
    for which in ("lower", "tight_upper", "trimmed", "difference", "tight_trimmed")
])  # fmt: skip
def test_a_number_is_the_sum_of_its_terms_and_its_error_the_root_of_its_squares(table, name):
    estimator, problem, address = problem_of(name, NONRESPONSE)
    terms, row = estimator.terms(problem, address), table.loc[name]
    assert (terms.table["weight"] * terms.table["outcome"]).sum() == pytest.approx(row["estimate"], abs=1e-12)
    assert len(estimator.counted(problem, address, "n").table) == row["n"]
    if "trimmed" in name:
        assert terms.table["weight"].min() > 0
        return
    squares = estimator.squares(problem, address)
    scores = squares.table.groupby("cluster")["score"].sum()
    assert np.sqrt(squares.factor * (scores**2).sum()) == pytest.approx(row["se"], rel=1e-12)
    if not name.startswith("weighted"):  # who did not answer has a part in the error of a bound, by not answering
        (silent,) = (part for part in squares.evidence if part.kind == "draw")
        assert len(silent.persons)
        assert bool(np.abs(silent.direct).max() > 0) == ("difference" not in name)


def test_the_interval_is_that_of_the_pair_and_each_tells_the_other(table):
    estimator, _, address = problem_of("bounds/self_efficacy_6/pain//tight_lower:low", NONRESPONSE)
    other = estimator.pair(address)
    assert other.parameter == "tight_upper:low"
    assert estimator.pair(other) == address
    assert estimator.pair(replace(address, parameter="difference:low")) is None
    low, high = (table.loc[f"bounds/self_efficacy_6/pain//{each.parameter}"] for each in (address, other))
    limits = imbens_manski(low["estimate"], low["se"], high["estimate"], high["se"], low["df"], 0.95)
    assert [low["ci_low"], high["ci_high"]] == pytest.approx([float(limit) for limit in limits])


def test_bounds_weigh_by_the_lot_of_the_team_and_hold_all_who_have_the_covariates(table):
    data = data_of(trial())
    people = data.people.assign(lot=lot_weights(data), y=np.nan)
    share = people.groupby("team")["treated"].transform("mean")
    assert people["lot"].to_numpy() == pytest.approx(1 / np.where(people["treated"] == 1, share, 1 - share))
    pain = trial().followup.set_index("person")["pain"]
    side = people.dropna(subset=[*MODELS["itt"]["covariates"], "self_efficacy"]).query("self_efficacy <= 6")
    found = lee_bounds(side["person"].map(pain), side["treated"], side["lot"])
    assert table.loc["bounds/self_efficacy_6/pain//lower:low", "estimate"] == pytest.approx(found.lower.estimate)


@pytest.mark.parametrize(("within", "word"), [("municipality", "kommune"), ("", ""), (None, "hold")])
def test_who_is_left_out_and_how_persons_weigh_follows_the_blocks_of_the_lot(within, word):
    """A team of one arm tells nothing where the lot was drawn within it, and is like any other where it was not."""
    study = with_study(design={} if within is None else {"drawn_within": within})
    sample = trial().sample.assign(treated=lambda people: people["treated"].mask(people["team"] == "t01", 1))
    data = data_of(replace(trial(), sample=sample), study)
    lot, is_alone = lot_weights(data), (data.people["team"] == "t01").to_numpy()
    assert np.isnan(lot).tolist() == (is_alone & (within is None)).tolist()
    blocks = np.full(len(data.people), "") if within == "" else data.people[within or "team"]
    share = data.people.groupby(blocks)["treated"].transform("mean")
    expected = 1 / np.where(data.people["treated"] == 1, share, 1 - share)
    np.testing.assert_allclose(lot, np.where(np.isnan(lot), np.nan, expected))
    found = run("nonresponse", NONRESPONSE, study, sample=sample).query("model in ['bounds', 'whole']")
    assert found["note"].str.contains("all are of one arm").any() == (within is None)
    assert _design_words(study.design, "da")["block"] == (word or "gruppe")
    changed = {**SETTINGS, "design": msgspec.to_builtins(study.design)}
    tables = {"sample": sample, "background": trial().background, "followup": trial().followup}
    route = gather(tables, Definitions(changed, NONRESPONSE, {}, VARIABLES))
    for name in ("bounds", "whole"):
        second = estimate(name, route).set_index("estimate_id")
        first = found.loc[second.index]
        np.testing.assert_allclose(first["estimate"], second["estimate"].astype(float), rtol=1e-6, atol=1e-9)
        np.testing.assert_allclose(first["n"].astype(float), second["n"].astype(float))


def test_what_cannot_be_estimated_has_a_reason_and_takes_nothing_else_with_it(table):
    people = data_of(trial()).people
    low = people.loc[people["self_efficacy"] <= 6]
    of_one_arm = low.loc[low["treated"] == 1, "person"]
    silent = trial().followup.assign(pain=trial().followup["pain"].mask(trial().followup["person"].isin(of_one_arm)))
    changed = run("nonresponse", NONRESPONSE, followup=silent)
    missing = changed[changed["note"].str.contains(NO_ESTIMATE)]
    assert unsaid(missing["note"]) == []
    bounds = missing[missing["model"] == "bounds"]
    assert set(bounds["parameter"].str.partition(":")[2]) == {"low"}
    assert set(bounds["outcome"]) == {"pain"}
    others = changed.index.difference(missing.index)
    kept = others[changed.loc[others, "model"].isin(["bounds"])]
    assert changed.loc[kept, "estimate"].to_numpy() == pytest.approx(table.loc[kept, "estimate"].to_numpy(), rel=1e-12)


def test_a_stratum_with_one_arm_takes_the_tightened_bounds_alone():
    background = trial().background.copy()
    sample = trial().sample
    persons = sample.loc[sample["treated"] == 1, "person"]
    everybody = background["person"].isin(persons)
    background.loc[everybody, "ordinary_job"] = 1.0
    found = run("nonresponse", NONRESPONSE, background=background)
    own = found[found["model"] == "bounds"]
    is_tight = own["parameter"].str.startswith("tight_")
    assert own.loc[~is_tight, "estimate"].notna().all()
    assert own.loc[is_tight, "estimate"].isna().all()
    assert own.loc[is_tight, "note"].str.contains("one arm only in a stratum").all()
    assert unsaid(own["note"]) == []


def test_where_no_survey_was_received_nobody_is_known_to_have_answered_or_not():
    sample = trial().sample.assign(answered_followup=np.nan)
    found = run("nonresponse", {**MODELS, "response": NONRESPONSE["response"]}, sample=sample)
    assert found["estimate"].isna().all()
    assert isinstance(found, pd.DataFrame)
    assert unsaid(found["note"]) == []
