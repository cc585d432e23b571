"""The estimates of a simulated trial: addresses, numbers by a second route, and what is refused."""

import math
from dataclasses import fields
from functools import partial

import numpy as np
import pandas as pd
import pytest

from pipeline.errors import InputError
from pipeline.estimate.outcomes import outcome_values
from pipeline.estimate.problem import Label
from pipeline.estimate.table import estimates_table, hash_persons
from pipeline.people.samples import join_background, select_sample
from pipeline.runner.schemas import build_schemas, validate_table
from pipeline.settings.models import read_models
from tests.models import (
    MODELS,
    SETTINGS,
    STUDY,
    VARIABLES,
    data_of,
    estimates,
    problem_of,
    run,
    trial,
    with_models,
    with_study,
)
from tests.trial import HORIZON, RISK_FACTORS


def of_split(groups):
    """Rows of a split: effect, control mean and size of each group, and the difference of each two."""
    return 3 * groups + math.comb(groups, 2)


COUNTS = {
    "balance": len(RISK_FACTORS) * 5,
    "itt": 2 * HORIZON * 3,
    "hazard": 2 * 2 * 3 * 2,
    "survival": 2 * 2 * 3 * (HORIZON + 1),
    # means, 91 and 97 density points by arm, teams with the total, municipalities with one left out and the total, flow
    "description": len(RISK_FACTORS) * 6 + 2 * (91 + 97) + 5 * 44 + 2 * 28 + 5 * 3,
    # 6 + 6 cut-offs and 6 backgrounds
    "subgroups": (6 + 6 + 6) * 2 * of_split(2),
    # 6 scores at 4 cut-offs without and with the wait; 4 and 3 groups by peers, 2 outcomes; activation
    "mechanisms": 6 * 4 * 2 * of_split(2) + 2 * (of_split(4) + of_split(3)) + 2 * HORIZON * 3,
    "robustness": 6 * 2 * of_split(2) + 4 * 2 * HORIZON,
    "prognosis": 12 * 2,
    "elsewhere": 1,
}


@pytest.mark.parametrize("stage", COUNTS)
def test_table_has_the_columns_of_the_dictionary_and_every_address_once(stage):
    table = estimates(stage).reset_index()
    validate_table(table, build_schemas(["estimates"], VARIABLES)["estimates"])
    assert len(table) == COUNTS[stage]
    assert table["estimate_id"].is_monotonic_increasing
    assert table["converged"].all()
    assert table["sample_hash"].str.fullmatch("[0-9a-f]{16}").all()
    assert set(table["model"]) <= set(MODELS)


@pytest.mark.parametrize("stage", COUNTS)
def test_order_of_the_rows_changes_nothing(stage):
    base = trial()
    shuffled = type(base)(
        **{field.name: getattr(base, field.name).sample(frac=1, random_state=3) for field in fields(base)}
    )
    # The same sums in the same order: not a bit differs.
    pd.testing.assert_frame_equal(run(stage, base=shuffled), estimates(stage), check_exact=True)


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
    address = f"{name}/{sample}/{outcome}/{'' if week is None else week}/treated"
    row = estimates(name).loc[address]
    estimator, problem, at = problem_of(address)
    found = estimator.terms(problem, at).table
    # A sum of a few hundred products below one.
    assert found["weight"] @ found["outcome"] == pytest.approx(row["estimate"], abs=1e-12)
    assert hash_persons(problem.design.persons) == row["sample_hash"]
    # Who is in a municipality with one arm, and has no covariate in common with others, weighs nothing.
    used = trial().sample[trial().sample["person"].isin(problem.design.persons)]
    both = used.groupby("municipality")["treated"].transform("nunique") == 2
    assert set(used["person"]) >= set(found["person"]) >= set(used.loc[both, "person"])
    for statistic in ("n", "n_treated", "n_control", "n_clusters"):
        assert estimator.counted(problem, at, statistic).table["weight"].sum() == row[statistic]


def test_outcome_that_does_not_vary_has_an_estimate_but_no_standard_error():
    base = trial()
    shares = base.shares.assign(share=base.shares["share"].where(base.shares["week"] > 1, 0.0))
    table = run("itt", shares=shares)
    row = table.loc["itt/all/employment/1/treated"]
    assert row["note"].split("; ")[0] == "the outcome is fitted exactly: no standard error"
    assert np.isnan([row["se"], row["p_value"], row["ci_low"]]).all()
    assert table.loc["itt/all/employment/2/treated", "se"] > 0


