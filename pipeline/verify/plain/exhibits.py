"""What exhibits.toml shows at a place: which estimate, in which unit, with which decimals and marks."""

from __future__ import annotations

import csv
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from pipeline.verify.plain.findings import Told, own_address, own_statistics, told_numbers
from pipeline.verify.plain.writing import UNITS, machine_text, mark_of, text_of

COUNTED = {"n", "n_treated", "n_control", "n_clusters", "at_risk", "df"}
TESTS = ("p_value", "ri_p", "wild_p", "jackknife_p", "cr2_p", "stepdown_p", "joint_p", "band_p")
OTHER_UNIT = {
    "x": "coefficient", "relative": "share", "cr2_df": "coefficient", "family_size": "count",
    **dict.fromkeys(TESTS, "probability"), **dict.fromkeys(COUNTED, "count"),
}  # fmt: skip
OTHER_COLUMN = {"x": "control_mean", "at_risk": "n"}
LEVEL_UNITS = {"percentage_points": ("share", 1)}  # how the level beside an effect in a unit is written: unit, decimals
Row = Mapping[str, Any]


class Place(NamedTuple):
    """What stands at a place of an exhibit: the address of the estimate, and how the number is written."""

    estimate_id: str
    unit: str
    decimals: int | None
    marks: tuple[str, ...]


class Expected(NamedTuple):
    """A number as it must be shown: its estimate, its value, its text, and its text for machines.

    smallest: what stands in its place in a sentence that says "below", '' where none may say so. is_told: whether the
    main results alone show it, and no exhibit. kept: the number that the text shows, in the unit in which it is kept.
    """

    estimate_id: str
    value: float
    text: str
    machine: str
    smallest: str = ""
    is_told: bool = False
    kept: str = ""


class Exhibits(NamedTuple):
    """The settings that say what is shown, as they were read."""

    exhibits: Mapping[str, Any]
    study: Mapping[str, Any]
    variables: Mapping[str, Mapping[str, str]]
    language: str
    told: Mapping[str, Told]


def read_exhibits(settings: Path, language: str) -> Exhibits:
    """exhibits.toml, study.toml and variables.csv of a study."""
    exhibits, study = (
        tomllib.loads((settings / f"{name}.toml").read_text(encoding="utf-8")) for name in ("exhibits", "study")
    )
    with (settings / "variables.csv").open(encoding="utf-8-sig", newline="") as file:
        exhibits = {name: {**exhibits.get(own.get("like", ""), {}), **own} for name, own in exhibits.items()}
        variables = {row["name"]: row for row in csv.DictReader(file)}
    told = told_numbers(exhibits, str(study["time"]["horizon_weeks"]))
    return Exhibits(exhibits, study, variables, language, told)


def expect(row: Row, estimates: Mapping[str, Row], known: Exhibits) -> Expected | None:
    """What must stand at the place of a row of the numbers shown; None if there is no such place or estimate.

    The address must be that of the place: the exhibit's own, or one at which a main result tells of the effect there.
    """
    exhibit, statistic = known.exhibits.get(row["exhibit"]), str(row["statistic"])
    if exhibit is None:
        return None
    if exhibit["kind"] == "specification":
        place = _of_curve(row, exhibit, estimates, known)
    else:
        place = _of_table(row, exhibit, known) if exhibit["kind"] == "table" else _of_figure(row, exhibit, known)
    is_own = statistic in own_statistics(row, exhibit)
    is_told = not is_own or row["cell_id"] != own_address(row, exhibit, statistic)
    if place and is_told:
        place = _as_told(row, exhibit, place, known.told.get(row["cell_id"]))
    estimate = estimates.get(place.estimate_id) if place else None
    return _written(place, statistic, estimate, known, is_told) if place and estimate else None


def _as_told(row: Row, exhibit: Row, place: Place, told: Told | None) -> Place | None:
    """How a main result writes a statistic of the effect at a place; None if it does not tell it."""
    here = own_address(row, exhibit, "")
    if told is None or told.statistic != row["statistic"] or here not in (told.effect, told.effect.rpartition("/")[0]):
        return None
    unit, decimals = told.unit or place.unit, None
    if told.statistic == "control_mean":
        unit, decimals = LEVEL_UNITS.get(unit, (unit, None))
    return Place(place.estimate_id, unit, decimals, ())


