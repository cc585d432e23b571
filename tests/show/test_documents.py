"""The Word file and the PDF say what the page says, cell by cell, and can be printed, read aloud and made again."""

import io
import re
from dataclasses import dataclass
from functools import cache

import docx
import pypdf
import pytest
from docx.oxml.ns import qn
from pypdf.generic import DecodedStreamObject, NameObject

from pipeline.settings.described import read_exhibits
from pipeline.settings.exhibits import exhibit_number
from pipeline.show.content import Exhibit
from pipeline.show.print_layout import SMALL_SIZES, lay_out, text_room
from pipeline.show.tables import Block, Line, Shown, Table
from tests.show.conftest import CONFIG, FIGURES, TABLES, chapter, document, made_in

SYNTHETIC = {"en": "Synthetic data", "da": "Syntetiske data"}
PAGE_OF = {"en": r"Page {} of {}", "da": r"Side {} af {}"}
PICTURE = re.compile(rb"/Span<</MCID \d+/Alt.*?EMC", re.DOTALL)  # in the page of a PDF: what has a text in its place
PART = 3  # the chapter that the Danish documents have


@dataclass(frozen=True)
class Documents:
    """The documents of one language, read again."""

    language: str
    files: dict
    names: list
    word: object
    pdf: pypdf.PdfReader
    pages: list

    @property
    def begins(self):
        """The page of the PDF on which each exhibit begins, by its number, as a reader of the outline finds it."""
        entries = [e for part in self.pdf.outline for e in (part if isinstance(part, list) else [part])]
        numbered = [(e.title.split("\N{NO-BREAK SPACE}")[0], self.pdf.get_destination_page_number(e)) for e in entries]
        return {re.match(r"\w+ \d\.\d+|.*", title)[0]: page for title, page in numbered}


@cache
def documents_in(language):
    """All of the report in English, a chapter of it in Danish."""
    exhibits = CONFIG["exhibits"] if language == "en" else chapter(PART)
    files = document(language, made_in(language).shown, made_in(language).pictures, exhibits=exhibits)
    pdf = pypdf.PdfReader(io.BytesIO(files["report.pdf"]))
    names = read_exhibits(exhibits).order
    word = docx.Document(io.BytesIO(files["report.docx"]))
    return Documents(language, files, names, word, pdf, list(map(text_around_pictures, pdf.pages)))


def text_around_pictures(page):
    """What a page says outside its pictures, whose every letter the reader would place by itself."""
    content = DecodedStreamObject()
    content.set_data(PICTURE.sub(b"", page.get_contents().get_data()))
    page[NameObject("/Contents")] = content
    return page.extract_text()


@pytest.fixture(params=["en", "da"])
def documents(request):
    return documents_in(request.param)


def word_tables(documents):
    """The tables of the Word file by the number of their exhibit: the texts of their cells, line by line."""
    found = {}
    for table in documents.word.element.body.iter(qn("w:tbl")):
        number = table.find(f"{qn('w:tblPr')}/{qn('w:tblCaption')}").get(qn("w:val"))
        rows = [row for row in table.iter(qn("w:tr")) if row.find(f"{qn('w:trPr')}/{qn('w:tblHeader')}") is None]
        cells = [
            paragraph for row in rows for cell in list(row.iter(qn("w:tc")))[1:] for paragraph in cell.iter(qn("w:p"))
        ]
        texts = ["".join(text.text for text in paragraph.iter(qn("w:t"))) for paragraph in cells]
        found.setdefault(re.match(r"\w+ \d\.\d+", number)[0], []).extend(filter(None, texts))
    return found


def texts_of(documents, name):
    """The texts of an exhibit's numbers, without those that the main results say of them and it does not show."""
    made = made_in(documents.language)
    own = made.shown[made.shown["exhibit"] == name]
    if name in TABLES:
        own = own[own["cell_id"].isin(re.findall(r'<data id="([^"]+)"', made.tables[f"{name}.html"]))]
    return list(own["text"])


def test_word_has_the_text_of_every_cell(documents):
    found = word_tables(documents)
    for name in documents.names:
        held = found.get(exhibit_number(name, documents.language), [])
        if name in TABLES:
            assert sorted(held) == sorted(texts_of(documents, name)), name
        elif name in FIGURES:
            assert set(held) <= set(texts_of(documents, name)), name
    told = [name for name in documents.names if found.get(exhibit_number(name, documents.language))]
    assert len(set(told) & set(FIGURES)) > 5


def test_the_pdf_has_the_text_of_every_cell_on_the_pages_of_its_exhibit(documents):
    starts = [documents.begins[exhibit_number(name, documents.language)] for name in documents.names]
    for name, start, end in zip(documents.names, starts, [*starts[1:], len(documents.pages) - 1], strict=True):
        if name not in TABLES:
            continue
        said = " ".join(" ".join(documents.pages[start : end + 1]).split())
        texts = texts_of(documents, name)
        assert not [text for text in texts if text not in said], name
        assert len(re.findall(r"\S+", said)) > len(texts)


def test_both_say_the_words_around_the_numbers(documents):
    written = "\n".join(paragraph.text for paragraph in documents.word.paragraphs)
    pressed = "".join("".join(documents.pages).split())
    page = CONFIG["exhibits"]["page"]
    for part in (page[f"title_{documents.language}"], *page[f"reading_{documents.language}"]):
        for piece in re.split(r"\{[^}]*\}", part):
            assert piece in written
            assert "".join(piece.split()) in pressed
    for name in documents.names:
        assert CONFIG["exhibits"][name][f"title_{documents.language}"] in written


