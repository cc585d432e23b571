"""A table is the same in every format, number by number."""

import csv
import datetime
import io
import re
import zipfile
from decimal import Decimal
from functools import cache
from html.parser import HTMLParser

import openpyxl
import pytest

from pipeline.settings.exhibits import exhibit_number
from pipeline.show.numbers import read_number
from tests.show.conftest import TABLES, made_in

SYNTHETIC = {"en": "Synthetic data", "da": "Syntetiske data"}


class Numbers(HTMLParser):
    """The <data> elements of a page: address, value and text."""

    def __init__(self, page):
        super().__init__()
        self.found, self._open = [], None
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        if tag == "data":
            self._open = [dict(attrs)["id"], dict(attrs)["value"], ""]

    def handle_data(self, data):
        if self._open:
            self._open[2] += data

    def handle_endtag(self, tag):
        if tag == "data":
            self.found.append(tuple(self._open))
            self._open = None


def numbers_of(made, name):
    own = made.cells_of(name)
    return {
        cell_id: read_number(text, made.language) for cell_id, text in zip(own["cell_id"], own["text"], strict=True)
    }


@pytest.mark.parametrize("name", TABLES)
def test_html_shows_every_cell_with_its_address(made, name):
    found = Numbers(made.tables[f"{name}.html"]).found
    numbers = numbers_of(made, name)
    assert {cell: text for cell, _, text in found} == {cell: made.texts[cell] for cell in numbers}
    assert [value for _, value, _ in found] == [str(numbers[cell]) for cell, _, _ in found]


@pytest.mark.parametrize("name", TABLES)
def test_csv_has_the_same_numbers(made, name):
    shown = {}
    for line in csv.DictReader(io.StringIO(made.tables[f"{name}.csv"])):
        assert line["data"] == SYNTHETIC[made.language]
        for column, text in line.items():
            if column not in ("panel", "row", "label", "data") and not column.endswith(("_mark", "_status")) and text:
                shown[f"{name}/{line['row']}/{column}"] = text
    expected = {
        f"{name}/" + cell.split("/", 2)[1] + "/" + cell.split("/", 2)[2].replace("/", "_"): str(number)
        for cell, number in numbers_of(made, name).items()
    }
    assert shown == expected


@cache
def workbook_in(language):
    return openpyxl.load_workbook(io.BytesIO(made_in(language).tables["tables.xlsx"]))


@pytest.mark.parametrize("name", TABLES)
def test_the_workbook_has_the_same_numbers_as_numbers(made, name):
    sheet = workbook_in(made.language)[exhibit_number(name, made.language)]
    held = [cell.value for row in sheet.iter_rows(min_col=2) for cell in row if not isinstance(cell.value, str | None)]
    exact = [value.date() if isinstance(value, datetime.datetime) else Decimal(str(value)) for value in held]
    assert sorted(exact, key=str) == sorted(_plain(numbers_of(made, name).values()), key=str)
    assert sheet["A2"].value == SYNTHETIC[made.language]


def _plain(numbers):
    """Decimals as a workbook holds them: 0.10 and 0.1 are one number."""
    return [Decimal(str(float(n) if n % 1 else int(n))) if isinstance(n, Decimal) else n for n in numbers]


@pytest.mark.parametrize("name", TABLES)
def test_latex_shows_the_same_texts(made, name):
    text = made.tables[f"{name}.tex"].replace("$-$", "\N{MINUS SIGN}").replace("$^{*}$", "*").replace(r"\#", "#")
    assert f"[{SYNTHETIC[made.language]}]" in text
    body = text[text.index(r"\endlastfoot") :]
    shown = [cell.strip() for line in body.splitlines() if line.endswith(r"\\") for cell in line[:-2].split(" & ")[1:]]
    own = made.cells_of(name)["text"]
    assert sorted(filter(None, shown)) == sorted(own)


def test_the_workbook_holds_no_time_of_its_making():
    with zipfile.ZipFile(io.BytesIO(made_in("en").tables["tables.xlsx"])) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        stamps = re.findall(rb">([\d:TZ-]{10,})<", archive.read("docProps/core.xml"))
    assert set(stamps) == {b"1980-01-01T00:00:00Z"}


def test_the_workbook_shows_brackets_and_marks_around_true_numbers():
    sheet = workbook_in("en")["Table 3.2"]
    formats = {
        cell.number_format for row in sheet.iter_rows(min_col=2) for cell in row if isinstance(cell.value, float)
    }
    assert r"\(#,##0.00\)" in formats
    assert formats <= {r"\(#,##0.00\)", "#,##0.00", *(f'#,##0.00"{mark}"' for mark in ("#", "*", "**", "***"))}
