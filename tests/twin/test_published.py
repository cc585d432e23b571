"""What the pipeline makes of the synthetic trial, against the numbers the report prints."""

import csv
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.published.comparison import compare_all
from pipeline.published.errata import read_errata
from pipeline.published.locations import Locator, read_printed
from pipeline.published.targets import read_roles
from pipeline.published.totals import add_up
from pipeline.runner.inputs import load_input
from pipeline.stages.published import index_rebuilt

pytestmark = pytest.mark.report("exhibits.toml", "published_rows.csv", "published_columns.csv")
DERIVED = Path("data_derived/twin")
COMPARED = Path("reports/twin/tables/table_published.csv")


@pytest.fixture(scope="module")
def estimates() -> pd.DataFrame:
    tables = [pd.read_parquet(path) for path in sorted((DERIVED / "estimates").glob("*.parquet"))]
    return pd.concat(tables).set_index("estimate_id")


@pytest.fixture(scope="module")
def compared() -> list[dict[str, str]]:
    """Every printed number beside the rebuilt one."""
    with COMPARED.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(("exhibit", "numbers"), [("table_2_2", 498), ("table_2_3", 415)])
def test_means_and_balance_are_met_but_for_the_two_misprints(compared, exhibit, numbers):
    rows = [row for row in compared if row["exhibit"] == exhibit]
    assert len(rows) == numbers
    missed = [row for row in rows if row["met"] == "false"]
    assert [row["erratum"] for row in missed if row["target"] == "false"] == [
        {"table_2_2": "A5", "table_2_3": "A6"}[exhibit]
    ]
    others = [(row["row"], row["column"]) for row in missed if row["target"] == "true"]
    assert len(others) <= 0.01 * numbers, others  # the search stops where one printed number costs another


# sample, outcome, week, printed effect, half of a standard error of the size the report's tables print at week 81
CURVES = [
    ("all", "sickness_benefit", 1, 0.0505, 0.010),
    ("all", "sickness_benefit", 45, 0.0716, 0.015),
    ("all", "sickness_benefit", 81, 0.0561, 0.015),
    ("short_wait", "employment", 10, 0.019, 0.005),
    ("short_wait", "employment", 81, 0.0360, 0.015),
    ("long_wait", "employment", 45, -0.045, 0.010),
    ("long_wait", "employment", 81, -0.050, 0.010),
    ("long_wait", "sickness_benefit", 10, 0.080, 0.015),
    ("long_wait", "sickness_benefit", 81, 0.080, 0.015),
]


@pytest.mark.parametrize(("sample", "outcome", "week", "printed", "tolerance"), CURVES)
def test_the_curves_pass_through_the_values_of_the_text(estimates, sample, outcome, week, printed, tolerance):
    row = estimates.loc[f"itt/{sample}/{outcome}/{week}/treated"]
    assert abs(row["estimate"] - printed) < tolerance
    assert abs(row["estimate"] - printed) < row["se"] / 2


def curve(estimates: pd.DataFrame, sample: str, outcome: str) -> pd.DataFrame:
    rows = estimates[(estimates["model"] == "itt") & (estimates["sample"] == sample)]
    return rows[rows["outcome"] == outcome].set_index("week").sort_index()


def test_the_curves_have_the_shapes_of_the_text(estimates):
    benefit = curve(estimates, "all", "sickness_benefit")
    assert benefit["estimate"].max() - benefit.loc[45, "estimate"] < 0.0001  # the largest effect, as printed
    assert (curve(estimates, "all", "employment")["p_value"] > 0.10).all()
    assert (curve(estimates, "short_wait", "sickness_benefit")["p_value"] > 0.05).all()
    short = curve(estimates, "short_wait", "employment")["p_value"]
    assert (short.loc[10:31] < 0.10).all()
    assert short.loc[81] > 0.10
    assert (curve(estimates, "long_wait", "employment")["p_value"].loc[61:81] < 0.05).all()


