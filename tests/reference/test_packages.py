"""Every estimator against statsmodels and linearmodels, with the factor by which each package's own variance differs.

Notation of the factors: N observations, K coefficients with all dummies, M municipalities, G teams. Our variance is
CR0 * G/(G-1) * (N-1)/(N-K) for least squares and CR0 * G/(G-1) for the hazards, where CR0 is the plain sandwich.
"""

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.stats.density import kernel_density
from pipeline.stats.distributions import two_sided_p
from pipeline.stats.hazard import fit_hazard
from pipeline.stats.ols import fit_cluster_ols, fit_contrast
from pipeline.stats.person_weeks import collapse
from pipeline.stats.survival import kaplan_meier
from tests.trial import HORIZON

# Two orthogonalisations of one well-conditioned design differ by rounding.
EXACT = 1e-10


@cache
def trial() -> pd.DataFrame:
    return pd.read_csv(Path(__file__).with_name("trial.csv"))


@cache
def least_squares():
    """The complete cases, the design (dummies, covariates, treatment), teams, and our fit of `share`."""
    data = trial().dropna(subset=["belief"]).reset_index(drop=True)
    dummies = pd.get_dummies(data["municipality"]).astype(float)
    design = pd.concat([dummies, data[["belief", "history", "treated"]].astype(float)], axis=1)
    teams = pd.Series(np.unique(data["team"], return_inverse=True)[1], name="team")
    return data, design, teams, fit_cluster_ols(data[["share"]], design, teams)


def statsmodels_ols(robust_later=False, **options):
    import statsmodels.api as sm

    data, design, teams, _ = least_squares()
    model = sm.OLS(data["share"], design)
    if robust_later:
        fit = model.fit().get_robustcov_results("cluster", groups=teams)
        return fit.params[-1], fit.bse[-1], fit.pvalues[-1]
    use_t = options.pop("use_t", None)
    fit = model.fit(cov_type="cluster", cov_kwds={"groups": teams, **options}, use_t=use_t)
    return fit.params["treated"], fit.bse["treated"], fit.pvalues["treated"]


def linearmodels_iv(**options):
    from linearmodels.iv import IV2SLS

    data, design, teams, _ = least_squares()
    fit = IV2SLS(data["share"], design, None, None).fit(cov_type="clustered", clusters=teams, **options)
    return fit.params["treated"], fit.std_errors["treated"], fit.pvalues["treated"]


def linearmodels_absorbing(**options):
    from linearmodels.iv.absorbing import AbsorbingLS

    data, design, teams, _ = least_squares()
    absorbed = data[["municipality"]].astype("category")
    model = AbsorbingLS(data["share"], design[["belief", "history", "treated"]], absorb=absorbed)
    fit = model.fit(cov_type="clustered", clusters=teams, **options)
    return fit.params["treated"], fit.std_errors["treated"], fit.pvalues["treated"]


def linearmodels_panel(**options):
    from linearmodels.panel import PanelOLS

    data, design, teams, _ = least_squares()
    index = pd.MultiIndex.from_arrays([data["municipality"], np.arange(len(data))])
    regressors = design[["belief", "history", "treated"]].set_axis(index)
    model = PanelOLS(pd.Series(data["share"].to_numpy(), index), regressors, entity_effects=True)
    fit = model.fit(cov_type="clustered", clusters=pd.DataFrame({"team": teams.to_numpy()}, index), **options)
    return fit.params["treated"], fit.std_errors["treated"], fit.pvalues["treated"]


def stata(n, k, m, g):
    return g / (g - 1) * (n - 1) / (n - k)


