"""The models of subgroups, mechanisms, robustness and prognosis, each by a second route."""

from dataclasses import replace
from functools import cache

import msgspec
import numpy as np
import pandas as pd
import pytest

from pipeline.estimate.table import hash_persons
from pipeline.people.samples import join_background
from pipeline.people.splits import classify_peers
from pipeline.stats.ols import coefficient_weights
from pipeline.stats.tobit import fit_tobit
from tests.models import MODELS, NUMBERS, STUDY, X, estimates, problem_of, run, trial, with_models
from tests.trial import HORIZON

# Two factorisations of one design of up to 60 columns.
EXACT = 1e-8


def cases(sample, outcome, week, covariates, source="shares"):
    """The complete cases of a sample with the outcome as y, from the tables themselves."""
    base = trial()
    data = base.people.query(sample)
    if source == "shares":
        y = base.shares.query("outcome == @outcome and week == @week").set_index("person")["share"]
    elif source == "weekly":
        y = base.weekly.query("week == @week").set_index("person")[outcome].astype("Float64")
    else:
        y = base.followup.set_index("person")[outcome]
    data = data.assign(y=data["person"].map(y).astype(float))
    return data.dropna(subset=["y", *covariates]).reset_index(drop=True)


def clustered(data, formula):
    import statsmodels.formula.api as smf

    teams = data["team"].astype("category").cat.codes
    return smf.ols(formula, data).fit(cov_type="cluster", cov_kwds={"groups": teams}, use_t=True)


def check_row(row, fit, name):
    expected = [fit.params[name], fit.bse[name], fit.pvalues[name], *fit.conf_int().loc[name]]
    assert list(row[NUMBERS]) == pytest.approx(expected, rel=EXACT)


WAIT = [*X, "wait_days"]
SPLITS = [
    ("subgroups", "self_efficacy", "self_efficacy_8", "person > 0", "employment", 81, X, "self_efficacy <= 8"),
    ("subgroups", "self_efficacy", "self_efficacy_14", "person > 0", "sickness_benefit", 81, X, "self_efficacy <= 14"),
    ("subgroups", "self_efficacy_short_wait", "self_efficacy_6", "wait_days < 21", "employment", 81, X,
     "self_efficacy <= 6"),
    ("subgroups", "background_groups", "age_50", "person > 0", "employment", 81, X, "age < 50"),
    ("subgroups", "background_groups", "ordinary_job", "person > 0", "employment", 81,
     [name for name in X if name != "ordinary_job"], "ordinary_job == 0"),
    ("subgroups", "background_groups", "sickness_benefit_pre_share", "person > 0", "sickness_benefit", 81, X,
     "sickness_benefit_pre_share <= sickness_benefit_pre_share.median()"),
    ("robustness", "self_efficacy_wait", "self_efficacy_9", "person > 0", "employment", 81, WAIT,
     "self_efficacy <= 9"),
    ("mechanisms", "survey", "self_efficacy_7", "person > 0", "bipq_symptoms", None, X, "self_efficacy <= 7"),
    ("mechanisms", "survey_wait", "self_efficacy_6", "person > 0", "self_efficacy", None, WAIT, "self_efficacy <= 6"),
]  # fmt: skip


def split_cases(model, sample, outcome, week, covariates, condition):
    source = "followup" if week is None else "shares"
    variable = condition.split()[0]
    data = cases(sample, outcome, week, [*covariates, variable], source)
    everybody = trial().people.query(sample)
    low = set(everybody[everybody.eval(condition)]["person"])
    return data.assign(side=np.where(data["person"].isin(low), "low", "high"))


