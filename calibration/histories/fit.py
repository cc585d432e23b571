"""The register histories of the analysed persons: before allocation, after it, and activation."""

from __future__ import annotations

import csv
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from calibration.histories.activation import choose_activation
from calibration.histories.after.fit import choose_after
from calibration.histories.before import choose_before
from calibration.histories.report import report_line
from calibration.histories.targets import FIXED, Design, stated_targets, table_targets
from calibration.stored import format_spells, write_table
from pipeline.errors import InputError
from pipeline.twin.courses import draw_before
from pipeline.twin.histories import CHOICES, CHOSEN, fingerprint, states_of, subjects_of
from pipeline.twin.randomness import generator
from pipeline.twin.scores import BASELINE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.twin.frame import Frame

    Integers = NDArray[np.int64]

REACHED = Path(__file__).parent / "reached.csv"
LOW_PEER = 12  # points of self-efficacy from which a team member is not low (report footnote 13, on the 0-24 scale)


def calibrate_histories(frame: Frame, choices: Path = CHOICES, report: Path = REACHED) -> None:
    """Choose the histories of the frame's analysed persons and write the choices and what they reach.

    Writes `choices` (person, candidates before and of activation, spells after allocation, digest) and `report`
    (target, printed, bounds, reached, met). Needs the calibrated scores. Prints progress; the same input gives the
    same choices.
    """
    started = time.monotonic()

    def say(text: str) -> None:
        print(f"histories: {text} [{time.monotonic() - started:.0f} s]", flush=True)

    members = np.asarray(frame.analysed)
    subjects = subjects_of(frame, members)
    design = build_design(frame, members)
    targets = [*table_targets(), *stated_targets()]
    before, lines = choose_before(subjects, design, targets, say)
    earlier = draw_before(subjects, before)
    after, reached = choose_after(subjects, design, earlier, targets, generator("choice/after"), say)
    activation, last = choose_activation(subjects, design, earlier, after, targets, say)
    digest = fingerprint(*states_of(subjects, earlier, after, activation))
    chosen = zip(subjects.person, before, map(format_spells, after), activation, strict=True)
    write_table(choices, CHOSEN, [[*one, digest] for one in chosen])
    lines += [report_line(*one) for one in reached]
    fixed = [target for target in targets if target.functional.estimator in FIXED]
    lines = [*lines, *last, *(report_line(one, design.fixed(one.functional)) for one in fixed)]
    write_table(report, ["target", "printed", "lower", "upper", "reached", "met", "priority"], lines)
    stated = [line for line in lines if float(str(line[6])) > 0]
    say(f"{sum(bool(line[5]) for line in stated)} of {len(stated)} targets met; see {report.name}")


def build_design(frame: Frame, members: NDArray[np.bool_], scores: Path = BASELINE) -> Design:
    """Columns that the functionals need: arm, wait, place, team and the calibrated scores (NaN where missing)."""
    try:
        with scores.open(encoding="utf-8", newline="") as file:
            rows = {int(row["person"]): row for row in csv.DictReader(file)}
    except FileNotFoundError as error:
        raise InputError(f"{scores}: the file is missing. Run make calibrate.") from error
    people = [rows[int(one)] for one in frame.person[members]]
    names = [name for name in people[0] if name != "person"]
    columns = {name: np.array([float(row[name] or "nan") for row in people]) for name in names}
    columns["treated"] = frame.treated[members].astype(float)
    columns["wait_days"] = frame.wait_days[members].astype(float)
    columns["municipality"] = frame.municipality[members]
    place = np.unique(frame.municipality[members], return_inverse=True)[1]
    team = np.unique(frame.team[members], return_inverse=True)[1]
    columns["low_peers"] = low_peers(columns["self_efficacy"], team)
    return Design(columns, place, team)


def low_peers(score: NDArray[np.float64], team: Integers) -> NDArray[np.float64]:
    """1 if more of the others in one's team have low self-efficacy than in the median team, else 0; (n,).

    Report footnote 13; whoever has no score is not counted.
    """
    known, low = np.isfinite(score).astype(float), (score < LOW_PEER).astype(float)
    size, count = np.bincount(team, known), np.bincount(team, low)
    return ((count[team] - low) / (size[team] - known) > np.median(count / size)).astype(float)
