"""Every estimator against stored results of R; make_reference.R made them from trial.csv."""

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.stats.bias_reduced import bias_reduced
from pipeline.stats.density import kernel_density, silverman_bandwidth
from pipeline.stats.distributions import infer
from pipeline.stats.hazard import fit_hazard
from pipeline.stats.jackknife import jackknife_errors, leave_one_out
from pipeline.stats.linear import Linear, solve
from pipeline.stats.ols import fit_cluster_ols, fit_contrast
from pipeline.stats.person_weeks import collapse
from pipeline.stats.survival import kaplan_meier
from pipeline.stats.tobit import fit_tobit
from tests.reference.make_data import make_data
from tests.trial import HORIZON

FOLDER = Path(__file__).parent


@cache
def trial() -> pd.DataFrame:
    return pd.read_csv(FOLDER / "trial.csv")


@cache
def results() -> dict[str, dict[str, float]]:
    stored = pd.read_csv(FOLDER / "results.csv")
    return {case: dict(zip(rows["statistic"], rows["value"], strict=True)) for case, rows in stored.groupby("case")}


def test_stored_data_are_those_of_the_script():
    # The generator and the rounding of the columns make every digit of the file.
    pd.testing.assert_frame_equal(make_data(), trial(), check_dtype=False, check_exact=True)


@pytest.mark.parametrize("covariates", ["dummies", "covariates"])
@pytest.mark.parametrize("outcome", ["share", "ever", "unknown"])
def test_least_squares(outcome, covariates):
    expected = results()[f"ols/{outcome}/{covariates}"]
    others = ["belief", "history"] if covariates == "covariates" else []
    used = trial().dropna(subset=[outcome, *others])
    design = pd.concat([pd.get_dummies(used["municipality"]), used[[*others, "treated"]]], axis=1)
    fit = fit_cluster_ols(used[[outcome]], design, used["team"])
    inference = infer(fit.coefficients[-1], fit.standard_errors[-1], fit.df, 0.95)
    assert (fit.n, fit.df) == (expected["n"], expected["df"])
    # Another orthogonalisation of a well-conditioned design; the tail enlarges the rounding of the statistic.
    assert fit.coefficients[-1, 0] == pytest.approx(expected["estimate"], rel=1e-10)
    assert fit.standard_errors[-1, 0] == pytest.approx(expected["se"], rel=1e-10)
    assert inference.p_values[0] == pytest.approx(expected["p_value"], rel=1e-8)


@pytest.mark.parametrize(
    ("outcome", "others", "dummies", "case"),
    [
        ("share", [], True, "dummies"),
        ("unknown", ["belief", "history"], True, "covariates"),
        ("share", [], False, "nothing"),
    ],
)
def test_least_squares_in_which_every_person_is_a_cluster_is_hc1(outcome, others, dummies, case):
    expected = results()[f"hc1/{outcome}/{case}"]
    used = trial().dropna(subset=[outcome, *others])
    strata = used["municipality"] if dummies else np.zeros(len(used))
    fit = fit_cluster_ols(used[[outcome]], used[[*others, "treated"]], np.arange(len(used)), absorbed=strata)
    df = fit.n - fit.k
    inference = infer(fit.coefficients[-1], fit.standard_errors[-1], df, 0.95)
    assert (fit.n, df) == (expected["n"], expected["df"])
    assert fit.coefficients[-1, 0] == pytest.approx(expected["estimate"], rel=1e-10)
    assert fit.standard_errors[-1, 0] == pytest.approx(expected["se"], rel=1e-10)
    assert inference.p_values[0] == pytest.approx(expected["p_value"], rel=1e-8)


