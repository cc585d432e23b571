"""What a changed cell moves on the way to a number: weeks, shares, exits, scores, who is in it and in which group."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from pipeline.audit.build import Build
from pipeline.estimate.table import Address
from pipeline.runner.inputs import load_input
from pipeline.runner.schemas import build_schemas

if TYPE_CHECKING:
    from collections.abc import Hashable

SHOWN = 8  # rows of one kind
WHO = ("sample", "baseline", "followup")  # the tables that say of whom the others are
# In the order in which one follows from another; what locates cells is none of it.
FOLLOWED = ("exclusions", "sample", "baseline", "followup", "weekly", "shares", "durations", "background")
# What a problem says of its persons: the word for it, the field, and the field of the names that it counts into.
PARTITIONS = (
    ("group", "groups", "group_names"), ("stratum", "strata", "strata_names"), ("cluster", "clusters", "cluster_names"),
)  # fmt: skip
LINES = ("line", "wage_line")
UNSEEN = "(empty)"


def say_moved(build: Build, after: Mapping[str, pd.DataFrame], address: Address) -> Iterator[str]:
    """What differs from the derived tables as built, table by table, a line each person and variable.

    Of a share and a state of weeks the line says how many weeks differ, and of a share what it is at the week of the
    number, or at the horizon.
    """
    schemas = build_schemas(FOLLOWED, load_input(build.config / "variables.csv"))
    week = address.week or build.study.time.horizon_weeks
    found = False
    for name in FOLLOWED:
        before = load_input(build.derived / f"{name}.parquet")
        cells = list_differences(before, after[name], list(schemas[name].key))
        one_sided = set(before["person"]) ^ set(after[name]["person"])
        lines = list(_say_come_and_gone(name, before, after[name]))
        lines += _say_table(name, cells[~cells["person"].isin(one_sided)], after[name], before, week)
        yield from lines[:SHOWN]
        if len(lines) > SHOWN:
            yield f"and {len(lines) - SHOWN} more of {name}"
        found = found or bool(lines)
    if not found:
        yield "no state, share, exit, score or background variable: no outcome of anybody rests on what changed"


def _say_come_and_gone(name: str, before: pd.DataFrame, after: pd.DataFrame) -> Iterator[str]:
    """Who is in one of two tables alone; of the tables that follow from the sample nothing, for it has said so."""
    old, new = set(before["person"]), set(after["person"])
    if name in WHO:
        yield from (f"{name}: person {person} has no row any more" for person in sorted(old - new))
        yield from (f"{name}: person {person} has a row now" for person in sorted(new - old))


def list_differences(before: pd.DataFrame, after: pd.DataFrame, key: list[str]) -> pd.DataFrame:
    """Every cell that differs between two tables with a key: its key, the column, before and after; None for no row."""
    sides = [table.drop(columns=[name for name in LINES if name in table]).set_index(key) for table in (before, after)]
    index = sides[0].index.union(sides[1].index, sort=False)
    first, second = (side.reindex(index).astype(object) for side in sides)
    parts = []
    for column in first.columns.union(second.columns, sort=False):
        old, new = (side[column] if column in side else pd.Series(None, index=index) for side in (first, second))
        unlike = ~((old == new).fillna(False).astype(bool) | (old.isna() & new.isna()))
        parts.append(pd.DataFrame({"column": column, "before": old[unlike], "after": new[unlike]}))
    return pd.concat(parts).reset_index()


def _say_table(name: str, cells: pd.DataFrame, after: pd.DataFrame, before: pd.DataFrame, week: int) -> Iterator[str]:
    if name == "weekly":
        yield from _say_weeks(cells)
    elif name == "shares":
        yield from _say_shares(cells, before, after, week)
    elif name == "durations":
        yield from _say_exits(cells, before, after)
    else:
        for row in cells.to_dict("records"):
            yield f"{name}: person {row['person']}, {row['column']} {_show(row['before'])} -> {_show(row['after'])}"


def _say_weeks(cells: pd.DataFrame) -> Iterator[str]:
    """Week by week where few differ; where a draw moved, and with it every week, how many."""
    for person, own in cells.groupby("person"):
        weeks = own["week"].nunique()
        if weeks > SHOWN:
            columns = own["column"].value_counts(sort=False)
            counts = ", ".join(f"{column} in {number}" for column, number in columns.items())
            yield f"weekly: person {person}, {weeks} weeks since allocation are others: {counts}"
            continue
        for week, parts in own.groupby("week"):
            told = [f"{row.column} {_show(row.before)} -> {_show(row.after)}" for row in parts.itertuples()]
            yield f"weekly: person {person}, week {week}: {', '.join(told)}"


def _say_shares(cells: pd.DataFrame, before: pd.DataFrame, after: pd.DataFrame, week: int) -> Iterator[str]:
    for (person, outcome), own in cells.groupby(["person", "outcome"]):
        old, new = (_at(table, person=person, outcome=outcome, week=week) for table in (before, after))
        values = [_show(row.get("share")) for row in (old, new)]
        yield (
            f"shares: person {person}, {outcome} from week {own['week'].min()} to {own['week'].max()}; of weeks 1 to "
            f"{week} {values[0]} -> {values[1]}"
        )


def _say_exits(cells: pd.DataFrame, before: pd.DataFrame, after: pd.DataFrame) -> Iterator[str]:
    for person, outcome in dict.fromkeys(zip(cells["person"], cells["outcome"], strict=True)):
        sides = [_at(table, person=person, outcome=outcome) for table in (before, after)]
        old, new = (_say_end(side) for side in sides)
        yield f"durations: person {person}, {outcome}: {old} -> {new}"


def _say_end(row: Mapping[Hashable, Any]) -> str:
    if not row:
        return "not analysed"
    return f"leaves in week {row['weeks']}" if row["exited"] else f"followed to week {row['weeks']} without leaving"


def _at(table: pd.DataFrame, **key: object) -> dict[Hashable, Any]:
    own = table
    for name, value in key.items():
        own = own[own[name] == value]
    return own.to_dict("records")[0] if len(own) else {}


def say_problem(before: Any, after: Any) -> Iterator[str]:
    """Whether the same persons are in the estimate, in the same arms, groups, strata and clusters, and who is not."""
    first, second = members_of(before), members_of(after)
    if first is None or (second is None and after is not None):
        return
    second = first.iloc[:0] if second is None else second
    gone, come = first.index.difference(second.index), second.index.difference(first.index)
    both = first.index.intersection(second.index)
    lines = [f"{word}: {_list(persons)}" for word, persons in (("leave the estimate", gone), ("enter it", come))
             if len(persons)]  # fmt: skip
    for column in first.columns.intersection(second.columns):
        pairs = pd.DataFrame({"was": first.loc[both, column], "now": second.loc[both, column]})
        for (was, now), own in pairs[pairs["was"] != pairs["now"]].groupby(["was", "now"], sort=False):
            lines.append(f"move from {column} {was} to {now}: {_list(own.index)}")
    if lines:
        yield from (f"sample: {line}" for line in lines)
    else:
        yield f"sample: the same {len(first)} persons, in the same arms, groups, strata and clusters"


def members_of(problem: Any) -> pd.DataFrame | None:
    """The persons behind a problem with what they are in it; None where no person is behind it."""
    source = getattr(problem, "design", problem)
    if hasattr(source, "members") and isinstance(source.members, pd.DataFrame):
        source = source.members
        return pd.DataFrame({"arm": source["treated"].to_numpy()}, index=source["person"].to_numpy())
    if not hasattr(source, "persons"):
        return None
    columns: dict[str, Any] = {"arm": source.treated}
    for word, values, called in PARTITIONS:
        if hasattr(source, values):
            names, numbers = getattr(source, called, None), getattr(source, values)
            columns[word] = numbers if names is None else [names[number] for number in numbers]
    return pd.DataFrame(columns, index=source.persons)


def _list(persons: pd.Index) -> str:
    listed = ", ".join(map(str, persons[:SHOWN])) + (" and others" if len(persons) > SHOWN else "")
    return f"{len(persons)} {'person' if len(persons) == 1 else 'persons'} ({listed})"


def _show(value: Any) -> str:
    if value is None or value is pd.NA or value != value:
        return "unknown"
    if isinstance(value, float):
        return f"{value:.9g}"
    return str(value) if str(value) else UNSEEN


def say_checks(before: str, after: str) -> list[str]:
    """What the rules say otherwise in the table checks.csv `after` than in that `before`."""
    known, rows = ({row["rule"]: row for row in csv.DictReader(io.StringIO(text))} for text in (before, after))
    told = [
        f"{rule} is {row['state']}: {row['said_en']}" if row["said_en"] else f"{rule} finds nothing any more"
        for rule, row in rows.items()
        if row["said_en"] != known.get(rule, {}).get("said_en")
    ]
    return told or ["every rule says what it said before, and nothing would stop the build"]
