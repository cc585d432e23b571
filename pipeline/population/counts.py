"""What is counted of those who are followed: by series, sex, age and municipality, and never a row a person.

Everything is a whole number, so that an engine may add it up in any order: the rule for unknown weeks is applied to the
counts (estimates.py), which are by the number of known weeks for that.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from pipeline.population.alphabet import IN, OPEN, Alphabet

if TYPE_CHECKING:
    from ibis.expr.types import Table

CELL = ("series", "sex", "age", "place")
AGED = ["series", "by", "value"]  # the groups of the sums of ages


def count_weeks(
    persons: Table, alphabet: Alphabet, outcomes: Iterable[str], weeks: int, by: Sequence[str] = CELL
) -> Table:
    """For each group, outcome, week, and number of known weeks among weeks 1..week: the counts of persons and weeks.

    n: persons; total: their weeks in the state among weeks 1..week; squares: the squares of these, summed. known:
    persons of whom the week itself is known; inside: those of them who are in the state.
    """
    import ibis

    week = ibis.memtable({"week": list(range(1, weeks + 1))}, schema={"week": "int64"})
    parts = []
    for outcome in outcomes:
        told = persons.select(*by, signs=alphabet.read(persons.after, outcome)).cross_join(week)
        inside, known = _count(told.signs.substr(0, told.week), told.week)
        sign = told.signs.substr(told.week - 1, 1)
        each = told.select(*by, "week", known_weeks=known, weeks=inside, is_known=sign != OPEN, is_inside=sign == IN)
        parts.append(
            each.group_by(*by, "week", "known_weeks").aggregate(
                n=each.count(),
                total=each.weeks.sum().cast("int64"),
                squares=(each.weeks * each.weeks).sum().cast("int64"),
                known=each.is_known.sum().cast("int64"),
                inside=each.is_inside.sum().cast("int64"),
            ).mutate(outcome=ibis.literal(outcome))
        )  # fmt: skip
    return ibis.union(*parts) if len(parts) > 1 else parts[0]


def count_history(
    persons: Table, alphabet: Alphabet, states: Iterable[str], weeks: int, by: Sequence[str] = CELL
) -> Table:
    """For each group, state, and number of known weeks of the history: n, and the total of the weeks in the state."""
    import ibis

    parts = []
    for state in states:
        inside, known = _count(alphabet.read(persons.before, state), ibis.literal(weeks))
        each = persons.select(*by, known_weeks=known, weeks=inside)
        counted = each.group_by(*by, "known_weeks").aggregate(n=each.count(), total=each.weeks.sum().cast("int64"))
        parts.append(counted.mutate(state=ibis.literal(state)))
    return ibis.union(*parts) if len(parts) > 1 else parts[0]


def count_persons(persons: Table, by: Sequence[str] = CELL) -> Table:
    """For each group: persons, and those of them who are in no arm of the trial."""
    return persons.group_by(*by).aggregate(persons=persons.count(), others=persons.is_other.sum().cast("int64"))


def count_ages(persons: Table) -> Table:
    """By AGED the persons with an age, and its sum; `by` is a column of CELL and `value` what it says, "" for all."""
    import ibis

    series, *columns = CELL
    parts = []
    for by in ["", *columns]:
        each = persons.select(series, "years", by=ibis.literal(by), value=persons[by] if by else ibis.literal(""))
        counted = each.group_by(series, "by", "value")
        parts.append(counted.aggregate(aged=each.years.count(), ages=each.years.sum().cast("int64")))
    return ibis.union(*parts)


def _count(signs: Any, weeks: Any) -> tuple[Any, Any]:
    """How many of so many weeks are in the state, and how many are known."""
    return weeks - signs.replace(IN, "").length(), signs.replace(OPEN, "").length()