def _written(place: Place, statistic: str, estimate: Row, known: Exhibits, is_told: bool) -> Expected:
    value, unit = _value(estimate, statistic), OTHER_UNIT.get(statistic, place.unit)
    decimals = place.decimals if unit == place.unit else None
    text, smallest = text_of(value, unit, decimals, known.language), ""
    if unit == "probability" and not text.strip("0.,"):
        smallest = text_of(10.0 ** -UNITS[unit].decimals, unit, None, known.language)
    if statistic in ("se", "jackknife_se", "cr2_se") and value == value:
        text = f"({text})"
    if statistic == "estimate":
        text += mark_of(_number(estimate["p_value"]), known.study["inference"]["stars"], place.marks)
    return Expected(place.estimate_id, value, text, machine_text(value, unit, decimals), smallest, is_told)


def _value(estimate: Row, statistic: str) -> float:
    """The statistic of a row of estimates; `relative` is the estimate as a share of the control group's mean."""
    if statistic != "relative":
        return _number(estimate[OTHER_COLUMN.get(statistic, statistic)])
    effect, level = _number(estimate["estimate"]), _number(estimate["control_mean"])
    return effect / level if level else float("nan")


def _number(value: Any) -> float:
    return float("nan") if value is None or value != value else float(value)


def _of_table(row: Row, table: Mapping[str, Any], known: Exhibits) -> Place | None:
    own = _own_row(row, table, known)
    columns = [column for column in table["columns"] if column["key"] == row["column"]]
    if own is None or not columns or row["column"] in own.get("without", ()):
        return None
    column = next(
        (each for each in columns if row["statistic"] in (*each.get("statistics", ()), *each.get("lines", ()))),
        columns[0],
    )
    unit = column.get("unit") or table.get("unit") or own.get("unit") or "coefficient"
    template = own.get("estimate") or column.get("estimate") or table["estimate"]
    week = {"last_week": str(known.study["time"]["horizon_weeks"])}
    values = {name: _fill(value, week) for name, value in {**column.get("values", {}), **own.get("values", {})}.items()}
    words = {"row": own["key"], "column": column["key"], **week, **values}
    decimals = own.get("decimals") if own.get("unit", "") in ("", unit) else None
    return Place(_fill(template, words), unit, decimals, tuple(table.get("stars", ())))


def _own_row(row: Row, table: Mapping[str, Any], known: Exhibits) -> Mapping[str, Any] | None:
    """The row of the table: of its foot, of its list, of the dictionary, or of a group that the data have."""
    listed = [*table["rows"], *table.get("foot", ())] if isinstance(table["rows"], list) else table.get("foot", ())
    panel = next((each for each in table.get("panels", ()) if each["key"] == row["panel"] and each.get("values")), None)
    if panel is not None:  # its rows are repeated in each panel
        repeated = (dict(each) for each in listed if f"{panel['key']}_{each['key']}" == row["row"])
        return next(({**each, "key": row["row"],
                      "values": {"outcome": each["key"], **panel["values"], **each.get("values", {})}}
                     for each in repeated), None)  # fmt: skip
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


def _of_curve(row: Row, figure: Mapping[str, Any], estimates: Mapping[str, Row], known: Exhibits) -> Place | None:
    """The one estimate of a specification, whose name is the sample; or a number of the whole curve."""
    if not row["row"]:
        size = next((each for each in figure["sizes"] if each["key"] == row["column"]), None)
        words = {"last_week": str(known.study["time"]["horizon_weeks"])}
        return Place(_fill(size["estimate"], words), size.get("unit", "count"), None, ()) if size else None
    start = _fill(figure["estimate"], {"specification": f"{row['row']}/"})
    found = [name for name in estimates if name.startswith(start)]
    return Place(found[0], figure["unit"], None, ()) if len(found) == 1 else None


def _fill(template: str, words: Mapping[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda match: words.get(match[1], match[0]), template)
