"""Survival curves, kernel densities and reference distributions, against hand counts and closed forms."""

import numpy as np
import pytest

from pipeline.stats.density import kernel_density, silverman_bandwidth
from pipeline.stats.distributions import infer, quantile, two_sided_p
from pipeline.stats.survival import kaplan_meier


def test_survival_by_hand():
    # Five spells: exits in weeks 1, 2 and 4, censored after weeks 2 and 4; at risk 5, 4, 2, 2.
    curve = kaplan_meier([1, 2, 2, 4, 4], [True, True, False, True, False], 4, 0.95)
    assert curve.weeks.tolist() == [0, 1, 2, 3, 4]
    assert curve.at_risk.tolist() == [5, 5, 4, 2, 2]
    assert curve.events.tolist() == [0, 1, 1, 0, 1]
    survival = np.array([1, 4 / 5, 3 / 5, 3 / 5, 3 / 10])
    greenwood = np.array([0, 1 / 20, 1 / 20 + 1 / 12, 1 / 20 + 1 / 12, 1 / 20 + 1 / 12 + 1 / 2])
    # A product of four fractions.
    assert curve.survival == pytest.approx(survival, rel=1e-14)
    assert curve.standard_errors == pytest.approx(survival * np.sqrt(greenwood), rel=1e-14)
    width = 1.959963984540054 * np.sqrt(greenwood[1:]) / np.abs(np.log(survival[1:]))
    # The limits go through two exponentials.
    assert curve.ci_low[1:] == pytest.approx(survival[1:] ** np.exp(width), rel=1e-12)
    assert curve.ci_high[1:] == pytest.approx(survival[1:] ** np.exp(-width), rel=1e-12)
    assert (curve.ci_low[0], curve.ci_high[0]) == (1.0, 1.0)


@pytest.mark.parametrize(
    ("weeks", "exited", "survival"),
    [
        ([1, 2], [True, False], [1.0, 0.5, 0.5, np.nan]),
        ([1, 2], [True, True], [1.0, 0.5, 0.0, 0.0]),
        ([3, 3], [False, False], [1.0, 1.0, 1.0, 1.0]),
    ],
)
def test_survival_is_missing_when_nobody_is_at_risk_unless_all_have_left(weeks, exited, survival):
    curve = kaplan_meier(weeks, exited, 3, 0.95)
    assert curve.survival.tolist() == pytest.approx(survival, nan_ok=True)
    gone = ~(np.array(survival) > 0)
    for undefined in (curve.standard_errors, curve.ci_low, curve.ci_high):
        assert np.isnan(undefined).tolist() == gone.tolist()


@pytest.mark.parametrize("level", [0.9, 0.95])
@pytest.mark.parametrize("persons", [3, 40, 3000])
def test_survival_is_that_of_lifelines(persons, level):
    from lifelines import KaplanMeierFitter

    rng = np.random.default_rng(persons)
    weeks, exited = rng.integers(1, 31, persons), rng.random(persons) < 0.6
    weeks[-1], exited[-1] = 30, False  # somebody is at risk, and stays, to the end
    curve = kaplan_meier(weeks, exited, 30, level)
    fitter = KaplanMeierFitter().fit(weeks, exited, timeline=curve.weeks, alpha=1 - level)
    assert 0 < fitter.event_observed.sum() < persons
    # Theirs sums logarithms, ours multiplies: some thirty roundings, which a limit near zero magnifies.
    assert curve.survival == pytest.approx(fitter.survival_function_.to_numpy()[:, 0], rel=1e-13)
    limits = fitter.confidence_interval_.to_numpy().T
    assert curve.ci_low == pytest.approx(limits[0], rel=1e-11)
    assert curve.ci_high == pytest.approx(limits[1], rel=1e-11)


@pytest.mark.parametrize("weeks", [[], [0, 2], [2, 4]])
def test_spells_outside_the_follow_up_are_refused(weeks):
    with pytest.raises(ValueError, match="last 1 to 3 weeks"):
        kaplan_meier(weeks, [True] * len(weeks), 3, 0.95)


def test_density_has_mass_one_and_one_normal_per_value():
    values = np.random.default_rng(1).gamma(2, 10, 150)
    grid = np.linspace(-80, 250, 4001)
    fit = kernel_density(values, grid)
    # The trapezium rule is exact to rounding for a smooth curve that ends at zero on both sides.
    assert np.trapezoid(fit.density, grid) == pytest.approx(1.0, abs=1e-10)
    assert kernel_density([3.0], [3.0], bandwidth=2.0).density[0] == pytest.approx(1 / (2 * np.sqrt(2 * np.pi)))


@pytest.mark.parametrize(
    ("values", "spread"),
    [
        (np.arange(32.0), 15.5 / 1.34),  # quartiles 7.75 and 23.25; sd 9.4 is less
        (np.r_[np.zeros(31), 1.0], np.sqrt(1 / 32)),  # no range between the quartiles: the sd 0.177
        (np.r_[np.arange(31.0), 1e6], 15.5 / 1.34),  # an outlier moves the sd, not the range
    ],
)
def test_silverman_bandwidth(values, spread):
    expected = 0.9 * min(spread, np.std(values, ddof=1)) / 2  # 32 values: 32^(1/5) = 2
    assert silverman_bandwidth(values) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([2.0, 2.0], "values that differ"),
        ([0.1] * 7, "values that differ"),  # their mean is not 0.1, and their deviation not 0
        ([2.0], "differ"),
        ([], "differ"),
        ([1.0, np.nan], "missing"),
    ],
)
def test_density_refuses(values, message):
    with pytest.raises(ValueError, match=message):
        kernel_density(values, [0.0])


@pytest.mark.parametrize("df", [None, 1, 26, 42])
def test_reference_distributions_are_those_of_scipy_stats(df):
    from scipy import stats

    reference = stats.norm if df is None else stats.t(df)
    statistics = np.array([-8.0, -1.96, 0.0, 0.5, 2.018])
    # Both evaluate the same special functions.
    assert two_sided_p(statistics, df) == pytest.approx(2 * reference.sf(np.abs(statistics)), rel=1e-12)
    assert quantile(0.975, df) == pytest.approx(reference.ppf(0.975), rel=1e-12)
    inference = infer(statistics, np.ones(5), df, 0.9)
    assert inference.ci_high - statistics == pytest.approx(np.full(5, reference.ppf(0.95)), rel=1e-12)


def test_missing_standard_error_gives_no_inference_and_a_level_outside_0_to_1_none_at_all():
    inference = infer(1.0, np.nan, 42, 0.95)
    assert np.isnan([inference.p_values, inference.ci_low, inference.ci_high]).all()
    with pytest.raises(ValueError, match="not 95"):
        infer(1.0, 1.0, 42, 95)