def test_persons_with_an_unknown_outcome_leave_that_estimate_only():
    base = trial()
    unknown = (base.shares["person"] <= 5) & (base.shares["week"] >= 80)
    shares = base.shares.assign(share=base.shares["share"].mask(unknown))
    table = run("itt", shares=shares)
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
    row = run("hazard", durations=durations).loc["hazard_cloglog/all/employment_exit//treated"]
    left = durations.query("outcome == 'employment_exit'")
    left = left[~left["person"].isin(quiet)]
    assert row["note"] == f"dropped municipality m20 (person-weeks: {HORIZON * len(quiet)}, teams: 1)"
    assert (row["n"], row["n_clusters"]) == (left["weeks"].sum(), 42)
    assert row["sample_hash"] == hash_persons(left["person"])


def test_survival_counts_those_at_risk():
    base = trial()
    durations = base.durations.copy()
    durations.loc[durations["person"] <= 10, ["weeks", "exited"]] = [0, False]
    table = run("survival", durations=durations)
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
    assert flow["randomised"] == len(sample) + 4
    assert (flow["closed_municipality"], flow["withdrawn"], flow["analysed"]) == (3, 0, len(sample))
    assert table.loc["flow/treated/closed_municipality//n", "estimate"] == 2
    known = trial().people.query("treated == 0")["age"].dropna()
    assert table.loc["mean/control/age//mean", "estimate"] == pytest.approx(known.mean())
    assert table.loc["mean/control/age//mean", "n"] == len(known)
    assert table.loc["density/all/wait_days/7/treated", "control_mean"] == 14.0


itt, hazards, description = partial(run, "itt"), partial(run, "hazard"), partial(run, "description")


def itt_with(**keys):
    return itt(with_models(itt=keys))


def itt_within(**condition):
    """The effect in a sample of one condition."""
    sample = {**SETTINGS["samples"]["wait_under_21_days"], "conditions": [condition]}
    study = with_study(samples={"wait_under_21_days": sample})
    return itt(with_models(itt={"samples": ["wait_under_21_days"]}), study)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: itt_with(outcome=["x"]), r"models.toml, table \[itt\].*`outcome`.*Allowed.*outcomes"),
        (lambda: itt_with(estimator="probit"), r"table \[itt\].*'probit'. The estimators are ols, "),
        (lambda: itt({"itt": {"name_en": "x"}}), r"table \[itt\].*missing required field"),
        (lambda: itt_with(covariates=["shoe_size"]), r"table \[itt\]: no variable shoe_size"),
        (lambda: itt_with(covariates=["age", "pain", "age"]), r"table \[itt\]: covariates has age twice"),
        (lambda: itt_with(covariates=["age", "treated"]), r"table \[itt\]: the treatment treated is among its cov"),
        (lambda: itt_with(weeks=[4, 5, 4]), r"table \[itt\]: weeks has 4 twice"),
        (lambda: itt_with(samples=["nobody"]), r"no table \[samples.nobody\].*Samples defined: all,"),
        (lambda: itt_with(weeks=[81, 82]), r"2 of 4 outcomes, the first of them \('employment', 82\)"),
        (lambda: itt_within(variable="size", below=40), r"\[samples.wait_under_21_days\]: no variable 'size'"),
        (lambda: itt_within(variable="wait_days", below=7, above=1), "there are 2 bounds: give exactly one"),
        (lambda: hazards(durations=trial().durations[5:]), "5 persons have no row for 'employment_exit'"),
        (lambda: join_background(trial().sample[3:], trial().background), "do not hold the same persons"),
        (lambda: description(exclusions=trial().exclusions.assign(reason="moon")), "list the reasons moon, for which"),
        (lambda: description(with_models(density={"grid": {}})), "no grid for 'wait_days'"),
        (lambda: description(with_models(team={"outcomes": ["height"]})), "a team has no height. It has recruitment_"),
        (lambda: description(with_models(team={"samples": "school"})), "'school' is neither stratum nor cluster"),
    ],
)
def test_settings_that_mean_nothing_are_an_error_that_names_them(call, message):
    with pytest.raises(InputError, match=message):
        call()


