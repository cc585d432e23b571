"""A printed number and the rebuilt one, against distances worked out by hand."""

import math
import re
from dataclasses import replace

import pytest

from pipeline.errors import InputError
from pipeline.published.comparison import Comparison, Rebuilt, compare_all
from pipeline.published.errata import read_errata
from pipeline.published.locations import Locator, Place, ShownPlace, read_printed
from pipeline.published.targets import read_roles
from pipeline.published.totals import add_up, errata_totals, has_changed_sign, has_other_mark, unit_bands

LEVELS = {"#": 0.10, "*": 0.05, "**": 0.01}
ROWS = [
    {"exhibit": "table_1_1", "panel": "", "row": r"(\d+)-9", "key": r"above_\1", "unit": ""},
    {"exhibit": "table_1_1", "panel": "first", "row": "Alle", "key": "pooled", "unit": ""},
    {"exhibit": "table_1_1", "panel": "second", "row": "Alle", "key": "separate", "unit": ""},
    {"exhibit": "table_1_1", "panel": "", "row": "Observationer", "key": "{above}", "unit": ""},
    {"exhibit": "table_1_1", "panel": "", "row": r"Kvinde\(%\)", "key": "{name}", "unit": "percent"},
    {"exhibit": "table_1_1", "panel": "", "row": "Dag", "key": "{name}", "unit": ""},
]
COLUMNS = [
    {"column": "ltjs", "statistic": "coef", "key": "treated", "shown": "estimate", "unit": "", "marks": "# * **"},
    {"column": "ltjs", "statistic": "se", "key": "treated", "shown": "se", "unit": "", "marks": ""},
    {"column": "ltjs", "statistic": "mean", "key": "treated", "shown": "estimate", "unit": "", "marks": ""},
    {"column": "ltjs", "statistic": "date", "key": "treated", "shown": "estimate", "unit": "date", "marks": ""},
    {"column": "ltjs", "statistic": "n", "key": "treated", "shown": "n", "unit": "", "marks": ""},
]
COLUMNS = [{"exhibit": "table_1_1", **column} for column in COLUMNS]


def printed(row, statistic, value, decimals=2, stars="", panel="", name=""):
    place = {"exhibit": "table_1_1", "panel": panel, "row": row, "column": "ltjs", "statistic": statistic}
    return {**place, "name": name, "value": value, "decimals": str(decimals), "stars": stars, "printed": value}


def erratum(kind, row="", statistic="", printed="", used="", panel="", reason="because"):
    place = {"exhibit": "table_1_1", "panel": panel, "row": row, "column": "", "statistic": statistic}
    return {"erratum": "A1", **place, "kind": kind, "printed": printed, "used": used} | {
        "reason_en": reason,
        "reason_da": reason,
    }


def cell(row, value, se=math.nan, p_value=math.nan, statistic="estimate"):
    place = ShownPlace("table_1_1", row, "treated", statistic)
    return place, Rebuilt("/".join(place), value, se, p_value)


def compare(numbers, cells, errata=(), roles=(), rows=None, columns=None) -> list[Comparison]:
    read = read_printed(numbers)
    used = {number["row"] for number in numbers}
    statistics = {number["statistic"] for number in numbers}
    rules = rows or [rule for rule in ROWS if any(re.fullmatch(rule["row"], row) for row in used)]
    locator = Locator(rules, columns or [rule for rule in COLUMNS if rule["statistic"] in statistics])
    return compare_all(read, locator, dict(cells), read_errata(errata), read_roles(roles, read), LEVELS)


# printed value and decimals, rebuilt, whether met, distance in units, distance in standard errors of 0.04
@pytest.mark.parametrize(
    ("value", "decimals", "rebuilt", "is_met", "units", "errors"),
    [
        ("0.12", 2, 0.1234, True, 0.34, 0.085),
        ("0.12", 2, 0.125, True, 0.5, 0.125),  # exactly between two digits: inclusive
        ("0.12", 2, 0.115, True, -0.5, -0.125),
        ("0.12", 2, 0.12501, False, 0.501, 0.12525),
        ("0.12", 2, -0.12, False, -24.0, -6.0),
        ("-0.00", 2, -0.004, True, -0.4, -0.1),
        ("0.073", 3, 0.0738, False, 0.8, 0.02),  # three decimals printed, three compared
    ],
)
def test_a_coefficient_is_met_within_half_a_unit_of_its_last_digit(value, decimals, rebuilt, is_met, units, errors):
    (row,) = compare([printed("7-9", "coef", value, decimals)], [cell("above_7", rebuilt, 0.04)])
    assert row.is_met is is_met
    assert row.distance_units == pytest.approx(units, abs=1e-9)  # binary subtraction of numbers below 1
    assert row.distance_se == pytest.approx(errors, abs=1e-9)