@pytest.mark.parametrize(("stage", "model", "split", "sample", "outcome", "week", "covariates", "condition"), SPLITS)
def test_split_is_the_interacted_regression(stage, model, split, sample, outcome, week, covariates, condition):
    from linearmodels.iv import IV2SLS

    data = split_cases(model, sample, outcome, week, covariates, condition)
    data["cell"] = data["municipality"] + data["side"]
    terms = ["y ~ 0 + C(cell)", *covariates, "treated:C(side)"]
    fit = clustered(data, " + ".join(terms))
    design = pd.DataFrame(fit.model.exog, columns=fit.model.exog_names)
    iv = IV2SLS(data["y"], design, None, None).fit(
        cov_type="clustered", clusters=data["team"].astype("category").cat.codes, debiased=True
    )
    for side in ("low", "high"):
        name = f"treated:C(side)[{side}]"
        address = f"{model}/{split}/{outcome}/{'' if week is None else week}"
        row = estimates(stage).loc[f"{address}/treated:{side}"]
        check_row(row, fit, name)
        assert list(row[["estimate", "se"]]) == pytest.approx([iv.params[name], iv.std_errors[name]], rel=EXACT)
        assert (row["n"], row["df"]) == (len(data), data["team"].nunique() - 1)
        assert row["sample_hash"] == hash_persons(data["person"])
        members = data[data["side"] == side]
        controls = members[members["treated"] == 0]
        mean, size = (estimates(stage).loc[f"{address}/{name}:{side}"] for name in ("control_mean", "size"))
        assert mean["estimate"] == row["control_mean"] == pytest.approx(controls["y"].mean(), rel=1e-12)
        assert (mean["n"], mean["n_treated"], mean["sample_hash"]) == (
            len(controls),
            0,
            hash_persons(controls["person"]),
        )
        assert size["estimate"] == pytest.approx(len(members) / len(data), rel=1e-15)
        assert (size["n"], size["n_control"]) == (len(members), len(controls))


def test_split_without_common_covariates_is_two_separate_regressions():
    table = run("subgroups", with_models(self_efficacy={"covariates": []}))
    data = split_cases("", "person > 0", "employment", 81, [], "self_efficacy <= 8")
    for side in ("low", "high"):
        part = data[data["side"] == side]
        fit = clustered(part, "y ~ treated + C(municipality)")
        row = table.loc[f"self_efficacy/self_efficacy_8/employment/81/treated:{side}"]
        assert row["estimate"] == pytest.approx(fit.params["treated"], rel=EXACT)
        # The errors differ by the factor alone: K, N and G are those of both groups.
        n, k, g = len(data), data.groupby("side")["municipality"].nunique().sum() + 2, data["team"].nunique()
        factor = (g / (g - 1) * (n - 1) / (n - k)) / (
            part["team"].nunique() / (part["team"].nunique() - 1) * (len(part) - 1) / fit.df_resid
        )
        assert row["se"] == pytest.approx(fit.bse["treated"] * np.sqrt(factor), rel=EXACT)


def test_peers_are_the_other_members_of_the_team_by_a_loop():
    people = join_background(trial().sample, trial().background)
    found = classify_peers(people, STUDY.peers, "team")
    known = people.dropna(subset=["self_efficacy"])
    median = known.groupby("team")["self_efficacy"].apply(lambda scores: (scores < 12).mean()).median()
    teams = {team: members.set_index("person")["self_efficacy"] for team, members in known.groupby("team")}
    for person, team, peers in zip(people["person"], people["team"], found, strict=True):
        others = teams[team].drop(person, errors="ignore")
        assert peers == ("low_peers" if (others < 12).mean() > median else "high_peers")
    fixed = classify_peers(people, msgspec.structs.replace(STUDY.peers, exceeds=0.9), "team")
    assert (fixed == "low_peers").sum() < (found == "low_peers").sum()
    alone = people.assign(self_efficacy=people["self_efficacy"].where(people["team"] != "t03"))
    assert set(classify_peers(alone, STUDY.peers, "team")[people["team"] == "t03"]) == {""}


def written_out(problem):
    """Design and names of a regression as the model writes it: every dummy, covariate and effect a column."""
    design = problem.design
    dummies = np.equal.outer(design.strata, np.arange(len(design.strata_names)))
    effects = [design.treated & design.members(name) for name in design.group_names]
    return np.column_stack([dummies, design.covariates, *effects]).astype(float), design.effects


@pytest.mark.parametrize(("suffix", "outcome", "week"), [("", "employment", 81), ("_survey", "self_efficacy", None)])
def test_the_two_forms_of_the_peer_model_differ_by_their_restriction(suffix, outcome, week):
    address = f"self_efficacy_8/{outcome}/{'' if week is None else week}"
    problems = [problem_of(f"peers{suffix}{end}/{address}/treated:high")[1] for end in ("", "_pooled")]
    (free, names), (pooled, pooled_names) = map(written_out, problems)
    assert names == tuple(f"treated:{g}:{p}_peers" for g in ("low", "high") for p in ("low", "high"))
    assert pooled_names == ("treated:low:low_peers", "treated:low:high_peers", "treated:high")
    y, n, k = problems[0].outcomes[:, 0], *free.shape
    bread = np.linalg.inv(free.T @ free)
    beta = bread @ free.T @ y
    rest = np.zeros(k)
    rest[-2:] = 1, -1
    # F by the two sums of squares, and by Wald's statistic of tau3 - tau4 with equal variances.
    squares = [((y - x @ np.linalg.lstsq(x, y, rcond=None)[0]) ** 2).sum() for x in (free, pooled)]
    variance = squares[0] / (n - k)
    wald = (rest @ beta) ** 2 / (variance * rest @ bread @ rest)
    assert (squares[1] - squares[0]) / variance == pytest.approx(wald, rel=1e-9)
    # Restricted least squares from the free one.
    restricted = beta - bread @ rest * (rest @ beta) / (rest @ bread @ rest)
    table = estimates("mechanisms")
    for name, value in zip(names, beta[-4:], strict=True):
        assert table.loc[f"peers{suffix}/{address}/{name}", "estimate"] == pytest.approx(value, abs=1e-10)
    for name, value in zip(pooled_names, restricted[-4:-1], strict=True):
        assert table.loc[f"peers{suffix}_pooled/{address}/{name}", "estimate"] == pytest.approx(value, abs=1e-10)


