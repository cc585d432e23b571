"""Lee's bounds against a plain program on copies of persons, their errors, and the interval of Imbens and Manski."""

from fractions import Fraction

import numpy as np
import pytest
from scipy import optimize, stats

from pipeline.stats.bounds import clustered_error, imbens_manski, lee_bounds, tight_bounds
from pipeline.stats.errors import NoEstimateError
from tests.trial import TEAMS, draw_sample

SIDES = ("lower", "upper")


def draw_answers(seed, n=60, rates=(0.9, 0.7)):
    """Whole answers from 0 to 5, so that many are equal, NaN of who gave none; arms, weights of 1 to 3, two cells."""
    rng = np.random.default_rng(seed)
    treated = rng.random(n) < 0.6
    outcomes = rng.integers(0, 6, n).astype(float)
    outcomes[rng.random(n) > np.where(treated, *rates)] = np.nan
    return outcomes, treated, rng.integers(1, 4, n).astype(float), rng.integers(0, 2, n)


def bounds_by_copies(outcomes, treated, weights):
    """The same by counting: as many copies of a person as weigh whole numbers, and as are trimmed one by one."""
    copies = [np.repeat(outcomes[own], weights[own].astype(int)) for own in (treated, ~treated)]
    rates = [Fraction(int(np.isfinite(own).sum()), len(own)) for own in copies]
    more = int(rates[1] > rates[0])
    answers = [sorted(Fraction(int(y)) for y in own[np.isfinite(own)]) for own in copies]
    kept = rates[1 - more] / rates[more] * len(answers[more])
    many = [y for y in answers[more] for _ in range(kept.denominator)]
    keep = kept.numerator
    low, high = Fraction(sum(many[:keep]), keep), Fraction(sum(many[-keep:]), keep)
    mean = Fraction(sum(answers[1 - more]), len(answers[1 - more]))
    return (mean - high, mean - low) if more else (low - mean, high - mean)


@pytest.mark.parametrize("seed", range(20))
def test_bounds_are_those_of_copies_trimmed_one_by_one_whichever_arm_answers_more(seed):
    outcomes, treated, weights, _ = draw_answers(seed, rates=(0.9, 0.7) if seed % 2 else (0.6, 0.9))
    found = lee_bounds(outcomes, treated, weights)
    low, high = bounds_by_copies(outcomes, treated, weights)
    assert [found.lower.estimate, found.upper.estimate] == pytest.approx([float(low), float(high)], rel=1e-12)
    order = np.random.default_rng(seed).permutation(len(outcomes))
    mixed = lee_bounds(outcomes[order], treated[order], weights[order])
    assert mixed.lower.weights == pytest.approx(found.lower.weights[order], abs=1e-15)  # the order of rows has no say


def test_the_worked_example():
    """Four of five treated answer 1 to 4, two of four controls 2 and 3: of 4 answers 2.5 stay."""
    outcomes = np.array([1, 2, 3, 4, np.nan, 2, 3, np.nan, np.nan])
    found = lee_bounds(outcomes, np.arange(9) < 5, np.ones(9))
    assert found.lower.estimate == pytest.approx((1 + 2 + 0.5 * 3) / 2.5 - 2.5)
    assert found.upper.estimate == pytest.approx((4 + 3 + 0.5 * 2) / 2.5 - 2.5)
    assert found.trimmed.tolist() == pytest.approx([0, 0, 0.125, 0.25, 0, 0, 0, 0, 0])
    assert found.of_treated
    assert found.trimmed.sum() == pytest.approx(1 - 0.5 / 0.8)


def test_without_non_response_both_bounds_are_the_difference_with_its_error():
    rng = np.random.default_rng(3)
    outcomes, treated, clusters = rng.normal(size=80), np.arange(80) % 2 == 0, np.arange(80) // 4
    found, tight = (
        lee_bounds(outcomes, treated, np.ones(80)),
        tight_bounds(outcomes, treated, np.ones(80), clusters % 2),
    )
    difference = outcomes[treated].mean() - outcomes[~treated].mean()
    error = clustered_error(found.difference.scores, clusters)[0]
    for bound in (found.lower, found.upper):
        assert bound.estimate == pytest.approx(difference, rel=1e-12)
        assert clustered_error(bound.scores, clusters)[0] == pytest.approx(error, rel=1e-12)
    assert tight.lower.estimate == pytest.approx(tight.upper.estimate, rel=1e-12)
    centred = np.where(treated, outcomes - outcomes[treated].mean(), outcomes[~treated].mean() - outcomes) / 40
    assert error == pytest.approx(np.sqrt(20 / 19 * (np.bincount(clusters, centred) ** 2).sum()), rel=1e-12)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("kind", ["plain", "tight"])
def test_estimates_are_their_weighted_sums_and_scores_their_derivatives(seed, kind):
    outcomes, treated, weights, cells = draw_answers(seed, rates=(0.9, 0.7) if seed % 2 else (0.6, 0.9))

    def find(own):
        return lee_bounds(outcomes, treated, own) if kind == "plain" else tight_bounds(outcomes, treated, own, cells)

    known, found, step = np.isfinite(outcomes), find(weights + 0.1 * cells), 1e-6
    weights = weights + 0.1 * cells  # no bound lies at a kink then
    moves = step * np.diag(weights)
    for side in SIDES:
        bound = getattr(found, side)
        assert bound.weights[known] @ outcomes[known] == pytest.approx(bound.estimate, abs=1e-12)
        assert not bound.weights[~known].any()
        up, down = ([getattr(find(weights + sign * move), side).estimate for move in moves] for sign in (1, -1))
        assert bound.scores == pytest.approx((np.array(up) - down) / (2 * step), abs=1e-7)


