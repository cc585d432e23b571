"""What survives of a claim, in sentences: the numbers choose among the sentences of the settings, and nothing else."""

import re
from dataclasses import replace

import msgspec
import pytest

from pipeline.errors import InputError
from pipeline.settings.described import read_exhibits
from pipeline.show.claims import tell_surety
from pipeline.show.effects import Telling
from pipeline.show.numbers import write_number
from pipeline.show.texts import plain
from tests.show.conftest import CONFIG, TABLES, made_in, words
from tests.show.test_page import Document

EXHIBITS = read_exhibits(CONFIG["exhibits"])
RULE = EXHIBITS.page.robust
P_VALUES = ("p_value", "ri_p", "wild_p", "jackknife_p", "cr2_p")
FOUND = {**dict.fromkeys(P_VALUES, 0.01), "stepdown_p": 0.02, "joint_p": 0.02}
WHOLE = {
    "estimate": 0.12,
    "ri_low": 0.03,
    "ri_high": 0.2,
    "without_low": 0.1,
    "without_high": 0.14,
    "family_size": 18.0,
    "band_low": 0.01,
    "band_high": 0.3,
}
FURTHER = {"curve/p_value": 0.02, "specifications/estimate": 78.0, "power/estimate": 0.05}
ANSWERED = {
    "weighted/p_value": 0.028, "lee_least/estimate": 0.013, "lee_most/estimate": 0.017, "lee_least/ci_low": -0.007,
    "lee_most/ci_high": 0.036,
}  # fmt: skip
COUNTS = ("family_size", "specifications/estimate")
P = (*FOUND, "curve/p_value", "weighted/p_value")
UNITS = {**dict.fromkeys(COUNTS, "count"), **dict.fromkeys(P, "probability")}


def tell(row="employment_low", language="en", **numbers):
    """The one claim of a row, told of these numbers, by statistic or by column and statistic."""
    shown, scale = {}, numbers.pop("scale", "percentage_points")
    for name, value in {**WHOLE, **FOUND, **FURTHER, **numbers}.items():
        column, _, statistic = name.rpartition("/")
        unit, address = UNITS.get(name, scale), f"{RULE.table}/{row}/{column or 'any'}/{statistic}"
        shown[address] = {
            "cell_id": address, "exhibit": RULE.table, "row": row, "column": column or "any", "statistic": statistic,
            "value": value, "unit": unit, "text": write_number(value, unit, language),
        }  # fmt: skip
    claims = tuple(claim for claim in RULE.claims if claim.row == row)
    page = msgspec.structs.replace(EXHIBITS.page, robust=msgspec.structs.replace(RULE, claims=claims))
    known = words(language)
    return tell_surety(Telling(replace(EXHIBITS, page=page), shown, known.texts, language, known.models)).claims[0]


def said(claim):
    return " ".join(plain(text) for text in claim.sentences).replace("\N{NO-BREAK SPACE}", " ")


NAN = float("nan")
NONE = dict.fromkeys(P_VALUES, 0.3)


@pytest.mark.parametrize(
    ("row", "numbers", "case", "says"),
    [
        ("employment_low", {"cr2_p": 0.049}, "throughout", ["All 5 methods", "largest p = 0.049 (CR2)", "survives"]),
        ("employment_low", {"ri_p": 0.0001, **dict.fromkeys(("wild_p", "jackknife_p", "cr2_p", "p_value"), NAN)},
         "throughout", ["All 1 methods", "p < 0.001 (the lot drawn again)"]),
        ("employment_low", {"stepdown_p": 0.05, "joint_p": 0.2}, "alone",
         ["not survive looking at 18 groups by cut-off at once (step-down p = 0.050)", "not ruled out (p = 0.200)"]),
        ("employment_low", {"curve/p_value": 0.05}, "chosen",
         ["survives", "All 78 specifications together: p = 0.050.", "seen an effect of 5.00 percentage points"]),
        ("employment_low", {"band_low": -0.01}, "throughout",
         ["survives", "still takes in zero (−1.00 to 30.00 percentage points): it is wider than step-down needs"]),
        ("employment_low", {"stepdown_p": 0.2, "curve/p_value": 0.2, "band_low": -0.01}, "alone", []),
        ("employment_low", dict.fromkeys(FURTHER, NAN), "throughout", ["No one team"]),
        ("self_efficacy_low", {**ANSWERED, "scale": "coefficient"}, "throughout",
         ["Weighted for non-response: p = 0.028", "between 0.01 and 0.02 points", "interval −0.01 to 0.04)"]),
        ("employment_low", {"jackknife_p": 0.06, "wild_p": 0.07}, "partly",
         ["found by the test reported (p = 0.010), the lot drawn again (p = 0.010) and CR2 (p = 0.010), and not by the "
          "jackknife (p = 0.060) and the wild bootstrap (p = 0.070)"]),
        ("employment_low", {**NONE, "wild_p": 0.2}, "nowhere", ["None of the 5", "smallest p = 0.200 (the wild"]),
        ("employment_low", {"estimate": -0.12}, "contrary", ["All 5 methods"]),
        ("employment_high", {}, "contrary", []),
        ("employment_low", {**NONE, "estimate": -0.001}, "nowhere", ["None of the 5"]),
        ("employment_low", {"without_low": -0.01}, "throughout", ["rests on one team", "−1.00 to 14.00 percentage"]),
        ("employment_low", {"stepdown_p": NAN, "joint_p": NAN, "family_size": NAN}, "throughout", ["No one team"]),
        ("employment_all", {}, "seen", ["All 5 methods"]),
        ("employment_all", {**NONE, "curve/p_value": 0.01}, "seen", ["None of the 5"]),
        ("employment_all", {**NONE, "curve/p_value": 0.4}, "unseen",
         ["effects from 3.00 to 20.00 percentage points (interval by the lot drawn again)"]),
        ("employment_exit", {**NONE, "curve/p_value": NAN, "ri_low": NAN, "ci_low": -0.1, "ci_high": 0.1,
                             "scale": "coefficient"},
         "unseen", ["from −0.10 to 0.10 in log odds (interval by the test reported, normal and not clustered)"]),
        ("employment_all", {**NONE, "curve/p_value": 0.4, "ri_high": NAN, "ci_low": -0.05, "ci_high": 0.02}, "unseen",
         ["effects from −5.00 to 2.00 percentage points (interval by the test reported)"]),
        ("employment_all", {**NONE, "curve/p_value": 0.4, "ri_high": NAN}, "unseen", ["None of the 5"]),
        ("employment_low", dict.fromkeys(P_VALUES, NAN), "unknown", []),
    ],
)  # fmt: skip
def test_numbers_choose_what_is_said(row, numbers, case, says):
    claim = tell(row, **numbers)
    assert (claim.case, claim.is_clear) == (case, case == "throughout")
    assert claim.headline == getattr(RULE, f"{case}_en")
    assert [part for part in says if part not in said(claim)] == []
    assert not re.search(r"(?<!\d)\N{EN DASH}", said(claim))  # what is missing is not spoken of