@pytest.mark.parametrize(("others", "case"), [([], "nothing"), (["belief", "history"], "covariates")])
def test_average_of_effects_by_municipality_two_of_which_have_one_arm(others, case):
    expected, used = results()[f"effects/share/{case}"], trial().dropna(subset=["share", *others])
    treated = used["treated"].mask(used["municipality"].isin(["m07", "m11"]), 1)
    labels, cells = np.unique(used["municipality"] + treated.astype(str), return_inverse=True)
    sizes = used["municipality"].value_counts()
    arms = pd.Series(labels).str[:3].value_counts()
    weights = np.array([sizes[label[:3]] * (arms[label[:3]] == 2) * (1 if label[3] == "1" else -1) for label in labels])
    fit = fit_contrast(used[["share"]], used[others], cells, weights / weights[weights > 0].sum())
    assert (fit.n, fit.df, (weights > 0).sum()) == (expected["n"], expected["df"], expected["strata"])
    assert fit.estimates[0] == pytest.approx(expected["estimate"], rel=1e-10)
    assert fit.standard_errors[0] == pytest.approx(expected["se"], rel=1e-10)


@pytest.mark.parametrize("case", ["covariates", "no_strata"])
@pytest.mark.parametrize("link", ["logit", "cloglog"])
def test_hazard_with_covariates(link, case):
    names, used = ("belief", "history"), trial().dropna(subset=["belief", "history"])
    places = used["municipality"] if case == "covariates" else np.zeros(len(used))
    fit = fit_hazard(
        collapse(
            used["weeks"], used["exited"], used["treated"], places, used["team"], HORIZON, 4, used[list(names)], names
        ),
        link,
    )
    for name in (*names, "treated"):
        expected = results()[f"hazard/{link}/{case}{'' if name == 'treated' else f'/{name}'}"]
        place = fit.place(name)
        ours = [errors[place] for errors in (fit.coefficients, fit.standard_errors, fit.clustered_errors)]
        # glm stops when the deviance settles, which leaves about half of the digits in the flat directions.
        assert ours == pytest.approx([expected[key] for key in ("estimate", "se", "se_clustered")], rel=1e-7, abs=1e-9)
        assert (fit.n, fit.n_clusters) == (expected["n"], expected["n_clusters"])


@pytest.mark.parametrize("spell", ["exit", "sparse"])
@pytest.mark.parametrize("link", ["logit", "cloglog"])
def test_hazard(link, spell):
    expected, data = results()[f"hazard/{link}/{spell}"], trial()
    suffix = "" if spell == "exit" else "_sparse"
    cells = collapse(
        data[f"weeks{suffix}"], data[f"exited{suffix}"], data["treated"], data["municipality"], data["team"], HORIZON, 4
    )
    fit = fit_hazard(cells, link)
    dropped = {"exit": [], "sparse": ["9-12", "m20"]}
    assert [drop.level for drop in fit.drops] == dropped[spell]
    assert (fit.n, fit.n_clusters) == (expected["n"], expected["n_clusters"])
    # glm stops when the deviance settles, which leaves about half of the digits in the flat directions.
    assert fit.coefficients[-1] == pytest.approx(expected["estimate"], rel=1e-7)
    assert fit.standard_errors[-1] == pytest.approx(expected["se"], rel=1e-7)
    assert fit.clustered_errors[-1] == pytest.approx(expected["se_clustered"], rel=1e-7)
    # The expected information of glm and vcovCL: that of the logit, and another for the cloglog.
    ratios = [fit.standard_errors[-1] / expected["se_glm"], fit.clustered_errors[-1] / expected["se_vcovCL"]]
    if link == "logit":
        assert ratios == pytest.approx([1, 1], rel=1e-7)
    else:
        assert all(1e-5 < abs(ratio - 1) < 1e-2 for ratio in ratios)


@pytest.mark.parametrize("arm", [0, 1])
@pytest.mark.parametrize("week", [1, 12, 26, 52, 81])
def test_survival(arm, week):
    expected = results()[f"kaplan_meier/{arm}/{week}"]
    members = trial().query("treated == @arm")
    curve = kaplan_meier(members["weeks"], members["exited"], HORIZON, 0.95)
    ours = [curve.survival[week], curve.standard_errors[week], curve.ci_low[week], curve.ci_high[week]]
    # Products of up to 81 fractions, and two exponentials.
    assert ours == pytest.approx([expected[name] for name in ("surv", "std.err", "lower", "upper")], rel=1e-10)
    assert curve.at_risk[week] == expected["n.risk"]


