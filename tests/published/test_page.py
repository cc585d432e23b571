"""The table and the page of the printed numbers, for a synthetic extract with targets and for one without."""

import csv
import html
import io
import re
from functools import cache

import pytest

from pipeline.errors import InputError
from pipeline.published.locations import Place, read_printed
from pipeline.published.page import read_words
from tests.published.conftest import PRINTED, invented, make, numbers_with
from tests.show.conftest import GROUPS, LANGUAGES, TABLES
from tests.show.test_page import Document

HEADER = (
    "exhibit,panel,row,column,statistic,printed,value,rebuilt,target,met,distance_units,distance_se,erratum,state,"
    "address"
)
NUMBERS = read_printed(PRINTED["tables"].to_dict("records"))
AIMED_AT = list(dict.fromkeys(n.place for n in NUMBERS if n.place.statistic not in ("se", "p_value")))
SPEAKS_OF_CALIBRATION = re.compile(r"calibrat|kalibrer|synthetic|syntet|target|\bmål\b|steered|styret", re.IGNORECASE)


@cache
def replication(language):
    return make(language)


@cache
def calibrated(language):
    return make(language, synthetic=True, targets=numbers_with(AIMED_AT))


def rows_of(made):
    return list(csv.DictReader(io.StringIO(made["table_published.csv"])))


def plain(page):
    return " ".join(re.sub(r"<(style|script)>.*?</\1>|<[^>]+>", " ", page, flags=re.DOTALL).split())


def test_the_table_has_every_printed_number_in_the_order_of_the_report():
    rows = rows_of(calibrated("en"))
    assert calibrated("en")["table_published.csv"].splitlines()[0] == HEADER
    assert len(rows) == 2449
    assert [Place(*(row[name] for name in Place._fields)) for row in rows] == [number.place for number in NUMBERS]
    assert [(row["printed"], row["value"]) for row in rows] == [(n.text, n.value) for n in NUMBERS]
    assert {row[name] for row in rows for name in ("target", "met")} == {"true", "false"}
    assert calibrated("da")["table_published.csv"] == calibrated("en")["table_published.csv"]


def test_the_table_agrees_with_itself():
    for row in rows_of(calibrated("en")):
        if row["statistic"] == "date":
            assert re.fullmatch(r"\d{4}-\d\d-\d\d", row["rebuilt"])
            assert (row["met"] == "true") == (row["rebuilt"] == row["value"])
        else:
            assert (row["met"] == "true") == (abs(float(row["distance_units"])) <= 0.5 + 1e-6)
        assert row["distance_se"] or row["statistic"] != "coef"
        assert not row["distance_se"] or row["statistic"] not in ("se", "p_value", "n")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_synthetic_extract_without_targets_is_never_called_a_replication(language):
    words = PRINTED["published"][language]
    page = html.unescape(plain(make(language, synthetic=True)["published.html"]))
    assert words["invented"][0] in page
    assert words["replication"][0] not in page
    page = html.unescape(plain(replication(language)["published.html"]))
    assert words["replication"][0] in page
    assert words["invented"][0] not in page


def test_without_targets_none_is_one_and_the_page_never_speaks_of_calibration():
    assert {row["target"] for row in rows_of(replication("en"))} == {"false"}
    for language in LANGUAGES:
        assert not SPEAKS_OF_CALIBRATION.findall(plain(replication(language)["published.html"]))
        assert SPEAKS_OF_CALIBRATION.search(plain(calibrated(language)["published.html"]))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_message_is_the_count_of_the_table(language):
    for made, wanted in ((replication(language), None), (calibrated(language), "true")):
        rows = [row for row in rows_of(made) if wanted is None or row["target"] == wanted]
        met = sum(row["met"] == "true" for row in rows)
        numbers = [f"{number:,}".replace(",", "." if language == "da" else ",") for number in (met, len(rows))]
        message = made["published.html"].split('<div class="verdict lead">')[1].split('<div class="verdict">')[0]
        said = re.findall(r"[\d.,]*\d", plain(message[message.rindex("<p>") :]))
        assert said == numbers


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_is_one_document_and_every_rebuilt_number_leads_to_its_place(language):
    page = calibrated(language)["published.html"]
    document = Document(page)
    identifiers = [attributes["id"] for _, attributes in document.elements if "id" in attributes]
    assert len(identifiers) == len(set(identifiers))
    printed = {number.place.exhibit for number in NUMBERS}
    assert len([name for name in identifiers if name.startswith("table_")]) == len(NUMBERS) + len(printed)
    links = [attributes["href"] for _, attributes in document.elements if "href" in attributes]
    assert {link.removeprefix("index.html#") for link in links if "#table_" in link} <= {
        *identifiers,
        *with_hash(TABLES),
    }
    assert not [link for link in links if link.startswith("#") and link[1:] not in identifiers]
    assert not re.search(r"https?://|@import|\bsrc=|url\(", page)
    assert dict(document.elements)["html"]["lang"] == language
    assert all("scope" in attributes for tag, attributes in document.elements if tag == "th")


