"""The published numbers that the twin is calibrated to, as intervals that print as they are printed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import cache
from pathlib import Path

from pipeline.twin.stored import read_rows

TABLES = Path(__file__).resolve().parents[2] / "data_raw" / "published" / "tables.csv"
KEYS = ("exhibit", "panel", "row", "column", "statistic")  # of a number in that file
CORRECTIONS = Path(__file__).parent / "corrections.csv"
LABELS = Path(__file__).parent / "label_variants.csv"
MARGIN = Fraction(1, 100)  # share of a half-width kept clear of the limits, so that no arithmetic rounds the other way


@dataclass(frozen=True)
class Target:
    """One printed number: where it stands and the closed interval [low, high] of values that print as it is."""

    exhibit: str
    name: str
    column: str
    panel: str
    statistic: str
    low: Fraction
    high: Fraction

    @property
    def half_width(self) -> Fraction:
        """Half the length of the interval."""
        return (self.high - self.low) / 2


def interval(text: str, decimals: int) -> tuple[Fraction, Fraction]:
    """The numbers printed as `text`: half a unit of the last decimal either way, less a margin; '-0.00' is below zero.

    A printed 0.00 carries no minus, so it is read as the half of its interval from zero up.
    """
    value, half = Fraction(text), Fraction(1, 2 * 10**decimals)
    inside = half * (1 - MARGIN)
    if value != 0 or decimals == 0:
        return value - inside, value + inside
    return (-inside, -half * MARGIN) if text.startswith("-") else (Fraction(0), inside)


def date_interval(text: str) -> tuple[Fraction, Fraction]:
    """Mean days since 1970-01-01 printed as a date: any time of that day, less a margin.

    Printed dates plus mean waits fall short of table 2.1's mean recruitment end by less than a day in both arms, which
    says that the dates were truncated.
    """
    day = (date.fromisoformat(text) - date(1970, 1, 1)).days
    return day + MARGIN / 2, day + 1 - MARGIN / 2


@cache
def _corrections() -> dict[tuple[str, str, str], str]:
    return {(row["exhibit"], row["row"], row["column"]): row["used"] for row in read_rows(CORRECTIONS)}


def read_targets(exhibit: str, tables: Path = TABLES) -> list[Target]:
    """The targets of an exhibit in its order, errata applied; rows that bear no variable name go by their label."""
    targets = []
    for row in read_rows(tables):
        if row["exhibit"] != exhibit:
            continue
        name = row["name"] or row["row"]
        text = _corrections().get((exhibit, name, row["column"]), row["value"])
        is_date = row["statistic"] == "date"
        low, high = date_interval(text) if is_date else interval(text, int(row["decimals"]))
        targets.append(Target(exhibit, name, row["column"], row["panel"], row["statistic"], low, high))
    return targets


@cache
def variable_of_label(label: str) -> str:
    """The variable that a row label of a later table names: the label of table 2.2 without its scale in brackets.

    Labels that the report spells in more than one way are in label_variants.csv.
    """
    rows = [row for row in read_rows(TABLES) if row["exhibit"] == "table_2_2"]
    known = {_plain(row["row"].split("(")[0]): row["name"] for row in rows}
    known |= {_plain(row["label"]): row["variable"] for row in read_rows(LABELS)}
    return known[_plain(label)]


def _plain(label: str) -> str:
    """A label without case and without what sets hyphens and dashes apart."""
    return " ".join(label.replace("–", "-").casefold().split())
