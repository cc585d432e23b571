"""Tobit: its derivatives, its identities, its limits, and what it refuses."""

import numpy as np
import pytest
from scipy import optimize, stats

from pipeline.stats.ols import RankDeficiencyError
from pipeline.stats.tobit import derivatives, fit_tobit

LIMITS = (0.0, 1.0)


def draw_problem(seed=1, n=250, sigma=0.4):
    """An outcome with about a third at each limit, and a design of a constant and three columns of unlike scale."""
    rng = np.random.default_rng(seed)
    design = np.column_stack([np.ones(n), rng.normal(size=n), 100 * rng.normal(size=n), rng.random(n) < 0.5])
    latent = design @ [0.4, 0.3, -0.002, 0.2] + sigma * rng.normal(size=n)
    return np.clip(latent, *LIMITS), design


def likelihood(parameters, y, x):
    """The log-likelihood in b and sigma, written out."""
    slopes, sigma = parameters[:-1], parameters[-1]
    mean = x @ slopes
    inside = stats.norm.logpdf(y, mean, sigma)
    return np.where(
        y <= 0, stats.norm.logcdf(-mean / sigma), np.where(y >= 1, stats.norm.logsf((1 - mean) / sigma), inside)
    )


def numeric(function, at, step=1e-5):
    """Central differences of `function` in each parameter, with a step relative to its scale."""
    steps = step * np.maximum(np.abs(at), 1e-3)
    moves = np.diag(steps)
    return np.array(
        [(function(at + move) - function(at - move)) / (2 * size) for move, size in zip(moves, steps, strict=True)]
    )


def test_derivatives_are_those_of_the_likelihood():
    y, x = draw_problem()
    x = x / [1, 1, 100, 1]
    at, lower, upper = np.array([0.8, 0.5, -0.3, 0.2, 2.1]), y <= 0, y >= 1
    value, scores, information = derivatives(at, x, y, lower, upper)
    assert value == pytest.approx(likelihood(np.append(at[:-1], 1) / at[-1], y, x).sum(), rel=1e-12)
    # Central differences of a sum of 250 terms: the step's square, and rounding over the step.
    gradient = numeric(lambda p: derivatives(p, x, y, lower, upper)[0], at)
    assert scores.sum(axis=0) == pytest.approx(gradient, rel=1e-6, abs=1e-6)
    hessian = numeric(lambda p: derivatives(p, x, y, lower, upper)[1].sum(axis=0), at)
    assert -information == pytest.approx(hessian, rel=1e-6, abs=1e-5)


def test_errors_are_the_sandwich_of_numeric_derivatives_in_b_and_sigma():
    y, x = draw_problem(2)
    fit = fit_tobit(y, x, LIMITS)
    at = np.append(fit.coefficients, fit.sigma)
    scores = numeric(lambda p: likelihood(p, y, x), at)
    assert scores.sum(axis=1) * at == pytest.approx(np.zeros(5), abs=1e-5)
    hessian = numeric(lambda p: numeric(lambda q: likelihood(q, y, x).sum(), p, 1e-4), at, 1e-4)
    inverse = np.linalg.inv(hessian)
    variance = len(y) / (len(y) - 1) * inverse @ scores @ scores.T @ inverse
    # Second differences leave about five digits.
    assert [*fit.standard_errors, fit.sigma_error] == pytest.approx(np.sqrt(np.diag(variance)), rel=1e-4)
    assert fit.df == len(y) - 3


def test_no_other_point_is_better():
    y, x = draw_problem(3)
    fit = fit_tobit(y, x, LIMITS)
    at = np.append(fit.coefficients, fit.sigma)
    scale = np.append(fit.standard_errors, fit.sigma_error)
    found = optimize.minimize(lambda p: -likelihood(at + p * scale, y, x).sum(), np.full(5, 0.5), method="BFGS")
    assert fit.log_likelihood >= -found.fun - 1e-8
    # A search without derivatives stops where the likelihood is flat to eight digits.
    assert found.x == pytest.approx(np.zeros(5), abs=1e-3)


def test_coefficients_are_least_squares_of_the_latent_outcome():
    y, x = draw_problem(4)
    fit = fit_tobit(y, x, LIMITS)
    assert np.linalg.lstsq(x, fit.latent, rcond=None)[0] == pytest.approx(fit.coefficients, rel=1e-9)
    inside = (y > 0) & (y < 1)
    assert fit.latent[inside] == pytest.approx(y[inside], abs=1e-12)
    assert (fit.latent[y <= 0] < 0).all()
    assert (fit.latent[y >= 1] > 1).all()
    assert (fit.n_lower, fit.n_upper) == ((y <= 0).sum(), (y >= 1).sum())


def test_without_an_outcome_at_the_limits_it_is_least_squares():
    y, x = draw_problem(5)
    fit = fit_tobit(y, x, (-1.0, 2.0))
    slopes, squares, *_ = np.linalg.lstsq(x, y, rcond=None)
    assert fit.coefficients == pytest.approx(slopes, rel=1e-9)
    assert fit.sigma == pytest.approx(np.sqrt(squares[0] / len(y)), rel=1e-9)


def test_units_and_order_do_not_matter():
    y, x = draw_problem(6)
    one, order, units = (
        fit_tobit(y, x, LIMITS),
        np.random.default_rng(6).permutation(len(y)),
        np.array([1, 1e4, 1e-4, 3]),
    )
    two = fit_tobit(7 * y[order] + 2, x[order] * units, (2.0, 9.0))
    slopes = 7 * one.coefficients / units + [2, 0, 0, 0]
    assert two.coefficients == pytest.approx(slopes, rel=1e-9)
    assert two.standard_errors == pytest.approx(7 * one.standard_errors / units, rel=1e-9)


def perfect(y, x):
    """The outcome is exactly a column of the design inside the limits: the variance goes to zero."""
    return np.clip(x[:, 1] / 3 + 0.5, *LIMITS), x


def separated(y, x):
    """Everybody with the last column at one limit: its coefficient runs away."""
    return np.where(x[:, 3] > 0, 1.0, np.minimum(y, 0.9)), x


def equal(y, x):
    """One outcome inside the limits: again the variance goes to zero."""
    return np.full(len(y), 0.1), x


@pytest.mark.parametrize("change", [perfect, separated, equal])
def test_a_likelihood_without_a_maximum_gives_no_number(change):
    fit = fit_tobit(*change(*draw_problem(7)), LIMITS)
    assert not fit.converged
    assert np.isnan([*fit.coefficients, *fit.standard_errors, fit.sigma, fit.sigma_error, *fit.latent]).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (lambda y, x: (np.where(y > 0.5, np.nan, y), x), "missing values"),
        (lambda y, x: (y + 0.1, x), r"\d+ outcomes lie outside the limits 0 and 1"),
        (lambda y, x: (np.round(y), x), "all 250 outcomes lie at the limits"),
        (lambda y, x: (y[:5], x[:5]), "5 observations are too few for 4 coefficients and a variance"),
    ],
)
def test_unusable_input_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        fit_tobit(*arguments(*draw_problem(8)), LIMITS)


def test_rank_deficiency_names_the_column():
    y, x = draw_problem(9)
    with pytest.raises(RankDeficiencyError, match="'other' is a linear combination"):
        fit_tobit(y, np.column_stack([x, x[:, 1] - 2 * x[:, 3]]), LIMITS, ["constant", "a", "b", "c", "other"])
