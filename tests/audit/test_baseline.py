"""Accepted results: what counts as moved, how it is told, and how it is accepted."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.audit.baseline import LOG, accept, accepted_hash, compare_with_accepted
from pipeline.audit.compare import COLUMNS, compare, describe, iterated_models
from pipeline.errors import InputError
from pipeline.estimate.inference import STATISTICS
from tests.models import OWN

# estimate_id, estimate, se, ci_low, ci_high, control_mean, p_value, df, n, n_treated, n_control, n_clusters, converged
ROWS = [
    ("itt/all/employment/80/treated", 0.2, 0.1, 0.0, 0.4, 0.3, 0.05, 42.0, 568, 371, 197, 43, True, ""),
    ("itt/all/employment/81/treated", 1e-9, 0.1, -0.2, 0.2, 0.3, 1e-9, 42.0, 568, 371, 197, 43, True, ""),
    ("mean/control/age//mean", 47.0, None, None, None, None, None, None, 197, 0, 197, None, True, "some note"),
    ("tobit/control/employment/81/age", 3.0, 1.0, 1.0, 5.0, 0.3, 0.003, 122.0, 188, 0, 188, None, True, ""),
]


def table(**changes):
    """The rows with changes of cells, by estimate_id and column."""
    frame = pd.DataFrame(ROWS, columns=list(COLUMNS)).astype({"n_clusters": "Int64"})
    for place, value in changes.items():
        row, column = place.split("__")
        frame.loc[int(row), column] = value
    return frame


SMALL = [
    {"0__estimate": 0.2 * (1 + 9e-9)},
    {"1__estimate": 1.9e-9},  # of a standard error of 0.1 this is nothing, though of the number it is much
    {"1__p_value": 1e-10},
    {"3__estimate": 3.0 * (1 + 9e-7)},
]


@pytest.mark.parametrize("changes", SMALL, ids=str)
def test_rounding_is_no_change(changes):
    assert compare(table(), table(**changes), {"tobit"}).changes.empty


def test_only_what_is_found_by_steps_may_move_by_a_step():
    assert len(compare(table(), table(**{"3__estimate": 3.0 * (1 + 9e-7)}), {"itt"}).changes) == 1


MOVED = [
    ({"0__estimate": 0.2 + 3e-9}, "estimate 0.2 -> 0.2 3e-08 standard errors"),
    ({"0__estimate": 0.25}, "estimate 0.2 -> 0.25 0.5 standard errors"),
    ({"0__estimate": None}, "estimate 0.2 -> unknown"),
    ({"0__se": 0.2}, "se 0.1 -> 0.2 1 standard errors"),
    ({"0__p_value": 0.06}, "p_value 0.05 -> 0.06 0.01 of it"),
    ({"0__df": 41.0}, "df 42 -> 41 0.024 of it"),
    ({"0__n": 567}, "n 568 -> 567 0.0018 of it"),
    ({"2__estimate": 47.47}, "estimate 47 -> 47.47 0.01 of it"),
    ({"2__se": 1.0}, "se unknown -> 1"),
    ({"2__note": ""}, "note some note -> no note"),
    ({"3__converged": False}, "converged True -> False 1 of it"),
    ({"3__estimate": 3.00001}, "estimate 3 -> 3.00001 1e-05 standard errors"),
]


@pytest.mark.parametrize(("changes", "says"), MOVED, ids=[says for _, says in MOVED])
def test_a_change_is_told_in_one_line(changes, says):
    found = compare(table(), table(**changes), {"tobit"})
    place = int(next(iter(changes))[0])
    model = ROWS[place][0].split("/")[0]
    lines = describe(found)
    assert lines[0] == f"{model}: 1 moved, of {found.counts[model]} estimates"
    assert " ".join(lines[1].split()) == f"{ROWS[place][0]} {says}"
    assert len(lines) == 2


def test_changes_come_by_model_the_largest_first_and_the_rest_are_counted():
    new = table(**{"0__estimate": 0.3, "1__estimate": 0.2, "3__estimate": 3.5}).drop(index=2)
    new = pd.concat([new, table().loc[[2]].assign(estimate_id="mean/control/pain//mean")])
    found = compare(table(), new)
    assert [line.split()[0] for line in describe(found, shown=1)] == [
        "mean:", "mean/control/age//mean", "and",
        "itt:", "itt/all/employment/81/treated", "and",
        "tobit:", "tobit/control/employment/81/age",
    ]  # fmt: skip
    assert describe(found)[0] == "mean: 1 new, 1 vanished, of 2 estimates"


def write_estimates(folder, frame, **resampled):
    """The estimates by stage, and beside them what resampling says of the first: `resampled`, missing otherwise."""
    folder.mkdir(parents=True, exist_ok=True)
    row = {"estimate_id": ROWS[0][0], **dict.fromkeys(STATISTICS, np.nan), "inference_note": "", **resampled}
    pd.DataFrame([row]).to_parquet(folder.parent / "inference.parquet", index=False)
    for stage, rows in frame.groupby(frame["estimate_id"].str[:3]):
        rows.to_parquet(folder / f"{stage}.parquet", index=False)
    return folder


def files(folder):
    return {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}


def test_accepting_keeps_the_reason_and_what_it_was_for_and_never_an_earlier_entry(tmp_path):
    made, kept = tmp_path / "twin" / "estimates", tmp_path / "baseline"
    kept.mkdir()
    list(accept(write_estimates(made, table()), "The first.", kept))
    assert compare_with_accepted(made, kept).changes.empty
    first = (kept / LOG).read_text(encoding="utf-8")
    write_estimates(made, table(**{"0__estimate": 0.25}))
    assert list(accept(made, "Two\nlines.", kept))[-1] == f"accepted 1 changes: commit {kept} by itself"
    log = (kept / LOG).read_text(encoding="utf-8")
    assert log.startswith(first)
    assert "\n## 2\n\nTwo lines.\n" in log
    assert "| itt | 2 | 1 | 0 | 0 | 0.5 standard errors | `itt/all/employment/80/treated` estimate |" in log
    assert log.endswith(f"Accepted files: {accepted_hash(kept)}\n")
    before = files(kept)
    assert list(accept(made, "Again.", kept)) == [f"nothing moved: {kept} stays as it is, and no reason is kept"]
    assert files(kept) == before


OF_RESAMPLING = [
    ({"ri_p": 0.0101}, "ri_p p_value 0.01 -> 0.0101 0.0001 of it"),
    ({"wild_low": 0.051}, "wild_low estimate 0.05 -> 0.051 0.01 standard errors"),
    ({"cr2_df": np.nan}, "cr2_df estimate 37 -> unknown"),
    ({"inference_note": "a reason"}, "ri_p note no note -> a reason"),
]


@pytest.mark.parametrize(("changes", "says"), OF_RESAMPLING, ids=[says for _, says in OF_RESAMPLING])
def test_what_resampling_says_is_accepted_as_estimates_are(tmp_path, changes, says):
    made, kept = tmp_path / "twin" / "estimates", tmp_path / "baseline"
    kept.mkdir()
    before = {"ri_p": 0.01, "wild_low": 0.05, "cr2_df": 37.0, "jackknife_se": 0.1}
    list(accept(write_estimates(made, table(), **before), "The first.", kept))
    assert compare_with_accepted(made, kept).changes.empty
    lines = describe(compare_with_accepted(write_estimates(made, table(), **before | changes), kept))
    assert lines[0].startswith("resampled itt: 1 moved")
    assert " ".join(lines[1].split()) == f"resampled {ROWS[0][0]}/{says}"


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_without_a_reason_nothing_is_accepted(tmp_path, reason):
    made, kept = write_estimates(tmp_path / "twin" / "estimates", table()), tmp_path / "baseline"
    kept.mkdir()
    with pytest.raises(InputError, match=r'baseline: 27 numbers are not the accepted ones.*REASON="why'):
        list(accept(made, reason, kept))
    assert not list(kept.iterdir())


def test_models_that_are_found_by_steps_are_told_by_their_estimator():
    assert iterated_models(OWN) == {"tobit", "hazard_logit", "hazard_cloglog"}


COMMAND = [sys.executable, "-m", "pipeline.audit.baseline"]


def test_only_the_synthetic_trial_has_accepted_estimates():
    result = subprocess.run([*COMMAND, "data_derived/2018q2/estimates"], capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert result.stderr.startswith("error: data_derived/2018q2/estimates: only the estimates of the synthetic trial")
    assert result.stderr.count("\n") == 1


def test_at_a_terminal_the_reason_is_asked_for(tmp_path):
    made = write_estimates(tmp_path / "twin" / "estimates", table())
    (tmp_path / "tests" / "baseline").mkdir(parents=True)
    (tmp_path / "config").symlink_to(OWN)
    ours, theirs = pty.openpty()
    os.write(ours, b"Asked.\n")
    clean = {name: value for name, value in os.environ.items() if name != "REASON"} | {"PYTHONPATH": str(Path.cwd())}
    subprocess.run([*COMMAND, str(made)], stdin=theirs, cwd=tmp_path, env=clean, capture_output=True, check=True)
    assert "\n## 1\n\nAsked.\n" in (tmp_path / "tests" / "baseline" / LOG).read_text(encoding="utf-8")
