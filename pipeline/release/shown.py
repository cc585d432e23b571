"""Every place of an archive that shows a number, beside the number of that address."""

from __future__ import annotations

import html
import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, NamedTuple

from pipeline.errors import InputError
from pipeline.release.archive import LARGEST
from pipeline.release.contents import PUBLISHED, folder_of
from pipeline.release.facts import Facts
from pipeline.release.shapes import read_rows
from pipeline.scan.zipped import UNREADABLE
from pipeline.settings.exhibits import exhibit_number
from pipeline.show.addresses import Slot
from pipeline.show.numbers import MARKS, MINUS, UNITS, read_number
from pipeline.show.shown import UNITS_OF
from pipeline.show.table_formats import csv_number

NONE = "none"
WORD = "word/document.xml"  # the text of a Word file
TABLE = re.compile(r"<w:tbl>.*?</w:tbl>", re.DOTALL)
CAPTION = re.compile(r'<w:tblCaption w:val="([^"]*)"')
PARAGRAPH = re.compile(r"<w:p[ >].*?</w:p>", re.DOTALL)
TEXT = re.compile(r"<w:t(?: [^>]*)?>([^<]*)</w:t>")


class Place(NamedTuple):
    """A number where it stands: which, what it says, and what it should."""

    what: str
    says: str
    should: str


def compare_edition(facts: Facts, language: str) -> tuple[int, list[str]]:
    """How many numbers of the report in a language are as numbers.csv says, and which are not, or stand nowhere."""
    found = list(_Edition(facts, language).places())
    wrong = [
        f"{place.what}: it says {place.says!r}, and should {place.should!r}"
        for place in found
        if place.says != place.should
    ]
    return len(found) - len(wrong), wrong


def compare_languages(facts: Facts) -> tuple[int, list[str]]:
    """How many numbers are the same in each language, and which are not."""
    first, *others = facts.languages
    wrong = [
        f"{number.address}: {number.texts[first]!r} in {first}, {number.texts[other]!r} in {other}"
        for number in facts.numbers
        for other in others
        if _machine(number.texts[first], first) != _machine(number.texts[other], other)
    ]
    return len(facts.numbers) * len(others) - len(wrong), wrong


def _machine(text: str, language: str) -> tuple[str, str]:
    """The number of a text for machines, and its marks."""
    return csv_number(text, language), text[len(text.rstrip(MARKS)) :]


