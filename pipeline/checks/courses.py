"""Courses of persons through the register that nobody takes: codes after a death, a pension that ends, and the like."""

from __future__ import annotations

from typing import Any

import numpy as np

from pipeline.checks.finding import Delivery, Finding
from pipeline.register.states import UNKNOWN


def living_after_death(delivery: Delivery) -> Finding | None:
    """Weeks with another code than one of a group that ends everything, after the first week of such a group."""
    groups = delivery.outcomes.terminal_groups if delivery.outcomes else []
    if not groups:
        return None
    ended = delivery.has_group(groups)
    after = np.logical_or.accumulate(ended, axis=1)
    return _in_weeks(delivery, after & delivery.has_code & ~ended, ended.any(axis=1), ended)


def dead_before_draw(delivery: Delivery) -> Finding | None:
    """Persons of a group that ends everything before the week of their draw."""
    groups = delivery.outcomes.terminal_groups if delivery.outcomes else []
    if not groups or "allocation_date" not in delivery.found:
        return None
    ended = delivery.has_group(groups) & (delivery.weeks < delivery.draws[:, None])
    return _in_weeks(delivery, ended, np.ones(len(ended), dtype=bool), ended)


def lasting_ends(delivery: Delivery) -> Finding | None:
    """Persons who leave a group that is known to last, as a disability pension, other than by an unknown week."""
    groups = delivery.outcomes.lasting_groups if delivery.outcomes else []
    if not groups or delivery.outcomes is None:
        return None
    lasts = delivery.has_group(groups)
    may_follow = lasts | delivery.has_group(delivery.outcomes.unknown_groups) | (delivery.codes == UNKNOWN)
    left = np.logical_or.accumulate(lasts, axis=1) & ~may_follow
    return _in_weeks(delivery, left, lasts.any(axis=1), lasts)


def away_to_the_end(delivery: Delivery) -> Finding | None:
    """Persons of a group that is unknown, and does not end everything, in the last week: nobody reported them back."""
    definitions = delivery.outcomes
    groups = [g for g in definitions.unknown_groups if g not in definitions.terminal_groups] if definitions else []
    if not groups:
        return None
    away = delivery.has_group(groups)
    last = away & away[:, -1:] & (np.arange(away.shape[1]) == away.shape[1] - 1)
    return _in_weeks(delivery, last, away.any(axis=1), away)


def _in_weeks(delivery: Delivery, wrong: Any, looked_at: Any, group: Any) -> Finding:
    """The persons (p,) looked at, the first of their weeks (p, w) that are wrong, and the codes of weeks `group`."""
    places = np.argwhere(wrong)
    if not len(places):
        return Finding(int(looked_at.sum()))
    persons, (person, week) = wrong.any(axis=1), places[0]
    codes = ", ".join(delivery.names[number] for number in np.unique(delivery.codes[group & persons[:, None]]))
    words = {"persons": int(persons.sum()), "weeks": len(places), "codes": codes}
    return Finding(int(looked_at.sum()), int(persons.sum()), **delivery.cell(int(person), int(week)), words=words)
