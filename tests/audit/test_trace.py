"""From a printed number to the received files and back: the cells are there, and they give the number."""

import csv
import hashlib
import json
import math
import shutil
import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats

from pipeline.audit.build import Build
from pipeline.audit.evidence import RootOfSquares
from pipeline.audit.lineage import trace_files
from pipeline.audit.resampled import RESAMPLED
from pipeline.audit.trace import trace
from pipeline.errors import InputError
from pipeline.estimate.estimators import ESTIMATORS
from pipeline.runner.records import seal_of
from pipeline.settings.curves import WHOLE
from pipeline.show.shown import COLUMNS, show_number
from pipeline.verify.trace import main

RAW, DERIVED = Path("data_raw/twin"), Path("data_derived/twin")
BUILD = Build(RAW, DERIVED)
# What asks for a number by its address rests on the exhibits of the report.
REPORT = pytest.mark.report("exhibits.toml")
NUMBER, ERROR = "figure_3_3/all/sickness_benefit/45", "table_3_2/sickness_benefit_exit/long_wait/se"


@cache
def received(name: str) -> tuple[dict[str, int], list[list[str]]]:
    """Columns by name and rows by line of a received file, read without the pipeline."""
    rows = [line.split(";") for line in (RAW / name).read_text(encoding="utf-8").splitlines()]
    return {column: position for position, column in enumerate(rows[0])}, rows


def addresses():
    """An address, drawn with a fixed seed, of each statistic of each estimator, and one of each exhibit.

    make verify walks all of them. What resampling says is no sum, nor is what is of a whole curve of specifications.
    """
    cells = pd.read_parquet(DERIVED / "shown.parquet").sample(frac=1, random_state=20141031)
    is_sum = ~cells["statistic"].isin(RESAMPLED) & (cells["estimate_id"].str.split("/").str[1] != WHOLE)
    cells = cells[is_sum & cells["value"].notna()]
    model = cells["estimate_id"].str.partition("/")[0]
    cells["estimator"] = model.map({name: model.estimator for name, model in BUILD.models.items()})
    drawn = [cells.drop_duplicates(["estimator", "statistic"]), cells.drop_duplicates("exhibit")]
    return sorted({*pd.concat(drawn)["cell_id"]})


def given_back(number):
    """The number from the contributions of its cells, put together here and not by the pipeline."""
    totals = []
    for part in number.parts.values():
        contribution = part.cells["contribution"]
        if isinstance(part, RootOfSquares):
            squares = contribution.groupby(part.cells["cluster"]).sum() ** 2
            totals.append(math.sqrt(part.squares.factor * squares.sum()))
        else:
            totals.append(part.terms.constant + math.fsum(contribution))
    return totals


@pytest.mark.parametrize("cell_id", addresses())
def test_every_kind_of_number_is_given_back_by_cells_that_stand_in_the_received_files(cell_id):
    found = trace(cell_id, BUILD)
    totals, row = given_back(found.number), found.estimate
    if found.cell["statistic"] == "df":  # of t by clusters, of which there is one more
        again = totals[0] - 1
    elif len(totals) == 1:
        again = totals[0]
    elif len(totals) == 4:  # the interval of two bounds
        (low, low_error), (high, high_error) = sorted([tuple(totals[:2]), tuple(totals[2:])])
        width, law = (high - low) / max(low_error, high_error), stats.t(row["df"])
        c = optimize.brentq(lambda c: law.cdf(c + width) - law.cdf(-c) - 0.95, 0, 50, xtol=1e-14)
        again = {"ci_low": low - c * low_error, "ci_high": high + c * high_error}[found.cell["statistic"]]
    else:
        reference = stats.norm if np.isnan(row["df"]) else stats.t(row["df"])
        half = reference.ppf(0.975) * totals[1]
        made = {"ci_low": totals[0] - half, "ci_high": totals[0] + half, "relative": totals[0] / totals[1]}
        again = made.get(found.cell["statistic"], 2 * reference.sf(abs(totals[0] / totals[1])))
    # Some ten thousand additions, and inverses of designs of up to 110 columns: 1e-13 and less was seen.
    assert again == pytest.approx(found.cell["value"], rel=1e-9, abs=1e-12)
    for part in found.number.parts.values():
        assert part.total == pytest.approx(part.total_of_terms, rel=1e-9, abs=1e-12)
        for name, line, column, content in part.cells[["file", "line", "column", "content"]].values.tolist():
            columns, rows = received(name)
            assert rows[line - 1][columns[column]] == content