CURVES = [
    ("robustness", "itt_wait", "all", "employment", 7, WAIT, "shares"),
    ("robustness", "itt_unadjusted", "all", "sickness_benefit", 81, [], "shares"),
    ("mechanisms", "activation", "all", "guidance", 1, X, "weekly"),
    ("mechanisms", "activation", "short_wait", "workplace_activation", 40, X, "weekly"),
]


@pytest.mark.parametrize(("stage", "model", "sample", "outcome", "week", "covariates", "source"), CURVES)
def test_curve_is_what_a_formula_gives(stage, model, sample, outcome, week, covariates, source):
    data = cases({"all": "person > 0", "short_wait": "wait_days < 7"}[sample], outcome, week, covariates, source)
    fit = clustered(data, " + ".join(["y ~ treated", "C(municipality)", *covariates]))
    row = estimates(stage).loc[f"{model}/{sample}/{outcome}/{week}/treated"]
    check_row(row, fit, "treated")
    assert row["n"] == len(data)


def stratified(data):
    """The weighted mean of the differences by municipality, and Neyman's standard error."""
    parts, variance = 0.0, 0.0
    for _, members in data.groupby("municipality"):
        share = len(members) / len(data)
        arms = [members.loc[members["treated"] == arm, "y"] for arm in (1, 0)]
        parts += share * (arms[0].mean() - arms[1].mean())
        variance += share**2 * sum(arm.var(ddof=1) / len(arm) for arm in arms)
    return parts, np.sqrt(variance)


@cache
def without_lone_persons():
    """A trial in which every municipality has two persons in each arm."""
    base = trial()
    sizes = base.sample.groupby("municipality")["treated"].agg(["sum", "size"])
    small = sizes.index[(sizes["sum"] < 5) | (sizes["size"] - sizes["sum"] < 5)]
    kept = base.sample[~base.sample["municipality"].isin(small)]
    return replace(base, sample=kept, background=base.background[base.background["person"].isin(kept["person"])])


def test_municipality_effects_without_covariates_are_the_stratified_difference():
    models = with_models(municipality_effects={"covariates": []})
    data = cases("person > 0", "employment", 60, [])
    data = data[data["person"].isin(without_lone_persons().sample["person"])]
    row = run("robustness", models, base=without_lone_persons()).loc["municipality_effects/all/employment/60/treated"]
    difference, error = stratified(data)
    assert list(row[["estimate", "se"]]) == pytest.approx([difference, error], rel=1e-10)
    assert row["df"] == len(data) - 2 * data["municipality"].nunique()
    assert pd.isna(row["n_clusters"])
    # And 26 separate regressions, weighted by size.
    slopes = [
        len(part) / len(data) * np.polyfit(part["treated"], part["y"], 1)[0] for _, part in data.groupby("municipality")
    ]
    assert row["estimate"] == pytest.approx(sum(slopes), rel=1e-10)


def test_municipality_effects_with_covariates_are_those_of_the_interacted_regression():
    import statsmodels.formula.api as smf

    data = cases("person > 0", "sickness_benefit", 81, X)
    data = data[data["person"].isin(without_lone_persons().sample["person"])]
    fit = smf.ols(" + ".join(["y ~ 0 + C(municipality) + treated:C(municipality)", *X]), data).fit(cov_type="HC2")
    shares = data["municipality"].value_counts(normalize=True)
    contrast = [shares.get(name[24:-1], 0.0) if name.startswith("treated") else 0.0 for name in fit.params.index]
    test = fit.t_test(np.array(contrast), use_t=True)
    table = run("robustness", base=without_lone_persons())
    row = table.loc["municipality_effects/all/sickness_benefit/81/treated"]
    expected = [test.effect[0], test.sd.item(), test.pvalue.item(), *test.conf_int()[0]]
    assert list(row[NUMBERS]) == pytest.approx(expected, rel=EXACT)


