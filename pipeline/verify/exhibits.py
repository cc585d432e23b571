"""What is shown beside the estimates: every number and its text, and the figures, tables and page that repeat them."""

from __future__ import annotations

import csv
import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from pipeline.verify.agreement import NONE, Agreement
from pipeline.verify.leaving import leave
from pipeline.verify.plain.exhibits import Expected, expect, read_exhibits

Numbers = Mapping[str, Expected]
MARKS, MINUS = "#*", "−"
SIGNED = (
    "table"  # inside one a number stands with its sign; a sentence says how large it is, and in words that it is less
)


def compare_exhibits(settings: Path, derived: Path, reports: Path) -> list[Agreement]:
    """A count for the numbers shown, their texts, the data of figures, the tables as csv and as HTML, and the page.

    Of the report in each other language that is there, in folders called by it, the same.
    """
    import pandas as pd

    files = sorted((derived / "estimates").glob("*.parquet"))
    rows: list[dict[Any, Any]] = [
        row for path in files for row in pd.read_parquet(path).astype(object).to_dict("records")
    ]
    estimates = _with_inference({str(row["estimate_id"]): row for row in rows}, derived)
    found = _compare_edition(settings, estimates, derived, reports)
    for path in sorted(derived.glob("*/language.toml")):
        name = path.parent.name
        if (reports / name).is_dir():
            others = _compare_edition(settings, estimates, path.parent, reports / name)
            found += [replace(each, kind=f"{each.kind}, {name}") for each in others]
    return found


def _with_inference(estimates: Mapping[str, Mapping[str, Any]], derived: Path) -> dict[str, Mapping[str, Any]]:
    """The estimates with the columns of inference.parquet, which are missing where it has no row."""
    import pandas as pd

    path = derived / "inference.parquet"
    if not path.exists():
        return dict(estimates)
    table = pd.read_parquet(path)
    nothing = dict.fromkeys(table.columns, float("nan"))
    rows: list[dict[Any, Any]] = table.to_dict("records")
    further = {str(row["estimate_id"]): row for row in rows}
    return {name: {**nothing, **further.get(name, {}), **row} for name, row in estimates.items()}


def _compare_edition(
    settings: Path, estimates: Mapping[str, Mapping[str, Any]], derived: Path, reports: Path
) -> list[Agreement]:
    """The counts of the report in the language that `derived` tells."""
    import pandas as pd

    language = tomllib.loads((derived / "language.toml").read_text(encoding="utf-8"))["language"]
    known = read_exhibits(settings, language)
    shown: list[dict[Any, Any]] = pd.read_parquet(derived / "shown.parquet").to_dict("records")
    values, texts, numbers = Agreement("numbers shown"), Agreement("texts of numbers"), dict[str, Expected]()
    for row in shown:
        expected = expect(row, estimates, known)
        if expected is None:
            values.count(row["cell_id"], row["estimate_id"], NONE)
            continue
        numbers[row["cell_id"]] = expected
        values.count(f"{row['cell_id']}, estimate", row["estimate_id"], expected.estimate_id)
        values.count(row["cell_id"], row["value"], expected.value)
        texts.count(row["cell_id"], row["text"], expected.text)
    for address in known.told.keys() - numbers.keys():
        values.count(f"{address}, told by a main result", NONE, "shown")
    numbers, left = _as_they_leave(numbers, estimates, derived, language)
    in_tables = {address: number for address, number in numbers.items() if not number.is_told}
    names = [name for name in known.exhibits if name.startswith(("figure_", "table_"))]
    tables = [name for name in names if known.exhibits[name]["kind"] == "table"]
    figures, robust = [name for name in names if name.startswith("figure_")], reports / "robust.html"
    return [
        values, texts, left, _figures(figures, numbers, reports / "figures"),
        _csv_tables(tables, in_tables, reports / "tables"),
        _html("tables as HTML", tables, in_tables, [reports / "tables" / f"{name}.html" for name in tables]),
        _html("the page", [], numbers, [reports / "index.html"]),
        *([_html("the page of claims", [], numbers, [robust])] if robust.exists() else []),
    ]  # fmt: skip