def test_headers_are_repeated_and_rows_are_whole(documents):
    tables = list(documents.word.element.body.iter(qn("w:tbl")))
    assert len(tables) > 10
    for table in tables:
        rows = list(table.iter(qn("w:tr")))
        heads = [row.find(f"{qn('w:trPr')}/{qn('w:tblHeader')}") is not None for row in rows]
        assert heads[0]
        assert not heads[-1]
        assert heads == sorted(heads, reverse=True)
        assert all(row.find(f"{qn('w:trPr')}/{qn('w:cantSplit')}") is not None for row in rows)
    if documents.language == "en":
        start, end = documents.begins["Table 2.3"], documents.begins["Figure 2.3"]
        assert end - start == 2
        assert all("Self-efficacy" in " ".join(page.split()[:40]) for page in documents.pages[start:end])


def test_the_contents_tell_the_right_pages(documents):
    """Those printed in the PDF, those of its outline, and those that Word shows until it counts anew, are the same."""
    entries = [p.text.split("\t") for p in documents.word.paragraphs if p.style.name.startswith("toc")]
    word = {re.match(r"\w+ \d\.\d+|.*", title)[0]: int(page) for title, page in entries}
    assert len([title for title in word if title in documents.begins]) >= len(documents.names)
    assert {title: page - 1 for title, page in word.items()} == documents.begins
    first = min(documents.begins[exhibit_number(name, documents.language)] for name in documents.names)
    contents = "\n".join(documents.pages[:first])
    for name in documents.names:
        number = exhibit_number(name, documents.language)
        printed = re.findall(rf"^{re.escape(number)} (?:.*\n)??.*?[. ]+(\d+)$", contents, re.MULTILINE)
        assert int(printed[-1]) == word[number]
        assert re.search(rf"^{re.escape(number)}\s", documents.pages[word[number] - 1], re.MULTILINE)


def test_every_page_says_what_it_is(documents):
    count = len(documents.pages)
    for place, page in enumerate(documents.pages, 1):
        assert SYNTHETIC[documents.language] in page
        assert PAGE_OF[documents.language].format(place, count) in page
    assert len(documents.names) <= count <= 2 * len(documents.names)
    section = documents.word.sections[0]
    assert SYNTHETIC[documents.language] in section.header.paragraphs[0].text
    fields = [text.text.strip() for text in section.footer._element.iter(qn("w:instrText"))]
    assert fields == ["PAGE", "NUMPAGES"]
    assert all(other.header.is_linked_to_previous for other in list(documents.word.sections)[1:])


def test_both_can_be_read_aloud(documents):
    root = documents.pdf.trailer["/Root"]
    assert root["/Lang"] == documents.language
    assert root["/MarkInfo"]["/Marked"] == True  # noqa: E712  an object of pypdf
    assert "/StructTreeRoot" in root
    assert documents.pdf.metadata.title == documents.word.core_properties.title
    locale = documents.word.styles.element.find(f".//{qn('w:lang')}").get(qn("w:val"))
    assert locale == {"en": "en-GB", "da": "da-DK"}[documents.language]
    drawn = [name for name in documents.names if name in FIGURES]
    pictures = [p for p in documents.word.element.body.iter() if p.tag.endswith("}docPr")]
    assert len(pictures) == len(drawn)
    assert all(len(picture.get("descr")) > 40 for picture in pictures)


def test_captions_count_themselves(documents):
    codes = [text.text.split() for text in documents.word.element.body.iter(qn("w:instrText")) if " SEQ " in text.text]
    assert len(codes) == len(documents.names)
    assert {code[1] for code in codes} == {
        exhibit_number(name, documents.language).split()[0] for name in documents.names
    }


def test_fonts_are_the_projects_own():
    names = {
        font["/BaseFont"].split("+")[-1]
        for page in documents_in("da").pdf.pages
        for font in (entry.get_object() for entry in page["/Resources"].get("/Font", {}).values())
    }
    assert names == {"LiberationSans", "LiberationSans-Bold"}


def test_the_bytes_are_the_same_every_time_and_a_real_extract_is_not_called_synthetic():
    shown, pictures, exhibits = made_in("da").shown, made_in("da").pictures, chapter(PART)
    assert document("da", shown, pictures, exhibits=exhibits) == documents_in("da").files
    real = document("da", shown, pictures, synthetic=False, exhibits=exhibits)
    word = docx.Document(io.BytesIO(real["report.docx"]))
    assert "yntetisk" not in word.sections[0].header.paragraphs[0].text


def table(columns, label="a", text="1.00"):
    shown = tuple((Shown(f"t/{n}", str(n), text),) for n in range(columns))
    names = tuple(f"Column {n}" for n in range(columns))
    lines = (Line("a", label, shown),)
    return Table(
        "table_1_1", "Table 1.1", "A table", "", "", "en", "Row", (("Half", columns),), names, (Block("", lines),)
    )


@pytest.mark.parametrize(("columns", "is_turned", "parts"), [(2, False, 1), (16, True, 1), (60, True, 4)])
def test_a_table_lies_within_the_margins_whatever_its_width(columns, is_turned, parts):
    found = lay_out(Exhibit("table_1_1", "Table 1.1", "A table", "", table(columns)))
    assert len(found) == parts
    assert sum(len(part.columns) for part, _ in found) == columns
    for part, layout in found:
        assert layout.is_turned == is_turned
        assert sum(layout.widths) <= text_room(is_turned=is_turned)
        assert layout.size >= min(SMALL_SIZES)
        assert sum(span for _, span in part.groups) == len(part.columns)
