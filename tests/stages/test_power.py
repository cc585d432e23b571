"""What the trial could see: every number from a second route, as a sum, and as good as its error."""

import math
from functools import cache

import numpy as np
import pandas as pd
import pytest
from scipy.stats import nct, norm, t

from pipeline.errors import InputError
from pipeline.estimate.estimators import ESTIMATORS, checked_models
from tests.models import MODELS, STUDY, data_of, problem_of, run, trial

TARGETS = {"chances": [0.8, 0.9], "effects": [0.05], "ratios": [1.16]}
OWN = {
    **MODELS,
    "power": {**MODELS["itt"], "stage": "power", "estimator": "power", "weeks": "last", "purpose": "descriptive",
              "power": TARGETS},
    "power_groups": {**MODELS["self_efficacy"], "stage": "power", "estimator": "power", "power": TARGETS,
                     "splits": ["self_efficacy_8"]},
    "power_exits": {**MODELS["hazard_logit"], "stage": "power", "estimator": "hazard_power", "purpose": "descriptive",
                    "power": {"chances": [0.8], "ratios": [1.16]}},
}  # fmt: skip


@cache
def found():
    return run(["power", "itt", "subgroups", "hazard"], OWN)


@pytest.mark.parametrize(
    ("head", "end", "behind"),
    [
        ("power/all/employment/81/", "", "itt/all/employment/81/treated"),
        ("power/long_wait/sickness_benefit/81/", "", "itt/long_wait/sickness_benefit/81/treated"),
        (
            "power_groups/self_efficacy_8/employment/81/",
            ":low",
            "self_efficacy/self_efficacy_8/employment/81/treated:low",
        ),
        ("power_exits/all/employment_exit//", "", "hazard_logit/all/employment_exit//treated_clustered"),
    ],
)
def test_every_number_follows_from_the_error_that_the_model_itself_has(head, end, behind):
    row, own = found().loc[behind], found()
    is_ratio = head.startswith("power_exits")
    reference = norm if is_ratio else t(row["df"])
    critical = reference.ppf(0.5 + STUDY.inference.level / 2)

    def chance(size):
        if is_ratio:
            return norm.sf(critical - size / row["se"]) + norm.cdf(-critical - size / row["se"])
        return nct.sf(critical, row["df"], size / row["se"]) + nct.cdf(-critical, row["df"], size / row["se"])

    smallest = own.loc[f"{head}mde_80{end}", "estimate"]
    assert chance(smallest) == pytest.approx(0.8, abs=1e-9)
    as_ratio = math.exp(smallest) if is_ratio else (row["control_mean"] + smallest) / row["control_mean"]
    assert own.loc[f"{head}ratio_80{end}", "estimate"] == pytest.approx(as_ratio, rel=1e-9)
    ratio = math.log(1.16) if is_ratio else 0.16 * row["control_mean"]
    assert own.loc[f"{head}power_ratio_1.16{end}", "estimate"] == pytest.approx(chance(ratio), abs=1e-9)
    if not is_ratio:
        assert own.loc[f"{head}power_0.05{end}", "estimate"] == pytest.approx(chance(0.05), abs=1e-9)
        assert own.loc[f"{head}mde_90{end}", "estimate"] > smallest


def test_the_difference_of_two_groups_has_the_error_of_the_interacted_regression():
    import statsmodels.formula.api as smf

    base = trial()
    y = base.shares.query("outcome == 'employment' and week == 81").set_index("person")["share"]
    people = base.people.assign(y=base.people["person"].map(y)).dropna(
        subset=["y", "self_efficacy", *MODELS["itt"]["covariates"]]
    )
    people = people.assign(low=(people["self_efficacy"] <= 8).astype(int))
    people = people.assign(stratum=people["municipality"] + people["low"].astype(str))
    formula = "y ~ 0 + C(stratum) + treated + treated:low + " + " + ".join(MODELS["itt"]["covariates"])
    fit = smf.ols(formula, people)
    clustered = fit.fit(cov_type="cluster", cov_kwds={"groups": pd.factorize(people["team"])[0]}, use_t=True)
    rows = found().filter(regex="^power_groups/.*employment.*:low-high", axis=0)["estimate"]
    head = "power_groups/self_efficacy_8/employment/81/"
    ratio = found().loc[f"{head}mde_80:low", "estimate"] / found().loc[
        "self_efficacy/self_efficacy_8/employment/81/treated:low", "se"
    ]  # fmt: skip
    error = clustered.bse["treated:low"]
    assert rows[f"{head}mde_80:low-high"] == pytest.approx(ratio * error, rel=1e-8)
    plain = fit.fit(cov_type="HC1").bse["treated:low"]
    assert rows[f"{head}design_effect:low-high"] == pytest.approx(error**2 / plain**2, rel=1e-8)
    assert not any("ratio" in address for address in rows.index)  # there is no control mean of a difference


