"""Fit the synthetic trial again: python -m calibration, or one step of it."""

from __future__ import annotations

import argparse
import sys

from pipeline.errors import command
from pipeline.storage import write_if_changed


def fit_dates() -> None:
    """Allocation dates: dates.csv. Everything else follows from them."""
    from calibration.dates.fit import calibrate_dates
    from pipeline.twin.frame import DATES

    rows, solution = calibrate_dates()
    lines = [",".join(rows[0]), *(",".join(row.values()) for row in rows)]
    write_if_changed(DATES, ("\n".join(lines) + "\n").encode("utf-8"))
    print(f"dates: {int(solution.met.sum())} of {len(solution.met)} conditions met")


def fit_survey() -> None:
    """Scores before allocation: scores.csv. Needs the dates."""
    from calibration.stored import format_scores
    from calibration.survey.fit import calibrate_survey
    from calibration.survey.respondents import has_baseline
    from pipeline.twin.frame import build_frame
    from pipeline.twin.scores import BASELINE

    frame = build_frame()
    result = calibrate_survey(frame, lambda line: print(f"survey: {line}", flush=True))
    text = format_scores(result.half_points, frame.person, has_baseline(frame))
    write_if_changed(BASELINE, text.encode("utf-8"))
    missed = sum(len(labels) for labels in result.missed.values())
    print(f"survey: {result.targets - missed} of {result.targets} numbers met")


def fit_histories() -> None:
    """Register weeks: histories.csv. Needs the dates and the scores."""
    from calibration.histories.fit import calibrate_histories
    from pipeline.twin.frame import build_frame

    calibrate_histories(build_frame())


def fit_followup() -> None:
    """Scores after the course: followup.csv. Needs all of the others."""
    from calibration.followup.benefit_weeks import sickness_benefit_weeks
    from calibration.followup.fit import calibrate_followup
    from calibration.stored import format_scores
    from pipeline.twin.frame import build_frame
    from pipeline.twin.histories import build_histories
    from pipeline.twin.scores import BASELINE, FOLLOWUP, read_scores

    frame = build_frame()
    baseline, _ = read_scores(BASELINE, len(frame))
    weeks = sickness_benefit_weeks(frame, build_histories(frame))
    scores, answered, missed = calibrate_followup(
        frame, baseline, weeks, lambda line: print(f"follow-up: {line}", flush=True)
    )
    write_if_changed(FOLLOWUP, format_scores(scores, frame.person, answered).encode("utf-8"))
    print(f"follow-up: {sum(len(labels) for labels in missed.values())} numbers of table 3.5 not met")


def declare() -> None:
    """Which printed numbers the four steps aim at: targets.csv."""
    from calibration.declared import format_roles
    from pipeline.twin.files import TARGETS

    write_if_changed(TARGETS, format_roles().encode("utf-8"))


STEPS = {
    "dates": fit_dates,
    "survey": fit_survey,
    "histories": fit_histories,
    "followup": fit_followup,
    "declare": declare,
}


@command
def main(arguments: list[str] | None = None) -> None:
    """Run a step, or all of them."""
    described = "; ".join(f"{name}: {(step.__doc__ or '').split('.')[0]}" for name, step in STEPS.items())
    parser = argparse.ArgumentParser(
        prog="python -m calibration", description="Fit the synthetic trial to the printed report.", epilog=described
    )
    parser.add_argument("step", nargs="?", choices=STEPS, help="one step alone; without it all of them, in their order")
    options = parser.parse_args(arguments)
    for name, step in STEPS.items():
        if options.step in (name, None):
            step()


if __name__ == "__main__":
    sys.exit(main())