# With as many weeks in the table as the model lists, but others: none may be taken for another.
@pytest.mark.parametrize(("held", "asked"), [((1, 2), [1, 3]), ((1, 2), [1, 5, 6]), ((1, 2, 3), [2, 3, 4])])
def test_a_week_that_the_table_does_not_hold_is_never_another_week(held, asked):
    shares = trial().shares[trial().shares["week"].isin(held)]
    with pytest.raises(InputError, match=rf"does not hold .* the first of them \('employment', {asked[-1] // 2 + 2}\)"):
        run("itt", with_models(itt={"weeks": asked}), shares=shares)


def test_person_who_lacks_the_variable_of_a_condition_is_in_neither_sample():
    people = join_background(trial().sample, trial().background)
    both = [select_sample(people, name, STUDY) for name in ("low_self_efficacy", "high_self_efficacy")]
    assert sum(map(len, both)) == people["self_efficacy"].notna().sum() < len(people)


def test_spells_are_cut_at_the_horizon():
    _, cut, _ = problem_of("kaplan_meier/all/employment_exit/7/treated", study=with_study(time={"horizon_weeks": 20}))
    full = trial().durations.query("outcome == 'employment_exit'")
    assert cut.weeks.max() == cut.horizon == 20
    assert cut.exited.sum() == (full["exited"] & (full["weeks"] <= 20)).sum()


def test_outcomes_line_up_with_the_people_whatever_the_order():
    shuffled = type(trial())(**{**vars(trial()), "shares": trial().shares.sample(frac=1, random_state=4)})
    data = data_of(shuffled)
    values = outcome_values(read_models(MODELS)["itt"], [Label("employment", 3), Label("sickness_benefit", 1)], data)
    lookup = trial().shares.set_index(["person", "outcome", "week"])["share"]
    for place, label in enumerate([("employment", 3), ("sickness_benefit", 1)]):
        assert values[:, place].tolist() == [lookup[person, *label] for person in data.people["person"]]


def test_hash_of_the_model_changes_with_the_model_and_not_with_the_order_of_its_keys():
    row = read_models(MODELS)["itt"].spec_hash
    assert read_models({"itt": dict(reversed(MODELS["itt"].items()))})["itt"].spec_hash == row
    assert read_models(with_models(itt={"covariates": []}))["itt"].spec_hash != row


def test_an_empty_table_of_estimates_keeps_its_types():
    assert estimates_table([]).dtypes.equals(estimates("itt").reset_index().dtypes)


def test_a_printed_number_is_shown_as_what_it_is_and_rests_on_no_cell():
    address = "printed/all/employment//treated"
    row = estimates("elsewhere").loc[address]
    assert (row["estimate"], row["se"], row["n"]) == (0.12, 0.05, 700)
    assert np.isnan([row["p_value"], row["ci_low"], row["df"], row["control_mean"]]).all()
    assert row["note"] == "printed in another report, table 1"
    estimator, problem, at = problem_of(address)
    for ask in (estimator.terms, partial(estimator.counted, statistic="n")):
        with pytest.raises(InputError, match="printed is no estimate of this project but a number printed in another"):
            ask(problem, at)


@pytest.mark.parametrize(
    ("stage", "model", "sample", "of_whom", "which"),
    [
        ("itt", "itt", "all", "person > 0", "without every covariate"),
        ("itt", "itt", "short_wait", "wait_days < 7", "without every covariate"),
        ("prognosis", "tobit", "control", "treated == 0", "without every covariate"),
        ("subgroups", "self_efficacy", None, "person > 0", "without the variable that makes the groups"),
    ],
)
def test_whoever_is_in_no_estimate_for_want_of_a_variable_is_counted_in_its_note(stage, model, sample, of_whom, which):
    needed = ["self_efficacy"] if sample is None else list(MODELS[model]["covariates"])
    number = int(trial().people.query(of_whom)[needed].isna().any(axis=1).sum())
    rows = estimates(stage).reset_index()
    effects = rows[(rows["model"] == model) & rows["se"].notna() & ((rows["sample"] == sample) | (sample is None))]
    assert number
    assert len(effects)
    assert effects["note"].str.split("; ").map(lambda parts: f"left out {number} persons {which}" in parts).all()
