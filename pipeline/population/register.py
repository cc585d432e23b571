"""The population of an extract: counted by an engine, from the received register and the persons analysed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pipeline.errors import InputError
from pipeline.population.alphabet import build_alphabet
from pipeline.population.counts import CELL, count_history, count_persons, count_weeks
from pipeline.population.persons import Register, keep_followed, line_up, spell_near
from pipeline.population.received import Source, find_source, prepare_source
from pipeline.population.sound import require_sound
from pipeline.population.years import join_sources
from pipeline.register.codes import valid_codes
from pipeline.register.columns import LIKE_A_CELL, find_columns
from pipeline.register.files.rows import BLANKS
from pipeline.register.persons import link_keys, number_persons
from pipeline.register.readers import dates_written
from pipeline.register.states import read_catalogue
from pipeline.settings.extract import Extract
from pipeline.settings.outcomes import OutcomeDefinitions
from pipeline.settings.study import Design, History, Population, Sex, Study

if TYPE_CHECKING:
    import pandas as pd
    from ibis.expr.types import Table

WIDE = "dream_wide"
ARMS = {1: "treated", 0: "control"}


class Counts(NamedTuple):
    """What was counted: by week, of the history, and of persons."""

    weeks: pd.DataFrame
    history: pd.DataFrame
    persons: pd.DataFrame


@dataclass(frozen=True)
class Definitions:
    """What the study and the extract say, as far as the population rests on it."""

    study: Study
    outcomes: OutcomeDefinitions
    extract: Extract
    benefit_codes: pd.DataFrame

    def __post_init__(self) -> None:
        """InputError for a study without [population] or what it needs, and a register of another form."""
        identity = self.study.design.identity
        if not (self.study.population and self.study.history and identity.sex and identity.birth):
            raise InputError(
                "study.toml: make population needs [population], [history], and the columns of sex and birth in "
                "[design.identity]. Add them."
            )
        if self.extract.format != WIDE:
            raise InputError(
                f'extract.toml: make population reads a register of a row a person, format = "{WIDE}", and this one is '
                f'"{self.extract.format}". Ask for the register in that form.'
            )
        if self.population.state not in self.outcomes.states:
            raise InputError(
                f"study.toml, [population]: {self.population.state} is no state of outcomes.toml. Those are "
                f"{', '.join(self.outcomes.states)}."
            )

    @property
    def population(self) -> Population:
        """[population] of study.toml."""
        assert self.study.population is not None
        return self.study.population

    @property
    def history(self) -> History:
        """[history] of study.toml."""
        assert self.study.history is not None
        return self.study.history

    @property
    def sex(self) -> Sex:
        """The sex under [design.identity] of study.toml."""
        assert self.study.design.identity.sex is not None
        return self.study.design.identity.sex

    @property
    def birth(self) -> str:
        """The column of the birth in the register."""
        assert self.study.design.identity.birth is not None
        return self.study.design.identity.birth.register

    @property
    def states(self) -> list[str]:
        """The states that anything is counted of."""
        return [self.population.state, *self.history.states, *self.outcomes.shares]

    def is_needed(self, name: str) -> bool:
        """Whether anything is counted from a column of the register; what is no week or wage looks like none."""
        named = (self.study.design.key, self.sex.register, self.birth)
        is_cell = bool(LIKE_A_CELL.match(name)) and not re.match("grad", name, re.IGNORECASE)
        return name in named or is_cell or bool(self.population.year(name))


def read_trial(allocation: pd.DataFrame, sample: pd.DataFrame, design: Design) -> pd.DataFrame:
    """Key in the register, arm and week of the draw of every analysed person."""
    import pandas as pd

    keys = pd.Series(link_keys(allocation[design.key]).to_numpy(), index=number_persons(allocation, design.person))
    return pd.DataFrame(
        {
            "key": keys.loc[sample["person"]].to_numpy(),
            "arm": sample["treated"].map(ARMS).to_numpy(dtype=object),
            "drawn": sample["allocation_week"].to_numpy(dtype="int64"),
        }
    )


def open_register(connection: Any, raw: Path, definitions: Definitions, weeks: Sequence[int], folder: Path) -> Register:
    """The register of an extract as a relation; what is written on the way lies in `folder`."""
    extract, study = definitions.extract, definitions.study
    sources = [prepare_source(raw / file.path, file, definitions.is_needed, folder) for file in extract.registers]
    _require_columns(sources, [study.design.key, definitions.sex.register, definitions.birth])
    blanks = BLANKS | {blank for source in sources for blank in source.facts.blanks}
    table = join_sources(connection, sources, study.design.key, blanks)
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
            )


def _ordered(table: Table, by: list[str]) -> pd.DataFrame:
    frame = table.execute().sort_values(by, ignore_index=True)
    numbers = [name for name in frame.columns if name not in (*CELL, "outcome", "state")]
    frame[numbers] = frame[numbers].fillna(0).astype("int64")
    return frame[by + [name for name in numbers if name not in by]]
