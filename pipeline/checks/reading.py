"""Reading a delivery part by part, so that the first fault does not hide the second, and looking at what was read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from pipeline.cells import write_lines
from pipeline.checks.finding import SURVEYS, Delivery, Last
from pipeline.checks.rules import LOOK, PARTS, Row, describe, describe_part, look, require_none_certain
from pipeline.errors import Faults, InputError
from pipeline.people.exclusions import ANALYSED, exclude, require_weeks, weeks_of_draws
from pipeline.pseudonyms.hashed import Pseudonyms
from pipeline.register.allocation import read_allocation
from pipeline.register.answers import recode_answers
from pipeline.register.long import read_long
from pipeline.register.persons import link_keys, require_declared, require_one_form, require_secret
from pipeline.register.states import classify_weeks
from pipeline.register.surveys import check_answer_dates, find_answers, read_items, survey_lines
from pipeline.register.weeks import RegisterWeeks
from pipeline.register.wide import read_wide
from pipeline.settings.extract import Extract
from pipeline.settings.outcomes import OutcomeDefinitions
from pipeline.settings.scales import asked_again
from pipeline.settings.study import Study

if TYPE_CHECKING:
    import pandas as pd


@dataclass
class Reading:
    """What was read of a delivery, each part None if it could not be, and a row of checks for every rule.

    delivery: what the rules looked at, if every part could be read.
    """

    trial: pd.DataFrame | None = None
    register: RegisterWeeks | None = None
    answers: dict[str, pd.DataFrame] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    delivery: Delivery | None = None

    def require(self) -> tuple[pd.DataFrame, RegisterWeeks]:
        """The persons and their register weeks; InputError with every fault that is certain."""
        require_none_certain(self.rows)
        return self.require_parts()

    def require_parts(self) -> tuple[pd.DataFrame, RegisterWeeks]:
        """The persons and their register weeks, both of which were read."""
        if self.trial is None or self.register is None:
            raise InputError("the delivery could not be read, and nothing was said of it: a fault of the checks.")
        return self.trial, self.register


@dataclass(frozen=True)
class Sources:
    """What a delivery is read with: its facts, the study, and its files as text, indexed by line, by their roles.

    before: the last extract.
    """

    extract: Extract
    study: Study
    files: Mapping[str, pd.DataFrame]
    benefit_codes: pd.DataFrame | None = None
    scales: pd.DataFrame | None = None
    outcomes: OutcomeDefinitions | None = None
    before: Last | None = None


def read_delivery(sources: Sources) -> Reading:
    """Read every part that does not rest on one that could not be read, and look at all by every rule.

    A file that extract.toml lists and that is not among those of `sources` could not be read.
    """
    reading, faults = Reading(), {part: Faults() for part in PARTS}
    pseudonyms: Pseudonyms | None = None
    with faults["settings"].part():
        require_secret(sources.extract, sources.study)
        pseudonyms = Pseudonyms.of(sources.extract)
    with faults["settings"].part():
        _require_files(sources)
    if "register" in sources.files:
        with faults["register"].part():
            _require_columns_of_names(sources)
    if "allocation" in sources.files and pseudonyms is not None:
        with faults["allocation"].part():
            own = sources.files["allocation"]
            reading.trial = read_allocation(own, sources.study.design, sources.extract, pseudonyms)
    if reading.trial is not None and pseudonyms is not None:
        _read_others(sources, reading, reading.trial, faults, pseudonyms)
    unread = _unread(reading)
    seen = {} if unread else _look_at(sources, reading, faults)
    reading.rows = _tell(sources, faults, seen, unread)
    return reading


def _read_others(
    sources: Sources, reading: Reading, trial: pd.DataFrame, faults: Mapping[str, Faults], pseudonyms: Pseudonyms
) -> None:
    """The register and the surveys of the persons of the allocation file."""
    with faults["allocation"].part():
        require_declared(sources.extract, sources.files["allocation"][sources.study.design.key], sources.study)
    if "register" in sources.files:
        with faults["register"].part():
            reading.register = _read_register(sources, trial, pseudonyms)
            trial["register_line"] = reading.register.lines.array
    for name in SURVEYS:
        role = f"{name}_survey"
        if role in sources.files or role not in sources.extract.files:
            _read_survey(sources, reading, name, faults[role])


def _unread(reading: Reading) -> list[str]:
    """The parts that could not be read, in their order."""
    if reading.trial is None:
        return ["allocation"]
    surveys = [f"{name}_survey" for name in SURVEYS if name not in reading.answers]
    return [*(["register"] if reading.register is None else []), *surveys]


def _read_register(sources: Sources, trial: pd.DataFrame, pseudonyms: Pseudonyms) -> RegisterWeeks:
    extract, design, register = sources.extract, sources.study.design, sources.files["register"]
    numbers, persons = sources.files["allocation"][design.key], trial["person"]
    keys = pseudonyms.keys(link_keys(numbers)).rename(design.key)
    if extract.format != "dream_wide":
        weeks = read_long(register, keys, persons, sources.benefit_codes, extract, is_dated=design.date is not None)
    elif sources.benefit_codes is None or design.date is None:
        raise InputError(
            'extract.toml: format = "dream_wide" needs benefit_codes.csv in the study, and the date of allocation in '
            "its design. Give them, or take another form of the register."
        )
    else:
        require_one_form(numbers)
        weeks = read_wide(register, keys, persons, sources.benefit_codes, extract)
    if weeks.lines.isna().all():
        raise InputError(
            f"{register.attrs['path']}, column {keys.name}: of the {len(keys)} persons of the allocation file nobody "
            "is in it. Ask for both files with the same keys."
        )
    return weeks


def _read_survey(sources: Sources, reading: Reading, name: str, faults: Faults) -> None:
    """The answers of one survey, whose lines go into the table of persons; a survey that is absent has no rows."""
    import pandas as pd

    trial, survey, design = reading.trial, sources.files.get(f"{name}_survey"), sources.study.design
    assert trial is not None
    asked = sources.scales if name == "baseline" else asked_again(sources.scales)
    persons = trial["person"].set_axis(link_keys(sources.files["allocation"][design.person]))
    with faults.part():
        if survey is not None:
            survey = recode_answers(survey, sources.extract.files[f"{name}_survey"], sources.scales)
        answers = find_answers(survey, persons, design, asked)
        trial[f"{name}_line"] = survey_lines(trial, answers)
        with faults.part():
            received = pd.Timestamp(sources.extract.received)
            check_answer_dates(trial, survey, answers, design, received, is_before=name == "baseline")
        reading.answers[name] = read_items(survey, answers, asked)


def _look_at(sources: Sources, reading: Reading, faults: Mapping[str, Faults]) -> dict[str, Row]:
    """The rows of the rules that look at the delivery as a whole."""
    trial, register = reading.require_parts()
    with faults["sample"].part():
        is_analysed = exclude(trial, sources.study, sources.extract) == ANALYSED
        if sources.study.design.date is not None:
            require_weeks(weeks_of_draws(trial.loc[is_analysed, "allocation_date"]), register.columns["week"])
    delivery = Delivery(
        sources.extract, sources.study, sources.files, trial, register, reading.answers, sources.benefit_codes,
        sources.scales, sources.outcomes, sources.before,
    )  # fmt: skip
    states: Mapping[str, Any] = {}
    # names that the table of codes lacks are told among the settings; without a table the register alone tells
    with (faults["register"] if sources.benefit_codes is None else Faults()).part():
        states = _classify(delivery)
    reading.delivery = replace(delivery, states=states)
    return {row["rule"]: row for row in look(reading.delivery)}


def _classify(delivery: Delivery) -> Mapping[str, Any]:
    if delivery.outcomes is None:
        return {}
    return classify_weeks(delivery.codes, delivery.names, delivery.wages, delivery.outcomes, delivery.catalogue)


def _tell(sources: Sources, faults: Mapping[str, Faults], seen: Mapping[str, Row], unread: Sequence[str]) -> list[Row]:
    """A row for every rule, in their order: of a part its faults, of what could not be looked at why."""
    rows = []
    for part in PARTS:
        messages = faults[part].messages
        if messages or part == "settings":
            rows += describe_part(part, messages, 0)
        elif part == "sample":
            looked_at = len(sources.files["allocation"]) if seen else 0
            rows += describe_part(part, [], looked_at) if seen else [describe(part, None, unread=unread)]
        elif part not in sources.files or (part != "allocation" and unread == ["allocation"]):
            rows.append(describe(part, None))
        else:
            rows += describe_part(part, [], int(sources.files[part].size))
    return [*rows, *(seen.get(name) or describe(name, None, unread=unread) for name in LOOK)]


def _require_files(sources: Sources) -> None:
    absent = [role for role in ("allocation", "register") if role not in sources.files]
    if absent:
        raise InputError(
            f"extract.toml: no [files.{absent[0]}], or its file is missing. Put the file there and say make extract "
            f"EXTRACT={sources.extract.name} AGAIN=yes."
        )


def _require_columns_of_names(sources: Sources) -> None:
    """Raise InputError for spellings of a column that holds no names: they would be without effect."""
    register, extract = sources.files["register"], sources.extract
    named = [grouping.column for grouping in sources.study.design.groupings]
    states = [] if extract.format == "dream_wide" else [name for name in register.columns if name.lower() == "state"]
    odd = sorted(set(extract.spellings) - {*named, *states})
    if odd:
        raise InputError(
            f"extract.toml, [spellings]: {', '.join(odd)} is no column of names. Those are: "
            f"{', '.join([*named, *states]) or 'none'}."
        )


def write_rows(rows: Iterable[Row]) -> str:
    """The table of checks as csv; of a person it holds nothing but the line of the first who fails."""
    from pipeline.checks.rules import COLUMNS

    return write_lines([COLUMNS, *([row[name] for name in COLUMNS] for row in rows)])
