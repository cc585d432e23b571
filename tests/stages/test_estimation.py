"""The estimation stages on a simulated trial: addresses, numbers by a second route, and what they refuse."""

import tomllib
from dataclasses import fields
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.errors import InputError
from pipeline.estimate.designs import Label, outcome_values
from pipeline.estimate.estimation import estimation_problem
from pipeline.estimate.table import estimates_table, hash_persons
from pipeline.people.samples import join_background, select_sample, spells
from pipeline.runner.schemas import build_schema, validate_table
from pipeline.settings.base import convert
from pipeline.settings.models import read_models
from pipeline.settings.study import Study
from pipeline.stages import (
    balance,
    description,
    hazard,
    itt,
    mechanisms,
    prognosis,
    robustness,
    subgroups,
    survival,
)
from tests.trial import HORIZON, RISK_FACTORS, draw_trial

CONFIG = Path(__file__).parents[2] / "config"
MODELS = tomllib.loads((CONFIG / "models.toml").read_text())
STUDY = convert(tomllib.loads((CONFIG / "study.toml").read_text()), Study, "study.toml")
VARIABLES = pd.DataFrame(
    {"name": ["person", *reversed(RISK_FACTORS)], "risk_factor": ["", *map(str, range(len(RISK_FACTORS), 0, -1))]}
)
DICTIONARY = pd.read_csv(CONFIG / "variables.csv", dtype=str, keep_default_na=False)
REASONS = {"closed_municipality": 3, "no_baseline": 1}


@cache
def trial():
    return draw_trial()


@cache
def exclusions():
    drawn = trial().sample[["person", "treated"]].assign(reason="analysed")
    reasons = [reason for reason, count in REASONS.items() for _ in range(count)]
    others = pd.DataFrame({"person": range(9001, 9001 + len(reasons)), "treated": [1, 1, 0, 0], "reason": reasons})
    everyone = pd.concat([drawn, others], ignore_index=True)
    return everyone.assign(municipality_name=[*trial().sample["municipality"], *["Nowhere"] * len(others)])


RUNS = {
    "balance": lambda t: balance.run(t.sample, t.background, VARIABLES, MODELS, STUDY),
    "itt": lambda t: itt.run(t.sample, t.background, t.shares, MODELS, STUDY),
    "hazard": lambda t: hazard.run(t.sample, t.durations, t.background, MODELS, STUDY),
    "survival": lambda t: survival.run(t.sample, t.durations, t.background, MODELS, STUDY),
    "description": lambda t: description.run(t.sample, t.background, exclusions(), VARIABLES, MODELS, STUDY),
    "subgroups": lambda t: subgroups.run(t.sample, t.background, t.shares, MODELS, STUDY),
    "mechanisms": lambda t: mechanisms.run(
        t.sample, t.background, t.shares, t.weekly, t.followup, DICTIONARY, MODELS, STUDY
    ),
    "robustness": lambda t: robustness.run(t.sample, t.background, t.shares, MODELS, STUDY),
    "prognosis": lambda t: prognosis.run(t.sample, t.background, t.shares, MODELS, STUDY),
}


@cache
def estimates(stage: str) -> pd.DataFrame:
    return RUNS[stage](trial())[f"{stage}.parquet"].set_index("estimate_id", drop=False)


COUNTS = {
    "balance": len(RISK_FACTORS) * 5,
    "itt": 2 * HORIZON * 3,
    "hazard": 2 * 2 * 3 * 2,
    "survival": 2 * 2 * 3 * (HORIZON + 1),
    # means, 91 and 97 density points by arm, teams with the total, municipalities with one left out and the total, flow
    "description": len(RISK_FACTORS) * 6 + 2 * (91 + 97) + 5 * 44 + 2 * 28 + 7 * 3,
    # effect, control mean and size of both groups at 9 + 9 cut-offs and for 10 backgrounds
    "subgroups": (9 + 9 + 10) * 2 * 6,
    # 22 scores at 4 cut-offs without and with the wait; 4 and 3 groups by peers, 2 outcomes; activation
    "mechanisms": 22 * 4 * 6 * 2 + (4 + 3) * 3 * 2 + 2 * HORIZON * 3,
    "robustness": 9 * 2 * 6 + 4 * 2 * HORIZON,
    "prognosis": 66 * 2,
}


