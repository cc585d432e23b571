"""The page is one valid, self-contained document, and every number on it is a cell."""

import re
from functools import cache
from html.parser import HTMLParser

import pytest

from pipeline.errors import InputError
from tests.show.conftest import FIGURES, TABLES, alone, invent_estimates, made_in, make_shown, page_with

MINUS = "\N{MINUS SIGN}"  # the message says "less" in its place
ENGLISH = {"the", "of", "and", "with", "where", "which", "each", "by", "from", "are", "was", "not", "this", "that"}
ENGLISH |= {"synthetic", "show", "week", "numbers"}
VOID = {"meta", "br", "input", "link", "img", "hr"}


class Document(HTMLParser):
    """Every element with its attributes; an end tag that does not match its start is an error."""

    def __init__(self, page):
        super().__init__()
        self.elements, self.numbers, self._open = [], [], []
        self.feed(page)
        assert not self._open, f"not closed: {self._open}"

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag == "data":
            self.numbers.append([dict(attrs)["title"], ""])
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        if self._open and "data" in self._open:
            self.numbers[-1][1] += data

    def handle_endtag(self, tag):
        assert self._open.pop() == tag


@cache
def document_in(language):
    return Document(made_in(language).page)


@pytest.fixture
def document(made):
    return document_in(made.language)


def test_every_number_is_a_cell_with_the_text_of_the_cell(made, document):
    # A sentence says "less" in words, and of a p-value that is written as zero that it is smaller than the smallest.
    smaller = {"0.000": "0.001", "0,000": "0,001"}
    wrong = [
        (cell, text)
        for cell, text in document.numbers
        if text not in (made.texts[cell], made.texts[cell].lstrip("\N{MINUS SIGN}"), smaller.get(made.texts[cell]))
    ]
    assert len(document.numbers) > 1000
    assert not wrong


def test_every_table_cell_can_be_addressed_and_no_identifier_occurs_twice(made, document):
    identifiers = [attributes["id"] for _, attributes in document.elements if "id" in attributes]
    assert len(identifiers) == len(set(identifiers))
    of_tables = set(made.shown.loc[made.shown["exhibit"].isin(TABLES), "cell_id"])
    assert of_tables <= set(identifiers)
    assert set(FIGURES) | set(TABLES) <= set(identifiers)


def test_nothing_is_fetched_from_elsewhere(made, document):
    assert not re.search(r"https?://|@import|\bsrc=|url\((?!#|data:)", made.page)
    assert not [tag for tag, _ in document.elements if tag in ("link", "iframe", "img")]
    assert not [attributes for tag, attributes in document.elements if tag == "script" and attributes]
    identifiers = {attributes.get("id") for _, attributes in document.elements}
    links = [attributes["href"] for _, attributes in document.elements if "href" in attributes]
    files = {f"tables/{name}" for name in made.tables} | {f"figures/{name}" for name in made_in("en").figures}
    files |= {"published.html", "robust.html"}
    known = identifiers | set(made.texts)  # a number that has no place of its own opens its panel all the same
    assert not [link for link in links if link.removeprefix("#") not in known and link not in files]


def test_the_page_can_be_read_aloud(made, document):
    assert dict(document.elements)["html"]["lang"] == made.language
    pictures = [attributes for tag, attributes in document.elements if tag == "svg" and "role" in attributes]
    assert len(pictures) == len(FIGURES)
    assert all(picture["role"] == "img" and len(picture["aria-label"]) > 40 for picture in pictures)
    assert all("scope" in attributes for tag, attributes in document.elements if tag == "th")
    tables = [tag for tag, _ in document.elements if tag in ("table", "caption")]
    assert tables.count("table") == tables.count("caption") >= len(TABLES)


def test_every_exhibit_says_that_it_is_synthetic(made):
    word = {"en": "Synthetic data", "da": "Syntetiske data"}[made.language]
    for name in FIGURES + TABLES:
        section = made.page[made.page.index(f'<section id="{name}"') :].split("</section>")[0]
        assert word in section, name


def test_a_danish_page_has_no_english_word_but_in_names():
    made = made_in("da")
    page = re.sub(r"(<svg [^>]*role=[^>]*>).*?</svg>", r"\1", made.page, flags=re.DOTALL)  # those drawn follow
    pictures = [text for name, text in made.figures.items() if name.endswith(".svg")]
    named = r"University of Washington|Learning to manage"
    for text in [page, *pictures, *(text for name, text in made.tables.items() if name.endswith(".html"))]:
        told = re.sub(r"<(style|script)\b.*?</\1>|<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
        words = re.findall(r'>([^<>]+)<|(?:title|aria-label|data-scroll)="([^"/]*)"', re.sub(named, "", told))
        found = {word for pair in words for word in re.findall(r"\w+", " ".join(pair).lower())}
        assert not found & ENGLISH, sorted(found & ENGLISH)


# Of which effect, what it and its interval are made to be, and what is said of it then.
MESSAGES = [
    ("figure_3_2/all/employment/81", 0.0561, 0.012, 0.10, "more", "excludes zero"),
    ("figure_3_3/all/sickness_benefit/81", -0.02, -0.07, 0.03, "less", "includes zero"),
    ("figure_3_5/short_wait/employment/81", -0.05, -0.09, -0.01, "less", "excludes zero"),
]


@pytest.mark.report
def test_the_message_follows_the_numbers():
    estimates = invent_estimates().set_index("estimate_id")
    behind = made_in("en").shown.set_index("cell_id")["estimate_id"]
    for cell, *numbers, _, _ in MESSAGES:
        estimates.loc[behind[cell], ["estimate", "ci_low", "ci_high"]] = numbers
    page = page_with("en", make_shown("en", estimates.reset_index()), made_in("en").pictures)
    findings = re.findall(r'<li class="(?:lead|further).*?</li>', page, flags=re.DOTALL)
    for cell, effect, _, _, word, verdict in MESSAGES:
        (finding,) = [own for own in findings if f'title="{cell}' in own]
        plain = re.sub(r"<[^>]+>", "", finding)
        assert f"{100 * abs(effect):.2f} percentage points {word}" in plain
        assert verdict in plain
        assert ("clear" in finding.split(">")[0]) == ("excludes" in verdict)


@pytest.mark.parametrize(
    ("language", "is_annex", "first", "address"),
    [
        ("en", False, "en", "da/index.html"),
        ("da", False, "en", "../index.html"),
        ("en", False, "da", "../index.html"),
        ("en", True, "en", "../da/population/index.html"),
        ("da", True, "en", "../../population/index.html"),
    ],
)
def test_the_page_leads_to_its_other_language_and_to_its_documents(language, is_annex, first, address):
    exhibits = alone(3)
    exhibits["page"]["is_annex"] = is_annex
    editions = {"first": first, "others": [other for other in ("en", "da") if other != first]}
    changed = {"exhibits": exhibits, "editions": editions}
    page = page_with(language, made_in(language).shown, made_in("en").pictures, **changed)
    links = {attributes.get("href"): attributes for tag, attributes in Document(page).elements if tag == "a"}
    other = {"en": "da", "da": "en"}[language]
    assert (links[address]["hreflang"], links[address]["lang"]) == (other, other)
    assert {"report.docx", "report.pdf"} <= set(links)
    by_itself = [attributes for _, attributes in document_in(language).elements]
    assert not [own for own in by_itself if "hreflang" in own or own.get("href") == "report.pdf"]


def test_a_missing_picture_is_named():
    with pytest.raises(InputError, match=FIGURES[0]):
        page_with("en", made_in("en").shown, {})
