"""The rules by name: the words of each, from rules.csv, and the function that looks."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path

from pipeline.checks import answers, courses, groups, identity, last, plausible, weeks
from pipeline.checks.finding import CERTAIN, Delivery, Finding
from pipeline.errors import InputError

PATH = Path(__file__).with_name("rules.csv")
# What is read part by part, and who is left of it to analyse.
PARTS = ("settings", "allocation", "register", "baseline_survey", "followup_survey", "sample")
LOOK: dict[str, Callable[[Delivery], Finding | None]] = {
    function.__name__: function
    for function in (
        plausible.arms,
        groups.in_register,
        groups.with_questionnaire,
        identity.cells_of_identity,
        identity.sex_of_survey,
        identity.age_of_survey,
        identity.sex_of_number,
        identity.birth_of_number,
        weeks.weeks_without_code,
        weeks.codes_step,
        weeks.months_without_wage,
        weeks.wages_step,
        weeks.degree_without_industry,
        weeks.industry_without_degree,
        weeks.months_beyond_weeks,
        plausible.version_before_weeks,
        plausible.weeks_unknown,
        plausible.persons_without_anything,
        plausible.state_at_draw,
        plausible.states_of_nobody,
        courses.living_after_death,
        courses.dead_before_draw,
        courses.lasting_ends,
        courses.away_to_the_end,
        groups.names_near_another,
        groups.draws_out_of_order,
        groups.draws_far_from_group,
        groups.controls_attended,
        answers.answered_long_before,
        plausible.items_without_answer,
        plausible.facts_without_effect,
        answers.codes_for_no_answer,
        answers.items_reversed,
        answers.scales_reversed,
        answers.scales_unrelated,
        last.persons_of_last_extract,
        last.counts_of_last_extract,
    )
}
COLUMNS = (
    "rule", "state", "looked_at", "failing", "file", "line", "column",
    "looks_at_en", "looks_at_da", "said_en", "said_da", "remedy_en", "remedy_da",
)  # fmt: skip
UNREAD = {
    "en": "{parts}, which could not be read",
    "da": "{parts}, som ikke kunne læses",
    "settings": ("the settings", "indstillingerne"),
    "allocation": ("the allocation file", "allokeringsfilen"),
    "register": ("the register", "registeret"),
    "baseline_survey": ("the first survey", "det første skema"),
    "followup_survey": ("the second survey", "det andet skema"),
}
NOT_APPLICABLE, PASSES = "not_applicable", "passes"
Row = dict[str, str]


@cache
def rules() -> dict[str, Row]:
    """The rows of rules.csv by their names, in the order in which they are told."""
    with PATH.open(encoding="utf-8", newline="") as file:
        return {row["rule"]: row for row in csv.DictReader(file)}


def look(delivery: Delivery) -> list[Row]:
    """A row of the table of checks for every rule that looks at a delivery as read."""
    return [describe(name, function(delivery)) for name, function in LOOK.items()]


def _say_unread(unread: Sequence[str], language: str) -> str:
    """That these parts could not be read."""
    names = [UNREAD[part][language == "da"] for part in unread]
    return str(UNREAD[language]).format(parts=", ".join(names))


def _spoken(words: Mapping[str, object], language: str) -> dict[str, object]:
    """Words of a finding with shares as a language writes them: 1.8% is 1,8 % in Danish."""
    if language == "en":
        return dict(words)
    shares = {name: value for name, value in words.items() if re.fullmatch(r"\d+(\.\d+)?%", str(value))}
    return {
        **words,
        **{name: str(value).replace(".", ",").replace("%", "\N{NO-BREAK SPACE}%") for name, value in shares.items()},
    }


def describe(rule: str, found: Finding | None, *, unread: Sequence[str] = ()) -> Row:
    """The row of a rule: what it found, or why it could not look (None): parts that are unread, or what it needs."""
    words = rules()[rule]
    said = {
        f"said_{language}": (_say_unread(unread, language) if unread else words[f"needs_{language}"])
        if found is None
        else words[f"fault_{language}"].format(
            **_spoken(found.words, language), failing=found.failing, looked_at=found.looked_at
        )
        if found.failing
        else ""
        for language in ("en", "da")
    }
    row = {name: words.get(name, "") for name in COLUMNS} | said
    if found is None:
        return row | {"state": NOT_APPLICABLE}
    counts = {"state": found.state, "looked_at": str(found.looked_at), "failing": str(found.failing)}
    if not found.failing:
        return row | counts
    return (
        row
        | counts
        | {"file": found.file, "line": "" if found.line is None else str(found.line), "column": found.column}
    )


def describe_part(rule: str, messages: Iterable[str], looked_at: int) -> list[Row]:
    """The rows of a part that is read cell by cell: its messages, each of which stops the build, or that it passes."""
    row = {name: rules()[rule].get(name, "") for name in COLUMNS} | {"looked_at": str(looked_at), "failing": "0"}
    faults = [
        row
        | {"state": CERTAIN, "failing": "1", "said_en": message, "said_da": message, "remedy_en": "", "remedy_da": ""}
        for message in messages
    ]
    return faults or [row | {"state": PASSES}]


def message_of(row: Mapping[str, str]) -> str:
    """A row that stops the build as a message: where, what, how many, and the remedy."""
    if not row["remedy_en"]:
        return row["said_en"]
    place = ", ".join(
        part
        for part in (row["file"], row["line"] and f"line {row['line']}", row["column"] and f"column {row['column']}")
        if part
    )
    return f"{place}: {row['said_en']}. {row['remedy_en']}"


def require_none_certain(rows: Iterable[Mapping[str, str]]) -> None:
    """Raise InputError with every fault that is certain."""
    certain = [message_of(row) for row in rows if row["state"] == CERTAIN]
    if certain:
        raise InputError(*certain)