@pytest.mark.parametrize("stage", RUNS)
def test_table_has_the_columns_of_the_dictionary_and_every_address_once(stage):
    table = estimates(stage).reset_index(drop=True)
    validate_table(table, build_schema("estimates", DICTIONARY))
    assert len(table) == COUNTS[stage]
    assert table["estimate_id"].is_monotonic_increasing
    assert table["converged"].all()
    assert table["sample_hash"].str.fullmatch("[0-9a-f]{16}").all()
    assert set(table["model"]) <= set(MODELS)


@pytest.mark.parametrize("stage", RUNS)
def test_order_of_the_rows_changes_nothing(stage):
    base = trial()
    shuffled = type(base)(
        **{field.name: getattr(base, field.name).sample(frac=1, random_state=3) for field in fields(base)}
    )
    # The same sums in the same order: not a bit differs.
    pd.testing.assert_frame_equal(
        RUNS[stage](shuffled)[f"{stage}.parquet"], estimates(stage).reset_index(drop=True), check_exact=True
    )


SAMPLES = {"all": "person > 0", "short_wait": "wait_days < 7", "high_self_efficacy": "self_efficacy >= 11"}


@pytest.mark.parametrize(
    ("stage", "sample", "outcome", "week"),
    [
        ("itt", "all", "employment", 81),
        ("itt", "short_wait", "sickness_benefit", 1),
        ("balance", "all", "age", None),
        ("balance", "high_self_efficacy", "bipq_treatment_control", None),
        ("balance", "high_self_efficacy", "self_efficacy", None),
    ],
)
def test_least_squares_row_is_what_a_formula_gives(stage, sample, outcome, week):
    import statsmodels.formula.api as smf

    base = trial()
    data = base.people.query(SAMPLES[sample])
    if week is not None:
        chosen = base.shares.query("outcome == @outcome and week == @week")
        data = data.merge(chosen[["person", "share"]], on="person").rename(columns={"share": "y"})
    else:
        data = data.assign(y=data[outcome])
    covariates = MODELS[stage]["covariates"]
    data = data.dropna(subset=["y", *covariates])
    teams = data["team"].astype("category").cat.codes
    formula = " + ".join(["y ~ treated", "C(municipality)", *covariates])
    fit = smf.ols(formula, data).fit(cov_type="cluster", cov_kwds={"groups": teams}, use_t=True)
    row = estimates(stage).loc[f"{stage}/{sample}/{outcome}/{'' if week is None else week}/treated"]
    expected = [fit.params["treated"], fit.bse["treated"], fit.pvalues["treated"], *fit.conf_int().loc["treated"]]
    # Another factorisation of the same well-conditioned design.
    assert list(row[["estimate", "se", "p_value", "ci_low", "ci_high"]]) == pytest.approx(expected, rel=1e-8)
    arms = data["treated"].value_counts()
    assert list(row[["n", "n_treated", "n_control", "n_clusters"]]) == [len(data), arms[1], arms[0], teams.nunique()]
    assert row["df"] == teams.nunique() - 1
    assert row["control_mean"] == pytest.approx(data.loc[data["treated"] == 0, "y"].mean(), rel=1e-12)
    assert row["sample_hash"] == hash_persons(data["person"])


@pytest.mark.parametrize(
    ("name", "sample", "outcome", "week"),
    [("itt", "long_wait", "employment", 40), ("balance", "low_self_efficacy", "ordinary_job", None)],
)
def test_problem_behind_an_estimate_gives_it_back_as_a_sum(name, sample, outcome, week):
    base = trial()
    tables = {"sample": base.sample, "background": base.background, "shares": base.shares}
    problem = estimation_problem(read_models(MODELS)[name], sample, outcome, week, tables, STUDY)
    row = estimates(name).loc[f"{name}/{sample}/{outcome}/{'' if week is None else week}/treated"]
    # A sum of a few hundred products below one.
    assert problem.weights() @ problem.outcome == pytest.approx(row["estimate"], abs=1e-12)
    assert hash_persons(problem.persons) == row["sample_hash"]
    assert problem.design.shape == (row["n"], len(problem.columns))
    assert len(np.unique(problem.clusters)) == row["n_clusters"]


def test_outcome_that_does_not_vary_has_an_estimate_but_no_standard_error():
    base = trial()
    shares = base.shares.assign(share=base.shares["share"].where(base.shares["week"] > 1, 0.0))
    table = itt.run(base.sample, base.background, shares, MODELS, STUDY)["itt.parquet"].set_index("estimate_id")
    row = table.loc["itt/all/employment/1/treated"]
    assert row["note"] == "the outcome is fitted exactly: no standard error"
    assert np.isnan([row["se"], row["p_value"], row["ci_low"]]).all()
    assert table.loc["itt/all/employment/2/treated", "se"] > 0