@pytest.mark.parametrize("outcome", ["share", "unknown"])
def test_tobit(outcome):
    used = trial().dropna(subset=[outcome, "belief", "history"])
    names = ["belief", "history", "treated", "wait_days"]
    design = np.column_stack([np.ones(len(used)), used[names]])
    fit = fit_tobit(used[outcome].clip(0.15, 0.5), design, (0.15, 0.5), ["(Intercept)", *names])
    whole = results()[f"tobit/{outcome}"]
    assert (fit.converged, fit.n) == (True, whole["n"])
    # survreg stops when the likelihood settles, which leaves about half of the digits.
    assert [fit.sigma, fit.log_likelihood] == pytest.approx([whole["sigma"], whole["log_likelihood"]], rel=1e-7)
    for j, name in enumerate(["(Intercept)", *names]):
        expected = results()[f"tobit/{outcome}/{name}"]
        assert fit.coefficients[j] == pytest.approx(expected["estimate"], rel=1e-6)
        # R's sandwich has no factor N/(N-1).
        robust = expected["se_robust"] * np.sqrt(fit.n / (fit.n - 1))
        assert fit.standard_errors[j] == pytest.approx(robust, rel=1e-6)


@pytest.mark.parametrize("variable", ["wait_days", "history"])
def test_density(variable):
    values = trial()[variable]
    # The same quartiles, up to rounding.
    assert silverman_bandwidth(values) == pytest.approx(results()[f"density/{variable}"]["bandwidth"], rel=1e-12)
    expected = [results()[f"density/{variable}/{probability}"] for probability in ("0", "0.5", "1")]
    fit = kernel_density(values, np.array([row["point"] for row in expected]))
    assert fit.density == pytest.approx([row["density"] for row in expected], rel=1e-12)


@pytest.mark.parametrize(
    ("outcome", "others", "strata", "cluster", "case"),
    [
        *((outcome, [], "municipality", "team", f"{outcome}/dummies") for outcome in ("share", "unknown")),
        *(
            (outcome, ["belief", "history"], "municipality", "team", f"{outcome}/covariates")
            for outcome in ("share", "unknown")
        ),
        ("share", ["belief"], None, "person", "share/persons"),
    ],
)
def test_few_clusters(outcome, others, strata, cluster, case):
    expected = results()[f"few/{case}"]
    used = trial().dropna(subset=[outcome, *others]).sort_values(cluster, kind="stable")
    problem = Linear(
        outcomes=used[[outcome]].to_numpy(),
        covariates=used[others].to_numpy(dtype=float),
        members=np.ones((len(used), 1), dtype=bool),
        treated=used["treated"].to_numpy(dtype=bool),
        strata=pd.factorize(used[strata])[0] if strata else np.zeros(len(used), dtype=np.intp),
        clusters=pd.factorize(used[cluster])[0],
        contrasts=np.ones((1, 1)),
    )
    found = solve(problem)
    (error,), (degrees,) = bias_reduced(problem, found)
    without, exists = leave_one_out(problem, found)
    assert exists.all()  # nine municipalities have one team, and go with it
    # clubSandwich takes other roots and other products; 1e-9 is far below its printed digits.
    assert [error[0], degrees] == pytest.approx([expected["cr2_se"], expected["cr2_df"]], rel=1e-9)
    tested = infer(found.estimates[0], error, degrees, 0.95)
    assert tested.p_values[0] == pytest.approx(expected["cr2_p"], rel=1e-8)
    ours = [jackknife_errors(found.estimates, without)[0, 0], without.min(), without.max()]
    assert ours == pytest.approx([expected[key] for key in ("jackknife_se", "without_low", "without_high")], rel=1e-9)
