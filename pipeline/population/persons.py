"""Who of the register is followed: those who entered, and the trial's persons, each with the weeks as one word."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.errors import InputError
from pipeline.population.alphabet import FAULT, NO_MONTH, Alphabet
from pipeline.population.cells import (
    day_of_birth,
    letter_without_code,
    linked_key,
    name_age,
    name_place,
    name_sex,
    number_of_code,
    text,
    years_of_age,
)
from pipeline.population.received import Source
from pipeline.register.calendar import iso_of_week
from pipeline.register.columns import RegisterColumns
from pipeline.settings.study import Population, Sex

if TYPE_CHECKING:
    import pandas as pd
    from ibis.expr.types import StringValue, Table

EVERYBODY = "population"  # the series of those who entered
TRIAL = "trial"  # that of the analysed persons of both arms


@dataclass(frozen=True)
class Register:
    """The register as a relation of a row a person, and what it is read with.

    sources: its files. birth: the column of it, written as `dates` says. weeks: those of the draws, ascending; before,
    after: the weeks of each side of an entry that are followed. blanks: what a cell says for nothing.
    """

    connection: Any
    table: Table
    sources: Sequence[Source]
    key: str
    columns: RegisterColumns
    population: Population
    sex: Sex
    birth: str
    dates: str
    alphabet: Alphabet
    weeks: Sequence[int]
    before: int
    after: int
    blanks: Collection[str]

    @property
    def first(self) -> int:
        """The week of the first letter of a word: so early that the weeks before every entry are in it."""
        return min(min(self.columns.weeks), self.weeks[0] - self.before)

    @property
    def last(self) -> int:
        """The week of the last letter of a word: the last one that is counted of anybody."""
        return self.weeks[-1] + self.after

    @property
    def read(self) -> list[int]:
        """The weeks of the register that are read."""
        return [week for week in self.columns.weeks if week <= self.last]

    @property
    def places(self) -> dict[str, list[int]]:
        """The columns of municipalities, each with the weeks of draws whose year it is, or is nearest to."""
        found: dict[str, list[int]] = {}
        for week in self.weeks:
            found.setdefault(self._municipality(week), []).append(week)
        return found

    def _municipality(self, week: int) -> str:
        years = {self.population.year(name): name for name in self.table.columns if self.population.year(name)}
        if not years:
            raise InputError(
                f"{self.sources[0].path}: no column {self.population.municipality}, which [population] in study.toml "
                "names. Mend the name there, or ask for the register with the column."
            )
        year = iso_of_week(week)[0]
        return years[min(years, key=lambda other: (abs(other - year), other))]


def spell_near(register: Register, trial: pd.DataFrame) -> Table:
    """A relation of who may be followed: key, arm and drawn of the trial's persons, who they are, and the word.

    `trial` has the key as files are linked by it, the arm, and the week of the draw. Besides the trial's they are those
    who have, in a week of a draw, a code of the state of entry or a cell that is none: the other columns are read for
    them alone.
    """
    import ibis

    # Views, for ibis would write the expression of a word into every place that uses it.
    drawn = _view(register, ibis.memtable(trial.rename(columns={"key": "trial_key"})), "trial")
    cells = _view(register, _cells(register), "cells")
    draws = _spell(register, cells, [week for week in register.weeks if week in register.read], "draws")
    joined = _view(register, draws.left_join(drawn, draws.key == drawn.trial_key).drop("trial_key"), "joined")
    letters = [*register.alphabet.letters_in(register.population.state), FAULT]
    near = joined.filter(ibis.or_(joined.drawn.notnull(), *(joined.draws.contains(letter) for letter in letters)))
    who = ("key", "arm", "drawn", "sex", "birth", *register.places)
    return _spell(register, near, register.read, "word").select(*who, "word")


def keep_followed(register: Register, words: Table) -> Table:
    """Who is followed of those of `spell_near`, with `entered`, `fault`, and what is unknown in the word.

    entered: the first of the weeks of draws in which the person was in the state of entry, missing if there is none.
    fault: the place in the word of the first cell that is no code, -1 without one; such rows are kept too.
    """
    import ibis

    told = _view(register, words.mutate(word=_end(register, words.word), fault=words.word.find(FAULT)), "told")
    letters, nobody = register.alphabet.letters_in(register.population.state), ibis.null("int64")
    in_state = [
        (told.word.substr(week - register.first, 1).isin(letters), ibis.literal(week, "int64"))
        for week in register.weeks
        if week in register.read
    ]
    found = told.mutate(entered=ibis.cases(*in_state, else_=nobody) if in_state else nobody)
    return found.filter(found.entered.notnull() | found.drawn.notnull() | (found.fault >= 0))


def _view(register: Register, table: Table, name: str) -> Table:
    return register.connection.create_view(name, table, overwrite=True)


def _cells(register: Register) -> Table:
    """Of every row the key, who it is, the weeks as text, and by month the letter of a week without a code."""
    table, weeks = register.table, register.columns.weeks
    months = {register.columns.month_column(week) for week in register.read} - {None}
    return table.select(
        key=linked_key(table, register.key, register.blanks),
        sex=text(table, register.sex.register, register.blanks),
        birth=text(table, register.birth, register.blanks),
        **{name: text(table, name, register.blanks) for name in register.places},
        **{weeks[week]: table[weeks[week]].cast("string") for week in register.read},
        **{
            _without_code(month): letter_without_code(table[month].cast("string"), register.alphabet, register.blanks)
            for month in sorted(filter(None, months))
        },
    )


def _without_code(month: str) -> str:
    return f"without_code_{month}"


def _spell(register: Register, cells: Table, weeks: Sequence[int], name: str) -> Table:
    """The rows with the letters of these weeks, all of which are read, as the column `name`."""
    import ibis

    if not weeks:
        return cells.mutate(**{name: ibis.literal("")})
    months, no_month = map(register.columns.month_column, weeks), ibis.literal(register.alphabet.bare[NO_MONTH])
    codes = ibis.array([cells[register.columns.weeks[week]] for week in weeks])
    arrays = cells.mutate(
        codes=codes.map(lambda cell: number_of_code(cell, register.blanks)),
        bare=ibis.array([cells[_without_code(month)] if month else no_month for month in months]),
    )
    spelt = _view(register, arrays, f"arrays_of_{name}")
    return spelt.mutate(**{name: register.alphabet.spell(spelt.codes, spelt.bare)}).drop("codes", "bare")


def _end(register: Register, word: StringValue) -> StringValue:
    """The word with what lies outside the extract, and after a death, unknown."""
    import ibis

    unknown, weeks = register.alphabet.unknown, register.last - register.first + 1
    before = (min(register.read) if register.read else register.last + 1) - register.first
    after = weeks - before - len(register.read)
    return register.alphabet.end(ibis.literal(unknown * before).concat(word, ibis.literal(unknown * after)), weeks)


def line_up(register: Register, kept: Table) -> Table:
    """A row for each person and series: series, entry, sex, age, place, and the words of the weeks around the entry.

    The series are EVERYBODY, from the week of entry, and the arms of the trial, from the week of the draw. before: the
    letters of the weeks before the entry, the last of them the week before; after: those from week 1 on. is_other:
    whether the person is in no arm.
    """
    import ibis

    everybody = kept.filter(kept.entered.notnull()).mutate(series=ibis.literal(EVERYBODY), entry=kept.entered)
    trial = kept.filter(kept.drawn.notnull()).mutate(series=kept.arm, entry=kept.drawn)
    both = everybody.union(trial)
    place, born = both.entry - register.first, day_of_birth(both.birth, register.dates)
    years = years_of_age(born, both.entry, register.weeks)
    return both.select(
        "key",
        "series",
        "entry",
        sex=name_sex(both.sex, register.sex),
        age=name_age(years, register.population.ages),
        place=name_place(both, register.places),
        before=both.word.substr(place - register.before, register.before),
        after=both.word.substr(place + 1, register.after),
        years=years,
        is_other=both.drawn.isnull(),
    )
