"""What differs between two extracts, counted: who, which weeks, cells, answers and names. Nothing names a person."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from pipeline.register.calendar import week_of_date

if TYPE_CHECKING:
    from pipeline.changes.built import Built

ABSENT = "not there"
KNOWN_FACTS = {"treated": "arm", "allocation_date": "date of the draw", "consent": "consent", "attended": "attendance"}


class Difference(NamedTuple):
    """So many of an item went from `old` to `new`; `when` is before, in or after the week of the draw, or ''."""

    item: str
    when: str
    old: str
    new: str
    number: int


@dataclass(frozen=True)
class Section:
    """One subject: how many of what were compared, how many of them differ, and the differences."""

    subject: str
    compared: int
    unit: str
    differ: int
    differences: list[Difference] = field(default_factory=list)


def compare_persons(old: Built, new: Built, common: Collection[int]) -> Section:
    """Persons come and gone, by the reason for leaving them out or analysed, and those whose reason changed."""
    reasons = [built.derived["exclusions"].set_index("person")["reason"] for built in (old, new)]
    gone, come = (table[~table.index.isin(list(common))].value_counts() for table in reasons)
    found = [Difference("randomised", "", str(reason), ABSENT, int(count)) for reason, count in gone.items()]
    found += [Difference("randomised", "", ABSENT, str(reason), int(count)) for reason, count in come.items()]
    pairs = pd.concat([table[table.index.isin(list(common))] for table in reasons], axis=1, keys=["old", "new"])
    found += _counted("in both", "", pairs)
    everybody = len(common) + int(gone.sum()) + int(come.sum())
    return Section("persons", everybody, "persons", sum(row.number for row in found), found)


def compare_weeks(old: Built, new: Built) -> Iterator[Section]:
    """Weeks of the register that only one extract has, and of the others those whose wages only one knows."""
    columns = [built.tables["register_columns"] for built in (old, new)]
    weeks = [set(table["week"]) for table in columns]
    labels = {**_week_labels(columns[1]), **_week_labels(columns[0])}
    yield _compare_runs("weeks", weeks, labels)
    waged = [weeks_with(built.tables["register_weeks"], "wage") & weeks[0] & weeks[1] for built in (old, new)]
    yield _compare_runs("weeks of wages", waged, labels)


def _compare_runs(subject: str, weeks: Sequence[Collection[int]], labels: Mapping[int, str]) -> Section:
    """The weeks that only one of the two has, run by run."""
    every, found = sorted({*weeks[0], *weeks[1]}), []
    for sides, group in groupby(every, key=lambda week: (week in weeks[0], week in weeks[1])):
        run = list(group)
        if not all(sides):
            item = labels[run[0]] if len(run) == 1 else f"{labels[run[0]]} to {labels[run[-1]]}"
            found.append(Difference(item, "", *_presence(sides[0]), len(run)))
    return Section(subject, len(every), "weeks", sum(row.number for row in found), found)


def weeks_with(weeks: pd.DataFrame, column: str) -> set[int]:
    """The weeks of a table of register weeks in which anything of a column is known of anybody."""
    return set(weeks.loc[weeks[column].notna(), "week"].unique().tolist())


def _week_labels(columns: pd.DataFrame) -> dict[int, str]:
    """What each week is called: its column in the register, or its number where all weeks are in one column."""
    names = columns.get("week_column", columns["week"])
    names = names if names.is_unique else columns["week"]
    return dict(zip(columns["week"], names.astype(str), strict=True))


def _presence(is_old: bool) -> tuple[str, str]:
    return ("there", ABSENT) if is_old else (ABSENT, "there")


def compare_cells(old: Built, new: Built, common: Collection[int]) -> Iterator[Section]:
    """Codes and wages of the persons and weeks that both extracts have: how many cells went from what to what, when."""
    tables = [built.tables["register_weeks"] for built in (old, new)]
    both = tables[0][tables[0]["person"].isin(list(common))].merge(tables[1], on=["person", "week"])
    after = (both["week"] - both["person"].map(_draw_weeks(old.tables["trial"]))).clip(-1, 1)
    when = after.map({-1: "before the draw", 0: "in the week of the draw", 1: "after the draw"})
    for subject, column in (("codes", "code"), ("wages", "wage")):
        in_both = weeks_with(tables[0], column) & weeks_with(tables[1], column)
        cells = both[both["week"].isin(in_both)]
        pair = pd.DataFrame({side: _written(cells[f"{column}_{end}"]) for side, end in (("old", "x"), ("new", "y"))})
        differs = pair["old"] != pair["new"]
        found = [
            row
            for moment, rows in pair[differs].groupby(when[pair.index[differs]])
            for row in _counted("cell", str(moment), rows)
        ]
        unit = f"cells of {cells['person'].nunique()} persons"
        yield Section(subject, len(cells), unit, int(differs.sum()), found)


def _draw_weeks(trial: pd.DataFrame) -> pd.Series:
    """By person the register week of the draw; 0 where the register counts from it."""
    dated = trial.set_index("person")
    if "allocation_date" not in dated:
        return pd.Series(0, index=dated.index)
    return dated["allocation_date"].map(lambda day: week_of_date(day.date()))


def _written(cells: pd.Series) -> pd.Series:
    known = cells.astype(object).map({True: "1", False: "0", "": "no code"}).fillna(cells.astype(object))
    return known.where(cells.notna(), "unknown")


def compare_answers(old: Built, new: Built, common: Collection[int]) -> Iterator[Section]:
    """Answers of the persons and items of both surveys, and who answered, or what was asked, in one extract alone."""
    for name in ("baseline", "followup"):
        tables = [built.tables[f"{name}_items"].drop(columns="line").set_index("person") for built in (old, new)]
        own = [table[table.index.isin(list(common))] for table in tables]
        people, items = own[0].index.intersection(own[1].index), own[0].columns.intersection(own[1].columns)
        first, second = (table.loc[people, items].astype("Float64") for table in own)
        found = [row for item in items for row in _answer_changes(item, first[item], second[item])]
        differ = sum(row.number for row in found)
        lost = [len(table) - len(people) for table in own]
        found += [
            Difference("questionnaire", "", *_presence(is_old), count)
            for is_old, count in zip((True, False), lost, strict=True)
            if count
        ]
        asked = own[0].columns.symmetric_difference(own[1].columns)
        found += [Difference(str(item), "", *_presence(item in own[0]), len(people)) for item in asked]
        unit = f"answers of {len(people)} persons to {len(items)} items"
        alone = sum(lost) + len(asked)
        yield Section(f"{name} answers", len(people) * len(items) + alone, unit, differ + alone, found)


def _answer_changes(item: str, old: pd.Series, new: pd.Series) -> Iterator[Difference]:
    kinds = {
        ("answered", "another answer"): old.notna() & new.notna() & (old != new).fillna(False),
        ("answered", "unanswered"): old.notna() & new.isna(),
        ("unanswered", "answered"): old.isna() & new.notna(),
    }
    for (before, after), holds in kinds.items():
        if holds.any():
            yield Difference(item, "", before, after, int(holds.sum()))


def compare_names(old: Built, new: Built, common: Collection[int]) -> Section:
    """Persons of both extracts whose stratum or cluster has another name, from what to what."""
    both, columns = _both(old, new, common, lambda name: name.endswith("_name"))
    found = []
    for column in columns:
        pair = pd.DataFrame({"old": both[f"{column}_old"], "new": both[f"{column}_new"]})
        found += _counted(column.removesuffix("_name"), "", pair)
    unit = f"names of {len(both)} persons"
    return Section("names", len(both) * len(columns), unit, sum(row.number for row in found), found)


def compare_draws(old: Built, new: Built, common: Collection[int]) -> Section:
    """How many persons of both extracts have another arm, date of the draw or consent."""
    both, columns = _both(old, new, common, KNOWN_FACTS.__contains__)
    counts = {column: int((both[f"{column}_old"] != both[f"{column}_new"]).sum()) for column in columns}
    found = [Difference(KNOWN_FACTS[column], "", "as it was", "another", n) for column, n in counts.items() if n]
    unit = f"arms, dates and consents of {len(both)} persons"
    return Section("draws", len(both) * len(columns), unit, sum(counts.values()), found)


def _both(
    old: Built, new: Built, common: Collection[int], wanted: Callable[[str], bool]
) -> tuple[pd.DataFrame, list[str]]:
    trials = [built.tables["trial"] for built in (old, new)]
    columns = [name for name in trials[0].columns.intersection(trials[1].columns) if wanted(name)]
    first = trials[0][trials[0]["person"].isin(list(common))]
    return first.merge(trials[1], on="person", suffixes=("_old", "_new")), columns


def _counted(item: str, when: str, pair: pd.DataFrame) -> list[Difference]:
    """Of the columns old and new the pairs that differ, the most frequent first."""
    counts = pair[pair["old"] != pair["new"]].astype(str).value_counts(["old", "new"])
    pairs: list[tuple[str, str]] = counts.index.to_list()
    return [Difference(item, when, *pair, int(count)) for pair, count in zip(pairs, counts, strict=True)]