def test_lone_person_of_an_arm_leaves_an_estimate_without_an_error():
    base = trial()
    first = base.sample.query("municipality == 'm20'")
    lone = first.query("treated == 0")["person"].iloc[:1]
    gone = set(first.query("treated == 0")["person"]) - set(lone)
    sample = base.sample[~base.sample["person"].isin(gone)]
    background = base.background[base.background["person"].isin(sample["person"])].copy()
    background.loc[background["person"].isin(lone), X] = 1.0
    row = run("robustness", sample=sample, background=background).loc["municipality_effects/all/employment/9/treated"]
    assert "a single person in an arm of m20" in row["note"]
    assert np.isfinite(row["estimate"])
    assert np.isnan(row["se"])


@pytest.mark.parametrize("week", [1, 81])
def test_group_level_is_the_regression_of_the_means(week):
    data = cases("person > 0", "employment", week, X)
    groups = []
    for (team, treated), members in data.groupby(["team", "treated"]):
        place = members["municipality"].iloc[0]
        means = {name: members[name].sum() / len(members) for name in ["y", *X]}
        groups.append({"team": team, "treated": treated, "municipality": place, **means})
    means = pd.DataFrame(groups)
    row = estimates("robustness").loc[f"group_level/all/employment/{week}/treated"]
    check_row(row, clustered(means, " + ".join(["y ~ treated", "C(municipality)", *X])), "treated")
    controls = means.query("treated == 0")
    assert (row["n"], row["n_treated"], row["n_control"], row["n_clusters"]) == (86, 43, len(controls), 43)
    # Every mean counts alike, as in the model itself.
    assert row["control_mean"] == pytest.approx(controls["y"].mean(), rel=1e-12)
    assert row["control_mean"] != pytest.approx(data.loc[data["treated"] == 0, "y"].mean(), rel=1e-3)


@pytest.mark.parametrize(
    ("stage", "address"),
    [
        ("subgroups", "self_efficacy/self_efficacy_8/employment/81/treated:high"),
        ("subgroups", "background_groups/ordinary_job/sickness_benefit/81/treated:low"),
        ("subgroups", "self_efficacy/self_efficacy_8/employment/81/control_mean:low"),
        ("mechanisms", "peers_pooled/self_efficacy_8/employment/81/treated:low:low_peers"),
        ("mechanisms", "survey_wait/self_efficacy_6/pain//treated:low"),
        ("mechanisms", "activation/long_wait/guidance/33/treated"),
        ("robustness", "group_level/all/sickness_benefit/50/treated"),
        ("robustness", "municipality_effects/all/employment/81/treated"),
    ],
)
def test_estimate_is_a_weighted_sum_of_outcomes(stage, address):
    row = estimates(stage).loc[address]
    estimator, problem, at = problem_of(address)
    terms = estimator.terms(problem, at).table
    # A sum of a few hundred products of order one.
    assert terms["weight"] @ terms["outcome"] == pytest.approx(row["estimate"], abs=1e-12)
    counted = terms["person"] if "mean" in address else problem.design.persons
    assert hash_persons(counted) == row["sample_hash"]


def test_tobit_rests_on_complete_controls_and_is_least_squares_of_the_latent_outcome():
    covariates = MODELS["tobit"]["covariates"]
    data = cases("treated == 0", "employment", HORIZON, covariates)
    row = estimates("prognosis").loc["tobit/control/employment/81/age"]
    assert (row["n"], row["n_treated"], row["n_control"]) == (len(data), 0, len(data))
    assert row["df"] == len(data) - len(covariates)
    assert row["sample_hash"] == hash_persons(data["person"])
    design = np.column_stack([np.ones(len(data)), data[covariates]])
    fit = fit_tobit(data["y"], design, (0.0, 1.0))
    place = 1 + covariates.index("age")
    assert list(row[["estimate", "se"]]) == pytest.approx([fit.coefficients[place], fit.standard_errors[place]])
    assert coefficient_weights(design)[place] @ fit.latent == pytest.approx(row["estimate"], abs=1e-12)
    estimator, problem, at = problem_of("tobit/control/employment/81/age")
    terms = estimator.terms(problem, at).table
    assert terms["weight"] @ terms["outcome"] == pytest.approx(row["estimate"], abs=1e-12)
    assert not estimates("prognosis").index.str.endswith("constant").any()
