"""The derived tables of an extract, from its received files and the settings, as values by table, person and column."""

from __future__ import annotations

import csv
import datetime
import tomllib
from collections.abc import Container, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from pipeline.verify.plain import people, received, register, scores, weeks
from pipeline.verify.plain.people import ANALYSED, Person
from pipeline.verify.plain.register import Course
from pipeline.verify.plain.scores import Answers

EPOCH = datetime.date(1970, 1, 1)
NOBODY = 0  # stands for the person in a table that has none
Value = float | str | None
States = Mapping[int, Mapping[str, weeks.State]]  # by week since the draw
SURVEYS = ("baseline", "followup")
TABLES = (
    "groups", "trial", "exclusions", "register_weeks", "baseline_items", "baseline", "followup_items", "followup",
    "sample", "background", "weekly", "shares", "durations",
)  # fmt: skip


class Cell(NamedTuple):
    """One value of a derived table; week is None where it has none, value where it is unknown."""

    table: str
    person: int
    column: str
    week: int | None
    value: Value


class Wanted(NamedTuple):
    """What is wanted of the derived tables.

    persons: whose rows, None for everybody's. columns: by table those wanted, of shares and durations the outcomes; of
    a table that is not named all. weeks: by table those since the draw that are wanted, of one that is not named all.
    """

    persons: Container[int] | None = None
    columns: Mapping[str, Container[str]] = {}
    weeks: Mapping[str, Container[int]] = {}

    def has(self, table: str, column: str) -> bool:
        """Whether a column is wanted."""
        return table not in self.columns or column in self.columns[table]

    def when(self, table: str, week: int) -> bool:
        """Whether a week since the draw is wanted."""
        return table not in self.weeks or week in self.weeks[table]

    def whose(self, person: int) -> bool:
        """Whether the rows of a person are wanted."""
        return self.persons is None or person in self.persons


EVERYTHING = Wanted()


class Settings(NamedTuple):
    """What the settings say, read from their files; no table of codes is None."""

    study: Mapping[str, Any]
    outcomes: Mapping[str, Any]
    scales: list[dict[str, str]]
    codes: Mapping[str, Mapping[str, str]] | None


class Delivery(NamedTuple):
    """What the received files say: persons, the course of each in the register, and their answers, by linking key.

    has_followup: whether a survey after the course was received at all; tells_attendance: whether the allocation file
    says who came.
    """

    persons: list[Person]
    courses: Mapping[str, Course]
    surveys: Mapping[str, Mapping[str, Answers]]
    has_followup: bool
    tells_attendance: bool = False


def read_settings(folder: Path) -> Settings:
    """The settings of a study that the derived tables rest on."""

    def rows(name: str) -> list[dict[str, str]]:
        path = folder / name
        return list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines())) if path.exists() else []

    study, outcomes = (
        tomllib.loads((folder / f"{name}.toml").read_text(encoding="utf-8")) for name in ("study", "outcomes")
    )
    codes = {row["code"]: row for row in rows("benefit_codes.csv")} or None
    return Settings(study, outcomes, rows("scales.csv"), codes)


def read_delivery(raw: Path, settings: Settings, secret: bytes) -> Delivery:
    """The received files of the extract in `raw`, whose persons' pseudonyms are under the `secret` key."""
    extract = tomllib.loads((raw / "extract.toml").read_text(encoding="utf-8"))
    study, files = settings.study, extract["files"]
    design = study["design"]
    persons = people.read_people(received.read(raw, files["allocation"]), study, extract, secret)
    courses = register.read_courses(
        raw, extract, design.get("register_key") or design["person"], {person.key for person in persons},
        is_dated=bool(design.get("date")), has_codes=settings.codes is not None,
    )  # fmt: skip
    surveys = {
        name: scores.read_survey(raw, files.get(f"{name}_survey"), _asked(name, settings), design) for name in SURVEYS
    }
    held = {"register": set(courses), **{f"{name}_survey": set(answers) for name, answers in surveys.items()}}
    people.exclude(persons, study, extract, held)
    return Delivery(persons, courses, surveys, "followup_survey" in files, "attended" in extract)