@pytest.mark.parametrize(
    ("package", "options", "factor", "reference"),
    [
        (statsmodels_ols, {}, stata, "normal"),
        (statsmodels_ols, {"use_t": True}, stata, "t(G-1)"),
        (statsmodels_ols, {"robust_later": True}, stata, "t(G-1)"),  # another default than that of fit
        (statsmodels_ols, {"use_correction": False}, lambda n, k, m, g: 1, "normal"),
        (linearmodels_iv, {}, lambda n, k, m, g: 1, "normal"),
        (linearmodels_iv, {"debiased": True}, stata, "t(N-K)"),
        (linearmodels_absorbing, {}, lambda n, k, m, g: 1, "normal"),
        (linearmodels_absorbing, {"debiased": True}, stata, "t(N-K)"),
        # The panel estimator never has G/(G-1) by itself, and without debiasing it still counts the absorbed effects.
        (linearmodels_panel, {}, lambda n, k, m, g: n / (n - k), "t(N-K)"),
        (linearmodels_panel, {"group_debias": True}, stata, "t(N-K)"),
        (linearmodels_panel, {"debiased": False}, lambda n, k, m, g: n / (n - m), "normal"),
    ],
)
def test_least_squares_agrees_after_the_stated_conversion(package, options, factor, reference):
    data, design, _, ours = least_squares()
    n, k, m, g = len(data), design.shape[1], data["municipality"].nunique(), 43
    estimate, error, p_value = package(**options)
    assert ours.coefficients[-1, 0] == pytest.approx(estimate, rel=EXACT)
    conversion = np.sqrt(factor(n, k, m, g) / stata(n, k, m, g))
    assert error == pytest.approx(ours.standard_errors[-1, 0] * conversion, rel=EXACT)
    df = {"normal": None, "t(G-1)": ours.df, "t(N-K)": n - k}[reference]
    # The tail of a distribution enlarges the rounding of its argument.
    assert p_value == pytest.approx(float(two_sided_p(estimate / error, df)), rel=1e-8)


@pytest.mark.parametrize("package", ["statsmodels", "linearmodels"])
def test_every_person_a_cluster_is_hc1(package):
    """With the factor N/(N-K): statsmodels' HC1, and linearmodels' robust one once it is debiased."""
    import statsmodels.api as sm
    from linearmodels.iv import IV2SLS

    data, design, _, _ = least_squares()
    ours = fit_cluster_ols(data[["share"]], design, np.arange(len(data)))
    if package == "statsmodels":
        fit = sm.OLS(data["share"], design).fit(cov_type="HC1", use_t=True)
        error, df = fit.bse["treated"], fit.df_resid
    else:
        fit = IV2SLS(data["share"], design, None, None).fit(cov_type="robust", debiased=True)
        error, df = fit.std_errors["treated"], fit.df_resid
    assert ours.coefficients[-1, 0] == pytest.approx(fit.params["treated"], rel=EXACT)
    assert ours.standard_errors[-1, 0] == pytest.approx(error, rel=EXACT)
    assert ours.n - ours.k == df
    p_value = two_sided_p(ours.coefficients[-1, 0] / ours.standard_errors[-1, 0], df)
    assert float(p_value) == pytest.approx(fit.pvalues["treated"], rel=1e-8)


@pytest.mark.parametrize("others", [[], ["belief", "history"]])
def test_average_of_effects_by_municipality_is_hc2_of_the_interacted_regression(others):
    """Of m07 and m11 everybody is treated: they leave the average, and their persons stay for the covariates."""
    import statsmodels.formula.api as smf

    data = trial().dropna(subset=["share", *others])
    one_armed = data["municipality"].isin(["m07", "m11"])
    data = data.assign(treated=data["treated"].mask(one_armed, 1))
    data["slope"] = np.where(one_armed, "none", data["municipality"])
    # A column for the effect in each municipality that has both arms, and none for the others.
    slopes = pd.get_dummies(data["slope"]).drop(columns="none").mul(data["treated"], axis=0).add_prefix("effect_")
    data = data.join(slopes.astype(float))
    fit = smf.ols(" + ".join(["share ~ 0", "C(municipality)", *slopes, *others]), data).fit(cov_type="HC2")
    sizes = data["municipality"].value_counts()
    weights = np.array(
        [sizes.get(name.removeprefix("effect_"), 0) if name in slopes else 0 for name in fit.params.index]
    )
    test = fit.t_test(weights / weights.sum(), use_t=True)
    labels, cells = np.unique(data["municipality"] + data["treated"].astype(str), return_inverse=True)
    signs = np.array([0 if label[:3] in ("m07", "m11") else 1 if label[3] == "1" else -1 for label in labels])
    contrast = signs * sizes[[label[:3] for label in labels]].to_numpy()
    ours = fit_contrast(data[["share"]], data[others], cells, contrast / contrast[contrast > 0].sum())
    assert [ours.estimates[0], ours.standard_errors[0]] == pytest.approx([test.effect[0], test.sd.item()], rel=EXACT)
    assert ours.df == fit.df_resid