@REPORT
def test_the_share_of_one_person_can_be_counted_in_the_received_file():
    """Weight times share of the first person, from the file's own codes and wage months, without the pipeline."""
    part = trace("figure_3_2/all/employment/20", BUILD).number.parts["estimate"]
    first, cells = part.terms.table.iloc[0], part.cells
    own = cells[cells["line"] == cells["line"].iloc[0]]
    columns, rows = received("dream.csv")
    row = rows[own["line"].iloc[0] - 1]
    weeks = [
        row[columns[cell["column"]]] == "" and row[columns[cell["wage_column"]]] != ""
        for cell in own.to_dict("records")
    ]
    assert len(weeks) == 20
    assert sum(weeks) / 20 == pytest.approx(first["outcome"])


@REPORT
def test_a_count_counts_and_a_mean_of_some_says_who_weighs_nothing():
    found = trace("table_3_1/employment_exit/all/n", BUILD).number
    assert set(found.parts["count"].cells["contribution"]) == {1.0}
    assert len(found.parts["count"].cells) == found.value
    at_risk = trace("figure_3_1/all/employment_exit/39/control/at_risk", BUILD).number
    assert len(at_risk.parts["count"].terms.table) == at_risk.value
    control = trace("table_3_5/emergency_visits/low_7_control/estimate", BUILD)
    part = control.number.parts["estimate"]
    assert (part.terms.table["weight"] > 0).all()
    assert len(part.terms.table) == control.estimate["n"]
    assert "weigh nothing in this mean" in part.terms.identity


@REPORT
def test_the_chain_of_files_goes_from_the_numbers_shown_to_the_received_files():
    chain = trace_files(DERIVED / "shown.parquet", DERIVED / "runs", DERIVED / "estimates" / "itt.parquet")
    assert chain[0].path == str(DERIVED / "shown.parquet")
    assert {link.path for link in chain if "/estimates/" in link.path} == {str(DERIVED / "estimates" / "itt.parquet")}
    assert {link.path for link in chain if link.origin == "as received"} >= {
        str(RAW / name) for name in ("dream.csv", "allocation.csv", "baseline_survey.csv", "extract.toml")
    }


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """The build in a folder of its own, where its files can be changed."""
    shutil.copytree(DERIVED, tmp_path / DERIVED, ignore=shutil.ignore_patterns("trace"))
    for name in ("config", "data_raw", "pipeline", "requirements.lock"):
        (tmp_path / name).symlink_to(Path(name).resolve())
    monkeypatch.chdir(tmp_path)


def mutate(column, value):
    path = DERIVED / "shown.parquet"
    cells = pd.read_parquet(path)
    cells.loc[cells["cell_id"] == NUMBER, column] = value
    cells.to_parquet(path, index=False)
    return path


def record_as_built(path):
    """Write the hash of a changed file into every record that names it, so that only the numbers can tell."""
    for record in (DERIVED / "runs").glob("*.json"):
        body = json.loads(record.read_text(encoding="utf-8"))
        for side in ("inputs", "outputs"):
            if str(path) in body[side]:
                body[side][str(path)] = hashlib.sha256(path.read_bytes()).hexdigest()
        record.write_text(json.dumps(body | {"seal": seal_of(body)}), encoding="utf-8")


@REPORT
@pytest.mark.parametrize(
    ("column", "value", "recorded", "message"),
    [
        ("value", 0.99, False, "shown.parquet: not the file that its record holds. Delete it and run make all"),
        ("value", 0.99, True, "shown.parquet: value of .* is 0.99, but the estimate itt/all/sickness_benefit/45"),
        ("text", "0.99***", True, "shown.parquet: text of .* is '0.99\\*\\*\\*', but the estimate"),
        ("statistic", "se", True, "shown.parquet: statistic of .* is 'se', but"),
        ("estimate_id", "itt/all/employment/45/treated", True, "shown.parquet: estimate_id of"),
    ],
)
@pytest.mark.usefixtures("copy")
def test_a_number_shown_that_is_not_the_statistic_of_its_estimate_is_refused(column, value, recorded, message):
    path = mutate(column, value)
    if recorded:
        record_as_built(path)
    with pytest.raises(InputError, match=message):
        trace(NUMBER, Build(RAW, DERIVED))