def _asked(survey: str, settings: Settings) -> list[dict[str, str]]:
    return [scale for scale in settings.scales if survey == "baseline" or scale["followup"] == "1"]


def derive(raw: Path, settings: Settings, secret: bytes, wanted: Wanted = EVERYTHING) -> Iterator[Cell]:
    """Every value of the derived tables of the extract in `raw`, or those that are wanted."""
    delivery, meaning = read_delivery(raw, settings, secret), weeks.Meaning(settings.outcomes, settings.codes)
    for grouping, label in sorted({pair for person in delivery.persons for pair in person.names.items()}):
        yield Cell("groups", NOBODY, f"{grouping} {people.plain_name(label)}", None, label)
    for person in filter(lambda each: wanted.whose(each.number), delivery.persons):
        course = delivery.courses.get(person.key, Course())
        yield from _drawn(person, delivery, bool(settings.study["design"].get("consent")))
        yield from _register(person, course, wanted)
        own = {name: answers.get(person.survey_key) for name, answers in delivery.surveys.items()}
        yield from _answers(person.number, own, settings, wanted)
        if person.reason == ANALYSED:
            yield from _sample(person)
            answered = int(own["followup"] is not None) if delivery.has_followup else None
            yield Cell("sample", person.number, "answered_followup", None, answered)
            yield from _background(person, own["baseline"], settings)
            yield from _outcomes(person, course, settings, meaning, wanted)


def _drawn(person: Person, delivery: Delivery, has_consent: bool) -> Iterator[Cell]:
    """The row of everybody who was randomised."""
    yield Cell("exclusions", person.number, "reason", None, person.reason)
    for table in ("exclusions", "trial"):
        yield Cell(table, person.number, "treated", None, person.arm)
        yield from (Cell(table, person.number, f"{name}_name", None, label) for name, label in person.names.items())
    yield Cell("trial", person.number, "allocation_line", None, person.line)
    if has_consent:
        yield Cell("trial", person.number, "consent", None, int(person.consents))
    if delivery.tells_attendance:
        yield from (Cell(table, person.number, "attended", None, person.attended) for table in _tables_of(person))
    if person.day:
        yield Cell("trial", person.number, "allocation_date", None, person.day.isoformat())
    for name, answers in delivery.surveys.items():
        own = answers.get(person.survey_key)
        yield Cell("trial", person.number, f"{name}_line", None, own.line if own else None)


def _answers(number: int, given: Mapping[str, Answers | None], settings: Settings, wanted: Wanted) -> Iterator[Cell]:
    """Answers and scores of each survey."""
    for name, own in given.items():
        if own is None:
            continue
        table, items = f"{name}_items", own.items.items()
        yield Cell(table, number, "line", None, own.line)
        yield from (Cell(table, number, item, None, value) for item, value in items if wanted.has(table, item))
        for scale in _asked(name, settings):
            if wanted.has(name, scale["variable"]):
                yield Cell(name, number, scale["variable"], None, scores.score_of(own.items, scale))


def _tables_of(person: Person) -> tuple[str, ...]:
    return ("trial", "sample") if person.reason == ANALYSED else ("trial",)


def _sample(person: Person) -> Iterator[Cell]:
    yield Cell("sample", person.number, "treated", None, person.arm)
    yield Cell("sample", person.number, "allocation_week", None, person.week)
    for name, label in person.names.items():
        yield Cell("sample", person.number, name, None, people.plain_name(label))
        yield Cell("sample", person.number, f"{name}_name", None, label)
    if person.day:
        yield Cell("sample", person.number, "allocation_date", None, person.day.isoformat())
        yield Cell("background", person.number, "allocation_day", None, (person.day - EPOCH).days)
    if person.wait is not None:
        yield Cell("sample", person.number, "wait_days", None, person.wait)
        yield Cell("background", person.number, "wait_days", None, person.wait)