def _as_they_leave(
    numbers: Numbers, estimates: Mapping[str, Mapping[str, Any]], derived: Path, language: str
) -> tuple[dict[str, Expected], Agreement]:
    """The numbers as they must leave, and the count of those of released.parquet that are so, value and text."""
    import pandas as pd

    rows: list[dict[Any, Any]] = pd.read_parquet(derived / "released.parquet").to_dict("records")
    judged = json.loads((derived / "judged.json").read_text(encoding="utf-8"))
    found, leaving, began = Agreement("numbers released"), dict[str, Expected](), dict[tuple[str, ...], float]()
    for row in rows:
        if row["cell_id"] in numbers and row["rule"] == "coarse_curve":
            n = float(estimates[numbers[row["cell_id"]].estimate_id]["n"])
            began[_curve_of(row)] = max(n, began.get(_curve_of(row), n))
    for row in rows:
        own = numbers.get(row["cell_id"])
        if own is None:
            found.count(row["cell_id"], row["text"], NONE)
            continue
        expected = leave(row, own, judged, judged["mark"], began.get(_curve_of(row), 0.0), language)
        value = "" if row["value"] != row["value"] else f"{row['value']:.10g}"
        found.count(row["cell_id"], row["text"], expected.text)
        found.count(f"{row['cell_id']}, value", value, expected.kept)
        leaving[row["cell_id"]] = expected
    return leaving, found


def _curve_of(row: Mapping[Any, Any]) -> tuple[str, ...]:
    return row["exhibit"], row["panel"], row["column"]


def _own(names: Sequence[str], numbers: Numbers) -> dict[str, Expected]:
    """The numbers of these exhibits."""
    wanted = set(names)
    return {address: number for address, number in numbers.items() if address.split("/")[0] in wanted}


def _figures(names: Sequence[str], numbers: Numbers, folder: Path) -> Agreement:
    """The plotted numbers: the text, and the value that it shows."""
    found, rest = Agreement("data of figures", may_be_empty=not names), _own(names, numbers)
    for name in names:
        for row in _rows(folder / f"{name}.csv"):
            expected = rest.pop(row["cell_id"], None)
            found.count(f"{name}.csv, {row['cell_id']}", row["value"], NONE if expected is None else expected.kept)
            found.count(f"{name}.csv, {row['cell_id']}, text", row["text"], NONE if expected is None else expected.text)
    return _left_over(found, rest)


def _csv_tables(names: Sequence[str], numbers: Numbers, folder: Path) -> Agreement:
    """The numbers of each table and their marks; a column is called by what follows the row in the address."""
    found, rest = Agreement("tables as csv", may_be_empty=not names), _own(names, numbers)
    for name in names:
        lines = {row["row"]: row for row in _rows(folder / f"{name}.csv")}
        for address, expected in _own([name], numbers).items():
            _, row, *column = address.split("/")
            line, title = lines.get(row, {}), "_".join(column)
            mark = expected.text[len(expected.text.rstrip(MARKS)) :]
            found.count(f"{name}.csv, {address}", line.get(title, NONE), expected.machine)
            found.count(f"{name}.csv, {address}, mark", line.get(f"{title}_mark", ""), mark)
            rest.pop(address)
    return _left_over(found, rest)


def _html(kind: str, names: Sequence[str], numbers: Numbers, paths: Sequence[Path]) -> Agreement:
    """Every <data> element that names an address; those of `names` must all be there."""
    found, rest = Agreement(kind, may_be_empty=not paths), _own(names, numbers)
    for path in paths:
        parser = _Data()
        parser.feed(path.read_text(encoding="utf-8") if path.exists() else "")
        for address, value, text, is_signed in parser.found:
            expected = numbers.get(address)
            rest.pop(address, None)
            written, machine = _printed(expected, text, is_signed)
            found.count(f"{path.name}, {address}", value, machine)
            found.count(f"{path.name}, {address}, text", text, written)
    return _left_over(found, rest)


def _printed(expected: Expected | None, text: str, is_signed: bool) -> tuple[str, str]:
    """Text and text for machines that must stand where `text` does: a sentence may leave out a minus, or say below."""
    if expected is None:
        return NONE, NONE
    if not is_signed and expected.text == f"{MINUS}{text}":
        return text, expected.machine.removeprefix("-")
    if not is_signed and expected.smallest == text != "":
        return text, text.replace(",", ".")
    return expected.text, expected.machine


def _left_over(found: Agreement, rest: Numbers) -> Agreement:
    """The count with the numbers that no file repeats."""
    for address, expected in rest.items():
        found.count(f"{address} in no file", NONE, expected.text)
    return found


def _rows(path: Path) -> Iterator[dict[str, str]]:
    if path.exists():
        with path.open(encoding="utf-8", newline="") as file:
            yield from csv.DictReader(file)


class _Data(HTMLParser):
    """Address, value and text of every <data> element, and whether a number stands there with its sign."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str, str, bool]] = []
        self._open: tuple[str, str] | None = None
        self._text, self._tables = "", 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._tables += tag == SIGNED
        if tag == "data":
            own: dict[str, Any] = dict(attrs)
            self._open, self._text = (own.get("title") or own.get("id") or "", own.get("value") or ""), ""

    def handle_data(self, data: str) -> None:
        self._text += data

    def handle_endtag(self, tag: str) -> None:
        self._tables -= tag == SIGNED
        if tag == "data" and self._open is not None:
            self.found.append((*self._open, self._text, self._tables > 0))
            self._open = None
