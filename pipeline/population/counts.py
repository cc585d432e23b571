"""What is counted of those who are followed: by series, sex, age and municipality, and never a row a person."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal

from pipeline.population.alphabet import IN, OPEN, Alphabet

if TYPE_CHECKING:
    from ibis.expr.types import Table

CELL = ("series", "sex", "age", "place")
Rule = Literal["missing", "known"]


def count_weeks(
    persons: Table, alphabet: Alphabet, outcomes: Iterable[str], weeks: int, rule: Rule, by: Sequence[str] = CELL
) -> Table:
    """For each group, outcome and week: n and total of the shares of weeks 1..week; known and inside of the week.

    n: persons whose share is known by the rule for unknown weeks; total: the sum of their shares times the week with
    "missing", which is a count of weeks, and of the shares with "known"; squares: of the squares of the same. known:
    persons whose week is known; inside: those of them who are in the state.
    """
    import ibis

    week = ibis.memtable({"week": list(range(1, weeks + 1))}, schema={"week": "int64"})
    parts = []
    for outcome in outcomes:
        told = persons.select(*by, signs=alphabet.read(persons.after, outcome)).cross_join(week)
        share, is_known = _share(told.signs.substr(0, told.week), told.week, rule)
        sign = told.signs.substr(told.week - 1, 1)
        each = told.select(*by, "week", share=share, is_known=is_known, known=sign != OPEN, inside=sign == IN)
        parts.append(
            each.group_by(*by, "week").aggregate(
                n=each.is_known.sum(),
                total=each.share.sum(where=each.is_known),
                squares=(each.share * each.share).sum(where=each.is_known),
                known=each.known.sum(),
                inside=each.inside.sum(),
            ).mutate(outcome=ibis.literal(outcome))
        )  # fmt: skip
    return ibis.union(*parts) if len(parts) > 1 else parts[0]


def count_persons(
    persons: Table, alphabet: Alphabet, states: Iterable[str], weeks: int, rule: Rule, by: Sequence[str] = CELL
) -> Table:
    """For each group: persons, those with an age and the sum of their ages, and n and total of the history's shares."""
    import ibis

    told, named = persons, list(states)
    for state in named:
        share, is_known = _share(alphabet.read(persons.before, state), ibis.literal(weeks), rule)
        told = told.mutate(**{f"share_{state}": share, f"known_{state}": is_known})
    sums: dict[str, Any] = {"persons": told.count(), "aged": told.birthdays.count(), "ages": told.birthdays.sum()}
    for state in named:
        is_known, share = told[f"known_{state}"], told[f"share_{state}"]
        sums |= {f"n_{state}": is_known.sum(), f"total_{state}": share.sum(where=is_known)}
    return told.group_by(*by).aggregate(**sums)


def _share(signs: Any, weeks: Any, rule: Rule) -> tuple[Any, Any]:
    """Weeks in the state, with "known" as a share of the known ones; and whether the share is known."""
    inside = weeks - signs.replace(IN, "").length()
    known = signs.replace(OPEN, "").length()
    if rule == "missing":
        return inside, known == weeks
    return inside / known.nullif(0), known > 0