def _background(person: Person, answers: Answers | None, settings: Settings) -> Iterator[Cell]:
    """The scores before the draw; of who did not answer they are unknown."""
    for scale in settings.scales:
        score = None if answers is None else scores.score_of(answers.items, scale)
        yield Cell("background", person.number, scale["variable"], None, score)


def _register(person: Person, course: Course, wanted: Wanted) -> Iterator[Cell]:
    """What the register says of each of its weeks."""
    columns, draw = [name for name in ("code", "wage", "line") if wanted.has("register_weeks", name)], person.week
    for week, cell in course.cells.items() if columns else ():
        if wanted.when("register_weeks", week - draw):
            yield from (Cell("register_weeks", person.number, name, week, getattr(cell, name)) for name in columns)


def _outcomes(
    person: Person, course: Course, settings: Settings, meaning: weeks.Meaning, wanted: Wanted
) -> Iterator[Cell]:
    """States by week since the draw, shares, exits, and the history before it."""
    known, number = _states(person.week, course, settings, meaning), person.number
    names = [name for name in settings.outcomes["states"] if wanted.has("weekly", name)]
    for week, (cell, states) in known.items():
        if names and wanted.when("weekly", week):
            yield Cell("weekly", number, "code", week, cell.code)
            yield Cell("weekly", number, "line", week, cell.line)
            yield from (Cell("weekly", number, name, week, states[name]) for name in names)
    told = {week: states for week, (_, states) in known.items()}
    yield from _shares(number, told, settings, wanted)
    yield from _exits(number, told, settings, wanted)
    history, unknown = settings.study.get("history"), settings.study["outcomes"]["unknown_weeks"]
    for name, (state, first, last) in (weeks.windows_of(history) if history else {}).items():
        own = [told[-week][state] for week in range(first, last - 1, -1)]
        yield Cell("background", number, name, None, weeks.shares_of(own, unknown)[-1])


def _states(
    draw: int, course: Course, settings: Settings, meaning: weeks.Meaning
) -> dict[int, tuple[register.Cell, Mapping[str, weeks.State]]]:
    """By week since the draw what the register holds, and every state."""
    horizon, history = settings.study["time"]["horizon_weeks"], settings.study.get("history")
    longest = max([each.get("run_weeks", 1) for each in settings.outcomes.get("exits", {}).values()], default=1)
    found: dict[int, tuple[register.Cell, Mapping[str, weeks.State]]] = {}
    end = meaning.ends(course)
    for week in range(-history["weeks"] if history else 0, horizon + longest):
        at = draw + week
        cell = course.cell(at)
        found[week] = cell, meaning.states(cell if end is None or at <= end else register.UNSEEN)
    return found


def _shares(number: int, known: States, settings: Settings, wanted: Wanted) -> Iterator[Cell]:
    horizon, unknown = settings.study["time"]["horizon_weeks"], settings.study["outcomes"]["unknown_weeks"]
    for name in settings.outcomes.get("shares", []):
        if wanted.has("shares", name):
            shares = weeks.shares_of([known[week][name] for week in range(1, horizon + 1)], unknown)
            own = ((week, share) for week, share in enumerate(shares, 1) if wanted.when("shares", week))
            yield from (Cell("shares", number, name, week, share) for week, share in own)


def _exits(number: int, known: States, settings: Settings, wanted: Wanted) -> Iterator[Cell]:
    horizon, last = settings.study["time"]["horizon_weeks"], max(known)
    exits = {name: each for name, each in settings.outcomes.get("exits", {}).items() if wanted.has("durations", name)}
    for name, each in exits.items():
        states = [known[week][each["state"]] for week in range(1, last + 1)]
        week, left = weeks.exit_of(states, horizon, each.get("run_weeks", 1), each["to"])
        yield Cell("durations", number, f"{name} weeks", None, week)
        yield Cell("durations", number, f"{name} exited", None, int(left))
