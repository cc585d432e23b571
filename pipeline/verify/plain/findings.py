"""What the main results say of an effect beyond what its exhibit shows: which numbers, at which addresses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

LIMITS = ("ci_low", "ci_high")
Row = Mapping[str, Any]


class Told(NamedTuple):
    """A number that a main result tells of the effect at an address; unit '' is that of the effect's own exhibit."""

    effect: str
    statistic: str
    unit: str


def told_numbers(exhibits: Mapping[str, Any], horizon: str) -> dict[str, Told]:
    """By address every number that the main results and their comparisons tell, those of exhibits among them."""
    page, found = exhibits.get("page", {}), dict[str, Told]()
    every = [told for finding in page.get("findings", ()) for told in _of_finding(finding)]
    for comparison in page.get("comparisons", ()):
        for pair in comparison["pairs"]:
            for side in ("first", "second"):
                every += _interval(pair[side], comparison.get("unit", ""))
            if pair.get("difference"):
                every += _interval(pair["difference"], "")
    for told in every:
        whole = told._replace(effect=told.effect.replace("{horizon}", horizon))
        found.setdefault(_address(whole), whole)
    return found


def _of_finding(finding: Mapping[str, Any]) -> Iterator[Told]:
    effect, unit = finding["effect"], finding.get("unit", "")
    yield from _interval(effect, unit)
    yield from (Told(effect, name, unit) for name in ("control_mean", "relative", "p_value"))
    yield from (Told(finding.get("size", effect), name, "") for name in ("n", "n_treated", "n_control"))


def _interval(effect: str, unit: str) -> list[Told]:
    return [Told(effect, name, unit) for name in ("estimate", *LIMITS)]


def _address(told: Told) -> str:
    """The effect's own, or below it the unit, if it is another, of what is in it, and the statistic."""
    is_other = told.unit and told.statistic in ("estimate", *LIMITS)
    if told.statistic == "estimate" and not is_other:
        return told.effect
    parts = (told.unit if is_other else "", "" if told.statistic == "estimate" else told.statistic)
    return "/".join([told.effect.removesuffix("/estimate"), *filter(None, parts)])


def own_address(row: Row, exhibit: Mapping[str, Any], statistic: str) -> str:
    """The address at which an exhibit itself shows a statistic of the place of a row of the numbers shown."""
    kind, name, line, column = exhibit["kind"], row["exhibit"], row["row"], row["column"]
    if kind in ("map", "flow"):
        parts = [name, line, column] if kind == "map" else [name, column, line]
    elif kind == "specification":
        parts = [name, line, statistic if statistic != _of_points(exhibit)[0] else ""] if line else [name, column]
    elif kind == "table":
        shown = {name for each in _listed(exhibit, "rows") for name in _of_cells(each, exhibit["columns"], exhibit)}
        parts = [name, line, column, statistic if len(shown) > 1 else ""]
    else:
        panel: Row = next((each for each in exhibit["panels"] if each["key"] == row["panel"]), {})
        series = column if len(exhibit["series"]) > 1 or not line else ""
        end = statistic if line and statistic != _of_points(exhibit)[0] else ""
        parts = [name, panel.get("sample", ""), panel.get("outcome", ""), line, series, end]
    return "/".join(filter(None, parts))


def own_statistics(row: Row, exhibit: Mapping[str, Any]) -> set[str]:
    """What an exhibit itself shows at the place of a row of the numbers shown."""
    line, column = row["row"], row["column"]
    if exhibit["kind"] == "table":
        listed = [*_listed(exhibit, "rows"), *_listed(exhibit, "foot")]
        own = next((each for each in listed if each.get("key") == line), {})
        return set(_of_cells(own, [each for each in exhibit["columns"] if each["key"] == column], exhibit))
    if exhibit["kind"] in ("map", "flow"):
        return {"estimate"}
    if not line:
        return {size.get("statistic", "n") for size in exhibit.get("sizes", ()) if size["key"] == column}
    if exhibit["kind"] == "specification":
        return {*_of_points(exhibit)}
    return {*_of_points(exhibit), *(["at_risk"] if int(line) in exhibit.get("at_risk_weeks", ()) else [])}


def _listed(table: Mapping[str, Any], part: str) -> list[Mapping[str, Any]]:
    """The rows or the foot; of rows that follow the data one that stands for all."""
    rows = table.get(part, [])
    return rows if isinstance(rows, list) else [{}]


def _of_cells(row: Row, columns: Iterable[Row], table: Mapping[str, Any]) -> Iterator[str]:
    """What a table shows of a row in some columns: the row's own statistics, else the column's, else the lines'."""
    lines = [name for line in table.get("lines", [{"statistics": ["estimate"]}]) for name in line.get("statistics", ())]
    for column in columns:
        named = [name for name in column.get("lines", ()) if name]
        yield from row.get("statistics") or named or column.get("statistics") or lines


def _of_points(figure: Mapping[str, Any]) -> list[str]:
    return list(figure.get("statistics", ["estimate"]))
