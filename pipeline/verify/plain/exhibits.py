"""What exhibits.toml shows at a place: which estimate, in which unit, with which decimals and marks."""

from __future__ import annotations

import csv
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from pipeline.verify.plain.writing import machine_text, mark_of, text_of

COUNTED = {"n", "n_treated", "n_control", "n_clusters", "at_risk"}
OTHER_UNIT = {"x": "coefficient", "p_value": "probability", **dict.fromkeys(COUNTED, "count")}
OTHER_COLUMN = {"x": "control_mean", "at_risk": "n"}
Row = Mapping[str, Any]


class Place(NamedTuple):
    """What stands at a place of an exhibit: the address of the estimate, and how the number is written."""

    estimate_id: str
    unit: str
    decimals: int | None
    marks: tuple[str, ...]


class Expected(NamedTuple):
    """A number as it must be shown: its estimate, its value, its text, and its text for machines."""

    estimate_id: str
    value: float
    text: str
    machine: str


class Exhibits(NamedTuple):
    """The settings that say what is shown, as they were read."""

    exhibits: Mapping[str, Any]
    study: Mapping[str, Any]
    variables: Mapping[str, Mapping[str, str]]
    language: str


def read_exhibits(settings: Path, language: str) -> Exhibits:
    """exhibits.toml, study.toml and variables.csv of a study."""
    exhibits, study = (
        tomllib.loads((settings / f"{name}.toml").read_text(encoding="utf-8")) for name in ("exhibits", "study")
    )
    with (settings / "variables.csv").open(encoding="utf-8-sig", newline="") as file:
        exhibits = {name: {**exhibits.get(own.get("like", ""), {}), **own} for name, own in exhibits.items()}
        return Exhibits(exhibits, study, {row["name"]: row for row in csv.DictReader(file)}, language)


def expect(row: Row, estimates: Mapping[str, Row], known: Exhibits) -> Expected | None:
    """What must stand at the place of a row of the numbers shown; None if there is no such place or estimate."""
    exhibit = known.exhibits.get(row["exhibit"])
    if exhibit is None:
        return None
    place = _of_table(row, exhibit, known) if exhibit["kind"] == "table" else _of_figure(row, exhibit, known)
    estimate = estimates.get(place.estimate_id) if place else None
    if place is None or estimate is None:
        return None
    statistic = str(row["statistic"])
    value = _number(estimate[OTHER_COLUMN.get(statistic, statistic)])
    unit = OTHER_UNIT.get(statistic, place.unit)
    decimals = place.decimals if unit == place.unit else None
    text = text_of(value, unit, decimals, known.language)
    if statistic == "se" and value == value:
        text = f"({text})"
    if statistic == "estimate":
        text += mark_of(_number(estimate["p_value"]), known.study["inference"]["stars"], place.marks)
    return Expected(place.estimate_id, value, text, machine_text(value, unit, decimals))


def _number(value: Any) -> float:
    return float("nan") if value is None or value != value else float(value)


def _of_table(row: Row, table: Mapping[str, Any], known: Exhibits) -> Place | None:
    own = _own_row(row, table, known)
    columns = [column for column in table["columns"] if column["key"] == row["column"]]
    if own is None or not columns:
        return None
    column = next((each for each in columns if row["statistic"] in each.get("statistics", ())), columns[0])
    unit = column.get("unit") or table.get("unit") or own.get("unit") or "coefficient"
    template = own.get("estimate") or column.get("estimate") or table["estimate"]
    words = {
        "row": own["key"], "column": column["key"], "last_week": str(known.study["time"]["horizon_weeks"]),
        **column.get("values", {}), **own.get("values", {}),
    }  # fmt: skip
    decimals = own.get("decimals") if own.get("unit", "") in ("", unit) else None
    return Place(_fill(template, words), unit, decimals, tuple(table.get("stars", ())))


def _own_row(row: Row, table: Mapping[str, Any], known: Exhibits) -> Mapping[str, Any] | None:
    """The row of the table: of its foot, of its list, of the dictionary, or of a group that the data have."""
    listed = [*table["rows"], *table.get("foot", ())] if isinstance(table["rows"], list) else table.get("foot", ())
    for each in listed:
        if each["key"] == row["row"]:
            return dict(each)
    if isinstance(table["rows"], dict):
        return {"key": row["row"]}
    entry = known.variables.get(row["row"], {})
    if table["rows"] != "risk_factors" or not entry.get("risk_factor"):
        return None
    decimals = {"decimals": int(entry["decimals"])} if entry["decimals"] else {}
    return {"key": row["row"], "unit": entry["unit"], **decimals}


def _of_figure(row: Row, figure: Mapping[str, Any], known: Exhibits) -> Place | None:
    words = {"series": row["column"], "last_week": str(known.study["time"]["horizon_weeks"])}
    series: Mapping[str, Any] = next((each for each in figure["series"] if each["key"] == row["column"]), {})
    if figure["kind"] in ("map", "flow"):
        words |= {"place": row["row"], "outcome": row["row"]}
        return Place(_fill(figure["estimate"], words), figure["unit"], None, ()) if series else None
    panel = next((each for each in figure["panels"] if each["key"] == row["panel"]), None)
    size = next((each for each in figure.get("sizes", ()) if each["key"] == row["column"] and not row["row"]), None)
    if panel is None or not (series or size):
        return None
    words |= {"sample": panel.get("sample", ""), "outcome": panel.get("outcome", ""), "week": row["row"]}
    if size:
        return Place(_fill(size["estimate"], words), "count", None, ())
    return Place(_fill(series.get("estimate") or figure["estimate"], words), figure["unit"], None, ())


def _fill(template: str, words: Mapping[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda match: words.get(match[1], match[0]), template)
