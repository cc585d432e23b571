"""The dictionary variables.csv against what makes its variables: scales, states, the history, groups and dates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import nan
from typing import Any

from pipeline.checks.references import Columns, Settings, near
from pipeline.checks.tables import FIRST_LINE, refuse
from pipeline.errors import Faults
from pipeline.settings.outcomes import OutcomeDefinitions
from pipeline.settings.scales import asked_again, item_names
from pipeline.settings.study import Design, Study

Rows = list[dict[Any, Any]]
# By the file that makes them the derived tables of which it does.
SOURCES = {
    "scales": ("baseline", "followup", "background"),
    "outcomes": ("weekly",),
    "study": ("background", "sample", "trial", "exclusions"),
}


@dataclass(frozen=True)
class Made:
    """A variable that the settings make: the file that says so, its name, its table, and the ends of its values.

    low, high: NaN where it has none.
    """

    file: str
    name: str
    table: str
    low: float = nan
    high: float = nan


def check_dictionary(settings: Settings, own: Columns) -> None:
    """Raise InputError for a variable without its row, a row without what makes it, and bounds that are too narrow."""
    if settings.get("variables") is None:
        return
    rows, made, faults = settings["variables"].to_dict("records"), list(_made(settings)), Faults()
    for check in (_check_tables, _check_absent, _check_bounds):
        with faults.part():
            check(rows, made, own)
    with faults.part():
        _check_idle(rows, made, own, _told(settings), has_scales=settings.get("scales") is not None)
    faults.stop()


def _told(settings: Settings) -> set[str]:
    """The tables of which it can be told what makes them: every file that says so was read, or there is none."""
    read = {file for file in SOURCES if file not in settings or settings[file] is not None}
    study, definitions = settings.get("study"), settings.get("outcomes")
    windows = study.windows.values() if isinstance(study, Study) else ()
    unread = {table for file in SOURCES if file not in read for table in SOURCES[file]}
    unread |= {"background" for state, _, _ in windows if not _is_defined(state, definitions)}
    return {table for file in read for table in SOURCES[file]} - unread


def _is_defined(state: str, definitions: object) -> bool:
    return not isinstance(definitions, OutcomeDefinitions) or state in definitions.states


def _made(settings: Settings) -> Iterator[Made]:
    """Every variable that scales.csv, outcomes.toml, and the design and the history of study.toml make."""
    scales, definitions, study = (settings.get(name) for name in ("scales", "outcomes", "study"))
    asked = {"baseline": scales, "background": scales, "followup": asked_again(scales)}
    for table, frame in asked.items():
        for row in [] if frame is None else frame.to_dict("records"):
            yield Made("scales.csv", row["variable"], table, *_ends(row))
    if isinstance(definitions, OutcomeDefinitions):
        yield from (Made("outcomes.toml", name, "weekly", 0, 1) for name in definitions.states)
    if isinstance(study, Study):
        for name, (state, _, _) in study.windows.items():
            if _is_defined(state, definitions):
                yield Made("study.toml", name, "background", 0, 1)
        yield from (Made("study.toml", name, table) for name, table in _of_design(study.design))


def _of_design(design: Design) -> Iterator[tuple[str, str]]:
    """The variables, each with a table that has it, of the groups of a design and of its dates."""
    for grouping in design.groupings:
        yield grouping.name, "sample"
        yield from ((f"{grouping.name}_name", table) for table in ("trial", "sample", "exclusions"))
    if design.date is not None:
        yield "allocation_day", "background"
        if design.cluster is not None:
            yield from (("wait_days", table) for table in ("sample", "background"))


def _ends(scale: Mapping[Any, Any]) -> tuple[float, float]:
    """The least and the greatest score of a scale, in its own points."""
    if scale["scoring"] == "indicator":
        return 0, 1
    count = len(item_names(scale["items"]))
    return count * float(scale["item_minimum"]), count * float(scale["item_maximum"])


def _check_tables(rows: Rows, _: list[Made], own: Columns) -> None:
    known = {table for row in own for table in row["tables"].split()}
    wrong = [
        f"line {line}, {column}: {table!r}{near(table, known)}"
        for column in ("tables", "key_of")
        for line, row in enumerate(rows, FIRST_LINE)
        for table in row[column].split()
        if table not in known
    ]
    refuse("variables.csv", wrong, "names of no table", f"The tables are {', '.join(sorted(known))}")


def _check_absent(rows: Rows, made: list[Made], _: Columns) -> None:
    held = {row["name"]: row["tables"].split() for row in rows}
    absent = [
        f"{each.name!r} of {each.file}, in {each.table}{'' if each.name in held else near(each.name, held)}"
        for each in made
        if each.table not in held.get(each.name, [])
    ]
    remedy = "Add a row for each, or the table to its column tables, or mend the name"
    refuse("variables.csv", absent, "rows or tables of rows are missing", remedy)


def _check_bounds(rows: Rows, made: list[Made], _: Columns) -> None:
    """Bounds within the ends of what is made; those of a row that ends before it begins are told of the table."""
    ends, wrong = {each.name: each for each in made}, []
    for line, row in enumerate(rows, FIRST_LINE):
        each, (low, high) = ends.get(row["name"]), (_number(row[column]) for column in ("minimum", "maximum"))
        if each is None or low > high:
            continue
        is_narrow, span = {"minimum": low > each.low, "maximum": high < each.high}, f"{each.low:g} to {each.high:g}"
        wrong += [
            f"line {line}, {column}: {row[column]!r}, and {row['name']!r} of {each.file} is {span}"
            for column in is_narrow
            if is_narrow[column]
        ]
    refuse("variables.csv", wrong, "bounds that leave out values", "Mend the bound there, or the scale")


def _check_idle(rows: Rows, made: list[Made], own: Columns, known: set[str], *, has_scales: bool) -> None:
    """Rows of tables in which nothing makes such a column."""
    columns = {table: {each.name for each in made if each.table == table} for table in known}
    for row in own:
        for table in known.intersection(row["tables"].split()):
            columns[table].add(row["name"])
    idle = [
        f"line {line}, name: {row['name']!r} in {' '.join(tables)}{near(row['name'], columns[tables[0]])}"
        for line, row in enumerate(rows, FIRST_LINE)
        if (tables := [name for name in row["tables"].split() if name in known and row["name"] not in columns[name]])
    ]
    scales = (
        "Add the row to scales.csv" if has_scales else "Put scales.csv, which is missing, into the folder of the study"
    )
    remedy = f"{scales}, the state to outcomes.toml, or the window to study.toml; or take the row out"
    refuse("variables.csv", idle, "rows of variables that nothing makes", remedy)


def _number(text: str) -> float:
    """The number of a cell, NaN of one that is none."""
    try:
        return float(text)
    except ValueError:
        return nan
