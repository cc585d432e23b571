"""The derived tables of an extract, from its received files and the settings, as rows by table, person and column."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from pipeline.verify.plain import people, received, scores, weeks
from pipeline.verify.plain.people import Person


class Cell(NamedTuple):
    """One value of a derived table; week is None where it has none, value where it is unknown."""

    table: str
    person: int
    column: str
    week: int | None
    value: float | str | None


class Settings(NamedTuple):
    """What the settings say, read from their files."""

    study: Mapping[str, Any]
    outcomes: Mapping[str, Any]
    scales: list[dict[str, str]]
    codes: Mapping[str, Mapping[str, str]]


def read_settings(folder: Path) -> Settings:
    """The settings of a study that the derived tables rest on."""

    def rows(name: str) -> list[dict[str, str]]:
        path = folder / name
        return list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines())) if path.exists() else []

    study, outcomes = (
        tomllib.loads((folder / f"{name}.toml").read_text(encoding="utf-8")) for name in ("study", "outcomes")
    )
    return Settings(study, outcomes, rows("scales.csv"), {row["code"]: row for row in rows("benefit_codes.csv")})


def derive(raw: Path, settings: Settings) -> Iterator[Cell]:
    """Every value of the derived tables of the extract in `raw`."""
    extract = tomllib.loads((raw / "extract.toml").read_text(encoding="utf-8"))
    study, files = settings.study, extract["files"]
    design = study["design"]
    allocation = received.read_rows(raw, files["allocation"]).to_dict("records")
    persons = people.read_people(allocation, study, extract)
    register = _register(raw, extract, design, {person.key for person in persons})
    surveys = {name: _survey(raw, extract, design, name, settings.scales) for name in ("baseline", "followup")}
    held = {
        "register": set(register),
        "baseline_survey": set(surveys["baseline"]),
        "followup_survey": set(surveys["followup"]),
    }
    people.exclude(persons, study, extract, held)
    for person in persons:
        yield Cell("exclusions", person.number, "reason", None, person.reason)
        yield from _scores(person, surveys, settings)
    for person in persons:
        if person.reason == "analysed":
            yield from _sample(person)
            yield from _outcomes(person, register.get(person.key, ({}, {})), settings)


def _sample(person: Person) -> Iterator[Cell]:
    yield Cell("sample", person.number, "treated", None, person.arm)
    yield Cell("sample", person.number, "allocation_week", None, person.week)
    if person.wait is not None:
        yield Cell("sample", person.number, "wait_days", None, person.wait)
    for name, label in person.names.items():
        yield Cell("sample", person.number, name, None, people.plain_name(label))


def _register(raw: Path, extract: Mapping[str, Any], design: Mapping[str, Any], keys: set[str]) -> dict[str, Any]:
    """By key the codes by week and the wages by month, of the persons looked for."""
    key = design.get("register_key") or design["person"]
    found: dict[str, Any] = {}
    for role, facts in sorted(extract["files"].items()):
        if role.partition("_")[0] != "register":
            continue
        frame = received.read_rows(raw, facts)
        for row in frame[frame[key].map(people.plain_key).isin(keys)].to_dict("records"):
            codes, wages = weeks.cells_of(row, facts.get("year", 0))
            own = found.setdefault(people.plain_key(row[key]), ({}, {}))
            own[0].update(codes)
            own[1].update(wages)
    return found


def _survey(
    raw: Path, extract: Mapping[str, Any], design: Mapping[str, Any], name: str, scales: list[dict[str, str]]
) -> dict[str, dict[str, float | None]]:
    """By key the answers of the persons who gave any, to the items that the survey asks."""
    facts = extract["files"].get(f"{name}_survey")
    if facts is None:
        return {}
    asked = [scale for scale in scales if name == "baseline" or scale["followup"] == "1"]
    found = {}
    for row in received.read_rows(raw, facts).to_dict("records"):
        items = [item for scale in asked for item in scores.items_of(scale["items"])]
        if any(row.get(item, "") for item in items):
            found[people.plain_key(row[design["person"]])] = scores.answers_of(row, asked, facts)
    return found


def _scores(person: Person, surveys: Mapping[str, Any], settings: Settings) -> Iterator[Cell]:
    for name, answers in surveys.items():
        own = answers.get(person.survey_key)
        for scale in settings.scales:
            if own is not None and (name == "baseline" or scale["followup"] == "1"):
                yield Cell(name, person.number, scale["variable"], None, scores.score_of(own, scale))


def _outcomes(
    person: Person, cells: tuple[dict[int, str], dict[tuple[int, int], bool]], settings: Settings
) -> Iterator[Cell]:
    """States by week since the draw, shares, exits, and the history before it."""
    study, outcomes = settings.study, settings.outcomes
    horizon, history = study["time"]["horizon_weeks"], study.get("history")
    longest = max([exit_.get("run_weeks", 1) for exit_ in outcomes.get("exits", {}).values()], default=1)
    before = history["weeks"] if history else 0
    known = {
        week: weeks.states_of(*cells, person.week + week, outcomes, settings.codes)
        for week in range(-before, horizon + longest)
    }
    for week, states in known.items():
        yield from (Cell("weekly", person.number, name, week, state) for name, state in states.items())
    unknown = study["outcomes"]["unknown_weeks"]
    for name in outcomes.get("shares", []):
        shares = weeks.shares_of([known[week][name] for week in range(1, horizon + 1)], unknown)
        yield from (Cell("shares", person.number, name, week, share) for week, share in enumerate(shares, 1))
    for name, exit_ in outcomes.get("exits", {}).items():
        course = [known[week][exit_["state"]] for week in range(1, horizon + longest)]
        week, left = weeks.exit_of(course, horizon, exit_.get("run_weeks", 1), exit_["to"])
        yield Cell("durations", person.number, f"{name} weeks", None, week)
        yield Cell("durations", person.number, f"{name} exited", None, int(left))
    if history:
        yield from _history(person.number, known, history, unknown)


def _history(number: int, known: Mapping[int, Any], history: Mapping[str, Any], unknown: str) -> Iterator[Cell]:
    """The share of the weeks in each state before the draw, in windows and as a whole."""
    width, total = history["window_weeks"], history["weeks"]
    windows = [(start, start - width + 1) for start in range(total, 0, -width)]
    for name in history["states"]:
        for first, last in [*windows, (total, 1)]:
            states = [known[-week][name] for week in range(first, max(last, 1) - 1, -1)]
            label = f"{name}_pre_share" if (first, last) == (total, 1) else f"{name}_pre_{first}_{max(last, 1)}"
            yield Cell("background", number, label, None, weeks.shares_of(states, unknown)[-1])
