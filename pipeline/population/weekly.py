"""The weekly shares of everybody by municipality, sex and age, as the table that stands beside the page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipeline.disclosure.release import round_count
from pipeline.population.persons import EVERYBODY
from pipeline.population.register import Counts
from pipeline.population.small import say_why
from pipeline.settings.disclosure import Disclosure

if TYPE_CHECKING:
    import pandas as pd

GROUP = ["place", "sex", "age"]
COLUMNS = ["municipality", "name", "sex", "age", "outcome", "week", "persons", "known", "share", "note"]
DECIMALS = 2
OF_WEEK = "of the week, "  # what stands before a reason that is of the week alone


def weekly_shares(
    counts: Counts, municipalities: pd.DataFrame | None, ages: Sequence[int], bound: int, control: Disclosure
) -> pd.DataFrame:
    """A row for each group, outcome and week, with COLUMNS; what is of fewer persons than the bound is missing.

    persons: of the group; known: those of them of whom the week is known; share: of these, who are in the state.
    note: why a number is missing. docs/population.md describes the columns. It leaves by disclosure control whatever
    the extract is: numbers of persons rounded, and no share of which few are in the state, or out of it.
    """
    import pandas as pd

    everybody = counts.persons[counts.persons["series"] == EVERYBODY]
    weeks = counts.weeks[counts.weeks["series"] == EVERYBODY]
    table = weeks.groupby([*GROUP, "outcome", "week"], as_index=False)[["known", "inside"]].sum()
    table = table.merge(everybody[[*GROUP, "persons"]], on=GROUP, how="left")
    of_group, of_week = ([say_why(size, bound) for size in table[name]] for name in ("persons", "known"))
    few = control.says("few_of_a_kind", "en")
    sides = table["inside"].where(table["inside"] < table["known"] - table["inside"], table["known"] - table["inside"])
    note = [
        group or (OF_WEEK + week if week else few if side < control.bounds.persons else "")
        for group, week, side in zip(of_group, of_week, sides, strict=True)
    ]
    names = {} if municipalities is None else dict(zip(municipalities["number"], municipalities["name"], strict=True))
    is_told = pd.Series(note, index=table.index) == ""
    told = table.assign(
        municipality=table["place"],
        name=table["place"].map(names).fillna(""),
        age=table["age"].replace(name_ages(ages)),
        persons=_rounded(table["persons"], control).where(table["persons"] >= bound),
        known=_rounded(table["known"], control).where(table["known"] >= bound).where(table["persons"] >= bound),
        share=(table["inside"] / table["known"]).where(is_told).round(DECIMALS),
        note=note,
    )
    return told[COLUMNS]


def _rounded(counts: pd.Series[int], control: Disclosure) -> pd.Series[int]:
    return counts.map(lambda count: round_count(count, control)).astype("Int64")


def name_ages(bounds: Sequence[int]) -> dict[str, str]:
    """The name of each group of age by that of the counts: 'age_30' is '30-39', the last 'age_60' is '60-'."""
    ends = [f"{after - 1}" for after in bounds[1:]] + [""]
    return {f"age_{low}": f"{low}-{end}" for low, end in zip(bounds, ends, strict=True)}
