"""What a cell of the register says, as relational expressions: the number of a week, a key, a sex, an age, a place."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pipeline.population.alphabet import ABSENT_CODE, FAULT, NO_MONTH, WITH_WAGE, WITHOUT_WAGE, Alphabet
from pipeline.register.calendar import monday_of_week
from pipeline.register.cells import MIDNIGHT, MOST_DAYS, MOST_DIGITS, ORDERS, ORIGINS, SECONDS_OF_A_DAY
from pipeline.register.codes import BLANKS
from pipeline.register.seen import LONGEST_NUMBER
from pipeline.settings.study import Sex

if TYPE_CHECKING:
    from ibis.expr.types import BooleanValue, FloatingValue, IntegerValue, StringValue, Table

UNKNOWN = "unknown"  # the group of who has no sex, birth or municipality in the register
WOMEN, MEN = "women", "men"
LEAST_INDUSTRY, MOST_INDUSTRY = 10_000, 999_999
ABSENT = "absent"  # the cell of a file without a row of the person
MUNICIPALITY = "^0*([0-9]+)([.,]0+)?$"  # a whole number, however the file writes numbers
NO_DAY = 99_999_999  # later than any day, as yyyymmdd


def text(table: Table, column: str, blanks: Collection[str]) -> StringValue:
    """The cells of a column as the pipeline compares text: trimmed, a blank as '', whole numbers without fraction."""
    import ibis

    cell = table[column].cast("string").fill_null("").strip().re_replace(r"\.0$", "")
    shown: StringValue = ibis.ifelse(cell.isin(sorted(blanks)), ibis.literal(""), cell)
    return shown


def letter_without_code(cell: StringValue, alphabet: Alphabet, blanks: Collection[str]) -> StringValue:
    """The letter of a week without a code by the wage cell of its month, FAULT of a cell that is no industry code.

    `blanks` are how the file writes nothing.
    """
    import ibis

    is_industry = cell.try_cast("float64").between(LEAST_INDUSTRY, MOST_INDUSTRY)
    paid, unpaid = alphabet.bare[WITH_WAGE], alphabet.bare[WITHOUT_WAGE]
    untold = (cell == ABSENT, alphabet.bare[NO_MONTH])
    letter: StringValue = ibis.cases((_is_blank(cell, blanks), unpaid), (is_industry, paid), untold, else_=FAULT)
    return letter


def number_of_code(cell: StringValue, blanks: Collection[str]) -> FloatingValue:
    """The code of a week as a number, 0 without a code, and none of what is no number."""
    import ibis

    # Trimming is slow, and a number is read without: only what is neither a number nor a plain blank is trimmed.
    padded = ibis.cases((_is_blank(cell, blanks), 0), (cell == ABSENT, ABSENT_CODE), else_=ibis.null("float64"))
    read = ibis.coalesce(cell.replace(",", ".").try_cast("float64"), padded)
    number: FloatingValue = ibis.ifelse(cell.isnull() | cell.isin(sorted(BLANKS.union(blanks))), 0, read)
    return number


def _is_blank(cell: StringValue, blanks: Collection[str]) -> BooleanValue:
    blank: BooleanValue = cell.isnull() | cell.strip().isin(sorted(BLANKS.union(blanks)))
    return blank


def linked_key(table: Table, column: str, blanks: Collection[str]) -> StringValue:
    """The key as link_keys makes it: a whole number without leading zeros, which a file that stores numbers lacks."""
    import ibis

    key = text(table, column, blanks)
    bare = key.re_replace("^0+", "")
    whole = ibis.ifelse(bare == "", ibis.literal("0"), bare)
    linked: StringValue = ibis.ifelse(key.re_search(f"^[0-9]{{1,{LONGEST_NUMBER}}}$"), whole, key)
    return linked


def name_sex(cell: StringValue, sex: Sex) -> StringValue:
    """Women, men, or unknown."""
    import ibis

    named: StringValue = ibis.cases((cell.isin(sex.women), WOMEN), (cell.isin(sex.men), MEN), else_=UNKNOWN)
    return named


def day_of_birth(cell: StringValue, dates: str) -> IntegerValue:
    """The day as the whole number yyyymmdd, as the file writes `dates`; none of a cell that is no day of the calendar.

    A time of day other than midnight is no date, as for `parse_dates`.
    """
    import ibis

    plain = cell.re_replace(MIDNIGHT, "")
    days = [(plain.re_search(r"^\d{4}-\d{2}-\d{2}$"), _number_of_day(plain))]
    if dates in ORDERS:
        pattern = "^([0-9]{1,2})[-./]([0-9]{1,2})[-./]([0-9]{4})$"
        first, second, year = (plain.re_extract(pattern, group) for group in (1, 2, 3))
        day, month = (first, second) if dates.startswith("dd") else (second, first)
        written = year.concat("-", month.lpad(2, "0"), "-", day.lpad(2, "0"))
        days.append((plain.re_search(pattern), _number_of_day(written)))
    elif dates in ORIGINS:
        number = plain.re_extract(f"^([0-9]{{1,{MOST_DIGITS}}})$", 1).try_cast("int64")
        days.append((number.notnull(), _day_counted(number, dates)))
    birth: IntegerValue = ibis.cases(*days, else_=ibis.null("int64"))
    return birth


def _number_of_day(written: StringValue) -> IntegerValue:
    """yyyy-mm-dd as the whole number yyyymmdd; none of what is no day of the calendar."""
    day: IntegerValue = written.try_cast("date").strftime("%Y%m%d").try_cast("int64")
    return day


def _day_counted(number: IntegerValue, dates: str) -> IntegerValue:
    """The day of so many days, or whole days in seconds, since the origin; none of seconds that are no whole day."""
    import ibis

    is_whole = (number <= MOST_DAYS) | (number % SECONDS_OF_A_DAY == 0)
    counted = ibis.ifelse(number > MOST_DAYS, number // SECONDS_OF_A_DAY, number)
    day = ibis.date(f"{ORIGINS[dates]:%Y-%m-%d}") + counted.as_interval("D")
    return ibis.ifelse(is_whole, day.strftime("%Y%m%d").try_cast("int64"), ibis.null("int64"))


def years_of_age(birth: IntegerValue, entry: IntegerValue, weeks: Sequence[int]) -> IntegerValue:
    """Whole years at the Monday of the week of entry, one of `weeks`; none without a date of birth or a later one."""
    import ibis

    days = [(week, int(f"{monday_of_week(week):%Y%m%d}")) for week in weeks]
    monday = ibis.cases(*((entry == week, ibis.literal(day, "int64")) for week, day in days), else_=0)
    years = (monday - birth.fill_null(NO_DAY)) // 10000
    return ibis.ifelse(years >= 0, years, ibis.null("int64"))


def name_age(years: IntegerValue, bounds: Sequence[int]) -> StringValue:
    """The group of age that begins at the highest of the bounds that is reached, or unknown."""
    import ibis

    named: StringValue = ibis.cases(*((years >= low, f"age_{low}") for low in reversed(bounds)), else_=UNKNOWN)
    return named


def name_place(persons: Table, columns: Mapping[str, Sequence[int]]) -> StringValue:
    """The number of the municipality in the column of the week of entry, without leading zeros, or unknown.

    `columns` are those of the register and their weeks.
    """
    import ibis

    cells: Any = ((persons.entry.isin(list(weeks)), persons[name]) for name, weeks in columns.items())
    cell = ibis.cases(*cells, else_="")
    named: StringValue = ibis.ifelse(cell.re_search(MUNICIPALITY), cell.re_extract(MUNICIPALITY, 1), UNKNOWN)
    return named