@pytest.mark.parametrize(
    "address",
    ["power/all/employment/81/mde_80", "power/all/employment/81/design_effect", "power/all/employment/81/power_0.05",
     "power_groups/self_efficacy_8/employment/81/mde_90:high", "power_exits/all/employment_exit//ratio_80",
     "power_groups/self_efficacy_8/employment/81/mde_80:low-high"],
)  # fmt: skip
def test_every_number_is_a_sum_over_persons_and_so_are_its_counts(address):
    estimator, problem, at = problem_of(address, OWN)
    terms, row = estimator.terms(problem, at), found().loc[address]
    assert math.fsum(terms.table["weight"] * terms.table["outcome"]) == pytest.approx(row["estimate"], rel=1e-9)
    part = terms.evidence[0]
    assert len(part.persons) == len(terms.table)
    assert part.clusters is None
    for statistic in ("n", "n_treated", "n_control", "n_clusters"):
        assert estimator.counted(problem, at, statistic).table["weight"].sum() == row[statistic], statistic


def test_nothing_moves_with_the_effect_that_was_found():
    moved = trial().shares.merge(trial().people[["person", "treated"]], on="person")
    moved = moved.assign(share=moved["share"] + 0.3 * moved["treated"]).drop(columns="treated")
    other = run("power", OWN, shares=moved)["estimate"]
    own = found()["estimate"][other.index]
    np.testing.assert_allclose(other, own, rtol=1e-9)


def test_without_an_error_or_a_level_there_is_no_number_and_the_reason_is_said():
    flat = trial().shares.assign(share=0.0)
    rows = run("power", {**OWN, "power_exits": OWN["power"]}, shares=flat)
    assert rows["estimate"].isna().all()
    assert not rows["converged"].any()
    assert rows["note"].str.contains("fitted exactly").all()
    level = trial().shares.merge(trial().people[["person", "treated"]], on="person")
    level = level.assign(share=level["share"] * level["treated"]).drop(columns="treated")
    row = run("power", OWN, shares=level).loc["power/all/employment/81/power_ratio_1.16"]
    assert math.isnan(row["estimate"])
    assert "mean of the control group is zero" in row["note"]


def test_in_one_cluster_every_number_is_missing_with_the_reason():
    bounded = {**MODELS["survey"], "estimator": "lee_bounds", "fixed_effects": "none", "stage": "power"}
    models = {**OWN, "bounds": bounded}
    rows = run("power", models, sample=trial().sample.assign(team="t00"))
    own = rows[rows["model"] != "bounds"]
    assert own["estimate"].isna().all()
    assert own["note"].str.contains("fewer than two clusters").all()
    bounds = rows[(rows["model"] == "bounds") & rows["parameter"].str.match("lower|upper")]
    assert bounds["estimate"].notna().all()
    assert bounds[["se", "ci_low", "ci_high"]].isna().all().all()
    assert bounds["note"].str.contains("fewer than two clusters").all()


def test_a_model_must_say_what_is_asked_of_its_power_and_no_other_model_can():
    without = {**OWN, "power": {key: value for key, value in OWN["power"].items() if key != "power"}}
    model = checked_models(without, STUDY.design)["power"]
    problem = next(ESTIMATORS["power"].problems(model, data_of(trial()), None))
    with pytest.raises(InputError, match="no power"):
        ESTIMATORS["power"].rows(problem)
    with pytest.raises(InputError, match=r"power = .* does not go with the estimator 'ols', which takes nothing"):
        checked_models({**OWN, "itt": {**OWN["itt"], "power": TARGETS}}, STUDY.design)
