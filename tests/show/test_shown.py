"""The numbers that exhibits show: their addresses, their texts, and what is said if one is not there."""

import copy

import pandas as pd
import pytest

from pipeline.errors import InputError
from pipeline.settings.described import read_exhibits
from pipeline.settings.exhibits import fill
from tests.show.conftest import CONFIG, alone, draw, invent_estimates, made_in, make_shown

MINUS = "\N{MINUS SIGN}"
ADDRESSES = {
    "table_2_1/koege_10/treated": "team/koege_10/treated//n",
    "table_2_2/age/control": "mean/control/age//mean",
    "table_2_2/observations/control": "mean/control/allocation_day//mean",
    "table_2_3/age/short_wait": "balance/short_wait/age//treated",
    "table_3_1/employment_exit/all/estimate": "hazard_logit/all/employment_exit//treated",
    "table_3_2/employment_exit/long_wait/se": "hazard_logit/long_wait/employment_exit//treated",
    "table_3_3/low_7/employment/se": "self_efficacy/self_efficacy_7/employment/81/treated:low",
    "table_3_3/high_8/sickness_benefit_control/estimate": (
        "self_efficacy/self_efficacy_7/sickness_benefit/81/control_mean:high"
    ),
    "table_3_3/high_15/size/estimate": "self_efficacy/self_efficacy_14/employment/81/size:high",
    "table_3_4/low_9/employment_wait_under_21_days/estimate": (
        "self_efficacy_short_wait/self_efficacy_9/employment/81/treated:low"
    ),
    "table_4_1/low_6/employment/estimate": "self_efficacy_wait/self_efficacy_6/employment/81/treated:low",
    "table_3_6/pooled_high/employment/se": "peers_pooled/self_efficacy_8/employment/81/treated:high",
    "table_3_6/separate_high_low/self_efficacy/estimate": (
        "peers_survey/self_efficacy_8/self_efficacy//treated:high:low_peers"
    ),
    "figure_4_2/all/employment/45/itt_unadjusted/ci_low": "itt_unadjusted/all/employment/45/treated",
    "figure_4_4/all/sickness_benefit/81/itt": "itt/all/sickness_benefit/81/treated",
    "table_3_5/pain/low_8/se": "survey/self_efficacy_8/pain//treated:low",
    "table_6_1/men/sickness_benefit/estimate": "background_groups/female/sickness_benefit/81/treated:low",
    "table_6_1/women/size/estimate": "background_groups/female/employment/81/size:high",
    "table_6_2/self_efficacy/low_6_control/estimate": "survey_wait/self_efficacy_6/self_efficacy//control_mean:low",
    "table_6_3/observations/employment/n": "tobit/control/employment/81/female",
    "table_6_3/female/sickness_benefit/p_value": "tobit/control/sickness_benefit/81/female",
    "figure_6_1/long_wait/guidance/45/ci_low": "activation/long_wait/guidance/45/treated",
    "figure_2_1/koege/persons": "municipality/koege/persons//n",
    "figure_2_2/treated/analysed": "flow/treated/analysed//n",
    "figure_2_3/all/wait_days/7/control/x": "density/all/wait_days/7/control",
    "figure_3_1/all/employment_exit/12/treated": "kaplan_meier/all/employment_exit/12/treated",
    "figure_3_1/all/employment_exit/13/control/at_risk": "kaplan_meier/all/employment_exit/13/control",
    "figure_3_3/all/sickness_benefit/45": "itt/all/sickness_benefit/45/treated",
    "figure_3_3/all/sickness_benefit/45/ci_low": "itt/all/sickness_benefit/45/treated",
    "figure_3_3/all/sickness_benefit/n_control": "itt/all/sickness_benefit/81/treated",
}


@pytest.mark.report
@pytest.mark.parametrize(("cell_id", "estimate_id"), ADDRESSES.items())
def test_an_address_names_its_estimate(cell_id, estimate_id):
    cells = made_in("en").shown.set_index("cell_id")
    assert cells.loc[cell_id, "estimate_id"] == estimate_id


def test_a_value_is_that_of_the_estimate_and_its_text_is_in_the_unit_of_the_exhibit():
    estimates = invent_estimates().set_index("estimate_id")
    estimates.loc["itt/all/sickness_benefit/45/treated", ["estimate", "ci_low"]] = 0.0716, -0.0004
    estimates.loc["hazard_logit/long_wait/sickness_benefit_exit//treated", ["estimate", "se", "p_value", "n"]] = (
        -0.28,
        0.14,
        0.0456,
        12168,
    )
    estimates.loc["balance/all/age//treated", ["estimate", "p_value"]] = -0.23, 0.0004
    cells = make_shown("da", estimates.reset_index()).set_index("cell_id")
    curve = "figure_3_3/all/sickness_benefit/45"
    assert cells.loc[curve, "value"] == 0.0716
    assert list(cells.loc[[curve, f"{curve}/ci_low"], "text"]) == ["7,16", f"{MINUS}0,04"]
    row = "table_3_2/sickness_benefit_exit/long_wait"
    assert list(cells.loc[[f"{row}/estimate", f"{row}/se", f"{row}/n"], "text"]) == [
        "\N{MINUS SIGN}0,28*",
        "(0,14)",
        "12.168",
    ]
    assert (
        cells.loc["table_2_3/age/all", "text"] == "\N{MINUS SIGN}0,23*"
    )  # table 2.3 marks 5 per cent and nothing else