def with_hash(names):
    return {f"#{name}" for name in names}


def test_both_readings_of_an_erratum_are_on_the_page():
    page = calibrated("en")["published.html"]
    assert "most likely 20 April 2015" in page
    section = page[page.index('<details id="table_3_3"') :]
    assert section.split("</details>")[0].count("label as printed") == 8 * 7
    assert page.count("most likely 447") >= 2


@pytest.mark.report
def test_a_number_that_could_not_be_rebuilt_is_blank_and_counted():
    estimates = invented().copy()
    lost = estimates["estimate_id"] == "background_groups/female/employment/81/treated:high"
    estimates.loc[lost, ["estimate", "se", "p_value"]] = float("nan")
    made = make("en", estimates=estimates)
    unknown = [row for row in rows_of(made) if row["rebuilt"] == ""]
    assert [(row["row"], row["column"], row["statistic"]) for row in unknown] == [
        ("Kvinde", "employment", "coef"),
        ("Kvinde", "employment", "se"),
    ]
    assert {(row["met"], row["distance_units"], row["distance_se"]) for row in unknown} == {("false", "", "")}
    assert "2 not rebuilt" in plain(made["published.html"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_of_an_extract_with_other_teams_the_printed_ones_have_no_counterpart(language):
    made = make(language, groups=GROUPS)  # none of its teams is printed
    absent = [row for row in rows_of(made) if row["state"] == "no counterpart"]
    of_teams = [row for row in rows_of(made) if row["exhibit"] == "table_2_1" and row["row"] != "I alt"]
    assert absent == of_teams
    assert {(row["rebuilt"], row["met"], row["distance_units"]) for row in absent} == {("", "false", "")}
    page, words = made["published.html"], PRINTED["published"][language]
    assert page.count(f">{words['absent']}</th>") == 2
    assert 'id="only-absent"' in page
    assert page.count('<tr class="absent') == len(absent) == 215
    assert html.unescape(plain(page)).count(words["verdict_absent"]) >= len(absent)
    assert 'href="index.html#"' not in page
    other = replication(language)["published.html"]
    assert 'class="absent"' not in other
    assert 'id="only-absent"' not in other


def test_targets_of_an_extract_that_is_not_synthetic_are_refused():
    with pytest.raises(InputError, match="is not synthetic"):
        make("en", targets=numbers_with(AIMED_AT[:1]))


def test_steered_standard_errors_are_said_to_be_steered():
    errors = [number.place for number in NUMBERS if number.place.statistic == "se"]
    made = make("en", synthetic=True, targets=numbers_with(errors, "steered"))
    assert "344 standard errors were steered" in plain(made["published.html"])
    assert {row["target"] for row in rows_of(made)} == {"false"}


def test_the_languages_have_the_same_words():
    assert set(read_words(PRINTED["published"], "en")) == set(read_words(PRINTED["published"], "da"))
    lacking = {name: word for name, word in PRINTED["published"]["da"].items() if name != "title"}
    with pytest.raises(InputError, match=r"published\.toml: .*only: \['title'\]"):
        read_words({**PRINTED["published"], "da": lacking}, "da")