def test_persons_with_an_unknown_outcome_leave_that_estimate_only():
    base = trial()
    unknown = (base.shares["person"] <= 5) & (base.shares["week"] >= 80)
    shares = base.shares.assign(share=base.shares["share"].mask(unknown))
    table = itt.run(base.sample, base.background, shares, MODELS, STUDY)["itt.parquet"].set_index("estimate_id")
    complete = base.people.dropna(subset=MODELS["itt"]["covariates"])
    assert table.loc["itt/all/employment/79/treated", "n"] == len(complete)
    assert table.loc["itt/all/employment/80/treated", "n"] == (complete["person"] > 5).sum()


def test_hazard_rows_share_an_estimate_and_differ_in_their_error():
    table = estimates("hazard")
    plain, clustered = (table.loc[f"hazard_logit/all/employment_exit//treated{end}"] for end in ("", "_clustered"))
    assert plain["estimate"] == clustered["estimate"]
    assert plain["se"] != clustered["se"]
    weeks = trial().durations.query("outcome == 'employment_exit'")
    assert plain["n"] == weeks["weeks"].sum()
    control = weeks[weeks["person"].isin(trial().sample.query("treated == 0")["person"])]
    assert plain["control_mean"] == pytest.approx(control["exited"].sum() / control["weeks"].sum())
    assert np.isnan(plain["df"])
    assert (plain["n_treated"], plain["n_control"]) == tuple(trial().sample["treated"].value_counts()[[1, 0]])


def test_hazard_says_what_perfect_prediction_took():
    base = trial()
    quiet = base.sample.query("municipality == 'm20'")["person"]
    durations = base.durations.copy()
    durations.loc[durations["person"].isin(quiet), ["weeks", "exited"]] = [HORIZON, False]
    table = hazard.run(base.sample, durations, base.background, MODELS, STUDY)["hazard.parquet"]
    row = table.set_index("estimate_id").loc["hazard_cloglog/all/employment_exit//treated"]
    left = durations.query("outcome == 'employment_exit'")
    left = left[~left["person"].isin(quiet)]
    assert row["note"] == f"dropped municipality m20 (person-weeks: {HORIZON * len(quiet)}, teams: 1)"
    assert (row["n"], row["n_clusters"]) == (left["weeks"].sum(), 42)
    assert row["sample_hash"] == hash_persons(left["person"])


def test_survival_counts_those_at_risk():
    base = trial()
    durations = base.durations.copy()
    durations.loc[durations["person"] <= 10, ["weeks", "exited"]] = [0, False]
    table = survival.run(base.sample, durations, base.background, MODELS, STUDY)["survival.parquet"]
    table = table.set_index("estimate_id")
    arm = base.sample.query("treated == 1 and person > 10")["person"]
    members = durations[durations["person"].isin(arm) & (durations["outcome"] == "employment_exit")]
    row = table.loc["kaplan_meier/all/employment_exit/12/treated"]
    assert (row["n"], row["n_treated"], row["n_control"]) == ((members["weeks"] >= 12).sum(), row["n"], 0)
    # Nobody is censored before the horizon here: survival is the share that has not left.
    stays = 1 - (members["exited"] & (members["weeks"] <= 12)).mean()
    assert row["estimate"] == pytest.approx(stays, rel=1e-12)
    assert table.loc["kaplan_meier/all/employment_exit/0/control", "estimate"] == 1.0


def test_description_counts_teams_and_flow():
    table, sample = estimates("description"), trial().sample
    team = sample.query("team == 't07'")
    first = (team["allocation_date"].min() - pd.Timestamp("1970-01-01")).days
    assert table.loc["team/t07/recruitment_start//n", "estimate"] == first
    assert table.loc["team/t07/control//n", "estimate"] == (team["treated"] == 0).sum()
    assert table.loc["team/total/total//n", "estimate"] == len(sample)
    flow = {name: table.loc[f"flow/all/{name}//n", "estimate"] for name in MODELS["flow"]["outcomes"]}
    assert flow["randomised"] == len(sample) + sum(REASONS.values())
    assert (flow["closed_municipality"], flow["withdrawn"], flow["analysed"]) == (3, 0, len(sample))
    assert table.loc["flow/treated/closed_municipality//n", "estimate"] == 2
    known = trial().people.query("treated == 0")["age"].dropna()
    assert table.loc["mean/control/age//mean", "estimate"] == pytest.approx(known.mean())
    assert table.loc["mean/control/age//mean", "n"] == len(known)
    assert table.loc["density/all/wait_days/7/treated", "control_mean"] == 14.0


