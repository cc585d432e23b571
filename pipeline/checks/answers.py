"""Answers that look like codes for none, items that run the other way, and answers from before the trial."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.checks.finding import FEWEST, SURVEYS, Delivery, Finding
from pipeline.register.cells import ISO, read_dates
from pipeline.settings.scales import asked_again, item_names

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

FEW_POINTS = 10  # a scale with fewer has no room between its answers and a code for none
APART = 0.25  # of the scale lies empty below answers at its end that are codes
FEWEST_CODES = 3
FEWEST_SCALES = 3  # of fewer, chance may leave none related
UNRELATED = 0.15  # answers of one person months apart go together far better, those of two in one team less
LONG_BEFORE = 183  # days before the draw: nobody is asked half a year before
ERRORS = 2.6  # standard errors of a correlation of zero: one in a hundred lies beyond


def codes_for_no_answer(delivery: Delivery) -> Finding | None:
    """Items of which several persons give one answer at the end, far from all others, as 99 for no answer is."""
    looked_at, found = 0, []
    for survey, item, row in items_of(delivery):
        values = delivery.numbers[survey][item]
        values = values[np.isfinite(values)]
        width = float(row["item_maximum"]) - float(row["item_minimum"])
        if width < FEW_POINTS or len(values) < FEWEST_CODES:
            continue
        looked_at += 1
        levels, counts = np.unique(values, return_counts=True)
        if len(levels) > 1 and counts[-1] >= FEWEST_CODES and levels[-1] - levels[-2] > APART * width:
            found.append((survey, item, levels[-1], counts[-1], levels[-2]))
    if not looked_at:
        return None
    if not found:
        return Finding(looked_at)
    survey, item, value, count, below = found[0]
    words = {"value": f"{value:g}", "count": int(count), "below": f"{below:g}"}
    line = int(delivery.answers[survey].loc[delivery.numbers[survey][item] == value, "line"].min())
    return Finding(looked_at, len(found), False, delivery.path(f"{survey}_survey"), line, item, words)


def items_reversed(delivery: Delivery) -> Finding | None:
    """Items of a sum that fall where the sum of its others rises."""
    looked_at, found = 0, []
    for survey, row in _scales(delivery):
        items = item_names(row["items"])
        if row["scoring"] != "sum" or len(items) < 3:
            continue
        values = np.column_stack([delivery.numbers[survey][item] for item in items])
        complete = values[np.isfinite(values).all(axis=1)]
        if len(complete) < FEWEST:
            continue
        looked_at += len(items)
        rest = complete.sum(axis=1, keepdims=True) - complete
        found += [
            (survey, item, row["variable"])
            for item, own, other in zip(items, complete.T, rest.T, strict=True)
            if _falls(own, other)
        ]
    return _named(delivery, looked_at, found)


def scales_reversed(delivery: Delivery) -> Finding | None:
    """Scales asked twice of which the second answer falls where the first rises."""
    again = asked_again(delivery.scales)
    if again is None or set(SURVEYS) - set(delivery.answers):
        return None
    pairs = _asked_twice(delivery, again)
    found = [
        (SURVEYS[0], item_names(row["items"])[0], row["variable"])
        for row, first, second in pairs
        if _falls(first, second)
    ]
    return _named(delivery, len(pairs), found)


def _asked_twice(
    delivery: Delivery, again: pd.DataFrame
) -> list[tuple[dict[Any, Any], NDArray[np.float64], NDArray[np.float64]]]:
    """The sums (n,) of each scale in both surveys, of those who answered it twice, where they are enough to judge."""
    persons = [delivery.answers[name]["person"].to_numpy() for name in SURVEYS]
    _, *places = np.intersect1d(persons[0], persons[1], return_indices=True)
    found = []
    for row in again.to_dict("records"):
        first, second = (
            np.sum([delivery.numbers[name][item][rows] for item in item_names(row["items"])], axis=0)
            for name, rows in zip(SURVEYS, places, strict=True)
        )
        known = np.isfinite(first) & np.isfinite(second)
        if row["scoring"] != "indicator" and known.sum() >= FEWEST:
            found.append((row, first[known], second[known]))
    return found


def scales_unrelated(delivery: Delivery) -> Finding | None:
    """Scales asked twice whose second answers, on average, do not go with the first, as those of two persons do not."""
    again = asked_again(delivery.scales)
    if again is None or set(SURVEYS) - set(delivery.answers):
        return None
    pairs = _asked_twice(delivery, again)
    if len(pairs) < FEWEST_SCALES:
        return None
    persons = max(len(first) for _, first, _ in pairs)
    mean = sum(_correlation(first, second) for _, first, second in pairs) / len(pairs)
    failing = len(pairs) if mean < max(UNRELATED, 1 / math.sqrt(persons)) else 0  # of few, the error of a single one
    where = (delivery.path("followup_survey"), None, delivery.study.design.person)
    return Finding(len(pairs), failing, False, *where, {"persons": persons, "mean": f"{mean:.2f}"})


def answered_long_before(delivery: Delivery) -> Finding | None:
    """Answers of the first survey from long before the person's draw."""
    survey, column = delivery.files.get("baseline_survey"), delivery.study.design.answered
    if survey is None or column not in survey or "allocation_date" not in delivery.trial:
        return None
    trial = delivery.trial[delivery.trial["baseline_line"].notna()]
    lines = trial["baseline_line"].astype("int64")
    days = read_dates(survey.loc[lines, column], survey.attrs.get("dates", ISO))
    if days.isna().all():
        return None
    before = (trial["allocation_date"].set_axis(lines) - days).dt.days
    wrong = before > LONG_BEFORE
    line = int(wrong.index[wrong].min()) if wrong.any() else None
    where = (delivery.path("baseline_survey"), line, str(column))
    return Finding(int(days.notna().sum()), int(wrong.sum()), False, *where, {"days": LONG_BEFORE})


def _scales(delivery: Delivery) -> list[tuple[str, dict[Any, Any]]]:
    """The scales of each survey that there is."""
    asked = {"baseline": delivery.scales, "followup": asked_again(delivery.scales)}
    return [
        (name, row)
        for name, scales in asked.items()
        if scales is not None and f"{name}_survey" in delivery.files and name in delivery.answers
        for row in scales.to_dict("records")
    ]


def items_of(delivery: Delivery) -> list[tuple[str, str, dict[Any, Any]]]:
    """Every item of each survey, and the row of its scale."""
    return [(name, item, row) for name, row in _scales(delivery) for item in item_names(row["items"])]


def _falls(one: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    """Whether the correlation is negative by more than chance brings."""
    return _correlation(one, other) < -ERRORS / math.sqrt(len(one))


def _correlation(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """That of two (n,), 0 where one of them does not vary."""
    own, others = one - one.mean(), other - other.mean()
    size = math.sqrt(float(own @ own) * float(others @ others))
    return float(own @ others) / size if size else 0.0


def _named(delivery: Delivery, looked_at: int, found: list[tuple[str, str, str]]) -> Finding | None:
    if not looked_at:
        return None
    if not found:
        return Finding(looked_at)
    survey, item, variable = found[0]
    words = {"scale": variable, "names": ", ".join(name for _, name, _ in found[:6])}
    return Finding(looked_at, len(found), False, delivery.path(f"{survey}_survey"), None, item, words)