NAMES = ("belief", "history")


@cache
def with_covariates(link, strata):
    """statsmodels' fit on the expanded person-weeks of the complete cases, and ours on cells."""
    import statsmodels.api as sm

    data = trial().dropna(subset=list(NAMES))
    long = data.loc[data.index.repeat(data["weeks"])].reset_index(names="at")
    week = long.groupby("at").cumcount() + 1
    exits = ((week == long["weeks"]) & (long["exited"] == 1)).astype(float)
    blocks = [pd.get_dummies(np.minimum((week - 1) // 4, 19), prefix="interval")]
    if strata:
        blocks.append(pd.get_dummies(long["municipality"], drop_first=True))
    design = pd.concat([*blocks, long[[*NAMES, "treated"]]], axis=1).astype(float)
    teams = np.unique(long["team"], return_inverse=True)[1]
    fits = [
        # For the cloglog IRLS would report the expected information.
        sm.GLM(exits, design, family(link)).fit(method="newton", tol=1e-14, maxiter=200, **options)
        for options in ({}, {"cov_type": "cluster", "cov_kwds": {"groups": teams, "use_correction": False}})
    ]
    places = data["municipality"] if strata else np.zeros(len(data))
    ours = fit_hazard(
        collapse(
            data["weeks"], data["exited"], data["treated"], places, data["team"], HORIZON, 4, data[list(NAMES)], NAMES
        ),
        link,
    )
    return fits, ours


@pytest.mark.parametrize("link", ["logit", "cloglog"])
@pytest.mark.parametrize("strata", [True, False])
def test_hazard_with_covariates_agrees_on_person_weeks(link, strata):
    (plain_fit, clustered), ours = with_covariates(link, strata)
    factor = np.sqrt(ours.n_clusters / (ours.n_clusters - 1))
    assert ours.n == plain_fit.nobs
    for name in (*NAMES, "treated"):
        place = ours.place(name)
        # statsmodels stops when the deviance, not the step, is negligible.
        assert ours.coefficients[place] == pytest.approx(plain_fit.params[name], abs=1e-8)
        assert ours.standard_errors[place] == pytest.approx(plain_fit.bse[name], rel=1e-7)
        assert ours.clustered_errors[place] == pytest.approx(clustered.bse[name] * factor, rel=1e-7)


@cache
def hazard_cells():
    data = trial()
    return collapse(data["weeks"], data["exited"], data["treated"], data["municipality"], data["team"], HORIZON, 4)


@cache
def our_hazard(link):
    return fit_hazard(hazard_cells(), link)


@cache
def person_weeks():
    """Exit, design (interval, municipality, treatment) and team of every person-week, expanded week by week."""
    data = trial()
    long = data.loc[data.index.repeat(data["weeks"]), ["municipality", "team", "treated", "weeks", "exited"]]
    long["week"] = long.groupby(level=0).cumcount() + 1
    long["interval"] = np.minimum((long["week"] - 1) // 4, 19)
    exits = ((long["week"] == long["weeks"]) & (long["exited"] == 1)).to_numpy(dtype=float)
    intervals = pd.get_dummies(long["interval"], prefix="interval")
    places = pd.get_dummies(long["municipality"], drop_first=True)
    design = pd.concat([intervals, places, long["treated"]], axis=1).to_numpy(dtype=float)
    return exits, design, np.unique(long["team"], return_inverse=True)[1]


def family(link):
    import statsmodels.api as sm

    return sm.families.Binomial({"logit": sm.families.links.Logit, "cloglog": sm.families.links.CLogLog}[link]())


def glm_rows(link, method="IRLS", **covariance):
    import statsmodels.api as sm

    exits, design, teams = person_weeks()
    options = {"cov_kwds": {"groups": teams, **covariance.pop("cov_kwds", {})}} if covariance.get("cov_type") else {}
    return sm.GLM(exits, design, family(link)).fit(method=method, tol=1e-14, maxiter=200, **covariance, **options)


def glm_cells(link, **covariance):
    import statsmodels.api as sm

    cells = hazard_cells()
    design = np.column_stack(
        [
            np.equal.outer(cells.interval.codes, np.arange(20)),
            np.equal.outer(cells.stratum.codes, np.arange(1, 26)),
            cells.treated,
        ]
    ).astype(float)
    counts = np.column_stack([cells.exits, cells.at_risk - cells.exits])
    options = {"cov_kwds": {"groups": cells.cluster}} if covariance.get("cov_type") else {}
    return sm.GLM(counts, design, family(link)).fit(tol=1e-14, maxiter=200, **covariance, **options)


def logit_rows(link, **covariance):
    import statsmodels.api as sm

    exits, design, teams = person_weeks()
    # bfgs stops in the third digit and says that it converged.
    options = {"cov_kwds": {"groups": teams}} if covariance.get("cov_type") else {}
    return sm.Logit(exits, design).fit(method="newton", tol=1e-12, disp=0, **covariance, **options)


def plain(n, k, g):
    return 1.0


def also_small_sample(n, k, g):
    return g / (g - 1) * (n - 1) / (n - k)


CLUSTER = {"cov_type": "cluster"}
UNCORRECTED = {"cov_type": "cluster", "cov_kwds": {"use_correction": False}}


@pytest.mark.parametrize(
    ("package", "link", "options", "factor"),
    [
        (logit_rows, "logit", CLUSTER, also_small_sample),
        (glm_rows, "logit", CLUSTER, also_small_sample),
        (glm_rows, "logit", UNCORRECTED, plain),
        (glm_cells, "logit", CLUSTER, also_small_sample),  # N is the number of cells here, so 1.5 per cent too wide
        (glm_rows, "cloglog", UNCORRECTED, plain),
        (glm_cells, "cloglog", CLUSTER, also_small_sample),
    ],
)
def test_clustered_hazard_agrees_after_the_stated_conversion(package, link, options, factor):
    ours, fit = our_hazard(link), package(link, **options)
    # statsmodels stops when the deviance, not the step, is negligible.
    assert ours.coefficients[-1] == pytest.approx(fit.params[-1], abs=1e-8)
    conversion = factor(fit.nobs, len(fit.params), ours.n_clusters) / (ours.n_clusters / (ours.n_clusters - 1))
    assert fit.bse[-1] == pytest.approx(ours.clustered_errors[-1] * np.sqrt(conversion), rel=1e-7)


@pytest.mark.parametrize(
    ("package", "link", "options"),
    [
        (logit_rows, "logit", {}),
        (glm_cells, "logit", {}),
        (glm_rows, "cloglog", {"method": "newton"}),  # IRLS would report the expected information
    ],
)
def test_observed_information_agrees(package, link, options):
    fit = package(link, **options)
    assert fit.bse[-1] == pytest.approx(our_hazard(link).standard_errors[-1], rel=1e-7)


@pytest.mark.parametrize("arm", [0, 1])
def test_survival_agrees_with_statsmodels(arm):
    from statsmodels.duration.survfunc import SurvfuncRight

    members = trial().query("treated == @arm")
    ours = kaplan_meier(members["weeks"], members["exited"], HORIZON, 0.95)
    theirs = SurvfuncRight(members["weeks"], members["exited"])
    # It lists the weeks with an exit or a censoring and the curve just after them; products of up to 81 fractions.
    weeks = theirs.surv_times.astype(int)
    assert ours.survival[weeks] == pytest.approx(theirs.surv_prob, rel=EXACT)
    assert ours.standard_errors[weeks] == pytest.approx(theirs.surv_prob_se, rel=EXACT)
    assert ours.at_risk[weeks].tolist() == theirs.n_risk.astype(int).tolist()


def test_density_agrees_with_scipy_and_statsmodels():
    from scipy.stats import gaussian_kde
    from statsmodels.nonparametric.kde import KDEUnivariate

    values, grid = trial()["wait_days"].to_numpy(dtype=float), np.linspace(0, 120, 25)
    ours = kernel_density(values, grid)
    # scipy takes the bandwidth in standard deviations.
    scipy = gaussian_kde(values, bw_method=ours.bandwidth / values.std(ddof=1))(grid)
    assert ours.density == pytest.approx(scipy, rel=EXACT)
    # statsmodels' own 'silverman' has 1.349 where Silverman prints 1.34, so it is given the bandwidth.
    fitted = KDEUnivariate(values)
    fitted.fit(kernel="gau", bw=ours.bandwidth, fft=False)
    assert ours.density == pytest.approx(fitted.evaluate(grid), rel=EXACT)
