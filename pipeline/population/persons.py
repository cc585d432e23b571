"""Who of the register is followed: those who entered, and the trial's persons, each with the weeks as one word."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.errors import InputError
from pipeline.population.alphabet import FAULT, NO_MONTH, Alphabet
from pipeline.register.calendar import iso_of_week, monday_of_week
from pipeline.register.codes import BLANKS
from pipeline.register.columns import RegisterColumns, find_columns
from pipeline.register.persons import WHOLE
from pipeline.register.readers import show_value
from pipeline.settings.study import Population

if TYPE_CHECKING:
    import pandas as pd
    from ibis.expr.types import IntegerValue, StringValue, Table

UNKNOWN = "unknown"  # the group of who has no sex, birth or municipality in the register
EVERYBODY = "population"  # the series of those who entered
DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}"


@dataclass(frozen=True)
class Register:
    """The register file as a relation, its columns, and what a person's columns are called in it.

    weeks: the weeks of the draws, ascending; before, after: the weeks of each side of an entry that are followed.
    """

    connection: Any
    table: Table
    path: str
    key: str
    columns: RegisterColumns
    population: Population
    alphabet: Alphabet
    weeks: Sequence[int]
    before: int
    after: int

    @property
    def first(self) -> int:
        """The week of the first letter of a word: so early that the weeks before every entry are in it."""
        return min(min(self.columns.weeks), self.weeks[0] - self.before)

    @property
    def last(self) -> int:
        """The week of the last letter of a word."""
        return max(max(self.columns.weeks), self.weeks[-1] + self.after)

    def column(self, name: str) -> str:
        """The name in the file of a column that study.toml names, in any case; InputError if there is none."""
        found = [own for own in self.table.columns if own.lower() == name.lower()]
        if len(found) != 1:
            raise InputError(
                f"{self.path}: {len(found)} columns are called {name}, which [population] in study.toml names. Mend "
                "the name there, or ask for the register with the column."
            )
        return found[0]

    def cell(self, name: str) -> StringValue:
        """The cells of a column as trimmed text; a cell without a value is ''."""
        return self.table[name].cast("string").fill_null("").strip()

    def municipality_column(self, week: int) -> str:
        """The column of the municipality in the year of a week, or in the nearest year that the file has one of."""
        start, end = self.population.municipality.lower().split("{year}")
        years = {
            int(middle): name
            for name in self.table.columns
            if name.lower().startswith(start)
            and name.lower().endswith(end)
            and (middle := name[len(start) : len(name) - len(end)]).isdecimal()
        }
        if not years:
            return self.column(self.population.municipality)
        year = iso_of_week(week)[0]
        return years[min(years, key=lambda other: (abs(other - year), other))]


def describe_columns(path: str, names: Sequence[str]) -> RegisterColumns:
    """The weeks and months of a register of a row a person; InputError as find_columns raises it."""
    return find_columns(path, list(names))


def keep_followed(register: Register, trial: pd.DataFrame) -> Table:
    """A relation of who is followed: key, arm and drawn of the trial's persons, entered, who they are, and the word.

    `trial` has the key as files are linked by it, the arm, and the week of the draw. entered: the first of the weeks of
    draws in which the person was in the state of entry, missing if there is none. Rows with a cell that is no code are
    kept too, so that `require_sound` finds them.
    """
    import ibis

    columns, table = register.columns, register.table
    # A view: ibis would write the expression of a word into every place that uses it.
    words = _view(
        register,
        table.select(
            key=_link(register.cell(register.key)),
            sex=register.cell(register.column(register.population.sex)),
            born=register.cell(register.column(register.population.born)),
            **{_place(name): register.cell(name) for name in _places(register)},
            word=_spell(register),
        ),
        "words",
    )
    letters = register.alphabet.letters_in(register.population.state)
    in_state = [
        (words.word.substr(week - register.first, 1).isin(letters), ibis.literal(week, "int64"))
        for week in register.weeks
        if week in columns.weeks
    ]
    nobody = ibis.null("int64")
    entered = _view(
        register, words.mutate(entered=ibis.cases(*in_state, else_=nobody) if in_state else nobody), "entered"
    )
    drawn = _view(register, ibis.memtable(trial.rename(columns={"key": "trial_key"})), "trial")
    joined = entered.left_join(drawn, entered.key == drawn.trial_key).drop("trial_key")
    return joined.filter(joined.entered.notnull() | joined.drawn.notnull() | joined.word.contains(FAULT))


def _view(register: Register, table: Table, name: str) -> Table:
    return register.connection.create_view(name, table, overwrite=True)


def _spell(register: Register) -> StringValue:
    """The word of each person, a letter a week from the first week to the last."""
    import ibis

    unknown, columns = register.alphabet.unknown, register.columns
    before, after = min(columns.weeks) - register.first, register.last - max(columns.weeks)
    word = register.alphabet.spell(ibis.array([_week(register, week) for week in columns.weeks]))
    return ibis.literal(unknown * before).concat(word, ibis.literal(unknown * after))


def _week(register: Register, week: int) -> Any:
    import ibis

    month = register.columns.month_column(week)
    wage = ibis.literal(NO_MONTH) if month is None else register.table[month].cast("string")
    return ibis.struct({"code": register.table[register.columns.weeks[week]].cast("string"), "wage": wage})


def _link(key: StringValue) -> StringValue:
    """The key as link_keys makes it: a whole number of up to nine digits without leading zeros."""
    import ibis

    bare = key.re_replace("^0+", "")
    whole = ibis.ifelse(bare == "", ibis.literal("0"), bare)
    return ibis.ifelse(key.re_search(f"^{WHOLE.pattern}$"), whole, key)


def _places(register: Register) -> list[str]:
    return sorted({register.municipality_column(week) for week in register.weeks})


def _place(name: str) -> str:
    return f"place_{name.lower()}"


def line_up(register: Register, kept: Table) -> Table:
    """A row for each person and series: series, entry, sex, age, place, and the words of the weeks around the entry.

    The series are EVERYBODY, from the week of entry, and the arms of the trial, from the week of the draw. before: the
    letters of the weeks before the entry, the last of them the week before; after: those from week 1 on.
    """
    everybody = kept.filter(kept.entered.notnull()).mutate(series=_text(EVERYBODY), entry=kept.entered)
    trial = kept.filter(kept.drawn.notnull()).mutate(series=kept.arm, entry=kept.drawn)
    both = everybody.union(trial)
    place = both.entry - register.first
    return both.select(
        "key",
        "series",
        "entry",
        sex=_name_sex(both.sex, register.population),
        age=_name_age(both.born, both.entry, register),
        place=_name_place(both, register),
        before=both.word.substr(place - register.before, register.before),
        after=both.word.substr(place + 1, register.after),
        birthdays=_age(both.born, both.entry, register),
    )


def _text(word: str) -> Any:
    import ibis

    return ibis.literal(word)


def _name_sex(cell: StringValue, population: Population) -> StringValue:
    import ibis

    return ibis.cases(*((cell == value, name) for name, value in population.sexes.items()), else_=UNKNOWN)


def _age(born: StringValue, entry: IntegerValue, register: Register) -> IntegerValue:
    """Whole years at the Monday of the week of entry; missing without a date of birth or with a later one."""
    import ibis

    days = [(week, int(f"{monday_of_week(week):%Y%m%d}")) for week in register.weeks]
    monday = ibis.cases(*((entry == week, ibis.literal(day, "int64")) for week, day in days), else_=0)
    birth = ibis.ifelse(born.re_search(DATE), born.substr(0, 10).replace("-", ""), ibis.literal("99999999"))
    years = (monday - birth.cast("int64")) // 10000
    return ibis.ifelse(years >= 0, years, ibis.null("int64"))


def _name_age(born: StringValue, entry: IntegerValue, register: Register) -> StringValue:
    import ibis

    age = _age(born, entry, register)
    bounds = ((age >= bound, f"age_{bound}") for bound in reversed(register.population.ages))
    return ibis.cases(*bounds, else_=UNKNOWN)


def _name_place(persons: Table, register: Register) -> StringValue:
    """The number of the municipality in the year of entry."""
    import ibis

    weeks: dict[str, list[int]] = {}
    for week in register.weeks:
        weeks.setdefault(_place(register.municipality_column(week)), []).append(week)
    cell = ibis.cases(*((persons.entry.isin(of), persons[name]) for name, of in weeks.items()), else_="")
    number = cell.re_replace(r"\.0$", "")
    return ibis.ifelse(number == "", ibis.literal(UNKNOWN), number)


def require_sound(register: Register, kept: Table) -> None:
    """Raise InputError for a cell that is no code, a person with two rows, and a sex or birth that cannot be read."""
    _require_codes(register, kept)
    repeated = int((kept.count() - kept.key.nunique()).execute())
    if repeated:
        raise InputError(
            f"{register.path}, column {register.key}: {repeated} rows repeat a person's key. Keep one row a person."
        )
    sexes, population = [*register.population.sexes.values(), *sorted(BLANKS)], register.population
    _refuse(register, kept.sex, kept.sex.notin(sexes), population.sex, f"is none of {', '.join(sexes)}")
    dated = kept.born.re_search(DATE) | kept.born.isin(sorted(BLANKS))
    _refuse(register, kept.born, ~dated, population.born, "is no date of the form yyyy-mm-dd")


def _refuse(register: Register, cells: Any, wrong: Any, column: str, fault: str) -> None:
    found = cells.as_table().filter(wrong)
    count = int(found.count().execute())
    if count:
        shown = show_value(str(found.limit(1).execute().iloc[0, 0]))
        raise InputError(
            f"{register.path}, column {column}: the value {shown} {fault} ({count} cells). Mend [population] in "
            "study.toml, or the file."
        )


def _require_codes(register: Register, kept: Table) -> None:
    at = kept.filter(kept.word.contains(FAULT)).word
    count, first = at.as_table().aggregate(n=at.count(), first=at.find(FAULT).min()).execute().iloc[0]
    if not count:
        return
    name = register.columns.weeks[register.first + int(first)]
    week = register.first + int(first)
    import ibis

    cells = register.table.select(
        cell=register.cell(name), letter=register.alphabet.spell(ibis.array([_week(register, week)]))
    )
    wrong = cells.filter(cells.letter == FAULT).group_by("cell").aggregate(n=cells.cell.count()).execute()
    shown = ", ".join(f"{show_value(str(cell))} ({n} cells)" for cell, n in wrong.sort_values("cell").head().values)
    raise InputError(
        f"{register.path}, column {name}: unknown benefit code: {shown}; in all {int(count)} persons have such cells. "
        "Look the code up in the register's code book and add it to benefit_codes.csv."
    )


def known_weeks(weeks: Iterable[int]) -> list[int]:
    """The weeks of the draws, each once, ascending."""
    return sorted({int(week) for week in weeks})
