"""Least squares: its identities, its invariances, and what it refuses."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.stats.ols import (
    RankDeficiencyError,
    coefficient_weights,
    fit_cluster_ols,
    fit_contrast,
    is_aliased,
)

# Rounding of a few hundred sums of numbers near 1.
EXACT = 1e-12


def draw_problem(seed: int, n: int = 120, m: int = 3):
    """Outcomes (n, m), a design of 6 municipality dummies, a covariate and treatment, and 12 teams."""
    rng = np.random.default_rng(seed)
    teams = rng.permutation(np.arange(n) % 12)
    treated = (rng.random(n) < 0.6).astype(float)
    design = np.column_stack([np.equal.outer(teams // 2, np.arange(6)), rng.normal(size=n), treated])
    outcomes = rng.normal(size=(n, m)) + 0.5 * treated[:, None] + rng.normal(size=12)[teams][:, None]
    return outcomes, design, teams


def test_standard_errors_are_those_of_the_formula_written_out():
    outcomes, x, teams = draw_problem(1)
    bread, (n, k), g = np.linalg.inv(x.T @ x), x.shape, 12
    fit = fit_cluster_ols(outcomes, x, teams)
    for j in range(outcomes.shape[1]):
        residuals = outcomes[:, j] - x @ (bread @ x.T @ outcomes[:, j])
        meat = sum(np.outer(s, s) for s in (x[teams == t].T @ residuals[teams == t] for t in range(g)))
        variance = g / (g - 1) * (n - 1) / (n - k) * bread @ meat @ bread
        assert fit.standard_errors[:, j] == pytest.approx(np.sqrt(np.diag(variance)), rel=EXACT)
    assert (fit.df, fit.n, fit.n_clusters) == (11, 120, 12)


def test_coefficient_is_the_sum_of_weights_times_outcomes():
    outcomes, design, teams = draw_problem(2)
    fit = fit_cluster_ols(outcomes, design, teams)
    assert coefficient_weights(design) @ outcomes == pytest.approx(fit.coefficients, abs=EXACT)
    assert fit.weights @ outcomes == pytest.approx(fit.coefficients, abs=EXACT)
    assert fit.residuals == pytest.approx(outcomes - design @ fit.coefficients, abs=EXACT)


def test_dummies_give_the_within_estimator():
    outcomes, design, teams = draw_problem(4)

    def demean(values):
        return values - np.array([values[teams // 2 == place].mean(axis=0) for place in range(6)])[teams // 2]

    within = np.linalg.lstsq(demean(design[:, 6:]), demean(outcomes), rcond=None)[0]
    assert fit_cluster_ols(outcomes, design, teams).coefficients[6:] == pytest.approx(within, abs=EXACT)


def test_absorbed_dummies_are_dummies_written_out():
    outcomes, design, teams = draw_problem(8)
    whole = fit_cluster_ols(outcomes, design, teams)
    # Numbers of groups need not be consecutive.
    part = fit_cluster_ols(outcomes, design[:, 6:], teams, absorbed=10 * (teams // 2) + 3)
    assert part.coefficients == pytest.approx(whole.coefficients[6:], rel=EXACT)
    assert part.standard_errors == pytest.approx(whole.standard_errors[6:], rel=EXACT)
    assert (part.n, part.df) == (whole.n, whole.df)
    alone = fit_cluster_ols(outcomes[:, :1], design[:, 6:], teams, absorbed=teams // 2)
    assert alone.standard_errors[:, 0] == pytest.approx(whole.standard_errors[6:, 0], rel=EXACT)


def test_contrast_of_cells_has_the_variance_of_the_formula_written_out():
    outcomes, x, teams = draw_problem(9)
    # Cells of place and arm; the contrast of the arms, by size of the place; one covariate.
    cells, covariate = 2 * (teams // 2) + x[:, 7].astype(int), x[:, [6]]
    sizes = np.bincount(teams // 2)
    contrast = np.repeat(sizes, 2) * np.tile([-1, 1], 6) / 120
    dummies = np.equal.outer(cells, np.arange(12)).astype(float)
    for common in (covariate, np.zeros((120, 0))):
        whole = np.column_stack([dummies, common])
        wanted = np.append(contrast, np.zeros(common.shape[1]))
        fit, bread = fit_contrast(outcomes, common, cells, contrast), np.linalg.inv(whole.T @ whole)
        leverage = np.einsum("ij,jk,ik->i", whole, bread, whole)
        for j in range(outcomes.shape[1]):
            residuals = outcomes[:, j] - whole @ (bread @ whole.T @ outcomes[:, j])
            variance = bread @ whole.T @ np.diag(residuals**2 / (1 - leverage)) @ whole @ bread
            assert fit.standard_errors[j] == pytest.approx(np.sqrt(wanted @ variance @ wanted), rel=EXACT)
        assert fit.estimates == pytest.approx(wanted @ bread @ whole.T @ outcomes, abs=EXACT)
        assert fit.weights @ outcomes == pytest.approx(fit.estimates, abs=EXACT)
        assert fit.leverage == pytest.approx(leverage, abs=EXACT)
        assert (fit.df, fit.n) == (120 - whole.shape[1], 120)


def test_contrast_without_covariates_is_neymans():
    outcomes, x, teams = draw_problem(10)
    arm, place = x[:, 7].astype(int), teams // 2
    contrast = np.repeat(np.bincount(place), 2) * np.tile([-1, 1], 6) / 120
    fit = fit_contrast(outcomes, np.zeros((120, 0)), 2 * place + arm, contrast)
    for j, y in enumerate(outcomes.T):
        arms = [[y[(place == p) & (arm == a)] for a in (0, 1)] for p in range(6)]
        share = np.bincount(place) / 120
        assert fit.estimates[j] == pytest.approx(share @ [one.mean() - zero.mean() for zero, one in arms], rel=EXACT)
        variance = share**2 @ [sum(part.var(ddof=1) / len(part) for part in both) for both in arms]
        assert fit.standard_errors[j] == pytest.approx(np.sqrt(variance), rel=EXACT)


def test_leverage_one_costs_an_error_inside_the_contrast_only():
    """A covariate that takes one person out, and a cell of one: of whom the contrast is, and of whom it is not."""
    outcomes, x, _ = draw_problem(11)
    arm = x[:, 7].astype(int)
    contrast = np.array([-1.0, 1.0])
    for person in (0, 1, 60, 119):  # the first rows of a factorisation round otherwise than the rest
        taken = (np.arange(120) == person).astype(float)[:, None]
        fit, rest = (
            fit_contrast(outcomes, np.column_stack([taken, x[:, 6]]), arm, contrast),
            fit_contrast(
                np.delete(outcomes, person, 0), np.delete(x[:, [6]], person, 0), np.delete(arm, person), contrast
            ),
        )
        assert np.flatnonzero(fit.leverage_one).tolist() == [person]
        assert fit.weights[person] == 0.0
        assert fit.standard_errors == pytest.approx(rest.standard_errors, rel=EXACT)
        own_cell = np.where(np.arange(120) == person, 2, arm)
        outside = fit_contrast(outcomes, x[:, [6]], own_cell, np.append(contrast, 0.0))
        assert outside.standard_errors == pytest.approx(rest.standard_errors, rel=EXACT)
        inside = fit_contrast(outcomes, x[:, [6]], own_cell, np.array([-1.0, 0.5, 0.5]))
        assert np.isnan(inside.standard_errors).all()
        assert np.isfinite(inside.estimates).all()


def test_a_coefficient_is_aliased_if_a_column_left_out_would_move_it():
    outcomes, design, teams = draw_problem(12)
    fit = fit_cluster_ols(outcomes, design, teams)
    place = np.arange(8) == 7
    # Copies of the covariate and of a dummy say nothing of treatment; a column with treatment in it does.
    assert is_aliased(fit.weights[[7]], 3 * design[:, [6]] + design[:, [0]]).tolist() == [False]
    assert is_aliased(fit.weights, design[:, [7]]).tolist() == place.tolist()
    assert is_aliased(fit.weights[[7]], design[:, [6, 7]] + design[:, [2]]).tolist() == [True]


def test_scores_that_cancel_in_every_cluster_give_no_error():
    """Two clusters that are the two arms: the residuals of each add up to zero, exactly or but for rounding."""
    outcomes, design, _ = draw_problem(13)
    arm = design[:, 7]
    fit = fit_cluster_ols(np.column_stack([outcomes, np.arange(120) % 3]), np.column_stack([np.ones(120), arm]), arm)
    assert fit.no_variance.all()
    assert np.isnan(fit.standard_errors).all()
    assert not fit.perfect_fit.any()
    three = fit_cluster_ols(outcomes, np.column_stack([np.ones(120), arm]), np.where(np.arange(120) < 50, 2, arm))
    assert np.isfinite(three.standard_errors).all()


def test_one_cluster_has_coefficients_and_no_errors():
    outcomes, design, teams = draw_problem(14)
    fit, many = fit_cluster_ols(outcomes, design, np.zeros(120)), fit_cluster_ols(outcomes, design, teams)
    assert fit.coefficients == pytest.approx(many.coefficients, abs=EXACT)
    assert np.isnan(fit.standard_errors).all()
    assert (fit.n_clusters, fit.df, fit.no_variance.any()) == (1, 0, False)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), scale=st.floats(1e-3, 1e3), shift=st.floats(-50, 50))
def test_scale_shift_and_order_do_not_matter(seed, scale, shift):
    outcomes, design, teams = draw_problem(seed)
    order = np.random.default_rng(seed).permutation(len(teams))
    one = fit_cluster_ols(outcomes, design, teams)
    two = fit_cluster_ols(scale * outcomes[order] + shift, design[order], 100 - teams[order])
    # A shift of 50 on an outcome scaled to 0.001 leaves 12 of 16 digits.
    slack = 1e-12 * (scale + abs(shift))
    assert two.coefficients[-1] == pytest.approx(scale * one.coefficients[-1], abs=slack)
    assert two.standard_errors[-1] == pytest.approx(scale * one.standard_errors[-1], abs=slack)
    alone = [fit_cluster_ols(outcomes[:, [j]], design, teams).standard_errors[:, 0] for j in range(3)]
    # Matrix products of other widths add in another order.
    assert np.column_stack(alone) == pytest.approx(one.standard_errors, rel=EXACT)


PLACES = np.arange(120) % 6


@pytest.mark.parametrize(
    "outcome", [np.zeros(120), np.ones(120), np.full(120, 7.3), np.array([0.1, 0.2, 0.3, 0.7, 1e6, 1e-6])[PLACES]]
)
def test_outcome_that_is_fitted_perfectly_has_no_standard_error(outcome):
    outcomes, design, _ = draw_problem(5)
    design[:, :6] = np.equal.outer(PLACES, np.arange(6))
    fit = fit_cluster_ols(np.column_stack([outcome, outcomes[:, 0]]), design, np.arange(120) % 12)
    assert np.isnan(fit.standard_errors[:, 0]).all()
    assert np.isfinite(fit.standard_errors[:, 1]).all()
    assert fit.perfect_fit.tolist() == [True, False]


def replaced(design, column, values):
    changed = design.copy()
    changed[:, column] = values
    return changed


@pytest.mark.parametrize(
    ("change", "blamed"),
    [
        (lambda x: replaced(x, 6, 3.0), "covariate"),
        (lambda x: replaced(x, 7, x[:, 2]), "treated"),
        (lambda x: replaced(x, 7, 2 * x[:, 6] - x[:, 0]), "treated"),
        (lambda x: replaced(x, 3, 0.0), "municipality:3"),
        (lambda x: replaced(x, 7, 1 + 1e-13 * x[:, 7]), "treated"),
    ],
)
def test_rank_deficiency_names_the_column(change, blamed):
    outcomes, design, teams = draw_problem(6)
    names = [*(f"municipality:{place}" for place in range(6)), "covariate", "treated"]
    with pytest.raises(RankDeficiencyError, match=f"'{blamed}' is a linear combination") as caught:
        fit_cluster_ols(outcomes, change(design), teams, names)
    assert caught.value.column == blamed


def with_missing(values):
    return np.where(np.arange(values.size).reshape(values.shape) == 5, np.nan, values)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (lambda y, x, g: (with_missing(y), x, g), "outcomes have missing values"),
        (lambda y, x, g: (y, with_missing(x), g), "design has missing values"),
        (lambda y, x, g: (y, x, with_missing(g.astype(float))), "clusters have missing values"),
        (lambda y, x, g: (y, x, g[:-1]), "119 cluster labels for 120 observations"),
        (lambda y, x, g: (y[:2], x[:2, -2:], g[:2]), "2 observations are too few for 2 coefficients"),
    ],
)
def test_unusable_input_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        fit_cluster_ols(*arguments(*draw_problem(7)))
