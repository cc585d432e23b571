"""Fit the twin again: python -m pipeline.twin calibrate, or one step of it."""

from __future__ import annotations

import argparse
import sys

from pipeline.errors import command
from pipeline.storage import write_if_changed


def calibrate_dates() -> None:
    """Allocation dates: calibrated/dates.csv. Everything else follows from them."""
    from pipeline.twin.calibrate_dates import calibrate_dates as calibrate
    from pipeline.twin.frame import DATES

    rows, solution = calibrate()
    lines = [",".join(rows[0]), *(",".join(row.values()) for row in rows)]
    write_if_changed(DATES, ("\n".join(lines) + "\n").encode("utf-8"))
    print(f"dates: {int(solution.met.sum())} of {len(solution.met)} conditions met")


def calibrate_survey() -> None:
    """Scores before allocation: calibrated/scores.csv. Needs the dates."""
    from pipeline.twin.calibrate_survey import calibrate_survey as calibrate
    from pipeline.twin.frame import build_frame
    from pipeline.twin.scores import BASELINE, format_scores

    frame = build_frame()
    result = calibrate(frame, lambda line: print(f"survey: {line}", flush=True))
    text = format_scores(result.half_points, frame.person, frame.has_baseline)
    write_if_changed(BASELINE, text.encode("utf-8"))
    missed = sum(len(labels) for labels in result.missed.values())
    print(f"survey: {result.targets - missed} of {result.targets} numbers met")


def calibrate_histories() -> None:
    """Register weeks: calibrated/histories.csv. Needs the dates and the scores."""
    from pipeline.twin.calibrate_histories import calibrate
    from pipeline.twin.frame import build_frame

    calibrate(build_frame())


def calibrate_followup() -> None:
    """Scores after the course: calibrated/followup.csv. Needs all of the others."""
    from pipeline.twin.benefit_weeks import sickness_benefit_weeks
    from pipeline.twin.calibrate_followup import calibrate_followup as calibrate
    from pipeline.twin.frame import build_frame
    from pipeline.twin.histories import build_histories
    from pipeline.twin.scores import BASELINE, FOLLOWUP, format_scores, read_scores

    frame = build_frame()
    baseline, _ = read_scores(BASELINE, len(frame))
    weeks = sickness_benefit_weeks(frame, build_histories(frame))
    scores, answered, missed = calibrate(frame, baseline, weeks, lambda line: print(f"follow-up: {line}", flush=True))
    write_if_changed(FOLLOWUP, format_scores(scores, frame.person, answered).encode("utf-8"))
    print(f"follow-up: {sum(len(labels) for labels in missed.values())} numbers of table 3.5 not met")


def declare() -> None:
    """Which printed numbers the calibrations aim at: calibrated/targets.csv."""
    from pipeline.twin.declared import DECLARED, format_roles

    write_if_changed(DECLARED, format_roles().encode("utf-8"))


STEPS = {
    "calibrate-dates": calibrate_dates,
    "calibrate-survey": calibrate_survey,
    "calibrate-histories": calibrate_histories,
    "calibrate-followup": calibrate_followup,
    "declare": declare,
}


@command
def main(arguments: list[str] | None = None) -> None:
    """Run a step, or all of them."""
    parser = argparse.ArgumentParser(prog="python -m pipeline.twin", description="The synthetic trial.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("calibrate", help="all the steps below, in their order")
    for name, step in STEPS.items():
        commands.add_parser(name, help=(step.__doc__ or "").split(".")[0])
    options = parser.parse_args(arguments)
    for name, step in STEPS.items():
        if options.command in (name, "calibrate"):
            step()


if __name__ == "__main__":
    sys.exit(main())