def test_a_share_is_compared_in_per_cent_and_a_mean_has_no_standard_error_of_its_own():
    (row,) = compare([printed("Kvinde(%)", "mean", "75", 0, name="female")], [cell("female", 0.7549)])
    assert (row.is_met, round(row.rebuilt, 6), round(row.distance_units, 6)) == (True, 75.49, 0.49)
    assert math.isnan(row.distance_se)


@pytest.mark.parametrize(
    ("days", "is_met", "distance"), [(16564.99, True, 0), (16565.0, False, 1), (16560.2, False, -4)]
)
def test_a_mean_date_is_met_on_its_day_whatever_the_hour(days, is_met, distance):
    (row,) = compare([printed("Dag", "date", "2015-05-09", 0, name="day")], [cell("day", days)])
    assert (row.is_met, row.distance_units) == (is_met, distance)  # 2015-05-09 is day 16564


def test_a_number_that_is_unknown_is_counted_and_never_zero():
    numbers = [printed("7-9", "coef", "0.00"), printed("8-9", "coef", "0.10", stars="*")]
    rows = compare(numbers, [cell("above_7", math.nan), cell("above_8", 0.101, 0.05, 0.06)])
    assert [row.is_met for row in rows] == [False, True]
    assert [row.is_known for row in rows] == [False, True]
    totals = add_up(rows)
    assert (totals.unknown, totals.all.met, totals.all.of, totals.stars.of) == (1, 1, 2, 2)
    assert sum(unit_bands(rows)) == 1


def test_a_number_whose_row_the_extract_does_not_have_has_no_counterpart_and_is_counted_apart():
    numbers = [printed("7-9", "coef", "0.00"), printed("8-9", "coef", "0.10"), printed("9-9", "coef", "0.20")]
    rows = compare(numbers, [cell("above_8", 0.1), cell("above_9", math.nan)])
    assert [row.state for row in rows] == ["absent", "met", "unknown"]
    assert [row.has_counterpart for row in rows] == [False, True, True]
    totals = add_up(rows)
    assert (totals.absent, totals.unknown, totals.all.met, totals.all.of) == (1, 1, 1, 3)
    assert sum(unit_bands(rows)) == 1


def test_a_mark_is_that_of_the_rebuilt_p_value_among_the_marks_of_the_column():
    numbers = [printed("7-9", "coef", "0.10", stars="*"), printed("8-9", "coef", "0.10", stars="#")]
    rows = compare(numbers, [cell("above_7", 0.1, 0.05, 0.0499), cell("above_8", -0.1, 0.05, 0.0499)])
    assert [row.mark for row in rows] == ["*", "*"]
    assert [has_other_mark(row) for row in rows] == [False, True]
    assert [has_changed_sign(row) for row in rows] == [False, True]
    assert add_up(rows).stars.met == 1
    (bare,) = compare(
        [printed("7-9", "coef", "0.10")], [cell("above_7", 0.1, 0.05, 0.04)], columns=[{**COLUMNS[0], "marks": ""}]
    )
    assert bare.mark == ""


def test_a_row_under_a_wrong_label_is_compared_under_the_right_one_and_keeps_both_readings():
    numbers = [printed("7-9", "coef", "0.20"), printed("8-9", "coef", "0.10")]
    errata = [erratum("row", "7-9", used="8-9"), erratum("row", "8-9", used="7-9", reason="")]
    rows = compare(numbers, [cell("above_7", 0.1), cell("above_8", 0.2)], errata)
    assert [row.is_met for row in rows] == [True, True]
    assert [row.cell_id.split("/")[1] for row in rows] == ["above_8", "above_7"]
    assert [row.other.rebuilt for row in rows] == [0.1, 0.2]
    (totals,) = errata_totals(rows[0].errata + rows[1].errata, rows)
    assert (totals.read.met, totals.otherwise.met, totals.read.of) == (2, 0, 2)


def test_under_an_exchanged_heading_the_other_panel_is_shown():
    numbers = [printed("Alle", "coef", "0.20", panel="first"), printed("Alle", "coef", "0.10", panel="second")]
    errata = [erratum("panel", panel="first", printed="second", used="first")]
    first, second = compare(numbers, [cell("pooled", 0.2), cell("separate", 0.1)], errata)
    assert (first.is_met, first.other.rebuilt) == (True, 0.1)
    assert second.other is None


