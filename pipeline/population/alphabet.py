"""A letter for everything that a register week can be, so that a person's weeks are one word.

The letters are told by the pipeline's own classification of weeks (pipeline/register/states.py) of every code and wage,
so that no definition is written again for an engine.
"""

from __future__ import annotations

import string
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipeline.register.codes import NO_CODE
from pipeline.register.states import UNKNOWN, Catalogue, classify_weeks
from pipeline.settings.outcomes import OutcomeDefinitions

if TYPE_CHECKING:
    from ibis.expr.types import ArrayValue, FloatingValue, IntegerValue, StringValue
    from numpy.typing import NDArray

FAULT = "!"  # the letter of a cell that is no code
ABSENT_CODE = -1  # the number of a week of which no file tells
IN, OUT, OPEN = "1", "0", "?"  # of a week in a state, out of it, and of one that cannot be told
SIGNS = {1: IN, 0: OUT, UNKNOWN: OPEN}
WAGES = WITH_WAGE, WITHOUT_WAGE, NO_MONTH = 1, 0, UNKNOWN  # in the month of a week, which counts without a code alone


@dataclass(frozen=True)
class Alphabet:
    """The letters of register weeks.

    runs: the lowest and highest code and their letter. bare: the letter of a week without a code by its wage, 1, 0 or
    -1 for a month that is not in the extract. states: by letter and state, 1, 0, or -1 for unknown. unknown: the letter
    of a week outside the extract. terminal: the letters after whose first nothing is known.
    """

    runs: Sequence[tuple[int, int, str]]
    bare: Mapping[int, str]
    states: Mapping[str, Mapping[str, int]]
    unknown: str
    terminal: Sequence[str]

    def spell(self, codes: ArrayValue, bare: ArrayValue) -> StringValue:
        """The word of an array of codes as numbers, 0 for no code, and of the letters that the weeks have without one.

        A number of no code, or none, is a FAULT.
        """
        import ibis

        def letter(code: FloatingValue, week: IntegerValue) -> StringValue:
            runs = ((code == low if low == high else code.between(low, high), sign) for low, high, sign in self.runs)
            return ibis.cases(
                (code == 0, bare[week]),
                (code == ABSENT_CODE, self.unknown),
                (code != code.floor(), FAULT),
                *runs,
                else_=FAULT,
            )

        return codes.map(letter).join("")

    def letters_in(self, state: str) -> list[str]:
        """The letters of the weeks in a state."""
        return [letter for letter, states in self.states.items() if states[state] == 1]

    def read(self, word: StringValue, state: str) -> StringValue:
        """The word with a sign for each letter: whether the week is in the state, out of it, or cannot be told."""
        letters = "".join(self.states)
        return word.translate(letters, "".join(SIGNS[states[state]] for states in self.states.values()))

    def end(self, word: StringValue, weeks: int) -> StringValue:
        """The word of so many weeks with every week unknown that comes after the first terminal letter."""
        import ibis

        for letter in self.terminal:
            kept = word.find(letter) + 1
            unknown = ibis.literal(self.unknown * weeks).substr(0, weeks - kept)
            word = ibis.ifelse(kept > 0, word.substr(0, kept).concat(unknown), word)
        return word


def build_alphabet(
    states: Iterable[str], definitions: OutcomeDefinitions, catalogue: Catalogue, valid: Collection[str]
) -> Alphabet:
    """The letters that tell the given states apart, and a terminal week from others, of the codes that are `valid`.

    InputError for a group or activation that no code has.
    """
    wanted, terminal = list(dict.fromkeys(states)), set(catalogue.codes(groups=definitions.terminal_groups))
    names = [code for code in catalogue.groups if code in valid]
    coded = _meanings(names, WITH_WAGE, wanted, definitions, catalogue)
    numbers = {int(code): (*meaning, code in terminal) for code, meaning in coded.items()}
    bare = {wage: (*_meanings([NO_CODE], wage, wanted, definitions, catalogue)[NO_CODE], False) for wage in WAGES}
    unknown = (*[UNKNOWN] * len(wanted), False)
    distinct = list(dict.fromkeys([unknown, *bare.values(), *numbers.values()]))
    letter = dict(zip(distinct, string.ascii_letters[: len(distinct)], strict=True))
    return Alphabet(
        runs=_runs({number: letter[meaning] for number, meaning in numbers.items()}),
        bare={wage: letter[meaning] for wage, meaning in bare.items()},
        states={sign: dict(zip(wanted, meaning, strict=False)) for meaning, sign in letter.items()},
        unknown=letter[unknown],
        terminal=[sign for meaning, sign in letter.items() if meaning[-1]],
    )


def _meanings(
    names: list[str], wage: int, states: list[str], definitions: OutcomeDefinitions, catalogue: Catalogue
) -> dict[str, list[int]]:
    """By code what a week with it and this wage says of each state."""
    codes: NDArray[np.int16] = np.arange(len(names), dtype=np.int16)
    found = classify_weeks(codes, names, np.full(len(names), wage, dtype=np.int8), definitions, catalogue)
    return {name: [int(found[state][place]) for state in states] for place, name in enumerate(names)}


def _runs(letters: Mapping[int, str]) -> list[tuple[int, int, str]]:
    """Neighbouring numbers of one letter as one run, in the order of the numbers."""
    runs: list[tuple[int, int, str]] = []
    for number, letter in sorted(letters.items()):
        if runs and runs[-1][1:] == (number - 1, letter):
            runs[-1] = (runs[-1][0], number, letter)
        else:
            runs.append((number, number, letter))
    return runs
