"""An estimate that cannot be made leaves a dash, a gap or a sentence, and its reason; everything else stays."""

import csv
import io
import re

import openpyxl
import pytest

from pipeline.errors import InputError
from tests.show.other import EXHIBITS, HORIZON, estimates, make
from tests.show.test_figures import texts_of
from tests.show.test_page import Document

REASON = "no estimate: nobody has a known outcome and every covariate"
SAID = "– no estimate could be made, since nobody has a known outcome and every background variable"
NUMBERS = ["estimate", "se", "p_value", "ci_low", "ci_high", "control_mean"]


def without(pattern, reason=REASON):
    """The estimates with those that fit the pattern missing, as the stage of the estimates leaves them."""
    table = estimates()
    lost = table["estimate_id"].str.fullmatch(pattern)
    assert lost.any()
    table.loc[lost, NUMBERS] = float("nan")
    table.loc[lost, "n"] = 0
    table.loc[lost, "note"] = reason
    return table


@pytest.fixture(scope="module")
def whole():
    return make(estimates())


CASES = {
    "the last week of a curve": (f"effect/all/reading/{HORIZON}/treated", {"figure_7_1", "table_7_1"}),
    "a panel": ("effect/all/spelling/.*", {"figure_7_1", "table_7_1"}),
    "every effect": ("effect/.*", {"figure_7_1", "table_7_1"}),
    "one arm of the survival": ("left/.*/treated", {"figure_7_2"}),
    "every survival": ("left/.*", {"figure_7_2"}),
    "one arm of the density": ("density/.*/control", {"figure_7_3"}),
    "every density": ("density/.*", {"figure_7_3"}),
    "all but the flow": ("(effect|left|density)/.*", {"figure_7_1", "figure_7_2", "figure_7_3", "table_7_1"}),
    "all": (".*", {"figure_7_1", "figure_7_2", "figure_7_3", "figure_7_4", "table_7_1"}),
}


@pytest.mark.parametrize(("pattern", "touched"), CASES.values(), ids=CASES)
def test_what_is_missing_says_why_and_everything_else_stays(whole, pattern, touched):
    made = make(without(pattern))
    document = Document(made.page)
    assert dict(document.elements)["html"]["lang"] == "en"
    for name in EXHIBITS.keys() - {"page"}:
        section = made.page[made.page.index(f'<section id="{name}"') :].split("</section>")[0]
        assert (SAID in section) == (name in touched), name
    for name, text in {**made.figures, **made.tables}.items():
        is_touched = any(name.startswith(exhibit) for exhibit in touched)
        changes = "table_7_1" in touched if name == "tables.xlsx" else is_touched
        assert (text != {**whole.figures, **whole.tables}[name]) == changes, name
    count = int(made.shown["value"].isna().sum())
    assert count > 0
    assert made.missing.startswith(f"{count} of {len(made.shown)} numbers shown are missing:\n")
    lines = re.findall(r"  (\w+) ([\d.]+): (\d+), (.*)\n", made.missing)
    assert sum(int(number) for _, _, number, _ in lines) == count
    assert {f"{kind.lower()}_{number.replace('.', '_')}" for kind, number, _, _ in lines} == touched
    assert {reason for *_, reason in lines} == {REASON}


def test_where_nothing_is_missing_the_build_says_so(whole):
    assert whole.missing == f"nothing is missing: all {len(whole.shown)} numbers shown are estimated\n"
    assert "no estimate" not in whole.page


def test_a_panel_without_a_point_has_a_sentence_and_the_others_their_curves():
    drawn = make(without("effect/all/spelling/.*")).figures["figure_7_1.svg"]
    assert texts_of(drawn).count("No estimate could be made.") == texts_of(drawn).count("The note says why.") == 1


def test_every_format_of_a_table_shows_the_gap():
    made = make(without("effect/all/spelling/12/treated"))
    (reading, spelling) = csv.DictReader(io.StringIO(made.tables["table_7_1.csv"]))
    assert (spelling["all_estimate"], spelling["all_se"], spelling["all_n"]) == ("", "", "0")
    assert reading["all_se"] == "0.10"
    page, latex = made.tables["table_7_1.html"], made.tables["table_7_1.tex"]
    assert page.count(">–</a></data>") == latex.count("& – ") == 2
    assert 'value="" title="table_7_1/spelling/all/se"' in page
    for text in (page, latex):
        assert SAID in text
    sheet = openpyxl.load_workbook(io.BytesIO(made.tables["tables.xlsx"])).worksheets[0]
    assert [cell.value for cell in sheet["B"]].count("–") == 2


def test_a_finding_without_its_number_says_so_in_words(whole):
    gone = make(without(f"effect/all/reading/{HORIZON}/treated")).page
    plain = " ".join(re.sub(r"<[^>]+>", " ", gone.split('<ul class="findings">')[1].split("</ul>")[0]).split())
    assert plain == f"All pupils No estimate in reading. {SAID}. Figure 7.1"
    table = estimates()
    table.loc[table["estimate_id"] == f"effect/all/reading/{HORIZON}/treated", ["se", "ci_low", "ci_high"]] = float(
        "nan"
    )
    assert "There is no standard error, and so no interval." in make(table).page


def test_alike_reasons_of_one_exhibit_are_one_line():
    table = without("effect/all/reading/.*", "no estimate: the column age is determined by the others")
    other = without("effect/all/reading/4/treated", "no estimate: the column sex is determined by the others")
    table.loc[table["estimate_id"] == "effect/all/reading/4/treated"] = other
    lines = make(table).missing.splitlines()
    first = f"  Figure 7.1: {3 * HORIZON + 3}, no estimate: the column age is determined by the others"
    assert lines[1] == f"{first}, and 1 more like it"
    of_few = make(without("effect/all/reading/.*", "no estimate: one arm only in the group Nordby")).missing
    assert of_few.splitlines()[1].endswith("no estimate: some groups have fewer than 5 persons of a kind")


def test_a_study_of_few_words_has_no_trace_of_what_it_lacks(whole):
    text = re.sub(r"<style>.*?</style>", "", whole.page, flags=re.DOTALL)
    assert not re.search(r"published|LTJS|municipalit|\bteam", text, re.IGNORECASE)
    assert "An empty chapter" not in text
    assert "How to read" not in text
    assert "words more" in text
    assert "90% confidence interval" in text
    assert "published.html" in make(estimates(), published=True).page


def test_weeks_beyond_the_horizon_are_not_shown(whole):
    section = whole.page.split('<section id="figure_7_1"')[1].split("</section>")[0]
    assert re.findall(r'<th scope="row">(\d+)</th>', section) == ["4", "8", str(HORIZON)]
    assert not whole.shown["row"].isin(["18", "99"]).any()


def test_a_language_in_which_the_study_has_no_words_is_named():
    with pytest.raises(InputError, match=r"languages = \['en'\], so there are no exhibits in 'da'. Say LANGUAGE=en"):
        make(estimates(), language="da")
    words = {**EXHIBITS, "page": {**EXHIBITS["page"], "languages": ["en", "da"]}}
    with pytest.raises(InputError, match=r"\[page\]: title_da is missing"):
        make(estimates(), words)


def test_the_label_of_an_extract_is_in_the_language_of_the_page():
    from tests.show.conftest import words

    for language, label in (("en", "a trial for tests"), ("da", "et forsøg")):
        assert words(language, label_da="et forsøg").texts["extract"] == label
