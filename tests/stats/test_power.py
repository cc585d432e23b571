"""Power of a test, and the smallest effect it finds: against scipy's distributions, quadrature, and drawn trials."""

import numpy as np
import pytest
from scipy import special
from scipy.stats import nct, norm

from pipeline.stats.power import Plan, TwoSided, cluster_effect, distance, power

TESTS = [TwoSided(0.05, 42.0), TwoSided(0.01, 5.0), TwoSided(0.10, 2.0), TwoSided(0.05, None)]


NODES = np.polynomial.legendre.leggauss(100)


def by_quadrature(shift, df, critical):
    """The statistic given its error is normal; the error's distribution is that of the root of a chi-squared."""
    at, weight = NODES
    low, high = (np.sqrt(special.chdtri(df, tail) / df) for tail in (1 - 1e-17, 1e-18))
    s, weight = low + (at + 1) * (high - low) / 2, weight * (high - low) / 2
    log = np.log(2) + df / 2 * np.log(df / 2) - special.gammaln(df / 2) + (df - 1) * np.log(s) - df * s**2 / 2
    missed = special.ndtr(critical * s - shift) - special.ndtr(-critical * s - shift)
    return 1 - float(missed @ (np.exp(log) * weight))


@pytest.mark.parametrize("test", TESTS, ids=str)
def test_power_is_the_level_without_an_effect_rises_with_it_and_is_that_of_the_noncentral_t(test):
    shifts = np.linspace(0.0, 60.0, 121)
    found = power(shifts, test)
    assert found[0] == pytest.approx(test.size, rel=1e-12)
    assert found[-1] == pytest.approx(1.0)
    assert np.all(np.diff(found) > -1e-13)
    assert np.array_equal(found, power(-shifts, test))
    expected = [
        norm.sf(test.critical - d) + norm.cdf(-test.critical - d)
        if test.df is None
        else by_quadrature(d, test.df, test.critical)
        for d in shifts
    ]
    np.testing.assert_allclose(found, expected, atol=1e-12)


@pytest.mark.parametrize("test", TESTS, ids=str)
@pytest.mark.parametrize("chance", [0.8, 0.9])
def test_the_smallest_effect_is_found_with_its_chance_and_the_textbook_sum_is_near(test, chance):
    smallest = distance(chance, test)
    assert float(power(smallest, test)) == pytest.approx(chance, abs=1e-12)
    if test.df == 42.0:
        textbook = test.critical + float(special.stdtrit(42.0, chance))
        assert smallest == pytest.approx(textbook, rel=1e-3)
        assert smallest != pytest.approx(textbook, rel=1e-5)
        assert nct.sf(test.critical, 42.0, smallest) == pytest.approx(chance, abs=1e-6)


def test_what_makes_no_sense_is_refused():
    for wrong in (lambda: distance(0.04, TESTS[0]), lambda: distance(1.0, TESTS[0]), lambda: TwoSided(1.0, None)):
        with pytest.raises(ValueError, match="between"):
            wrong()


def test_a_planned_comparison_of_shares_has_the_power_that_drawn_trials_have():
    plan, normal = Plan(720, 480), TwoSided(0.05, None)
    base = plan.base(1.16, 0.8, normal)
    assert plan.ratio(base, 0.8, normal) == pytest.approx(1.16, abs=1e-9)
    assert plan.power(base, 1.16, normal) == pytest.approx(0.8, abs=1e-9)
    generator, draws = np.random.default_rng(5), 40_000
    treated, control = generator.binomial(720, 1.16 * base, draws) / 720, generator.binomial(480, base, draws) / 480
    error = np.sqrt(treated * (1 - treated) / 720 + control * (1 - control) / 480)
    rejected = np.mean(np.abs(treated - control) / error > normal.critical)
    assert rejected == pytest.approx(0.8, abs=4 * np.sqrt(0.16 / draws))


def test_persons_in_one_course_make_a_planned_trial_see_less():
    normal, alone = TwoSided(0.05, None), Plan(720, 480)
    together = Plan(720, 480, cluster_effect(12, 0.05))
    assert cluster_effect(12, 0.0) == cluster_effect(1, 0.7) == 1.0
    assert together.ratio(0.5, 0.8, normal) > alone.ratio(0.5, 0.8, normal)
    assert np.isnan(Plan(20, 20).ratio(0.9, 0.8, normal))
    with pytest.raises(ValueError, match="between 0 and 1"):
        alone.power(0.9, 1.2, normal)
