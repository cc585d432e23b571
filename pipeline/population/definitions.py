"""What the study and the extract say of the population, and the persons of the trial in it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.errors import InputError
from pipeline.pseudonyms.hashed import Pseudonyms
from pipeline.register.columns import LIKE_A_CELL
from pipeline.register.persons import link_keys, number_persons
from pipeline.settings.extract import Extract
from pipeline.settings.outcomes import OutcomeDefinitions
from pipeline.settings.study import Design, History, Population, Sex, Study

if TYPE_CHECKING:
    import pandas as pd

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


def read_trial(allocation: pd.DataFrame, sample: pd.DataFrame, design: Design, pseudonyms: Pseudonyms) -> pd.DataFrame:
    """Key in the register, arm and week of the draw of every analysed person."""
    import pandas as pd

    persons = number_persons(allocation, design.person, pseudonyms)
    keys = pd.Series(link_keys(allocation[design.key]).to_numpy(), index=persons)
    return pd.DataFrame(
        {
            "key": keys.loc[sample["person"]].to_numpy(),
            "arm": sample["treated"].map(ARMS).to_numpy(dtype=object),
            "drawn": sample["allocation_week"].to_numpy(dtype="int64"),
        }
    )
