"""The calibrated scores before allocation: what they must leave room for."""

import numpy as np
import pytest
from scipy.optimize import linprog

from calibration.printed.targets import read_targets
from pipeline.twin.frame import build_frame
from pipeline.twin.scores import BASELINE, read_scores

CUT_OFFS = list(range(6, 15))
OUTCOMES = ("employment", "sickness_benefit")


def printed_means(panel: str, outcome: str) -> list[tuple[float, float]]:
    """Intervals of the printed control means in order of the cut-off; the largest high group is the one of 7-24."""
    targets = [one for one in read_targets("table_3_3") if one.panel == panel]
    size = {one.name: one.low for one in targets if one.column == "group_size_pct"}
    rows = {one.name: one for one in targets if one.column == outcome and one.statistic == "control_mean"}
    order = sorted(rows, key=lambda name: size[name] if panel == "low" else -size[name])
    return [(float(rows[name].low), float(rows[name].high)) for name in order]


@pytest.fixture(scope="module")
def steps() -> np.ndarray:
    """Controls (10,) with a score up to 6, 7, ..., 14 and above that: those who enter between two cut-offs."""
    frame = build_frame()
    score = read_scores(BASELINE, len(frame))[0]["self_efficacy"][frame.analysed & (frame.treated == 0)] / 2
    assert (score >= 0).all()
    assert len(score) == 197
    return np.diff([0, *(int((score <= cut_off).sum()) for cut_off in CUT_OFFS), 197])


def test_the_printed_control_means_of_nested_groups_are_attainable_together(steps):
    """A linear programme over the sums of shares of those who enter; employment and benefit exclude each other."""
    unknowns = 2 * len(steps)
    above, limit = [], []
    for number in range(2):
        for k in range(len(CUT_OFFS)):
            inside = np.arange(len(steps)) <= k
            for panel, members in (("low", inside), ("high", ~inside)):
                row = np.zeros(unknowns)
                row[number * len(steps) : (number + 1) * len(steps)] = members
                low, high = printed_means(panel, OUTCOMES[number])[k]
                above += [row, -row]
                limit += [high * steps[members].sum(), -low * steps[members].sum()]
    either = np.hstack([np.eye(len(steps)), np.eye(len(steps))])
    found = linprog(np.zeros(unknowns), A_ub=np.vstack([*above, either]), b_ub=np.concatenate([limit, steps]))
    assert found.success, found.message
