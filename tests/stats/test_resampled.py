"""Draws of the lot, signs of clusters and one cluster left out, each against estimating again what it stands for."""

from dataclasses import dataclass, replace
from itertools import combinations, product
from math import comb

import numpy as np
import pytest

from pipeline.stats.bias_reduced import bias_reduced
from pipeline.stats.draws import TIE, Draws, interval, p_values, varying
from pipeline.stats.jackknife import jackknife_errors, leave_one_out
from pipeline.stats.linear import Linear, inverse_of, solve
from pipeline.stats.lot import draw_lot
from pipeline.stats.ols import fit_cluster_ols, fit_contrast
from pipeline.stats.randomisation import redraw, redraw_signed
from pipeline.stats.randomised_means import Averaged, redraw_means
from pipeline.stats.randomised_strata import Stratified, redraw_strata
from pipeline.stats.wild import bootstrap, draw_signs
from pipeline.verify.packages.redrawn import Forms
from pipeline.verify.packages.redrawn import limit as limit_of

EXACT = 1e-9  # of statistics that are ratios of sums of some hundred products
LEVEL = 0.9


@dataclass(frozen=True)
class Small:
    """A trial of persons in the order of their teams, two of which, with the last alone, are a town."""

    outcomes: np.ndarray
    covariates: np.ndarray
    treated: np.ndarray
    groups: np.ndarray
    towns: np.ndarray
    teams: np.ndarray

    def linear(self, contrasts=((1.0,),), by_group=False) -> Linear:
        members = (
            self.groups[:, None] == np.arange(self.groups.max() + 1) if by_group else np.ones((len(self.teams), 1))
        )
        strata = self.towns if not by_group else np.unique(self.towns * 2 + (self.groups > 1), return_inverse=True)[1]
        return Linear(
            self.outcomes, self.covariates, members.astype(bool), self.treated, strata, self.teams, np.array(contrasts)
        )