class _Edition:
    """The report in one language: its tables and figures as csv, its tables as HTML, its pages and its Word file."""

    def __init__(self, facts: Facts, language: str) -> None:
        self.facts, self.language = facts, language
        self.folder = folder_of(language, facts.languages)
        self.texts = {number.address: number.texts[language] for number in facts.numbers}
        self.seen: set[str] = set()
        own = (path for path in facts.exhibit_paths() if path.startswith(self.folder))
        others = [folder_of(name, facts.languages) for name in facts.languages if name != language]
        inner = [other for other in others if other.startswith(self.folder)]
        beside = f"{self.folder}population/"  # its numbers are of other exhibits
        self.paths = [path for path in own if not path.startswith((*inner, beside))]

    def places(self) -> Iterator[Place]:
        exhibits = self.facts.exhibits
        for path in self.paths:
            name, kind = Path(path).stem, Path(path).suffix
            if kind == ".csv" and name in exhibits.tables:
                yield from self.table(path, name)
            elif kind == ".csv" and name in exhibits.figures:
                yield from self.figure(path)
            elif kind == ".html" and name != PUBLISHED:  # which sets numbers with other decimals beside printed ones
                yield from self.page(path)
            elif kind == ".docx":
                yield from self.word(path)
        for address, text in self.texts.items():
            is_left_out = self.is_told(address) and read_number(text, self.language) is None  # a result without numbers
            if address not in self.seen and not is_left_out:
                yield Place(f"{self.folder}: {address} stands nowhere", NONE, text)

    def table(self, path: str, name: str) -> Iterator[Place]:
        """A column is called by what follows the row in the address."""
        lines = {row["row"]: row for row in read_rows(self.facts.files, path, ("row",))}
        for address, text in self.texts.items():
            if self.facts.slots[address].exhibit == name and not self.is_told(address):
                _, row, *column = address.split("/")
                title, line = "_".join(column), lines.get(row, {})
                number, mark = _machine(text, self.language)
                self.seen.add(address)
                yield Place(f"{path}, {address}", line.get(title, NONE), number)
                yield Place(f"{path}, {address}, mark", line.get(f"{title}_mark", ""), mark)

    def is_told(self, address: str) -> bool:
        """Whether the main results alone show a number."""
        return address in self.facts.told

    def figure(self, path: str) -> Iterator[Place]:
        for row in read_rows(self.facts.files, path, ("cell_id", "value", "text")):
            address = row["cell_id"]
            text = self.texts.get(address, NONE)
            self.seen.add(address)
            yield Place(f"{path}, {address}, text", row["text"], text)
            if address in self.texts and not is_rounded(row["value"], text, self.facts.slots[address], self.language):
                yield Place(f"{path}, {address}, value", row["value"], text)

    def page(self, path: str) -> Iterator[Place]:
        parser = _Data()
        parser.feed(self.facts.text(path))
        for address, value, text, is_signed in parser.found:
            should, machine = self.printed(address, text, is_signed)
            self.seen.add(address)
            yield Place(f"{path}, {address}", text, should)
            yield Place(f"{path}, {address}, value", value, machine)

    def printed(self, address: str, text: str, is_signed: bool) -> tuple[str, str]:
        """Text and number for machines that must stand there: a sentence may leave out a minus, or say below."""
        own = self.texts.get(address)
        if own is None:
            return NONE, NONE
        number = csv_number(own, self.language)
        if not is_signed and own == f"{MINUS}{text}":
            return text, number.removeprefix("-")
        if not is_signed and own.strip("0.,") == "" and text == f"{own[:-1]}1":
            return text, csv_number(text, self.language)
        return own, number

    def word(self, path: str) -> Iterator[Place]:
        """The numbers of each table in their order, among all that stands in the table of that caption."""
        names = {exhibit_number(name, self.language): name for name in self.facts.exhibits.tables}
        tables = {CAPTION.search(table): table for table in TABLE.findall(_word_text(self.facts, path))}
        found = {
            name: [html.unescape("".join(TEXT.findall(each))) for each in PARAGRAPH.findall(table)]
            for caption, table in tables.items()
            if caption and (name := names.get(" ".join(html.unescape(caption[1]).split()[:2])))
        }
        for name in self.facts.exhibits.tables:
            rest = iter(found.get(name, ()))
            for address, text in self.in_order(name):
                yield Place(f"{path}, {address}", next((said for said in rest if said == text), NONE), text)

    def in_order(self, name: str) -> list[tuple[str, str]]:
        """The numbers of a table as it shows them: address and text."""
        parser = _Data()
        parser.feed(self.facts.text(f"{self.folder}tables/{name}.html"))
        return [(address, self.texts.get(address, NONE)) for address, *_ in parser.found]


def is_rounded(value: str, text: str, slot: Slot, language: str) -> bool:
    """Whether a plotted value, of ten digits, is what its text shows; neither is there where one lacks."""
    shown, unit = read_number(text, language), UNITS_OF.get(slot.statistic, slot.unit)
    if not isinstance(shown, Decimal) or not value:
        return (shown is None) == (not value)
    try:
        exact = Decimal(value).scaleb(UNITS[unit].shift)
    except ArithmeticError:
        return False
    exponent = shown.as_tuple().exponent
    half = Decimal(5).scaleb(int(exponent) - 1)
    return abs(exact - shown) <= half + abs(exact) * Decimal("1e-9")


def _word_text(facts: Facts, path: str) -> str:
    """What stands in a Word file, of which no more is unpacked than a file of an archive may be."""
    try:
        with zipfile.ZipFile(io.BytesIO(facts.files[path])) as file, file.open(WORD) as part:
            content = part.read(LARGEST)
        return content.decode("utf-8")
    except (KeyError, OSError, ValueError, *UNREADABLE) as error:
        raise InputError(
            f"{path}: no Word file as make report writes it: {error}. Ask for the archive again."
        ) from error


class _Data(HTMLParser):
    """Address, value and text of every <data> element, and whether it is in a table, where a number has its sign."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str, str, bool]] = []
        self._open: tuple[str, str] | None = None
        self._text, self._tables = "", 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._tables += tag == "table"
        if tag == "data":
            own: Mapping[str, Any] = dict(attrs)
            self._open, self._text = (own.get("title") or own.get("id") or "", own.get("value") or ""), ""

    def handle_data(self, data: str) -> None:
        self._text += data

    def handle_endtag(self, tag: str) -> None:
        self._tables -= tag == "table"
        if tag == "data" and self._open is not None:
            self.found.append((*self._open, self._text, self._tables > 0))
            self._open = None
