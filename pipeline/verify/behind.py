"""The derived rows that a number, or a person's history, rests on, beside those that the plain programs make.

A trace walks a number to cells by derived tables and reads these cells again. What else the number rests on, who is in
it, in which arm and team, with which background and which states, is made here of the received files by the second
route and compared, value by value.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from pipeline.audit.text import say_kind
from pipeline.audit.trace import FOLDER
from pipeline.errors import InputError
from pipeline.estimate.spells import Spells
from pipeline.storage import write_if_changed
from pipeline.verify.agreement import Agreement
from pipeline.verify.derived import ROUNDING, compare_table, make_second
from pipeline.verify.places import Places
from pipeline.verify.plain.derive import Wanted
from pipeline.verify.plain.received import UnreadableError

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.audit.build import Build, Request

WHO = ("exclusions", "trial", "sample", "background", "baseline_items", "baseline", "followup_items", "followup")
OF_WEEKS = ("register_weeks", "weekly", "shares", "durations")
DRAWS = {"allocation_date", "allocation_week", "allocation_day", "wait_days"}
KINDS = {
    "reason": "membership",
    "consent": "membership",
    "attended": "membership",
    "treated": "arm",
    "code": "codes",
    "wage": "wages",
    "answered_followup": "answers",
}
OF_TABLES = {
    "weekly": "states", "shares": "shares", "durations": "durations", "background": "background",
    "baseline_items": "answers", "followup_items": "answers", "baseline": "scores", "followup": "scores",
}  # fmt: skip


class Unlike(NamedTuple):
    """A stored value that is not the one that the received files give: its kind, its place, and both."""

    kind: str
    place: str
    stored: object
    received: object


@dataclass(frozen=True)
class Behind:
    """What was compared: the count of each kind, and each difference with where it stands in the received files.

    unread: why nothing could be compared, "" if it was.
    """

    kinds: Mapping[str, int]
    differences: tuple[Unlike, ...] = ()
    unread: str = ""


def compare_number(request: Request, build: Build) -> Behind:
    """Compare every derived row that the problem behind a number rests on."""
    return _compare(_wanted_of(request, build), build)


def compare_person(person: int, build: Build) -> Behind:
    """Compare every derived row of one person."""
    return _compare(Wanted(persons={person}), build)


def require_received(found: Behind, what: str, build: Build) -> None:
    """Raise InputError if what was compared is not what the received files give, with the first of each kind.

    All of them are written beside the derived tables, since they may name persons.
    """
    if not found.differences:
        return
    path = build.derived / FOLDER / "differences.csv"
    write_if_changed(path, _as_csv(found.differences).encode())
    first = {each.kind: each for each in reversed(found.differences)}
    counts = Counter(each.kind for each in found.differences)
    said = [f"{number:,} {say_kind(kind, build.study, 'en')}" for kind, number in counts.items()]
    told = [f"{first[kind].place} is another by the received files" for kind in counts]
    raise InputError(
        f"trace: {what} rests on {', '.join(said)} that the received files do not give. {'; '.join(told)}. {path} has "
        f"all. The derived tables are not made of these files. Say make clean EXTRACT={build.raw.name}, then make all."
    )


def _as_csv(rows: Iterable[Unlike]) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerows([Unlike._fields, *rows])
    return buffer.getvalue()


def _wanted_of(request: Request, build: Build) -> Wanted:
    """The tables of weeks by what the number reads of them: the state, the weeks, and the share or the exit."""
    outcome, week = request.address.outcome, request.address.week
    definitions, horizon = build.tables.outcomes, build.study.time.horizon_weeks
    state, weeks = "", range(0)
    shares, exits = set[str](), set[str]()
    if isinstance(request.problem, Spells):
        exit_ = definitions.exits[request.problem.label.outcome]
        state, weeks, exits = exit_.state, range(1, horizon + exit_.run_weeks), {request.problem.label.outcome}
    elif request.model.source == "weekly" and week is not None:
        state, weeks = outcome, range(week, week + 1)
    elif week is not None:
        state, weeks, shares = outcome, range(1, week + 1), {outcome}
    elif outcome in build.study.windows:
        state, first, last = build.study.windows[outcome]
        weeks = range(first, last + 1)
    wages = {"wage"} if state and build.tables.rests_on_wages(state) else set[str]()
    columns: dict[str, Container[str]] = {
        "register_weeks": wages, "weekly": {"code", "line", state}, "shares": shares, "durations": exits,
        "baseline": (), "baseline_items": {"line", *build.items_of(outcome)},
    }  # fmt: skip
    if request.model.source != "followup":
        columns |= {"followup": (), "followup_items": {"line"}}
    return Wanted(None, columns, {"register_weeks": weeks, "weekly": weeks, "shares": {week or 0}})


def _compare(wanted: Wanted, build: Build) -> Behind:
    try:
        second = make_second(build.raw, build.config, wanted)
    except UnreadableError as error:
        return Behind({}, unread=str(error))
    draws = {person: week for (person, name, _), week in second.get("sample", {}).items() if name == "allocation_week"}
    if wanted.weeks:  # of who is not analysed no number rests on the register
        own = second.get("register_weeks", {})
        second["register_weeks"] = {key: value for key, value in own.items() if key[0] in draws}
    found: dict[tuple[str, str], Agreement] = {}

    def count_in(table: str, column: str) -> Agreement:
        kind = kind_of(table, column, build)
        return found.setdefault((table, kind), Agreement(kind, ROUNDING, is_personal=True))

    for table in (*WHO, *OF_WEEKS):
        own = second.get(table, {})
        compare_table(table, _rows(table, wanted, draws, build), own, partial(count_in, table), wanted)
    kinds, places = Counter[str](), Places(second, build)
    for each in found.values():
        kinds[each.kind] += each.agreed
    unlike = (Unlike(kind, places.say(table, difference.parts), difference.first, difference.second)
              for (table, kind), each in found.items() for difference in each.differences)  # fmt: skip
    return Behind({kind: number for kind, number in kinds.items() if number}, tuple(unlike))


def _rows(table: str, wanted: Wanted, draws: Mapping[int, object], build: Build) -> pd.DataFrame:
    """The wanted rows of a stored table."""
    rows = build.table(table)
    if wanted.persons is not None:
        rows = rows[[wanted.whose(person) for person in rows["person"].tolist()]]
    if "outcome" in rows:
        rows = rows[rows["outcome"].isin([name for name in rows["outcome"].unique() if wanted.has(table, name)])]
    if table in wanted.weeks:
        weeks = rows["week"] - (rows["person"].map(draws) if table == "register_weeks" else 0)
        rows = rows[weeks.isin([week for week in weeks.dropna().unique() if wanted.when(table, week)])]
    return rows


def kind_of(table: str, column: str, build: Build) -> str:
    """The kind of a value: a grouping of the design, or one of audit.words.KINDS."""
    for grouping in build.study.design.groupings:
        if column in (grouping.name, f"{grouping.name}_name"):
            return grouping.name
    if column == "line" or column.endswith("_line"):
        return "lines"
    if column in DRAWS:
        return "draws"
    if table == "background" and build.items_of(column):
        return "scores"
    if table in ("exclusions", "trial", "sample", "register_weeks") or column == "code":
        return KINDS.get(column, column)
    return OF_TABLES[table]