@REPORT
def test_cells_that_do_not_give_the_number_back_are_refused(monkeypatch, capsys):
    own = ESTIMATORS["discrete_hazard"]

    def with_another_factor(problem, address):
        return replace(own.squares(problem, address), factor=1.001)

    monkeypatch.setitem(ESTIMATORS, "discrete_hazard", replace(own, squares=with_another_factor))
    monkeypatch.setattr(sys, "argv", ["trace", ERROR, "--raw", str(RAW), "--derived", str(DERIVED)])
    assert main() == 2
    assert "the cells do not give the number back" in capsys.readouterr().err


REASON = "no estimate: one arm only"


@REPORT
@pytest.mark.parametrize("end", ["", "/ci_low"])
@pytest.mark.usefixtures("copy")
def test_a_missing_number_is_answered_with_its_reason_alone(end, monkeypatch, capsys):
    cells = pd.read_parquet(DERIVED / "shown.parquet")
    cell = cells[cells["cell_id"] == f"{NUMBER}{end}"].iloc[0]
    path = DERIVED / "estimates" / "itt.parquet"
    table = pd.read_parquet(path)
    gone = table["estimate_id"] == cell["estimate_id"]
    table.loc[gone, ["estimate", "se", "p_value", "ci_low", "ci_high"]] = np.nan
    table.loc[gone, ["converged", "note"]] = [False, REASON]
    table.to_parquet(path, index=False)
    build = Build(RAW, DERIVED)
    written = show_number(
        build.slots[cell["cell_id"]], table[gone].to_dict("records")[0], build.study.inference.stars, build.language
    )
    cells.loc[cells["cell_id"] == cell["cell_id"], COLUMNS] = [written]
    cells.to_parquet(DERIVED / "shown.parquet", index=False)
    record_as_built(path)
    record_as_built(DERIVED / "shown.parquet")
    monkeypatch.setattr(sys, "argv", ["trace", cell["cell_id"], "--raw", str(RAW), "--derived", str(DERIVED)])
    assert main() == 2
    said = capsys.readouterr()
    assert said.err == f"error: trace: no number stands here: {REASON}.\n"
    assert not said.out
    assert not (DERIVED / "trace").exists()


@REPORT
def test_an_unknown_address_is_answered_with_those_near_it():
    with pytest.raises(InputError, match="figure_3_3/all/sickness_benefit/45"):
        trace("figure_3_3/all/sickness_benefits/45", BUILD)


@REPORT
def test_the_command_prints_every_part_and_writes_the_cells():
    command = [sys.executable, "-m", "pipeline.verify.trace", f"{NUMBER}/ci_low", "--raw", str(RAW)]
    result = subprocess.run([*command, "--derived", str(DERIVED)], capture_output=True, text=True, check=True)
    for part in ("NUMBER", "ESTIMATE", "MODEL", "SAMPLE", "FILES", "SUM", "RESULT", "randomised", f"{RAW}/dream.csv"):
        assert part in result.stdout
    beside = result.stdout.partition("\nBESIDE IT")[2].partition("\nMODEL")[0]
    assert "\n  p-value by the lot drawn again  " in beside
    assert "\n  step-down p-value in the family  " in beside
    name = f"{NUMBER}/ci_low".replace("/", "__")
    with (DERIVED / "trace" / f"{name}__estimate.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0])[:5] == ["file", "line", "column", "content", "state"]
    estimate = float(next(line for line in result.stdout.splitlines() if line.startswith("  estimate  ")).split()[-1])
    assert math.fsum(float(row["contribution"]) for row in rows) == pytest.approx(estimate, abs=1e-11)  # printed digits
    scores = pd.read_csv(DERIVED / "trace" / f"{name}__standard_error__scores.csv")
    printed = dict(line.split()[:3:2] for line in result.stdout.splitlines() if line.endswith("%"))
    by_team = scores.groupby("cluster")["score"].sum()
    assert {team: float(score) for team, score in printed.items()} == pytest.approx(by_team.to_dict(), rel=1e-11)


@pytest.mark.parametrize(
    ("address", "derived", "message"),
    [("", DERIVED, "no address given"), (NUMBER, Path("data_derived/nowhere"), "Say make all EXTRACT=nowhere first")],
)
def test_what_cannot_be_traced_ends_with_one_message(address, derived, message):
    command = [sys.executable, "-m", "pipeline.verify.trace", address, "--raw", str(RAW), "--derived", str(derived)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert message in result.stderr
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1
