"""The population of an extract: counted by an engine, from the received register and the persons analysed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pipeline.errors import InputError
from pipeline.population.alphabet import build_alphabet
from pipeline.population.counts import AGED, CELL, count_ages, count_history, count_persons, count_weeks
from pipeline.population.definitions import Definitions
from pipeline.population.persons import Register, keep_followed, line_up, spell_near
from pipeline.population.received import Source, find_source, prepare_source
from pipeline.population.small import sum_ages
from pipeline.population.sound import require_sound
from pipeline.population.years import join_sources
from pipeline.register.codes import valid_codes
from pipeline.register.columns import find_columns
from pipeline.register.files.rows import BLANKS
from pipeline.register.readers import dates_written
from pipeline.register.states import read_catalogue

if TYPE_CHECKING:
    import pandas as pd
    from ibis.expr.types import Table


class Counts(NamedTuple):
    """What was counted: by week, of the history, of persons, and their ages, where they are of a group large enough."""

    weeks: pd.DataFrame
    history: pd.DataFrame
    persons: pd.DataFrame
    ages: pd.DataFrame


def open_register(connection: Any, raw: Path, definitions: Definitions, weeks: Sequence[int], folder: Path) -> Register:
    """The register of an extract as a relation; what is written on the way lies in `folder`."""
    extract, study = definitions.extract, definitions.study
    sources = [prepare_source(raw / file.path, file, definitions.is_needed, folder) for file in extract.registers]
    _require_columns(sources, [study.design.key, definitions.sex.register, definitions.birth])
    blanks = BLANKS | {blank for source in sources for blank in source.facts.blanks}
    table = join_sources(connection, sources, study.design.key, blanks, is_none=extract.uncovered == "none")
    catalogue = read_catalogue(definitions.benefit_codes, [])
    valid = valid_codes(definitions.benefit_codes, extract.register_version)
    return Register(
        connection=connection,
        table=table,
        sources=sources,
        key=study.design.key,
        columns=find_columns(str(sources[0].path), list(table.columns)),
        population=definitions.population,
        sex=definitions.sex,
        birth=definitions.birth,
        dates=dates_written(find_source(sources, definitions.birth).facts),
        alphabet=build_alphabet(definitions.states, definitions.outcomes, catalogue, valid),
        weeks=sorted(set(map(int, weeks))),
        before=definitions.history.weeks,
        after=study.time.horizon_weeks,
        blanks=blanks,
    )


def _require_columns(sources: Sequence[Source], names: Sequence[str]) -> None:
    absent = [name for name in names if not any(name in source.names for source in sources)]
    if absent:
        raise InputError(
            f"{sources[0].path}: columns missing: {', '.join(absent)} ({len(absent)} in all). Ask for the register "
            "with them, or say what the file calls them under columns in extract.toml."
        )


def count_population(register: Register, trial: pd.DataFrame, definitions: Definitions) -> Counts:
    """The counts as data frames of whole numbers in the order of their groups.

    The register is read once, for who is followed; that is kept by the engine until it has counted.
    """
    alphabet, shares = register.alphabet, definitions.outcomes.shares
    with spell_near(register, trial).cache() as words, keep_followed(register, words).cache() as kept:
        require_sound(register, kept, definitions)
        with line_up(register, kept).cache() as persons:
            weekly = count_weeks(persons, alphabet, shares, register.after)
            history = count_history(persons, alphabet, definitions.history.states, register.before)
            return Counts(
                _ordered(weekly, [*CELL, "outcome", "week", "known_weeks"]),
                _ordered(history, [*CELL, "state", "known_weeks"]),
                _ordered(count_persons(persons), list(CELL)),
                sum_ages(_ordered(count_ages(persons), AGED), definitions.population.smallest_group),
            )


def _ordered(table: Table, by: list[str]) -> pd.DataFrame:
    frame = table.execute().sort_values(by, ignore_index=True)
    numbers = [name for name in frame.columns if name not in (*CELL, *AGED, "outcome", "state")]
    frame[numbers] = frame[numbers].fillna(0).astype("int64")
    return frame[by + [name for name in numbers if name not in by]]
