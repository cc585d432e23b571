"""Names and labels that are formulas, tags, quotes, commands or ends of lines are what they say in every format."""

from __future__ import annotations

import csv
import io
import itertools
import re
import zipfile
from functools import cache
from html.parser import HTMLParser
from xml.etree import ElementTree

import openpyxl
import pypdf
import pytest

from pipeline.cells import FORMULA, NUMBER, plain_cell
from pipeline.errors import InputError
from pipeline.names import canonical
from tests.hostile.values import FORMULAS, TEXTS
from tests.show.conftest import (
    CONFIG,
    GROUPS,
    chapter,
    document,
    draw,
    extract,
    made_in,
    make_shown,
    page_with,
    pictures_of,
    write,
)

DRAWN = ["figure_2_1", "figure_3_3"]


@cache
def made(is_hostile: bool) -> dict[str, object]:
    """Everything shown of a trial whose variables, teams, municipalities and label are called by the texts."""
    texts = itertools.cycle([text for text in TEXTS if "＝" not in text] if is_hostile else ["plain"])
    names = [f"{next(texts)}{place}" for place in range(400)]
    called = iter(names)
    # A brace is a placeholder in settings, and none in a name of the data.
    free = (name for name in names if "{" not in name)
    variables = CONFIG["variables"].assign(label_en=[next(free) for _ in CONFIG["variables"]["name"]])
    groups = GROUPS.assign(label=[canonical(next(called)) for _ in GROUPS["label"]])
    own = extract(label=next(called), label_da=next(called))
    shown = make_shown("en", variables=variables, groups=groups, extract=own)
    figures = draw("en", shown, DRAWN, groups=groups)
    pictures = {**made_in("en").pictures, **pictures_of(figures)}
    page = page_with("en", shown, pictures, groups=groups, variables=variables, extract=own)
    page_of = {"exhibits": chapter(3), "groups": groups, "variables": variables, "extract": own}
    documents = document("en", shown, pictures, **page_of) if is_hostile else {}
    return {
        "tables": write("en", shown, variables=variables, groups=groups, extract=own),
        "figures": figures, "page": page, "documents": documents, "names": names,
    }  # fmt: skip


class Structure(HTMLParser):
    """Every tag with the names of its attributes, and the text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags, self.texts = list[tuple[object, ...]](), list[str]()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, *(name for name, _ in attrs)))

    def handle_data(self, data):
        self.texts.append(data)


def test_a_page_has_the_tags_that_it_has_with_plain_names():
    hostile, plain = Structure(made(True)["page"]), Structure(made(False)["page"])
    assert hostile.tags == plain.tags
    assert TEXTS[0] in "".join(hostile.texts)


def pairs(suffix: str) -> list[tuple[str, object, object]]:
    hostile, plain = ({**made(which)["tables"], **made(which)["figures"]} for which in (True, False))
    return [(name, hostile[name], plain[name]) for name in hostile if name.endswith(suffix)]


def test_tables_as_html_have_the_tags_that_they_have_with_plain_names():
    for name, hostile, plain in pairs(".html"):
        assert Structure(hostile).tags == Structure(plain).tags, name


def test_tables_as_latex_have_the_commands_that_they_have_with_plain_names():
    written = re.compile(r"\\text(?:backslash|asciicircum|asciitilde)\{\}|\\[&%#_${}]|\$[-<]\$|\$\^\{\*\}\$|\{\[\}")
    signs = re.compile(r"\\[a-zA-Z]+|\\\\|[{}$&%#_^~\\]")
    for name, hostile, plain in pairs(".tex"):
        found = [signs.findall(written.sub("", text)) for text in (hostile, plain)]
        assert found[0] == found[1], name


def test_csv_files_have_as_many_cells_and_no_formula():
    for name, hostile, plain in pairs(".csv"):
        rows, expected = (list(csv.reader(io.StringIO(text))) for text in (hostile, plain))
        assert [len(row) for row in rows] == [len(row) for row in expected], name
        assert not [c for row in rows for c in row if FORMULA.match(c) and not NUMBER.fullmatch(c)], name


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_is_a_text_and_a_number_is_a_number(text):
    said = text.replace("\r", "\n")
    assert plain_cell(text) == (said if said == '"=1"' else f"'{said}")
    for number in ("-0.25", "+1.5", "-1,234.5***", "-", 1.5, "2017-01-15", "-1e-05"):
        assert plain_cell(number) == number


def test_the_workbook_has_no_formula_and_no_link():
    book = openpyxl.load_workbook(io.BytesIO(made(True)["tables"]["tables.xlsx"]))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} <= {"s", "n", "d", "inlineStr"}
    assert not [cell for cell in cells if cell.hyperlink]
    assert {cell.value for cell in cells} & set(made(True)["names"])


def test_figures_have_the_elements_that_they_have_with_plain_names():
    for name, hostile, plain in pairs(".svg"):
        found = [{element.tag for element in ElementTree.fromstring(text).iter()} for text in (hostile, plain)]
        assert found[0] == found[1], name


def test_word_and_pdf_have_no_field_and_no_link_that_a_name_made():
    with zipfile.ZipFile(io.BytesIO(made(True)["documents"]["report.docx"])) as word:
        parts = {name: word.read(name).decode() for name in word.namelist() if name.endswith((".xml", ".rels"))}
    assert all(ElementTree.fromstring(text) is not None for text in parts.values())
    fields = {field.split()[0] for text in parts.values() for field in re.findall("<w:instrText[^>]*>([^<]*)<", text)}
    assert fields <= {"PAGE", "NUMPAGES", "PAGEREF", "TOC", "REF", "SEQ", "HYPERLINK"}
    assert not re.findall('TargetMode="External"', "".join(parts.values()))
    pages = pypdf.PdfReader(io.BytesIO(made(True)["documents"]["report.pdf"])).pages
    notes = [note.get_object() for page in pages for note in page.get("/Annots", [])]
    assert not [note for note in notes if "/URI" in note.get("/A", {})]
    shown = "".join("".join(page.extract_text().split()) for page in pages)
    assert "".join(["<script>alert(1)</script>"]) in shown, "the names are there, as text"


def test_a_letter_that_the_font_of_the_documents_lacks_is_one_message():
    own = {"exhibits": chapter(3), "variables": CONFIG["variables"].assign(label_en="Age ＝")}
    with pytest.raises(InputError, match=r"report\.pdf: the text .*＝.* could not be displayed with font"):
        document("en", made_in("en").shown, made_in("en").pictures, **own)
