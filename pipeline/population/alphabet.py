"""A letter for everything that a register week can be, so that a person's weeks are one word.

The letters are told by the pipeline's own classification of weeks (pipeline/register/states.py) of every code and wage,
so that no definition is written again for an engine.
"""

from __future__ import annotations

import string
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.register.codes import BLANKS, NO_CODE
from pipeline.register.states import UNKNOWN, Catalogue, classify_weeks
from pipeline.settings.outcomes import OutcomeDefinitions

if TYPE_CHECKING:
    from ibis.expr.types import ArrayValue, StringValue

FAULT = "!"  # the letter of a cell that is no code
IN, OUT, OPEN = "1", "0", "?"  # of a week in a state, out of it, and of one that cannot be told
SIGNS = {1: IN, 0: OUT, UNKNOWN: OPEN}
LOWEST, PLACES, NO_PLACE = 100, 1000, 1  # codes have three digits; at place 1 no code can be
NO_MONTH = "-"  # the wage of a week whose month is not in the extract
WAGES = (1, 0, UNKNOWN)  # a wage in the month, none, and a month that is not in the extract


@dataclass(frozen=True)
class Alphabet:
    """The letters of register weeks.

    books: with a wage, without one, and in a month that is not in the extract, the letter of each code at the place of
    its number, of no code at place 0, and FAULT at any other: a look-up that every engine has, in one step however many
    codes there are. states: by letter and state, 1, 0, or -1 for unknown. unknown: the letter of a week outside the
    extract.
    """

    books: tuple[str, str, str]
    states: Mapping[str, Mapping[str, int]]
    unknown: str

    def spell(self, cells: ArrayValue) -> StringValue:
        """The word of an array of weeks, each with its `code` and its `wage` as text, and NO_MONTH as wage of no month.

        In steps, for an engine writes an expression again into every place of one step that uses it.
        """
        import ibis

        blanks, book = sorted(BLANKS), ibis.literal("".join(self.books))

        def number(week: Any) -> Any:
            code, wage = week["code"].fill_null("").strip(), week["wage"].fill_null("").strip()
            start = ibis.cases((wage == NO_MONTH, 2 * PLACES), (wage.isin(blanks), PLACES), else_=0)
            value = ibis.ifelse(code.isin(blanks), ibis.literal("0"), code).try_cast("float64")
            return ibis.struct({"start": start, "value": value})

        def place(week: Any) -> Any:
            value = week["value"]
            is_code = (value == 0) | value.between(LOWEST, PLACES - 1) & (value == value.floor())
            return week["start"] + ibis.ifelse(is_code, value.cast("int64"), NO_PLACE)

        return cells.map(number).map(place).map(lambda at: book.substr(at, 1)).join("")

    def letters_in(self, state: str) -> list[str]:
        """The letters of the weeks in a state."""
        return [letter for letter, states in self.states.items() if states[state] == 1]

    def read(self, word: StringValue, state: str) -> StringValue:
        """The word with a sign for each letter: whether the week is in the state, out of it, or cannot be told."""
        letters = "".join(self.states)
        return word.translate(letters, "".join(SIGNS[states[state]] for states in self.states.values()))


def build_alphabet(
    states: Iterable[str], definitions: OutcomeDefinitions, catalogue: Catalogue, valid: Collection[str]
) -> Alphabet:
    """The letters that tell the given states apart, of the codes that are `valid` in the register.

    InputError for a group or activation that no code has.
    """
    names = [NO_CODE, *catalogue.groups]
    codes = np.repeat(np.array([*range(len(names)), UNKNOWN], dtype=np.int16)[:, None], len(WAGES), axis=1)
    wages = np.broadcast_to(np.array(WAGES, dtype=np.int8), codes.shape)
    found = classify_weeks(codes, names, wages, definitions, catalogue)
    wanted = list(dict.fromkeys(states))
    meanings = np.stack([found[state] for state in wanted], axis=-1)
    distinct = list(dict.fromkeys(tuple(int(sign) for sign in cell) for cell in meanings.reshape(-1, len(wanted))))
    letter = dict(zip(distinct, string.ascii_letters[: len(distinct)], strict=True))
    spelt = [tuple(letter[tuple(int(sign) for sign in cell)] for cell in row) for row in meanings]
    books = [[FAULT] * PLACES for _ in WAGES]
    for name, letters in zip(names, spelt[:-1], strict=True):
        if name == NO_CODE or name in valid:
            for book, sign in zip(books, letters, strict=True):
                book[int(name or 0)] = sign
    said = {letter[meaning]: dict(zip(wanted, meaning, strict=True)) for meaning in distinct}
    paid, unpaid, untold = ("".join(book) for book in books)
    return Alphabet((paid, unpaid, untold), said, spelt[-1][-1])