def test_a_misprinted_value_is_compared_as_printed_and_is_no_target():
    number = printed("Dag", "date", "2015-04-30", 0, name="day")
    errata = [erratum("value", "Dag", used="2015-04-20")]
    role = {name: number[name] for name in Place._fields} | {"role": "target"}
    (row,) = compare([number], [cell("day", 16545.5)], errata, [role])  # 2015-04-20 is day 16545
    assert (row.number.value, row.is_met, row.is_met_otherwise, row.role) == ("2015-04-30", False, True, "")
    assert row.distance_units == -10


def test_standard_errors_near_the_printed_ones_and_the_largest_ratio_either_way():
    numbers = [printed(f"{row}-9", "se", value, 2) for row, value in ((5, "0.04"), (6, "0.04"), (7, "1.00"))]
    numbers[2] |= {"value": "1.0", "decimals": "1"}
    cells = [cell("above_5", 0.05, statistic="se"), cell("above_6", 0.02, statistic="se")]
    rows = compare(numbers, [*cells, cell("above_7", 1.1, statistic="se")])
    totals = add_up(rows)
    assert (totals.errors.met, totals.errors.of) == (2, 3)  # 0.05 is 0.01 off, 1.1 one unit of 0.1, 0.02 too far
    assert totals.ratio == pytest.approx(2.0)
    assert all(math.isnan(row.distance_se) for row in rows)


def test_observations_belong_to_the_row_above_them():
    numbers = [printed("7-9", "coef", "0.1"), printed("Observationer", "n", "12", 0), printed("8-9", "coef", "0.2")]
    numbers.append(printed("Observationer", "n", "30", 0))
    cells = [cell("above_7", 0.1), cell("above_8", 0.2), cell("above_7", 12, statistic="n")]
    rows = compare(numbers, [*cells, cell("above_8", 30, statistic="n")])
    assert all(row.is_met for row in rows)


NUMBER = printed("7-9", "coef", "0.10")
CELL = cell("above_7", 0.1)
PLACE = {name: NUMBER[name] for name in Place._fields}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"rows": ROWS[1:2]}, r"tables\.csv, line 2: published_rows\.csv: no rule fits table_1_1, row 7-9"),
        ({"columns": COLUMNS[1:2]}, r"published_columns\.csv: no rule fits table_1_1, row 7-9, column ltjs, coef"),
        ({"rows": [ROWS[0], ROWS[0]]}, r"published_rows\.csv: lines 2, 3 fit table_1_1, row 7-9"),
        ({"rows": ROWS[:2]}, r"published_rows\.csv, line 3: the rule fits no printed number"),
        ({"columns": COLUMNS[:2]}, r"published_columns\.csv, line 3: the rule fits no printed number"),
        (
            {"cells": []},
            r"row 7-9.* is compared with table_1_1/above_7/treated/estimate, a column that no table",
        ),
        ({"numbers": [NUMBER, NUMBER]}, r"line 2: .* has the same place as another number"),
        ({"errata": [erratum("value", "6-9")]}, r"errata\.csv, line 2: A1 touches no printed number"),
        ({"errata": [erratum("typo")]}, r"errata\.csv, line 2: kind 'typo' must be one of row, panel"),
        ({"errata": [erratum("value", reason="")]}, r"errata\.csv, line 2: .* needs its reason in both languages"),
        ({"roles": [PLACE | {"role": "aim"}]}, r"line 2: the role 'aim' must be target or steered"),
        ({"roles": [PLACE | {"row": "6-9", "role": "target"}]}, r"line 2: the report prints no number at .* row 6-9"),
        ({"roles": [PLACE | {"role": role} for role in ("target", "steered")]}, r"line 3: .* has another role"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(arguments, message):
    with pytest.raises(InputError, match=message):
        compare(**{"numbers": [NUMBER], "cells": [CELL], "rows": ROWS[:1], **arguments})


def test_targets_and_steered_numbers_are_kept_apart():
    numbers = [NUMBER, printed("8-9", "coef", "0.3"), printed("7-9", "se", "0.05")]
    places = [{name: number[name] for name in Place._fields} for number in numbers]
    roles = [places[0] | {"role": "target"}, places[2] | {"role": "steered"}]
    cells = [CELL, cell("above_8", 0.1), cell("above_7", 0.05, statistic="se")]
    totals = add_up(compare(numbers, cells, roles=roles))
    assert (totals.targets.met, totals.targets.of) == (1, 1)
    assert (totals.others.met, totals.others.of) == (1, 2)
    assert totals.steered == 1
    assert add_up([replace(row, role="") for row in compare(numbers, cells)]).targets.of == 0
