"""The lot drawn again, and several tests at once."""

from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import t as student

from pipeline.stats.draws import p_values
from pipeline.stats.families import band_of, largest_of_curve, step_down
from pipeline.stats.lot import draw_lot, generator

PINNED = [2147481972, 3211862601, 2513780471]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 12))
def test_step_down_is_a_plain_loop_and_its_least_is_the_joint_test(seed, k):
    rng = np.random.default_rng(seed)
    statistics, observed = np.abs(rng.normal(size=(k, 99))).round(1), np.abs(rng.normal(size=k)).round(1)
    left, before, expected = sorted(range(k), key=lambda place: -observed[place]), 0.0, {}
    while left:
        reached = sum(max(statistics[place, b] for place in left) >= observed[left[0]] * (1 - 1e-9) for b in range(99))
        before = expected[left.pop(0)] = max(before, (reached + 1) / 100)
    found = step_down(statistics, observed)
    assert found.tolist() == [expected[place] for place in range(k)]
    assert found.min() == p_values(statistics.max(axis=0)[None], observed.max()[None])[0]
    assert (found >= p_values(statistics, observed)).all()


def test_band_of_one_estimate_is_t_and_of_a_curve_that_moves_as_one_too():
    rng = np.random.default_rng(1)
    one = rng.normal(size=(1, 12))
    alone = largest_of_curve(one, 11.0, 40_000, 1)
    assert band_of(alone, 0.95) == pytest.approx(student.ppf(0.975, 11), rel=0.02)  # two errors of 40,000 draws
    together = largest_of_curve(np.vstack([one, 3 * one, -one, 0 * one]), 11.0, 40_000, 1)
    assert together == pytest.approx(alone, rel=1e-12)
    noise = np.where(np.arange(13) == 5, 1e-31, np.insert(one[0], 5, 0.0))  # a team of one person, fitted exactly
    assert (largest_of_curve(noise[None], 11.0, 40_000, 1) == alone).all()
    apart = largest_of_curve(np.eye(12), 1e9, 40_000, 1)  # independent: the largest of twelve
    assert (apart <= 2.5).mean() == pytest.approx(student.cdf(2.5, 1e9).item() ** 12 * 1.0, abs=0.08)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6))
def test_a_lot_has_as_many_treated_of_each_block_and_does_not_depend_on_the_others(seed):
    rng = np.random.default_rng(seed)
    blocks = np.repeat(list("abcd"), rng.integers(4, 9, 4))
    treated = rng.random(len(blocks)) < 0.5
    lot = draw_lot(treated, blocks, 60, seed)
    for name in "abcd":
        assert (lot.draws[blocks == name].sum(axis=0) == treated[blocks == name].sum()).all()
    if not lot.is_whole:
        # More draws begin with the same; persons in another order of blocks, and without a block, have the same.
        assert (draw_lot(treated, blocks, 90, seed).draws[:, :60] == lot.draws).all() or comb(8, 4) < 90
        order = np.argsort(-np.unique(blocks, return_inverse=True)[1], kind="stable")
        assert (draw_lot(treated[order], blocks[order], 60, seed).draws == lot.draws[order]).all()
        rest = draw_lot(treated[blocks != "b"], blocks[blocks != "b"], 60, seed)
        assert rest.is_whole or (rest.draws == lot.draws[blocks != "b"]).all()


def test_a_block_with_one_arm_stays_and_a_small_lot_is_all_of_them():
    treated = np.array([1, 1, 1, 0, 1, 0], dtype=bool)
    lot = draw_lot(treated, np.array(["a", "a", "b", "b", "c", "c"]), 10, 1)
    assert lot.is_whole
    assert lot.draws.shape == (6, 3)
    assert lot.draws[:2].all()


def test_random_numbers_are_told_apart_by_seed_and_names():
    drawn = [generator(*key).random(3).tolist() for key in ((1, "a"), (1, "a", "b"), (1, "ab"), (2, "a"))]
    assert len({tuple(row) for row in drawn}) == 4
    # numpy promises the bits of a bit generator: another version that breaks it is to be known.
    assert generator(2013, "lot", "Aalborg 1").integers(0, 2**32, 3).tolist() == PINNED
