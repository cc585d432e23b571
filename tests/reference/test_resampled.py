"""Resampling against other packages, draw by draw where they tell their draws: what make_resampled stored of them."""

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.stats.bias_reduced import bias_reduced
from pipeline.stats.distributions import two_sided_p
from pipeline.stats.draws import p_values
from pipeline.stats.families import step_down
from pipeline.stats.jackknife import jackknife_errors, leave_one_out
from pipeline.stats.linear import Linear, solve
from pipeline.stats.lot import draw_lot
from pipeline.stats.randomisation import redraw
from pipeline.stats.wild import bootstrap
from tests.reference.make_resampled import COVARIATES, DRAWS, OUTCOMES, lot, used

FOLDER = Path(__file__).parent
# Another orthogonalisation of a well-conditioned design.
EXACT = 1e-9


def linear(people, outcomes, covariates=(), strata=None, clusters=None, treated="treated"):
    """A problem of the columns of a table; without strata there is one, and without clusters persons are."""
    n = len(people)
    return Linear(
        outcomes=people[list(outcomes)].to_numpy(float),
        covariates=people[list(covariates)].to_numpy(float),
        members=np.ones((n, 1), dtype=bool),
        treated=people[treated].to_numpy(),
        strata=np.unique(people[strata], return_inverse=True)[1] if strata else np.zeros(n, dtype=np.intp),
        clusters=np.unique(people[clusters], return_inverse=True)[1] if clusters else np.arange(n),
        contrasts=np.ones((1, 1)),
    )


@cache
def trial():
    problem = linear(used(), OUTCOMES, COVARIATES, "municipality", "team")
    return problem, solve(problem)


@cache
def stored(name):
    table = pd.read_csv(FOLDER / name)
    return {case: rows.set_index("statistic")["value"].to_dict() for case, rows in table.groupby("case")}


@cache
def booted():
    """|t| (3, 99) with the signs that wildboottest drew, and theirs."""
    told = pd.read_csv(FOLDER / "wild.csv")
    signs = np.array([[1.0 if sign == "+" else -1.0 for sign in draw] for draw in told["signs"]])
    problem, found = trial()
    [drawn] = bootstrap(problem, found, signs.T)
    return drawn.statistics(-found.estimates[0]), np.abs(told[OUTCOMES].to_numpy().T)


def observed():
    _, found = trial()
    return np.abs(found.estimates[0] / found.errors[0])


def test_every_draw_of_the_wild_bootstrap_is_that_of_wildboottest():
    ours, theirs = booted()
    np.testing.assert_allclose(ours, theirs, rtol=EXACT)


def test_wildboottest_leaves_the_observed_draw_out_of_its_p_value():
    theirs = [stored("resampled.csv")["wildboottest/p"][name] for name in OUTCOMES]
    ours = p_values(booted()[0], observed())
    assert np.array(theirs) * DRAWS + 1 == pytest.approx(ours * (DRAWS + 1), abs=1e-9)  # b/B beside (b+1)/(B+1)


@pytest.mark.parametrize(("call", "counts_observed"), [("rwolf", 1), ("wyoung", 0)])
def test_step_down_p_values_are_those_of_pyfixest(call, counts_observed):
    theirs = np.array([stored("resampled.csv")[f"pyfixest/{call}"][name] for name in OUTCOMES])
    reached = step_down(booted()[0], observed()) * (DRAWS + 1) - 1  # (b+1)/(B+1), as rwolf; wyoung has b/B
    assert reached == pytest.approx(theirs * (DRAWS + counts_observed) - counts_observed, abs=1e-9)


def test_the_lot_reaches_the_coefficient_as_often_as_in_ritest():
    problem, found = trial()
    [drawn] = redraw(problem, lot(used()).T.astype(bool), np.arange(len(problem.treated)))
    effects = drawn.numerators + found.estimates[0][:, None] * drawn.slopes  # had there been no effect
    reached = (np.abs(effects) >= np.abs(found.estimates[0])[:, None] * (1 - 1e-12)).sum(axis=1)
    theirs = [stored("resampled.csv")["ritest/p"][name] for name in OUTCOMES]
    assert reached == pytest.approx(np.array(theirs) * DRAWS, abs=1e-9)  # b/B


def test_the_jackknife_is_that_of_hansen_and_up_to_its_factor_that_of_pyfixest():
    problem, found = trial()
    without, exists = leave_one_out(problem, found)
    errors = jackknife_errors(found.estimates, without)[0]
    assert exists.all()
    for place, name in enumerate(OUTCOMES):
        told = {key: stored("resampled_r.csv")["hansen"][f"{name}/{key}"] for key in ("se", "low", "high")}
        ours = {"se": errors[place], "low": without[0, place].min(), "high": without[0, place].max()}
        assert ours == pytest.approx(told, rel=EXACT)
        # CRV3 has Stata's factor in place of (G-1)/G.
        crv3 = stored("resampled.csv")["pyfixest/crv3"][name]
        assert errors[place] * np.sqrt(problem.factor) == pytest.approx(crv3, rel=EXACT)


@pytest.mark.parametrize("package", ["clubSandwich", "estimatr"])
def test_cr2_and_its_degrees_of_freedom(package):
    problem, found = trial()
    errors, degrees = bias_reduced(problem, found)
    p = two_sided_p(found.estimates[0] / errors[0], float(degrees[0]))
    for place, name in enumerate(OUTCOMES):
        told = {key: stored("resampled_r.csv")[f"{package}/cr2"][f"{name}/{key}"] for key in ("se", "df", "p")}
        ours = {"se": errors[0, place], "df": degrees[0], "p": p[place]}
        assert ours == pytest.approx(told, rel=EXACT)


def test_step_down_by_every_way_to_draw_is_that_of_multtest():
    told = stored("resampled_r.csv")["multtest/maxT"]
    names = list(dict.fromkeys(key.partition("/")[0] for key in told))
    few = pd.read_csv(FOLDER / "trial.csv").head(10)
    few["treated"] = few["share"].rank() > 5
    problem = linear(few, names)
    every = draw_lot(problem.treated, np.zeros(10), 251, 1)
    assert every.is_whole
    found = solve(problem)
    [drawn] = redraw(problem, every.draws, np.arange(10))
    statistics, seen = drawn.statistics(-found.estimates[0]), np.abs(found.estimates[0] / found.errors[0])
    assert p_values(statistics, seen) == pytest.approx([told[f"{name}/p"] for name in names])
    assert step_down(statistics, seen) == pytest.approx([told[f"{name}/stepdown"] for name in names])
