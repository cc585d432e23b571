"""Which printed numbers the twin is calibrated to: its calibrated/targets.csv, from what each calibration declares."""

from __future__ import annotations

from collections.abc import Iterator

from calibration.dates.fit import date_targets
from calibration.followup.targets import declared_targets as followup_targets
from calibration.histories.targets import printed_rows, stated_targets
from calibration.printed.targets import CORRECTIONS, KEYS, TABLES
from calibration.survey.fit import declared_targets as survey_targets
from pipeline.twin.frame import Team, read_teams
from pipeline.twin.stored import read_rows

TARGET, STEERED = "target", "steered"
TOTAL = "I alt"
Place = tuple[str, ...]


def declared_roles() -> dict[Place, str]:
    """The role of each printed number by its keys in tables.csv, in the order of that file.

    'target': a calibration, or the construction of the frame, holds it within its printed rounding. 'steered': the
    search of a calibration prefers values near it. Numbers aimed at in another reading than the printed one, those of
    printed/corrections.csv, have no role.
    """
    corrected = {(row["exhibit"], row["row"], row["column"]) for row in read_rows(CORRECTIONS)}
    surveyed = [*survey_targets(), *followup_targets()]
    roles = {place_of(row): row["role"] for row in surveyed}
    roles |= dict(_frame_roles()) | dict(_date_roles()) | dict(_history_roles())
    ordered = {}
    for row in read_rows(TABLES):
        place = place_of(row)
        if place in roles and (row["exhibit"], row["name"] or row["row"], row["column"]) not in corrected:
            ordered[place] = roles[place]
    return ordered


def place_of(row: dict[str, str]) -> Place:
    """The keys of a printed number."""
    return tuple(row[key] for key in KEYS)


def format_roles() -> str:
    """The text of calibrated/targets.csv."""
    lines = [",".join((*KEYS, "role"))]
    for place, role in declared_roles().items():
        lines.append(",".join(f'"{text}"' if "," in text else text for text in (*place, role)))
    return "\n".join(lines) + "\n"


def _frame_roles() -> Iterator[tuple[Place, str]]:
    """The numbers of table 2.1 that the frame is built with."""
    teams = [team for team in read_teams() if team.control + team.treated]
    known = {team.team_name: _counts([team]) for team in teams} | {TOTAL: _counts(teams)}
    for row in read_rows(TABLES):
        if row["exhibit"] == "table_2_1" and known[row["row"]][row["column"]] == row["value"]:
            yield place_of(row), TARGET


def _counts(teams: list[Team]) -> dict[str, str]:
    control, treated = sum(team.control for team in teams), sum(team.treated for team in teams)
    return {
        "recruitment_start": str(min(team.start for team in teams)),
        "recruitment_end": str(max(team.end for team in teams)),
        "control": str(control),
        "ltjs": str(treated),
        "total": str(control + treated),
    }


def _date_roles() -> Iterator[tuple[Place, str]]:
    """The numbers of tables 2.2 and 2.3 on allocation dates and waits, in all columns."""
    columns = {"all", "control", "ltjs", "short_wait", "long_wait", "low_self_efficacy", "high_self_efficacy"}
    aims = {(one.exhibit, one.name, one.column, one.statistic) for one in date_targets(columns)}
    for row in read_rows(TABLES):
        if (row["exhibit"], row["name"], row["column"], row["statistic"]) in aims:
            yield place_of(row), TARGET


def _history_roles() -> Iterator[tuple[Place, str]]:
    """The numbers that the calibration of the histories holds, and the standard errors it is led by."""
    for row, rule in printed_rows():
        if float(rule["priority"]) > 0:
            yield place_of(row), STEERED if row["statistic"] == "se" else TARGET
    stated = {tuple(one.name.split("/")) for one in stated_targets()}
    weeks = {(name[0], name[2] if len(name) > 3 else "logit") for name in stated if name[-1] == "n"}
    for row in read_rows(TABLES):
        if row["statistic"] == "n" and (row["exhibit"], row["column"]) in weeks:
            yield place_of(row), TARGET