def test_the_hazards_are_those_of_tables_3_1_and_3_2(compared):
    rows = [row for row in compared if row["exhibit"] in ("table_3_1", "table_3_2")]
    assert len(rows) == 18
    for row in rows:
        if row["statistic"] == "coef":
            assert abs(float(row["distance_units"])) < 1.1  # a tenth of its standard error; numbers conflict
        if row["statistic"] == "n":
            assert abs(float(row["rebuilt"]) / float(row["value"]) - 1) < 0.01


@pytest.mark.parametrize(("outcome", "level"), [("employment_exit", 0.50), ("sickness_benefit_exit", 0.20)])
def test_the_survival_curves_end_where_the_text_says(estimates, outcome, level):
    for arm in ("treated", "control"):
        survival = estimates.loc[f"kaplan_meier/all/{outcome}/81/{arm}", "estimate"]
        assert abs(survival - level) < 0.07  # "around"; the counts of table 3.1 leave the control arm at 44 per cent


def test_the_two_links_agree_as_the_report_says(estimates):
    logit = estimates.loc[estimates["model"] == "hazard_logit", "estimate"]
    logit = logit[logit.index.str.endswith("//treated")]
    other = estimates.loc[logit.index.str.replace("hazard_logit", "hazard_cloglog"), "estimate"]
    assert len(logit) == 6
    for one, two in zip(logit, other, strict=True):
        assert abs(one - two) < 0.02  # hazards are small, so the links differ in the second decimal


def stored(path: str) -> list[dict]:
    return load_input(Path(path)).to_dict("records")


def test_the_fit_as_a_whole_is_as_near_as_it_aims_to_be(estimates):
    numbers = read_printed(stored("data_raw/published/tables.csv"))
    compared = compare_all(
        numbers,
        Locator(stored("config/published_rows.csv"), stored("config/published_columns.csv")),
        index_rebuilt(pd.read_parquet(DERIVED / "shown.parquet"), estimates.reset_index(), "en"),
        read_errata(stored("data_raw/published/errata.csv")),
        read_roles(stored("data_raw/twin/targets.csv"), numbers),
        tomllib.loads(Path("config/study.toml").read_text(encoding="utf-8"))["inference"]["stars"],
    )
    totals = add_up(compared)
    assert totals.all.of == 2449
    assert totals.unknown == 0
    assert totals.targets.share >= 0.97
    assert totals.errors.share >= 0.90
    assert totals.ratio < 1.5
    assert totals.stars.share >= 0.90


# exhibit, numbers that are targets, how many of them may be missed: the search stops where one number costs another
TARGETS = [
    ("table_3_3", 90, 4),
    ("table_3_4", 40, 2),
    ("table_3_6", 9, 0),
    ("table_4_1", 90, 6),
    ("table_6_1", 58, 4),
    ("table_6_3", 134, 30),
]


@pytest.mark.parametrize(("exhibit", "numbers", "misses"), TARGETS)
def test_the_numbers_after_allocation_are_met_as_printed(compared, exhibit, numbers, misses):
    rows = [row for row in compared if row["exhibit"] == exhibit and row["target"] == "true"]
    rows = [row for row in rows if (exhibit, row["column"]) != ("table_3_6", "self_efficacy")]  # of the survey
    assert len(rows) == numbers
    missed = [(row["panel"], row["row"], row["column"], row["statistic"]) for row in rows if row["met"] == "false"]
    assert len(missed) <= misses, missed


def test_standard_errors_after_allocation_are_near_the_printed_ones(compared):
    exhibits = {exhibit for exhibit, *_ in TARGETS}
    rows = [row for row in compared if row["exhibit"] in exhibits and row["statistic"] == "se"]
    rows = [row for row in rows if (row["exhibit"], row["column"]) != ("table_3_6", "self_efficacy")]
    near, ratio = [], []
    for row in rows:
        value, printed = float(row["rebuilt"]), float(row["value"])
        half = 0.5 * 10.0 ** -len(row["value"].partition(".")[2])
        near.append(abs(value - printed) <= max(0.01, 2 * half))
        ratio.append(max(value / (printed + half), (printed - half) / value))  # beyond the printed rounding
    assert len(rows) == 155
    assert np.mean(near) >= 0.90
    assert max(ratio) < 1.5
