"""What is shown beside the estimates: every number and its text, and the figures, tables and page that repeat them."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from pipeline.verify.agreement import NONE, Agreement
from pipeline.verify.plain.exhibits import Expected, expect, read_exhibits

Numbers = Mapping[str, Expected]
MARKS, MINUS = "#*", "−"


def compare_exhibits(settings: Path, derived: Path, reports: Path) -> list[Agreement]:
    """A count for the numbers shown, their texts, the data of figures, the tables as csv and as HTML, and the page."""
    import pandas as pd

    language = tomllib.loads((derived / "language.toml").read_text(encoding="utf-8"))["language"]
    known = read_exhibits(settings, language)
    files = sorted((derived / "estimates").glob("*.parquet"))
    rows: list[dict[Any, Any]] = [
        row for path in files for row in pd.read_parquet(path).astype(object).to_dict("records")
    ]
    estimates = {str(row["estimate_id"]): row for row in rows}
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
    names = [name for name in known.exhibits if name.startswith(("figure_", "table_"))]
    tables = [name for name in names if known.exhibits[name]["kind"] == "table"]
    figures = [name for name in names if name.startswith("figure_")]
    return [
        values, texts, _figures(figures, numbers, reports / "figures"),
        _csv_tables(tables, numbers, reports / "tables"),
        _html("tables as HTML", tables, numbers, [reports / "tables" / f"{name}.html" for name in tables]),
        _html("the page", [], numbers, [reports / "index.html"]),
    ]  # fmt: skip


def _own(names: Sequence[str], numbers: Numbers) -> dict[str, Expected]:
    """The numbers of these exhibits."""
    wanted = set(names)
    return {address: number for address, number in numbers.items() if address.split("/")[0] in wanted}


def _figures(names: Sequence[str], numbers: Numbers, folder: Path) -> Agreement:
    """The plotted numbers, value and text, each with ten digits."""
    found, rest = Agreement("data of figures", may_be_empty=not names), _own(names, numbers)
    for name in names:
        for row in _rows(folder / f"{name}.csv"):
            expected = rest.pop(row["cell_id"], None)
            value = "" if expected is None or expected.value != expected.value else f"{expected.value:.10g}"
            found.count(f"{name}.csv, {row['cell_id']}", row["value"], NONE if expected is None else value)
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
        for address, value, text, is_anchor in parser.found:
            expected = numbers.get(address)
            rest.pop(address, None)
            # A sentence says how large an effect is, and in words that it is less.
            is_size = expected is not None and not is_anchor and expected.text == f"{MINUS}{text}"
            machine, written = (NONE, NONE) if expected is None else (expected.machine, expected.text)
            found.count(f"{path.name}, {address}", value, machine.removeprefix("-") if is_size else machine)
            found.count(f"{path.name}, {address}, text", text, written.removeprefix(MINUS) if is_size else written)
    return _left_over(found, rest)


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
    """Address, value and text of every <data> element, and whether it is the one that the address leads to."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str, str, bool]] = []
        self._open: tuple[str, str, bool] | None = None
        self._text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "data":
            own: dict[str, Any] = dict(attrs)
            self._open = own.get("title") or own.get("id") or "", own.get("value") or "", "id" in own
            self._text = ""

    def handle_data(self, data: str) -> None:
        self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "data" and self._open is not None:
            address, value, is_anchor = self._open
            self.found.append((address, value, self._text, is_anchor))
            self._open = None
