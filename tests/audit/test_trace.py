"""From a printed number to the received files and back: the cells are there, and they give the number."""

import csv
import math
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.audit.lineage import trace_files
from pipeline.audit.trace import trace
from pipeline.errors import InputError

RAW, DERIVED = Path("data_raw/twin"), Path("data_derived/twin")

NUMBERS = [
    "figure_3_3/all/sickness_benefit/45",
    "figure_3_5/short_wait/employment/81",
    "figure_3_1/all/employment_exit/12/treated",
    "figure_3_4/long_wait/employment_exit/81/control",
    "figure_2_1/odense/teams",
    "figure_2_1/total/persons",
    "figure_2_2/all/randomised",
    "figure_2_3/all/wait_days/8/treated",
    "figure_2_3/all/self_efficacy/8/control",
    "table_2_1/koege/recruitment_start",
    "table_2_1/koege/treated",
    "table_2_2/wait_days/control",
    "table_2_2/allocation_day/low_self_efficacy",
    "table_2_2/employment_pre_104_92/treated",
    "table_2_2/self_efficacy/control",
    "table_2_3/partner/short_wait",
    "table_2_3/cmdq_anxiety/high_self_efficacy",
    "table_3_1/employment_exit/all/estimate",
    "table_3_2/sickness_benefit_exit/long_wait/se",
]


def received(name: str) -> tuple[dict[str, int], list[list[str]]]:
    """Columns by name and rows by line of a received file, read without the pipeline."""
    rows = [line.split(";") for line in (RAW / name).read_text(encoding="utf-8").splitlines()]
    return {column: position for position, column in enumerate(rows[0])}, rows


FILES = {path.name: received(path.name) for path in RAW.glob("*.csv")}


@pytest.mark.parametrize("cell_id", NUMBERS)
def test_the_cells_give_the_number_back_and_stand_in_the_received_files(cell_id):
    found = trace(cell_id, RAW, DERIVED)
    assert abs(found.gap) < found.gap_limit
    terms = found.decomposition.terms
    total = math.fsum([found.decomposition.constant, *(terms["weight"] * terms["outcome"])])
    assert total == pytest.approx(found.estimate["estimate"], rel=1e-12, abs=1e-12)  # rounding of the additions
    for cell in found.decomposition.cells.to_dict("records"):
        columns, rows = FILES[cell["file"]]
        assert rows[cell["line"] - 1][columns[cell["column"]]] == cell["content"]


def test_the_share_of_one_person_can_be_counted_in_the_received_file():
    """Weight times share of the first person, from the file's own codes and wage months, without the pipeline."""
    found = trace("figure_3_2/all/employment/20", RAW, DERIVED)
    first = found.decomposition.terms.iloc[0]
    cells = found.decomposition.cells
    own = cells[cells["line"] == cells["line"].iloc[0]]
    columns, rows = FILES["dream.csv"]
    row = rows[own["line"].iloc[0] - 1]
    weeks = [
        row[columns[cell["column"]]] == "" and row[columns[cell["wage_column"]]] != ""
        for cell in own.to_dict("records")
    ]
    assert len(weeks) == 20
    assert sum(weeks) / 20 == pytest.approx(first["outcome"])


def test_the_chain_of_files_ends_in_the_received_files():
    chain = trace_files(DERIVED / "estimates" / "itt.parquet", DERIVED / "runs")
    assert {link.path for link in chain if link.origin == "as received"} >= {
        str(RAW / name) for name in ("dream.csv", "allocation.csv", "baseline_survey.csv", "extract.toml")
    }


def test_an_unknown_address_is_answered_with_those_near_it():
    with pytest.raises(InputError, match="figure_3_3/all/sickness_benefit/45"):
        trace("figure_3_3/all/sickness_benefits/45", RAW, DERIVED)


def test_the_command_prints_every_part_and_writes_the_cells():
    command = [sys.executable, "-m", "pipeline.audit.trace", NUMBERS[0], "--raw", str(RAW), "--derived", str(DERIVED)]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    for part in ("NUMBER", "ESTIMATE", "MODEL", "SAMPLE", "FILES", "SUM", "randomised", "data_raw/twin/dream.csv"):
        assert part in result.stdout
    target = DERIVED / "trace" / (NUMBERS[0].replace("/", "__") + ".csv")
    with target.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0])[:5] == ["file", "line", "column", "content", "state"]
    estimate = float(next(line for line in result.stdout.splitlines() if line.startswith("  estimate  ")).split()[-1])
    assert math.fsum(float(row["contribution"]) for row in rows) == pytest.approx(estimate, abs=1e-11)  # printed digits


def test_a_bad_address_ends_with_one_message():
    command = [sys.executable, "-m", "pipeline.audit.trace", "", "--raw", str(RAW), "--derived", str(DERIVED)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert result.stderr.startswith("error: trace: no address given")