def test_tightened_bounds_are_the_mean_of_those_of_cells_and_may_trim_either_arm():
    outcomes, treated, weights, cells = draw_answers(5, n=400)
    swapped = np.where(cells == 1, ~treated, treated)  # in one cell the controls answer more
    found = tight_bounds(outcomes, swapped, weights, cells)
    assert sorted(found.signs) == [-1, 1]
    own, sizes = [], []
    for cell in (0, 1):
        members = cells == cell
        y, arm, of = outcomes[members], swapped[members], weights[members]
        own.append(lee_bounds(y, arm, of))
        rates = {side: of[(arm == side) & np.isfinite(y)].sum() / of[arm == side].sum() for side in (True, False)}
        less = min(rates, key=rates.get)
        sizes.append(of[(arm == less) & np.isfinite(y)].sum() / weights[swapped == less].sum())
    for side in SIDES:
        expected = np.average([getattr(each, side).estimate for each in own], weights=sizes)
        assert getattr(found, side).estimate == pytest.approx(expected, rel=1e-12)


def test_an_empty_cell_or_arm_is_a_reason_and_a_cell_without_answers_of_an_arm_has_no_part():
    outcomes, treated, weights, cells = draw_answers(1)
    for silent in (treated, ~treated):
        with pytest.raises(NoEstimateError, match="one arm only"):
            lee_bounds(np.where(silent, np.nan, outcomes), treated, weights)
    with pytest.raises(NoEstimateError, match="one arm only in a stratum"):
        tight_bounds(outcomes, treated, weights, np.where(treated, cells, 0))
    with pytest.raises(NoEstimateError, match="no stratum has answers"):
        tight_bounds(np.where(treated, np.nan, outcomes), treated, weights, cells)
    silent = np.where(treated & (cells == 1), np.nan, outcomes)
    of_other = cells == 0
    alone = lee_bounds(outcomes[of_other], treated[of_other], weights[of_other])
    assert tight_bounds(silent, treated, weights, cells).lower.estimate == pytest.approx(alone.lower.estimate)


@pytest.mark.parametrize("df", [42, 3, None])
@pytest.mark.parametrize(
    ("high", "errors"), [(0.0, (0.2, 0.2)), (0.1, (0.2, 0.3)), (0.4, (0.1, 0.05)), (9.0, (0.3, 0.2))]
)
def test_the_interval_is_that_of_a_solver(df, high, errors):
    law = stats.norm if df is None else stats.t(df)
    width = high / max(errors)
    c = optimize.brentq(lambda c: law.cdf(c + width) - law.cdf(-c) - 0.95, 0, 50, xtol=1e-14)
    limits = imbens_manski(0.0, errors[0], high, errors[1], df, 0.95)
    assert [float(limit) for limit in limits] == pytest.approx([-c * errors[0], high + c * errors[1]], rel=1e-11)
    if high == 0.0:
        assert c == pytest.approx(law.ppf(0.975))
    assert c >= law.ppf(0.95) - 1e-12


def draw_trial(rng, sample, team_effect):
    """A trial where treated who would not answer as controls do: those who always answer have an effect of 1."""
    team, treated = sample["team"].str[1:].astype(int).to_numpy(), sample["treated"].to_numpy() == 1
    ability = rng.normal(size=len(team)) + team_effect[team]
    always = rng.random(len(team)) < 0.7 / (1 + np.exp(-ability)) + 0.25
    more = rng.random(len(team)) < 0.5
    outcomes = np.round(ability + treated * 1.0)  # rounded, so that many are equal
    return np.where(always | (treated & more), outcomes, np.nan), treated, team, outcomes, always


def test_a_known_effect_lies_in_the_bounds_and_the_interval_covers_it_with_teams():
    rng, found, covered = np.random.default_rng(7), [], []
    for _ in range(300):
        sample = draw_sample(rng)
        team_effect = rng.normal(0, 0.4, TEAMS)
        outcomes, treated, team, _, _ = draw_trial(rng, sample, team_effect)
        share = (np.bincount(team, treated) / np.bincount(team))[team]
        bounds = lee_bounds(outcomes, treated, 1 / np.where(treated, share, 1 - share))
        errors = [clustered_error(bound.scores, team)[0] for bound in (bounds.lower, bounds.upper)]
        low, high = bounds.lower.estimate, bounds.upper.estimate
        limits = imbens_manski(low, errors[0], high, errors[1], TEAMS - 1, 0.95)
        found.append([low, high, *errors])
        covered.append(limits[0] <= 1.0 <= limits[1])
    low, high, low_error, high_error = np.array(found).T
    assert low.mean() < 1.0 < high.mean()
    # An error is the spread over trials, within three Monte Carlo errors of 300 trials (4 % each).
    assert low_error.mean() == pytest.approx(low.std(ddof=1), rel=0.12)
    assert high_error.mean() == pytest.approx(high.std(ddof=1), rel=0.12)
    assert np.mean(covered) > 0.95 - 3 * np.sqrt(0.95 * 0.05 / 300)
