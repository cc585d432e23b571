"""One person's whole history: the draw, exclusions, answers, every register week, and what follows from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from pipeline.audit.build import Build
from pipeline.audit.ends import COLUMNS as END_COLUMNS
from pipeline.audit.ends import find_ends, say_end
from pipeline.audit.located import Tables, place_of_lines
from pipeline.audit.received import compare_cells, read_wages, with_wages
from pipeline.errors import InputError
from pipeline.people.exclusions import ANALYSED, weeks_of_draws
from pipeline.people.samples import select_sample
from pipeline.people.splits import split_people
from pipeline.pseudonyms.linkage import find_person, read_numbers
from pipeline.register.calendar import iso_of_week
from pipeline.runner.schemas import every_column
from pipeline.settings.sensitivity import may_enter, sensitivity_of

IN, OUT, NOT_KNOWN = "1", "0", "?"
LOCATED = ("person", "week", "code", "line", "wage_line")  # columns of the table of weeks that are no states


@dataclass(frozen=True)
class Answers:
    """The answers of one survey: where they stand, by item what was answered, by scale the score."""

    file: str
    line: int
    items: Mapping[str, str]
    scores: Mapping[str, str]


@dataclass(frozen=True)
class History:
    """All that is known of a person.

    draw: the row of the allocation file, by what each of its cells is; reason: why the person is left out, or analysed;
    groups: the samples, sides of splits and clusters that the person is in; surveys by name. weeks: a row a register
    week with week (since allocation), calendar, file, line, column, code, wage_column, wage, and a column a state: 1,
    0, ? for unknown, nothing where none is made. shares: by outcome the share of the weeks to the horizon; background
    by variable; ends: a row an exit, with the columns of `locate_ends`, wage_content and outcome. made_again, unread:
    as of a Trace.
    """

    person: int
    draw: Mapping[str, str]
    reason: str
    groups: Mapping[str, str]
    surveys: Mapping[str, Answers]
    weeks: pd.DataFrame
    states: tuple[str, ...]
    shares: Mapping[str, str]
    background: Mapping[str, str]
    ends: pd.DataFrame
    horizon: int
    made_again: Mapping[str, int] = field(default_factory=dict)
    unread: str = ""


def read_history(number: str, build: Build) -> History:
    """The history of the person of a pseudonym, or of a trial number as received, by the linkage file.

    InputError for a number that nobody has, which names nobody.
    """
    tables, design = build.tables, build.study.design
    trial = tables.trial
    person = find_person(number, read_numbers(build.derived))
    own = trial[trial["person"] == (-1 if person is None else person)]
    if person is None or own.empty:
        raise InputError(
            f"trace: PERSON is nobody who was randomised. It is the number in column {design.person} of "
            f"{tables.files['allocation']}, or the pseudonym: column person of a cells file."
        )
    row = dict(own.to_dict("records")[0])
    is_analysed = _reason(person, build) == ANALYSED
    weeks = _weeks(row, tables, build)
    return History(
        person=person,
        draw=_draw(row, tables),
        reason=_reason(person, build),
        groups=_groups(person, build) if is_analysed else {},
        surveys=dict(_surveys(row, tables, build)),
        weeks=weeks,
        states=tuple(tables.outcomes.states) if is_analysed else (),
        shares=_shares(person, build),
        background=_background(person, build),
        ends=_ends(person, build) if is_analysed else pd.DataFrame(columns=[*END_COLUMNS, "outcome"]),
        horizon=build.study.time.horizon_weeks,
    )


def _reason(person: int, build: Build) -> str:
    reasons = build.exclusions.set_index("person")["reason"]
    return str(reasons[person])


def _draw(row: Mapping[Any, Any], tables: Tables) -> dict[str, str]:
    design = tables.study.design
    arm = design.treated if row["treated"] == 1 else design.control
    told = {"file": tables.files["allocation"], "line": str(row["allocation_line"]), design.arm: arm.value}
    told |= {grouping.column: row[f"{grouping.name}_name"] for grouping in design.groupings}
    if design.date:
        told[design.date] = row["allocation_date"].strftime("%Y-%m-%d")
    if design.consent:
        told[design.consent] = str(row["consent"])
    if "attended" in row:
        told["attended"] = "" if pd.isna(row["attended"]) else str(row["attended"])
    return told


def _groups(person: int, build: Build) -> dict[str, str]:
    """The side of every split, and whether the person is in each sample."""
    people, study = build.people, build.study
    at = people.index[people["person"] == person]
    sides = {name: str(split_people(people, name, study)[at][0]) or "neither" for name in study.splits}
    samples = {name: "in" if person in set(select_sample(people, name, study)["person"]) else "out"
               for name in study.samples}  # fmt: skip
    return {**samples, **sides}


def _surveys(row: Mapping[Any, Any], tables: Tables, build: Build) -> Iterator[tuple[str, Answers]]:
    for name, items in (("baseline", tables.baseline_items), ("followup", tables.followup_items)):
        own = items[items["person"] == row["person"]]
        if own.empty:
            continue
        answers = own.iloc[0].drop(["person", "line"])
        scores = build.table(name).set_index("person").loc[row["person"]]
        yield (
            name,
            Answers(
                file=tables.files[f"{name}_survey"],
                line=int(own["line"].iloc[0]),
                items={str(item): _show(value) for item, value in answers.items()},
                scores={str(score): _show(value) for score, value in scores.items()},
            ),
        )


def _weeks(row: Mapping[Any, Any], tables: Tables, build: Build) -> pd.DataFrame:
    register = build.table("register_weeks")
    own = register[register["person"] == row["person"]].merge(tables.register_columns, on="week", how="left")
    zero = _week_of_draw(row, build)
    path, line = place_of_lines(own["line"], tables)
    found = pd.DataFrame(
        {
            "week": own["week"] - zero,
            "calendar": [_calendar(number, build) for number in own["week"]],
            "file": path.where(line.notna(), ""),
            "line": line,
            "column": own["week_column"],
            "code": own["code"].astype(object).fillna(NOT_KNOWN),
            "wage_column": own["month_column"].fillna(""),
            "wage": own["wage"].astype("Int64").map({1: IN, 0: OUT}).fillna(NOT_KNOWN),
        }
    )
    if "wage_line" in own:
        place, number = place_of_lines(own["wage_line"], tables)
        found["wage_column"] = place + ", line " + number.astype(str) + ", column " + found["wage_column"]
    weekly = tables.weekly[tables.weekly["person"] == row["person"]]
    states = weekly.drop(columns=[name for name in LOCATED[2:] if name in weekly]).drop(columns="person")
    for name in states.columns.drop("week"):
        states[name] = states[name].astype("Int64").map({1: IN, 0: OUT}).fillna(NOT_KNOWN)
    return found.merge(states, on="week", how="left").fillna(dict.fromkeys(states.columns.drop("week"), ""))


def _week_of_draw(row: Mapping[Any, Any], build: Build) -> int:
    if "allocation_date" not in row:
        return 0
    return int(weeks_of_draws(pd.Series([row["allocation_date"]]))[0])


def _calendar(number: int, build: Build) -> str:
    if build.study.design.date is None:
        return ""
    year, week = iso_of_week(int(number))
    return f"{year}-W{week:02d}"


def _shares(person: int, build: Build) -> dict[str, str]:
    shares, horizon = build.table("shares"), build.study.time.horizon_weeks
    own = shares[(shares["person"] == person) & (shares["week"] == horizon)]
    return {str(row["outcome"]): _show(row["share"]) for row in own.to_dict("records")}


def _background(person: int, build: Build) -> dict[str, str]:
    table = build.table("background")
    own, rows = (
        table[table["person"] == person].drop(columns="person"),
        every_column(build.variables).to_dict("records"),
    )
    names = [name for name in map(str, own) if may_enter("trace", sensitivity_of(name, rows))]
    return {name: _show(own[name].iloc[0]) for name in names} if len(own) else {}


def _ends(person: int, build: Build) -> pd.DataFrame:
    """How each exit ended."""
    durations, found = build.table("durations"), []
    for outcome in build.tables.outcomes.exits:
        own = durations[(durations["person"] == person) & (durations["outcome"] == outcome)]
        weeks, exited = own["weeks"].to_numpy(dtype=np.int64), own["exited"].to_numpy(dtype=bool)
        ended = find_ends(
            outcome, own["person"].to_numpy(dtype=np.int64), weeks, exited, build.study.time.horizon_weeks, build.tables
        )
        found.append(ended.assign(outcome=outcome))
    if not found:
        return pd.DataFrame(columns=[*END_COLUMNS, "outcome"])
    ends = pd.concat(found, ignore_index=True)
    compare_cells([ends], build)
    return with_wages(ends, read_wages([ends], build))


def _show(value: Any) -> str:
    if value is None or pd.isna(value):
        return NOT_KNOWN
    return f"{value:.12g}" if isinstance(value, float | np.floating) else str(value)


def describe_history(history: History) -> str:
    """The whole history as text."""
    blocks = [f"PERSON    {history.person}: {history.reason}", *_list("DRAW", history.draw)]
    for name, answers in history.surveys.items():
        blocks += _list(f"SURVEY    {name}: {answers.file}, line {answers.line}", answers.items)
        blocks += _list(f"SCORES    {name}", answers.scores)
    blocks += _list(f"SHARES    of weeks 1 to {history.horizon}", history.shares)
    blocks += ["", "EXITS", *(f"  {say_end(row)}" for row in history.ends.to_dict("records"))]
    blocks += _list("BACKGROUND", history.background) + _list("SAMPLES AND SIDES OF SPLITS", history.groups)
    return "\n".join([*blocks, "", "WEEKS", *_week_lines(history)])


def _list(title: str, values: Mapping[str, str]) -> list[str]:
    return ["", title, *(f"  {name:<32}{value}" for name, value in values.items())]


def _week_lines(history: History) -> Iterator[str]:
    yield f"  {'week':>5}  {'calendar':<9} {'file':<16}{'line':>7}  {'column':<8} {'code':<5} {'wage':<18} states"
    for row in history.weeks.to_dict("records"):
        states = [
            name if row[name] == IN else f"{name}?" for name in history.states if row.get(name) in (IN, NOT_KNOWN)
        ]
        line = "" if pd.isna(row["line"]) else row["line"]
        wage = f"{row['wage']} {row['wage_column']}"
        yield (
            f"  {row['week']:>5}  {row['calendar']:<9} {row['file']:<16}{line:>7}  {row['column']:<8} "
            f"{row['code'] or '-':<5} {wage:<18} {', '.join(states)}"
        ).rstrip()