def test_the_verdicts_are_counted_first_and_none_that_holds_throughout_is_said():
    page = msgspec.structs.replace(EXHIBITS.page, robust=msgspec.structs.replace(RULE, claims=RULE.claims[:1] * 2))
    row = {"exhibit": RULE.table, "row": RULE.claims[0].row, "column": "any", "unit": "probability", "text": "0.5"}
    shown = {name: {**row, "cell_id": name, "statistic": name, "value": 0.5} for name in ("estimate", "ri_p", "ri_low",
             "ri_high")}  # fmt: skip
    known = words("en")
    lede = tell_surety(Telling(replace(EXHIBITS, page=page), shown, known.texts, "en", known.models)).lede
    assert lede[0] == "The verdicts on the 2 main claims: Holds throughout (0); Nothing speaks against it (2)."


def test_a_claim_is_told_in_danish_with_danish_numbers():
    assert "den største p = 0,049 (CR2)" in said(tell(language="da", cr2_p=0.049))


def test_a_claim_about_a_row_that_is_not_shown_is_one_message():
    page = msgspec.structs.replace(EXHIBITS.page, robust=RULE)
    with pytest.raises(InputError, match=r"\[page.robust\]: table_7_1 has no row employment_all"):
        tell_surety(Telling(replace(EXHIBITS, page=page), {}, words("en").texts, "en", {}))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"curve": "curv"}, r"\[page\.robust\] curve: 'curv' is no column of table_7_1, near 'curve'\. Mend the name"),
        ({"bounds": ["lee_lest", "lee_most"]}, "bounds: 'lee_lest' is no column of table_7_1, near 'lee_least'"),
        ({"table": "table_7_11"}, "table: 'table_7_11' is no table"),
        ({"below": 5.0}, r"Expected `float` < 1\.0 - at `\$\.robust\.below`"),
        ({"claims": [{"row": "employment_lo", "direction": "more", "claim_en": "a", "claim_da": "b"}]},
         "claims: 'employment_lo' is no row of table_7_1, near 'employment_low'"),
    ],
)  # fmt: skip
def test_what_claims_are_asked_about_is_there_for_else_they_would_hold_without_it(change, says):
    page = {**CONFIG["exhibits"]["page"], "robust": {**CONFIG["exhibits"]["page"]["robust"], **change}}
    with pytest.raises(InputError, match=says):
        read_exhibits({**CONFIG["exhibits"], "page": page})


@pytest.mark.parametrize("language", ["en", "da"])
def test_the_page_of_claims_leads_every_number_to_the_report_and_holds_its_chapter(language):
    made = made_in(language)
    page = made.pages["robust.html"]
    document = Document(page)
    identifiers = [attributes["id"] for _, attributes in document.elements if "id" in attributes]
    assert len(identifiers) == len(set(identifiers))
    for name in (name for name in TABLES if name.startswith("table_7_")):
        assert set(made.cells_of(name)["cell_id"]) <= set(identifiers)
    links = [attributes["href"] for _, attributes in document.elements if "href" in attributes]
    assert not [link for link in links if "/" in link and not link.startswith(("index.html#", "tables/", "figures/"))]
    told = re.findall(r'<p class="group">(.*?)</p>', page)
    assert len(told) == len(RULE.claims) == made.page.count('<p class="group">') - len(EXHIBITS.page.findings)
    assert not re.search(r"https?://|@import|\bsrc=|url\((?!#|data:)", page)