def changed(table: str, **settings):
    return {**MODELS, table: {**MODELS[table], **settings}}


def run_itt(models=MODELS, study=STUDY, **columns):
    base = trial()
    background = base.background.assign(**columns)
    return itt.run(base.sample, background, base.shares, models, study)


def run_hazard(durations):
    return hazard.run(trial().sample, durations, trial().background, MODELS, STUDY)


def run_description(excluded, models=MODELS):
    return description.run(trial().sample, trial().background, excluded, VARIABLES, models, STUDY)


def study_with(**condition):
    text = (CONFIG / "study.toml").read_text()
    data = tomllib.loads(text)
    data["samples"]["short_wait"]["conditions"] = [condition]
    return convert(data, Study, "study.toml")


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (lambda: run_itt(changed("itt", outcome=["x"])), r"models.toml, table \[itt\].*`outcome`.*Allowed.*outcomes"),
        (lambda: run_itt(changed("itt", estimator="probit")), r"table \[itt\].*'probit'"),
        (lambda: run_itt({"itt": {"name_en": "x"}}), r"table \[itt\].*missing required field"),
        (lambda: run_itt(changed("itt", covariates=["shoe_size"])), r"table \[itt\]: no variable shoe_size"),
        (lambda: run_itt(changed("itt", samples=["nobody"])), r"no table \[samples.nobody\].*Samples defined: all,"),
        (lambda: run_itt(changed("itt", weeks=[81, 82])), r"2 of 4 outcomes, the first of them \('employment', 82\)"),
        (lambda: run_itt(ordinary_job=1.0), r"\[itt\], sample 'all', .*'ordinary_job' is a linear combination"),
        (lambda: run_itt(ordinary_job=np.nan), r"\[itt\], sample 'all', .*0 observations are too few"),
        (lambda: run_itt(study=study_with(variable="size", below=40)), r"\[samples.short_wait\]: no variable 'size'"),
        (lambda: run_itt(study=study_with(variable="wait_days", below=0)), r"\[samples.short_wait\]: no person"),
        (lambda: run_itt(study=study_with(variable="wait_days", below=7, above=1)), "has 2 bounds. Give exactly one"),
        (lambda: run_hazard(trial().durations.assign(exited=False)), r"\[hazard_logit\], .*'employment_exit': 0 exits"),
        (lambda: run_hazard(trial().durations[5:]), "5 persons have no row for 'employment_exit'"),
        (lambda: join_background(trial().sample[3:], trial().background), "do not hold the same persons"),
        (lambda: run_description(exclusions().assign(reason="moon")), "reasons moon that"),
        (lambda: run_description(exclusions(), changed("density", grid={})), "no grid for 'wait_days'"),
    ],
)
def test_what_cannot_be_estimated_is_an_error_that_names_it(run, message):
    with pytest.raises(InputError, match=message):
        run()


def test_person_who_lacks_the_variable_of_a_condition_is_in_neither_sample():
    people = join_background(trial().sample, trial().background)
    both = [select_sample(people, name, STUDY) for name in ("low_self_efficacy", "high_self_efficacy")]
    assert sum(map(len, both)) == people["self_efficacy"].notna().sum() < len(people)


def test_spells_are_cut_at_the_horizon():
    people = join_background(trial().sample, trial().background)
    cut = spells(people, trial().durations, "employment_exit", 20)
    full = trial().durations.query("outcome == 'employment_exit'")
    assert cut["weeks"].max() == 20
    assert cut["exited"].sum() == (full["exited"] & (full["weeks"] <= 20)).sum()


def test_outcomes_line_up_with_the_people_whatever_the_order():
    people = join_background(trial().sample, trial().background).iloc[::-7]
    values = outcome_values([Label("employment", 3), Label("sickness_benefit", 1)], people, {"shares": trial().shares})
    lookup = trial().shares.set_index(["person", "outcome", "week"])["share"]
    assert values[:, 0].tolist() == [lookup[person, "employment", 3] for person in people["person"]]


def test_hash_of_the_model_changes_with_the_model_and_not_with_the_order_of_its_keys():
    row = read_models(MODELS)["itt"].spec_hash
    assert read_models({"itt": dict(reversed(MODELS["itt"].items()))})["itt"].spec_hash == row
    assert read_models(changed("itt", covariates=[]))["itt"].spec_hash != row


def test_an_empty_table_of_estimates_keeps_its_types():
    assert estimates_table([]).dtypes.equals(estimates("itt").reset_index(drop=True).dtypes)
