"""The rules and errata of the project: every printed number has one cell, every rule and erratum a number."""

from collections import Counter
from pathlib import Path

import pytest

from pipeline.published.locations import Locator, read_printed
from pipeline.published.targets import read_roles
from pipeline.runner.inputs import load_input
from tests.published.conftest import CONFIG, PRINTED, comparisons

MISPRINTS = {"A5", "A6", "B7"}


@pytest.fixture(scope="module")
def rows():
    return comparisons()


def test_every_printed_number_has_a_cell_of_its_own_and_every_rule_a_number(rows):
    assert len(rows) == len(PRINTED["tables"]) == 2449
    assert max(Counter(row.label for row in rows).values()) == 1
    assert max(Counter(row.cell_id for row in rows).values()) == 1  # relabelled rows change places, no more


def test_the_shares_of_table_2_2_are_printed_in_per_cent_and_nothing_else():
    units = {record["name"]: record["unit"] for record in CONFIG["variables"].to_dict("records")}
    rules = (PRINTED[f"published_{part}"].to_dict("records") for part in ("rows", "columns"))
    numbers = read_printed(PRINTED["tables"].to_dict("records"))
    for number, location in zip(numbers, Locator(*rules).locate_all(numbers), strict=True):
        if number.place.exhibit == "table_2_2" and number.place.statistic == "mean":
            assert (location.factor == 100) == (units[number.name] == "share"), number.place


@pytest.mark.parametrize(
    ("place", "cell"),
    [
        (("table_3_3", "high", "8-24", "employment", "coef"), "table_3_3/high_9/employment/estimate"),
        (("table_3_3", "high", "15-24", "group_size_pct", "pct"), "table_3_3/high_14/size/estimate"),
        (("table_4_1", "high", "8-24", "employment", "coef"), "table_4_1/high_8/employment/estimate"),
        (("table_4_1", "high", "8-24", "group_size_pct", "pct"), "table_4_1/high_9/size/estimate"),
        (("table_3_6", "first", "Observationer", "employment", "n"), "table_3_6/pooled_observations/employment/n"),
        (
            ("table_6_3", "", "TSRQ – Motivation 1", "employment", "p_value"),
            "table_6_3/tsrq_autonomous/employment/p_value",
        ),
        (("table_2_2", "", "Observationer", "ltjs", "n"), "table_2_2/observations/treated"),
        (("table_3_5", "", "UW-SES", "0-6", "control_mean"), "table_3_5/self_efficacy/low_6_control/estimate"),
    ],
)
def test_a_printed_number_is_compared_with(rows, place, cell):
    assert [row.cell_id for row in rows if tuple(row.number.place) == place] == [cell]


def test_the_two_counts_of_one_place_go_to_the_rows_above_them(rows):
    found = [row.cell_id for row in rows if row.number.place[:3] == ("table_3_2", "", "Observationer")]
    outcomes = ["employment_exit", "employment_exit", "sickness_benefit_exit", "sickness_benefit_exit"]
    assert [cell.split("/")[1] for cell in found] == outcomes


def test_misprints_keep_both_values_and_relabelled_rows_are_whole(rows):
    misprinted = [row for row in rows if row.other and row.other.kind == "value"]
    names = {erratum.name for row in misprinted for erratum in row.errata if erratum.kind == "value"}
    assert names == MISPRINTS
    assert all(row.other.value != row.number.value for row in misprinted)
    moved = Counter(row.number.place.exhibit for row in rows if row.other and row.other.kind == "row")
    assert moved == {"table_3_3": 8 * 7, "table_4_1": 8 * 3}


def test_the_targets_of_the_synthetic_trial_name_printed_numbers():
    targets = load_input(Path("pipeline/twin/calibrated/targets.csv"))
    roles = read_roles(targets.to_dict("records"), read_printed(PRINTED["tables"].to_dict("records")))
    assert len(roles) == len(targets)
