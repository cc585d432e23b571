"""This extract beside the last one: persons who are in it no more, and how many have a code and a wage in each week."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.checks.finding import Delivery, Finding

if TYPE_CHECKING:
    import pandas as pd

# By the column of the line of a person the file in which it is, in the order in which a loss is told.
FILES = {"register_line": "register", "baseline_line": "baseline_survey", "followup_line": "followup_survey"}


def persons_of_last_extract(delivery: Delivery) -> Finding | None:
    """Persons of the last extract who are randomised in this no more, or lost their row of the register or answers."""
    if delivery.before is None:
        return None
    then = delivery.before.trial
    both = then.merge(delivery.trial, on="person", suffixes=("_then", ""))
    lost = {"allocation": int((~then["person"].isin(delivery.trial["person"])).sum())}
    lost |= {role: int((both[f"{line}_then"].notna() & both[line].isna()).sum()) for line, role in FILES.items()}
    counted = ", ".join(f"{role.removesuffix('_survey')} {number}" for role, number in lost.items() if number)
    looked_at = len(then) + sum(int(both[f"{line}_then"].notna().sum()) for line in FILES)
    role = next((role for role, number in lost.items() if number), "allocation")
    path = delivery.path(role if role in delivery.files else "allocation")
    words = {"last": delivery.before.name, "counted": counted}
    return Finding(looked_at, sum(lost.values()), False, path, None, "", words)


def counts_of_last_extract(delivery: Delivery) -> Finding | None:
    """Weeks in which another number of the persons in both extracts has a code, or a wage, than in the last one."""
    counts = count_beside(delivery)
    if counts is None or delivery.before is None:
        return None
    differs = counts[(counts["code_then"] != counts["code"]) | (counts["wage_then"] != counts["wage"])]
    if differs.empty:
        return Finding(len(counts))
    first = differs.iloc[0]
    kind, column = ("code", "week_column") if first["code_then"] != first["code"] else ("wage", "month_column")
    largest = max(int((differs[name] - differs[f"{name}_then"]).abs().max()) for name in ("code", "wage"))
    words = {"before": int(first[f"{kind}_then"]), "after": int(first[kind]), "last": delivery.before.name}
    words |= {"persons": int(counts["persons"].iloc[0]), "largest": largest}
    return Finding(len(counts), len(differs), False, delivery.path("register"), None, str(first[column]), words)


def count_beside(delivery: Delivery) -> pd.DataFrame | None:
    """By week of both extracts how many of the persons in both have a code, and a wage in its month, then and now.

    Columns week, week_column, month_column, persons, code_then, code, wage_then, wage; None without a last extract.
    """
    if delivery.before is None:
        return None
    then, now = delivery.before.weeks, delivery.register.weeks
    both = set(then["person"]) & set(now["person"])
    counts = [_count_weeks(weeks[weeks["person"].isin(both)]) for weeks in (then, now)]
    table = counts[0].join(counts[1], how="inner", lsuffix="_then").reset_index()
    names = delivery.register.columns.reindex(columns=["week", "week_column", "month_column"])
    table = names.merge(table, on="week").assign(persons=len(both))
    order = ["week", "week_column", "month_column", "persons", "code_then", "code", "wage_then", "wage"]
    return table.loc[:, order]


def _count_weeks(weeks: pd.DataFrame) -> pd.DataFrame:
    """By week how many persons have a code, and how many a wage."""
    code = weeks["code"].astype(object)
    has = weeks[["week"]].assign(code=code.notna() & (code != ""), wage=weeks["wage"].fillna(False).astype(bool))
    return has.groupby("week")[["code", "wage"]].sum()