def draw_trial(seed: int, teams: int = 5, size: int = 9, groups: int = 2, m: int = 2, q: int = 2) -> Small:
    rng = np.random.default_rng(seed)
    team = np.repeat(np.arange(teams), size)
    treated = np.concatenate([rng.permutation(np.arange(size) < size // 2) for _ in range(teams)])
    return Small(
        rng.normal(size=(teams * size, m)) + 0.6 * treated[:, None] + rng.normal(size=teams)[team][:, None],
        rng.normal(size=(teams * size, q)), treated, rng.integers(0, groups, teams * size), team // 2, team,
    )  # fmt: skip


def weigh(problem: Linear, is_weighted: bool) -> Linear:
    """The problem with rows that weigh unequally, if they are to."""
    if not is_weighted:
        return problem
    weights = np.random.default_rng(0).uniform(1, 3, len(problem.strata))
    roots = np.sqrt(weights)[:, None]
    return replace(problem, outcomes=problem.outcomes * roots, covariates=problem.covariates * roots, weights=weights)


def written_out(problem: Linear) -> np.ndarray:
    """The design with a column for each stratum, times the roots of the weights."""
    dummies = (problem.strata[:, None] == np.unique(problem.strata)) * problem.roots[:, None]
    return np.hstack([dummies, problem.covariates, problem.effects]).astype(float)


def refit(problem: Linear, outcomes: np.ndarray, treated: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Effects and errors (r, m) had the treatment been another: by the design written out."""
    design, p = written_out(replace(problem, treated=treated)), problem.members.shape[1]
    tests = np.hstack([np.zeros((len(problem.contrasts), design.shape[1] - p)), problem.contrasts])
    weights = tests @ np.linalg.pinv(design)
    residuals = outcomes - design @ (np.linalg.pinv(design) @ outcomes)
    (n, k), g = design.shape, len(np.unique(problem.clusters))
    scores = [weights[:, problem.clusters == c] @ residuals[problem.clusters == c] for c in np.unique(problem.clusters)]
    return weights @ outcomes, np.sqrt(g / (g - 1) * (n - 1) / (n - k) * (np.array(scores) ** 2).sum(axis=0))


def statistics_by_refits(problem, draws, row, hypothesis):
    """t (m, B) under the hypothesis (m,) of an effect, or difference, that is one more in its first group."""
    shift = problem.effects[:, problem.shifted[row]]
    under = problem.outcomes - shift[:, None] * hypothesis
    found = [refit(problem, under, treated) for treated in draws.T]
    return np.array([effects[row] / errors[row] for effects, errors in found]).T


CONTRASTS = {
    "one effect": (((1.0,),), 1),
    "two groups and their difference": (((1.0, 0.0), (0.0, 1.0), (1.0, -1.0)), 2),
    "three groups, two of which share strata": (((1.0, 0.0, 0.0), (0.0, 0.0, 1.0), (0.0, 1.0, -1.0)), 3),
}


@pytest.mark.parametrize("q", [0, 2])
@pytest.mark.parametrize("kind", CONTRASTS)
def test_draws_of_the_lot_are_regressions_on_the_lot_drawn_again(kind, q):
    contrasts, groups = CONTRASTS[kind]
    trial = draw_trial(1, size=14, groups=groups, q=q)
    problem = trial.linear(contrasts, by_group=groups > 1)
    draws = draw_lot(trial.treated, trial.teams, 40, 3).draws
    estimates = solve(problem).estimates
    drawn = redraw(problem, draws, np.arange(len(trial.teams)))
    for row in range(len(contrasts)):
        for shift in (-estimates[row], np.array([0.3, -0.2])):
            expected = statistics_by_refits(problem, draws, row, estimates[row] + shift)
            assert drawn[row].statistics(shift) == pytest.approx(np.abs(expected), rel=EXACT)
        signed = redraw_signed(replace(problem, contrasts=problem.contrasts[[row]]), draws, np.arange(len(trial.teams)))
        assert signed == pytest.approx(statistics_by_refits(problem, draws, row, np.zeros(2)), rel=EXACT)


def test_draws_of_persons_who_are_not_all_analysed_are_those_of_the_persons():
    trial = draw_trial(2)
    kept = np.random.default_rng(0).random(len(trial.teams)) < 0.8
    part = Small(
        *(getattr(trial, name)[kept] for name in ("outcomes", "covariates", "treated", "groups", "towns", "teams"))
    )
    draws = draw_lot(trial.treated, trial.teams, 30, 3).draws
    found = redraw(part.linear(), draws, np.flatnonzero(kept))[0].statistics(np.zeros(2))
    estimates = solve(part.linear()).estimates[0]
    assert found == pytest.approx(np.abs(statistics_by_refits(part.linear(), draws[kept], 0, estimates)), rel=EXACT)


def test_draws_of_means_are_regressions_on_the_means_of_each_draw():
    trial = draw_trial(3, teams=6)
    persons = Averaged(trial.outcomes, trial.covariates, trial.treated, trial.teams, trial.towns)
    # The last draw leaves a team one arm, which then has one mean.
    draws = np.vstack([draw_lot(trial.treated, trial.teams, 20, 3).draws.T, trial.treated | (trial.teams == 1)])
    found = redraw_means(persons, draws, np.zeros(2))
    for shift in (np.zeros(2), np.array([0.5, -0.4])):
        under = trial.outcomes - trial.treated[:, None] * shift
        expected = []
        for treated in draws:
            _, first, of = np.unique(2 * trial.teams + treated, return_index=True, return_inverse=True)
            means = [np.bincount(of, column) / np.bincount(of) for column in np.hstack([under, trial.covariates]).T]
            own = np.column_stack([*means[2:], treated[first]])
            fit = fit_cluster_ols(np.array(means[:2]).T, own, trial.teams[first], absorbed=trial.towns[first])
            expected.append(np.abs(fit.coefficients[-1] / fit.standard_errors[-1]))
        assert found.statistics(shift) == pytest.approx(np.array(expected).T, rel=EXACT)


@pytest.mark.parametrize("q", [0, 2])
def test_draws_of_averages_over_strata_are_those_of_a_regression_with_each_strata_effect(q):
    trial = draw_trial(4, teams=6, q=q)
    draws = draw_lot(trial.treated, trial.teams, 20, 3).draws.T.copy()
    draws[-1] |= trial.towns == 1  # a town has one arm, so no effect
    draws[-2] &= (trial.towns != 2) | (np.cumsum(draws[-2] & (trial.towns == 2)) == 1)  # of a town one is treated
    strata = Stratified(trial.outcomes, trial.covariates, trial.treated, trial.towns)
    found = redraw_strata(strata, draws, np.zeros(2))
    for shift in (np.zeros(2), np.array([0.5, -0.4])):
        under, expected = trial.outcomes - trial.treated[:, None] * shift, []
        for treated in draws:
            levels, cells = np.unique(2 * trial.towns + treated, return_inverse=True)
            both = np.array([(level // 2) * 2 in levels and (level // 2) * 2 + 1 in levels for level in levels])
            sizes = np.array([(trial.towns == level // 2).sum() for level in levels]) * both
            contrast = sizes / sizes[levels % 2 == 1].sum() * np.where(levels % 2 == 1, 1, -1)
            fit = fit_contrast(under, trial.covariates, cells, contrast)
            expected.append(np.abs(fit.estimates / fit.standard_errors))
        expected = np.array(expected).T
        assert np.isnan(expected[:, -2]).all()  # of leverage one, so without an error: it counts as larger than any
        assert found.statistics(shift) == pytest.approx(np.where(np.isnan(expected), np.inf, expected), rel=EXACT)


def test_p_value_and_limits_are_those_of_every_way_to_draw():
    trial = draw_trial(5, teams=3, size=6, q=1, m=1)
    problem, lot = trial.linear(), draw_lot(trial.treated, trial.teams, 9_999, 1)
    every = [np.isin(np.arange(6), chosen) for chosen in combinations(range(6), 3)]
    allocations = np.array([np.concatenate(chosen) for chosen in product(every, repeat=3)])
    assert lot.is_whole
    assert lot.draws.shape[1] == comb(6, 3) ** 3 - 1
    assert {row.tobytes() for row in lot.draws.T} | {trial.treated.tobytes()} == {row.tobytes() for row in allocations}
    drawn, solved = redraw(problem, lot.draws, np.arange(18))[0], solve(problem)
    estimate, error = solved.estimates[0], solved.errors[0, 0]

    def p_of(hypothesis: float) -> float:
        """The share of all 8,000 allocations, by refitting, that reach the statistic of the one drawn."""
        some = slice(0, None, 40)  # every fortieth is fitted again, to tell the forms true; all are counted
        forms = drawn.statistics(hypothesis - estimate)
        expected = np.abs(statistics_by_refits(problem, lot.draws[:, some], 0, np.array([hypothesis])))
        assert forms[:, some] == pytest.approx(expected, rel=EXACT)
        return ((forms >= abs(estimate - hypothesis) / error * (1 - 1e-9)).sum() + 1) / len(allocations)

    assert p_values(drawn.statistics(-estimate), estimate / error)[0] == p_of(0.0)
    low, high = estimate[0] + np.array(interval(drawn, 0, error, LEVEL))
    for limit, outward in ((low, -1), (high, 1)):
        inside, outside = (p_of(limit - way * outward * 1e-7) for way in (1, -1))
        assert inside > 1 - LEVEL + 1e-9 > outside


@pytest.mark.parametrize("is_weighted", [False, True])
def test_signs_of_clusters_are_regressions_of_outcomes_made_of_restricted_residuals(is_weighted):
    trial = draw_trial(6, teams=5, groups=2)
    problem = weigh(trial.linear(CONTRASTS["two groups and their difference"][0], by_group=True), is_weighted)
    solved, signs = solve(problem), draw_signs(5, 9_999, 1)
    assert signs.shape == (5, 2**5 - 1)
    drawn = bootstrap(problem, solved, signs)
    design = written_out(problem)
    for row, hypothesis in product(range(3), (0.0, 0.4)):
        test = np.append(np.zeros(design.shape[1] - 2), problem.contrasts[row])
        # Restricted least squares by elimination: b = b1 + N a, with N the null space of the test.
        null = np.linalg.svd(test[None])[2][1:].T
        some = test * hypothesis / (test @ test)
        left = problem.outcomes - (design @ some)[:, None]
        restricted = some[:, None] + null @ np.linalg.lstsq(design @ null, left, rcond=None)[0]
        residuals, expected = problem.outcomes - design @ restricted, []
        for sign in signs.T:
            made = design @ restricted + residuals * sign[problem.clusters][:, None]
            effects, errors = refit(problem, made, problem.treated)
            expected.append(np.abs((effects[row] - hypothesis) / errors[row]))
        assert drawn[row].statistics(hypothesis - solved.estimates[row]) == pytest.approx(
            np.array(expected).T, rel=EXACT
        )


def without_each(problem: Linear) -> np.ndarray:
    """The estimates (r, m, G) without each cluster, with the inverse of Moore and Penrose, the design written out."""
    design = written_out(problem)
    tests = np.hstack(
        [np.zeros((len(problem.contrasts), design.shape[1] - problem.members.shape[1])), problem.contrasts]
    )
    left = [problem.clusters != cluster for cluster in np.unique(problem.clusters)]
    return np.stack([tests @ np.linalg.pinv(design[rows]) @ problem.outcomes[rows] for rows in left], axis=2)


@pytest.mark.parametrize("is_weighted", [False, True])
@pytest.mark.parametrize("clusters", ["teams", "persons"])
def test_estimates_without_a_cluster_are_those_of_the_others_though_a_stratum_goes_with_it(clusters, is_weighted):
    trial = draw_trial(7, teams=5)  # the last team is a town
    problem = weigh(trial.linear(), is_weighted)
    if clusters == "persons":
        problem = replace(problem, clusters=np.arange(len(trial.teams)))
    solved = solve(problem)
    found, exists = leave_one_out(problem, solved)
    assert exists.all()
    assert found == pytest.approx(without_each(problem), abs=EXACT)
    squares = ((without_each(problem) - solved.estimates[:, :, None]) ** 2).sum(axis=2)
    assert jackknife_errors(solved.estimates, found) == pytest.approx(np.sqrt(squares), rel=EXACT)


def test_an_effect_that_rests_on_one_cluster_is_nothing_without_it():
    trial = draw_trial(8, teams=5, q=0)
    alone = Small(
        trial.outcomes, trial.covariates, trial.treated, np.where(trial.teams == 4, 0, 1), trial.towns, trial.teams
    )
    problem = alone.linear(((1.0, 0.0), (0.0, 1.0)), by_group=True)
    found, exists = leave_one_out(problem, solve(problem))
    assert exists.tolist() == [[True, True, True, True, False], [True] * 5]
    assert found == pytest.approx(without_each(problem), abs=EXACT)


def test_a_difference_that_the_other_clusters_do_not_identify_is_nothing_however_strata_and_columns_are_written():
    trial = draw_trial(8, teams=5, q=1)
    groups = np.where(trial.teams == 4, 0, 1)
    # Without the last team its group is gone; without the one before a covariate is the treatment of both groups.
    covariates = np.where(trial.teams == 3, trial.covariates[:, 0], trial.treated)[:, None]
    problem = Small(trial.outcomes, covariates, trial.treated, groups, trial.towns, trial.teams).linear(
        CONTRASTS["two groups and their difference"][0], by_group=True
    )
    solved = solve(problem)
    found, exists = leave_one_out(problem, solved)
    assert exists.tolist() == [[True] * 3 + [False] * 2, [True] * 3 + [False, True], [True] * 4 + [False]]
    assert (found.transpose(0, 2, 1)[~exists] == 0.0).all()
    again, _ = leave_one_out(replace(problem, covariates=-1e3 * covariates + problem.strata[:, None]), solved)
    assert again == pytest.approx(found, abs=EXACT)


@pytest.mark.parametrize("is_weighted", [False, True])
def test_cr2_is_the_adjusted_error_of_the_projection_written_out(is_weighted):
    trial = draw_trial(9, teams=5)
    problem = weigh(trial.linear(CONTRASTS["two groups and their difference"][0], by_group=True), is_weighted)
    design = written_out(problem)
    maker = np.eye(len(design)) - design @ np.linalg.pinv(design)
    tests = np.hstack([np.zeros((3, design.shape[1] - 2)), problem.contrasts])
    weights, scores, rows = tests @ np.linalg.pinv(design), 0.0, []
    for team in range(5):
        own = problem.clusters == team
        values, vectors = np.linalg.eigh(maker[np.ix_(own, own)])
        root = (vectors * np.where(values > 1e-8, 1 / np.sqrt(np.maximum(values, 1e-8)), 0)) @ vectors.T
        scores = scores + (weights[:, own] @ root @ (maker @ problem.outcomes)[own]) ** 2
        rows.append(weights[:, own] @ root @ maker[own])
    errors, degrees = bias_reduced(problem, solve(problem))
    assert errors == pytest.approx(np.sqrt(scores), rel=EXACT)
    covariances = [np.array([row[r] for row in rows]) @ np.array([row[r] for row in rows]).T for r in range(3)]
    assert degrees == pytest.approx([np.trace(c) ** 2 / (c**2).sum() for c in covariances], rel=EXACT)


def few_draws(seed: int, spread: float, b: int = 39) -> Draws:
    """Draws of one outcome like those of few clusters: of each the variance is all but nothing at one hypothesis."""
    rng = np.random.default_rng(seed)
    at, size = rng.normal(0.0, 4.0, b), rng.gamma(2.0, 0.5, b)
    noise = 1e-4 * rng.normal(size=(2, b)) ** 2
    v0, v1, v2 = size * at**2 + noise[0], size * at, size + noise[1]
    return Draws(spread * rng.normal(0.0, 2.0, (1, b)), rng.normal(0.0, 0.6, b), v0[None], v1[None], v2)


def kept_at(draws: Draws, hypotheses: np.ndarray, error: float) -> np.ndarray:
    """Whether each hypothesis (h,), a shift of the estimate, is not rejected."""
    each = Draws(*(np.repeat(part, len(hypotheses), axis=0) for part in (draws.numerators,)), draws.slopes,
                 draws.v0, draws.v1, draws.v2)  # fmt: skip
    return p_values(each.statistics(hypotheses), hypotheses / error) > 1 - LEVEL + TIE


@pytest.mark.parametrize("spread", [1.0, 0.1])  # 0.1: limits are so near that the draws which reach far tell nothing
@pytest.mark.parametrize("seed", range(6))
def test_limits_are_the_outermost_where_the_hypotheses_that_are_kept_are_no_interval(seed, spread):
    draws, error, grid = few_draws(seed, spread), 0.5, np.geomspace(1e-2, 4e3, 60_000)
    for side, limit in zip((-1.0, 1.0), interval(draws, 0, error, LEVEL), strict=True):
        kept = kept_at(draws, side * grid * error, error)
        last = int(np.flatnonzero(kept)[-1])
        if seed == 0 and side > 0 and spread == 1.0:
            assert np.diff(kept[:last].astype(int)).any()  # several stretches, of which a search may find any end
        if last == len(grid) - 1:
            assert limit == side * np.inf
        else:
            assert grid[last] <= side * limit / error <= grid[last + 1]
        forms = Forms(draws.numerators[0], draws.slopes, draws.v0[0], draws.v1[0], draws.v2)
        second = limit_of(forms, error, LEVEL, side)
        # A tie is a share of the distance in one route and in the other, below one error, a share of the error.
        close = {"rel": EXACT, "abs": TIE * error}
        assert second == pytest.approx(side * limit if np.isfinite(limit) else np.nan, **close, nan_ok=True)


def test_a_draw_in_which_nothing_varies_counts_as_larger_than_any_and_noise_as_none():
    draws = Draws(
        np.array([[1e-17, 1.0, 0.0]]), np.zeros(3), np.array([[1e-30, 1.0, 1.0]]), np.zeros((1, 3)), np.zeros(3)
    )
    statistics = draws.statistics(np.zeros(1))
    assert statistics.tolist() == [[np.inf, 1.0, 0.0]]
    assert p_values(statistics, np.array([5.0]))[0] == 2 / 4
    # Of no effect at all the statistic is rounding, and so is that of the draw which has none either.
    assert p_values(statistics, np.array([3e-16]))[0] == 1.0
    assert varying(np.array([1e-30, 1.0]), np.array([1.0, 1.0])).tolist() == pytest.approx([np.nan, 1.0], nan_ok=True)


def test_what_cannot_be_is_missing_or_infinite_and_never_a_number():
    draws = Draws(np.zeros((1, 19)), np.zeros(19), np.ones((1, 19)), np.zeros((1, 19)), np.zeros(19))
    assert interval(draws, 0, float("nan"), LEVEL) == pytest.approx((np.nan, np.nan), nan_ok=True)
    # A draw that does not identify the effect counts as larger than any, so every hypothesis is kept.
    lost = Draws(np.full((1, 19), np.nan), np.zeros(19), np.ones((1, 19)), np.zeros((1, 19)), np.zeros(19))
    assert interval(lost, 0, 1.0, LEVEL) == (-np.inf, np.inf)
    assert p_values(lost.statistics(np.zeros(1)), np.array([2.0])).tolist() == [1.0]
    assert np.isnan(p_values(lost.statistics(np.zeros(1)), np.array([np.nan]))[0])
    # Nine draws cannot reject at ten per cent less than a tenth.
    few = Draws(np.zeros((1, 8)), np.zeros(8), np.ones((1, 8)), np.zeros((1, 8)), np.zeros(8))
    assert interval(few, 0, 1.0, LEVEL) == (-np.inf, np.inf)


def test_one_cluster_has_no_error():
    trial = draw_trial(10, teams=1, q=0)
    assert np.isnan(solve(trial.linear()).errors).all()


def test_a_group_that_a_draw_leaves_one_arm_has_no_statistic_there():
    trial = draw_trial(11, teams=4, size=10)
    groups = np.ones(40, dtype=int)
    inside = [np.flatnonzero((trial.teams == 0) & (trial.treated == arm)) for arm in (False, True)]
    groups[[*inside[0][:2], inside[1][0]]] = 0  # a group of three, one of them treated
    problem = Small(trial.outcomes, trial.covariates, trial.treated, groups, trial.towns, trial.teams).linear(
        ((0.0, 1.0),), by_group=True
    )
    draws = np.column_stack([trial.treated, trial.treated & (groups == 1)])
    found = redraw(problem, draws, np.arange(40))[0].statistics(np.zeros(2))
    assert np.isinf(found[:, 1]).all()
    assert np.isfinite(found[:, 0]).all()
    assert np.isnan(redraw_signed(problem, draws, np.arange(40))).tolist() == [[False, True]] * 2


@pytest.mark.parametrize("p", [1, 2, 4])
def test_inverses_are_those_of_numpy_and_what_has_none_is_told(p):
    columns = np.random.default_rng(p).normal(size=(30, 20, p)) * np.geomspace(1e-3, 1e3, p)
    columns[3, :, -1] = 0.0 if p == 1 else columns[3, :, 0]  # what another says; alone, what varies nowhere
    columns[5, :, 0] = 1e-9  # a column of rounding, beside the squares it had
    gram, sizes = np.einsum("bnk,bnl->klb", columns, columns), np.full((p, 30), 20.0)
    found, lost = inverse_of(gram, sizes)
    assert np.flatnonzero(lost).tolist() == [3, 5]
    expected = np.linalg.inv(gram[:, :, ~lost].transpose(2, 0, 1)).transpose(1, 2, 0)
    lengths = np.sqrt(np.einsum("kkb->kb", gram[:, :, ~lost]))
    assert found[:, :, ~lost] * lengths[:, None] * lengths == pytest.approx(
        expected * lengths[:, None] * lengths, abs=EXACT
    )
    assert (found[:, :, lost] == 0).all()
