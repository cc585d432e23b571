"""Which whole answers of the controls give the printed control means of nested groups, and how many controls answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from calibration.printed.targets import Target

MOST_LACKING = 9  # controls in the low groups who leave one question out


@dataclass(frozen=True)
class ControlPlan:
    """By stratum between the cut-offs: how many controls lack the variable, and what the answers of the rest sum to.

    unmet: positions of the cut-offs whose mean no whole answers give; theirs is the nearest there is.
    """

    lacking: tuple[int, ...]
    total: tuple[int, ...]
    unmet: tuple[int, ...]


def whole_sums(mean: Target, number: int) -> tuple[list[int], bool]:
    """Sums of `number` whole answers whose mean prints as `mean`, or the nearest sum and False."""
    found = list(range(-(-mean.low * number // 1), mean.high * number // 1 + 1))
    return (found, True) if found else ([round((mean.low + mean.high) / 2 * number)], False)


def _lacking(strata: Sequence[int], most: int) -> Iterator[tuple[int, ...]]:
    """All numbers of persons to leave out of the strata, at most `most` together."""
    if not strata:
        yield ()
        return
    for number in range(min(strata[0], most) + 1):
        for rest in _lacking(strata[1:], most - number):
            yield (number, *rest)


def _totals(
    means: Sequence[Target], sizes: Sequence[int], lowest: int, highest: int
) -> tuple[tuple[int, ...], tuple[int, ...], Fraction] | None:
    """(totals of the strata, cut-offs unmet, unevenness) with each stratum's mean in its range; None if there is none.

    The unevenness is the sum of squares of the totals about what the last mean gives them.
    """
    overall = (means[-1].low + means[-1].high) / 2
    number, unmet = 0, []
    paths: dict[int, tuple[Fraction, tuple[int, ...]]] = {0: (Fraction(0), ())}
    for k, (mean, size) in enumerate(zip(means, sizes, strict=True)):
        number += size
        sums, met = whole_sums(mean, number)
        unmet += [] if met else [k]
        longer: dict[int, tuple[Fraction, tuple[int, ...]]] = {}
        for before, (uneven, totals) in paths.items():
            for after in sums:
                total = after - before
                if lowest * size <= total <= highest * size:
                    candidate = (uneven + (total - overall * size) ** 2 / max(size, 1), (*totals, total))
                    longer[after] = min(longer.get(after, candidate), candidate)
        paths = longer
    if not paths:
        return None
    uneven, totals = min(paths.values())
    return totals, tuple(unmet), uneven


def plan_controls(means: Sequence[Target], strata: Sequence[int], spare: int, lowest: int, highest: int) -> ControlPlan:
    """The plan with the fewest means unmet, then the fewest persons who lack the variable, then the most even.

    means: control means in order of the cut-off. strata: controls who answer the questionnaire, by stratum. At most
    `spare` of them lack the variable. lowest, highest: range of a stratum's mean answer.
    """
    best: tuple[int, int, Fraction, tuple[int, ...]] | None = None
    plan: ControlPlan | None = None
    for lacking in _lacking(strata, min(spare, MOST_LACKING)):
        sizes = [size - fewer for size, fewer in zip(strata, lacking, strict=True)]
        found = _totals(means, sizes, lowest, highest) if sizes[0] else None
        if found is None:
            continue
        key = (len(found[1]), sum(lacking), found[2], lacking)
        if best is None or key < best:
            best, plan = key, ControlPlan(lacking, found[0], found[1])
    assert plan is not None, "the ranges leave no stratum any total"
    return plan