def test_a_missing_estimate_is_named_with_its_place():
    estimates = invent_estimates()
    without = estimates[estimates["estimate_id"] != "balance/short_wait/age//treated"]
    with pytest.raises(
        InputError, match=r"\[table_2_3\]: row age, column short_wait .* balance/short_wait/age//treated"
    ):
        make_shown("en", without)


def test_the_rows_are_the_groups_that_have_the_estimate_in_danish_order():
    shown = made_in("en").shown.query("exhibit == 'table_2_1'")
    assert list(dict.fromkeys(shown["row"])) == ["koege_2", "koege_10", "odense", "aeroe", "aabenraa", "total"]
    estimates = invent_estimates()
    fewer = estimates[~estimates["estimate_id"].str.startswith("team/odense/")]
    rows = make_shown("en", fewer, exhibits=alone(2)).query("exhibit == 'table_2_1'")["row"]
    assert set(dict.fromkeys(shown["row"])) - set(rows) == {"odense"}


def test_a_table_that_follows_what_the_study_does_not_have_is_named():
    exhibits = {**CONFIG["exhibits"], "table_2_1": {**CONFIG["exhibits"]["table_2_1"], "rows": {"follow": "school"}}}
    with pytest.raises(InputError, match=r"\[table_2_1\]: its rows follow 'school'.*Those are: municipality, team"):
        make_shown("en", exhibits=exhibits)


def test_a_reason_for_leaving_persons_out_without_a_box_is_named():
    estimates = invent_estimates()
    extra = estimates[estimates["estimate_id"] == "flow/treated/withdrawn//n"]
    extra = extra.assign(estimate_id="flow/treated/moved_abroad//n")
    with pytest.raises(InputError, match=r"\[figure_2_2\]: 1 estimates .* no row or box, .* flow/treated/moved_abroad"):
        make_shown("en", pd.concat([estimates, extra], ignore_index=True))


def test_an_estimate_that_is_not_defined_is_shown_as_a_dash():
    estimates = invent_estimates().set_index("estimate_id")
    estimates.loc["balance/all/age//treated", ["estimate", "p_value"]] = float("nan")
    cells = make_shown("en", estimates.reset_index(), exhibits=alone(2)).set_index("cell_id")
    assert cells.loc["table_2_3/age/all", "text"] == "\N{EN DASH}"


def test_addresses_are_unique_and_nothing_but_values_is_missing():
    cells = made_in("en").shown
    assert cells["cell_id"].is_unique
    assert not cells.drop(columns="value").isna().any().any()


def test_the_columns_are_those_of_the_dictionary():
    from pipeline.runner.schemas import build_schemas, validate_table

    validate_table(made_in("en").shown, build_schemas(["released"], CONFIG["variables"])["released"])


MISTAKES = [
    (["figure_3_2", "colour"], "red", "figure_3_2.*colour"),
    (["figure_3_2", "kind"], "pie", "figure_3_2.*pie"),
    (["figure_3_3", "like"], "figure_9_9", "figure_3_3.*figure_9_9"),
    (["figure_3_2", "title_da"], "", "figure_3_2.*title_da is missing"),
    (["table_3_3", "columns", 0, "label_en"], "", "table_3_3.*label_en is missing"),
    (["page", "more_en"], "", "page.*more_en is missing"),
    (["overview"], {}, "overview"),
    (["table_8_1"], {"like": "table_3_1"}, "no chapter for table_8_1"),
    (["table_3_1", "columns", 0, "statistic"], "se", "table_3_1.*statistic"),
]


@pytest.mark.parametrize(("path", "value", "message"), MISTAKES)
def test_a_mistake_in_the_exhibits_is_named(path, value, message):
    exhibits = copy.deepcopy(CONFIG["exhibits"])
    place = exhibits
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    with pytest.raises(InputError, match=message):
        read_exhibits(exhibits)


def test_a_placeholder_that_nothing_fills_is_named():
    with pytest.raises(InputError, match=r"\{horizont\}"):
        fill("after {horizont} weeks", {"horizon": "81"})


def test_a_new_exhibit_is_a_matter_of_data():
    template = "{sample}/{outcome}/{week}/treated"
    series = [
        {"key": "main", "label_en": "Main", "label_da": "Hoved", "estimate": f"itt/{template}"},
        {"key": "plain", "label_en": "Plain", "label_da": "Enkel", "estimate": f"itt_plain/{template}"},
    ]
    exhibits = {**alone(3), "figure_3_9": {"like": "figure_3_2", "title_en": "Two models", "series": series}}
    estimates = invent_estimates()
    plain = estimates[estimates["model"] == "itt"]
    plain = plain.assign(estimate_id=plain["estimate_id"].str.replace("itt", "itt_plain"))
    cells = make_shown("en", pd.concat([estimates, plain]), exhibits=exhibits).set_index("cell_id")
    shown = cells.loc["figure_3_9/all/employment/45/plain"]
    assert shown["estimate_id"] == "itt_plain/all/employment/45/treated"
    drawn = draw("en", cells.reset_index(), ["figure_3_2", "figure_3_9"], exhibits=exhibits)
    assert "Plain" in drawn["figure_3_9.svg"]
