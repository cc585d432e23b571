"""The population of an extract: counted by an engine, from the received register and the persons analysed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import InputError
from pipeline.population.alphabet import build_alphabet
from pipeline.population.counts import CELL, count_persons, count_weeks
from pipeline.population.engines import read_register
from pipeline.population.persons import Register, describe_columns, keep_followed, known_weeks, line_up, require_sound
from pipeline.register.codes import valid_codes
from pipeline.register.persons import link_keys, number_persons
from pipeline.register.states import read_catalogue
from pipeline.settings.extract import Extract
from pipeline.settings.outcomes import OutcomeDefinitions
from pipeline.settings.study import History, Population, Study

if TYPE_CHECKING:
    import pandas as pd
    from ibis.expr.types import Table

WIDE = "dream_wide"
ARMS = {1: "treated", 0: "control"}


@dataclass(frozen=True)
class Definitions:
    """What the study and the extract say, as far as the population rests on it."""

    study: Study
    outcomes: OutcomeDefinitions
    extract: Extract
    benefit_codes: pd.DataFrame

    def __post_init__(self) -> None:
        """InputError for a study without [population] or a history, and a register of another form."""
        if self.study.population is None or self.study.history is None:
            raise InputError(
                "study.toml: make population needs [population], the state of entry and the columns that say who a "
                "person is, and [history]. Add them."
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
    def states(self) -> list[str]:
        """The states that anything is counted of."""
        return [self.population.state, *self.history.states, *self.outcomes.shares]


def read_trial(allocation: pd.DataFrame, sample: pd.DataFrame, design: Any) -> pd.DataFrame:
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


def open_register(connection: Any, path: Path, definitions: Definitions, weeks: Sequence[int]) -> Register:
    """The register file of an extract as a relation; nothing of its rows is read yet."""
    file = definitions.extract.files["register"]
    table = read_register(connection, path, file)
    own = {found: wanted for wanted, found in file.columns.items()}
    table = table.rename({wanted: name for name, wanted in own.items() if name in table.columns})
    catalogue = read_catalogue(definitions.benefit_codes, [])
    valid = valid_codes(definitions.benefit_codes, definitions.extract.register_version)
    return Register(
        connection=connection,
        table=table,
        path=str(path),
        key=definitions.study.design.key,
        columns=describe_columns(str(path), table.columns),
        population=definitions.population,
        alphabet=build_alphabet(definitions.states, definitions.outcomes, catalogue, valid),
        weeks=known_weeks(weeks),
        before=definitions.history.weeks,
        after=definitions.study.time.horizon_weeks,
    )


def count_population(register: Register, trial: pd.DataFrame, definitions: Definitions) -> tuple[Any, Any]:
    """The counts by week and the counts of persons, as data frames in the order of their groups.

    The register is read once, for who is followed; that is kept by the engine until it has counted.
    """
    rule = definitions.study.outcomes.unknown_weeks
    with keep_followed(register, trial).cache() as kept:
        require_sound(register, kept)
        with line_up(register, kept).cache() as persons:
            weekly = count_weeks(persons, register.alphabet, definitions.outcomes.shares, register.after, rule)
            counted = count_persons(persons, register.alphabet, definitions.history.states, register.before, rule)
            return _sorted(weekly, [*CELL, "outcome", "week"]), _sorted(counted, list(CELL))


def _sorted(table: Table, by: list[str]) -> pd.DataFrame:
    frame = table.execute().sort_values(by, ignore_index=True)
    others = [name for name in frame.columns if name not in by]
    return frame[by + others].fillna(dict.fromkeys(others, 0))
