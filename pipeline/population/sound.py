"""What cannot be counted, found by the engine and told by the pipeline's own readers with its line, value and count."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from pipeline.errors import Faults, InputError
from pipeline.population.cells import MUNICIPALITY, day_of_birth, years_of_age
from pipeline.population.definitions import Definitions
from pipeline.population.persons import Register
from pipeline.register.cells import parse_dates, refuse_other
from pipeline.register.codes import parse_codes
from pipeline.register.columns import RegisterColumns
from pipeline.register.files.kinds import open_file
from pipeline.register.kept import count_rows
from pipeline.register.persons import link_keys
from pipeline.register.readers import describe_frame, refuse_cells
from pipeline.register.wages import find_wages

if TYPE_CHECKING:
    import pandas as pd
    from ibis.expr.types import BooleanValue, Table

MOST_WEEKS = 5  # whose faulty cells are looked up in the file


def require_sound(register: Register, kept: Table, definitions: Definitions) -> None:
    """Raise InputError for cells that are no code or wage, a person with two rows, and who cannot be told.

    That is a sex, a birth or a municipality that is none, and a birth after the entry. Looked at are the rows that are
    counted; the message names file, first line, column, value and count.
    """
    found, faults = _count_wrong(register, kept).execute().iloc[0], Faults()
    for what, tell in TELLERS.items():
        if found[what]:
            with faults.part():
                tell(register, kept, definitions)
    faults.stop()
    if found.any():
        raise InputError(
            f"{register.sources[0].path}: " + ", ".join(f"{count} {what}" for what, count in found.items() if count)
            + " in the rows that are counted cannot be read. Compare the file with extract.toml."
        )  # fmt: skip


def _count_wrong(register: Register, kept: Table) -> Table:
    """One row: how many cells or persons are wrong in each way of TELLERS."""
    import ibis

    born = day_of_birth(kept.birth, register.dates)
    places = [(kept[name] != "") & ~kept[name].re_search(MUNICIPALITY) for name in register.places]
    wrong = {
        "codes": kept.fault >= 0,
        "sexes": kept.sex.notin(_sexes(register)),
        "births": born.isnull() & (kept.birth != ""),
        "births_after_entry": _is_unborn(register, kept),
        "municipalities": ibis.or_(*places),
    }
    counted = {what: ibis.coalesce(cell.sum(), 0) for what, cell in wrong.items()}
    return kept.aggregate(**counted, repeated=kept.count() - kept.key.nunique())


def _is_unborn(register: Register, kept: Table) -> BooleanValue:
    """Whether the day of birth is after the Monday of a week from which the person is followed."""
    import ibis

    born = day_of_birth(kept.birth, register.dates)
    weeks = (kept.entered, kept.drawn)
    return born.notnull() & ibis.or_(
        *(week.notnull() & years_of_age(born, week, register.weeks).isnull() for week in weeks)
    )


def _sexes(register: Register) -> list[str]:
    return [*register.sex.women, *register.sex.men, ""]


def _tell_repeated(register: Register, kept: Table, definitions: Definitions) -> None:
    source = register.sources[0]
    count_rows(source.path, source.facts, repeats=False)


def _tell_sexes(register: Register, kept: Table, definitions: Definitions) -> None:
    for frame in _frames(register, [register.sex.register]):
        refuse_other(frame, register.sex.register, _sexes(register))


def _tell_births(register: Register, kept: Table, definitions: Definitions) -> None:
    for frame in _frames(register, [register.birth]):
        parse_dates(frame, register.birth, frame[register.birth] != "")


def _tell_unborn(register: Register, kept: Table, definitions: Definitions) -> None:
    keys = kept.filter(_is_unborn(register, kept)).select("key").execute()["key"]
    for frame in _frames(register, [register.key, register.birth]):
        wrong = link_keys(frame[register.key]).isin(keys)
        remedy = "Mend the cell, or leave it blank for a birth that is not known."
        refuse_cells(frame, register.birth, wrong, "is after the week from which the person is followed", remedy)


def _tell_places(register: Register, kept: Table, definitions: Definitions) -> None:
    faults = Faults()
    for column in register.places:
        for frame in _frames(register, [column]):
            with faults.part():
                cells = frame[column]
                wrong = cells.ne("") & ~cells.str.fullmatch(MUNICIPALITY)
                refuse_cells(frame, column, wrong, "is no number of a municipality", "Mend the cell.")
    faults.stop()


def _tell_cells(register: Register, kept: Table, definitions: Definitions) -> None:
    """Raise the error of the readers of codes and wages for the weeks in which cells are no code."""
    places = kept.filter(kept.fault >= 0).select("fault").distinct().order_by("fault").limit(MOST_WEEKS).execute()
    columns, faults = register.columns, Faults()
    for week in (register.read[int(place)] for place in places["fault"]):
        name, month = columns.weeks[week], columns.month_column(week)
        for frame in _frames(register, [name]):
            with faults.part():
                parse_codes(frame, [name], definitions.benefit_codes, definitions.extract.register_version)
        for frame in _frames(register, [month]) if month else ():
            with faults.part():
                wages = RegisterColumns({}, {key: name for key, name in columns.months.items() if name == month}, {})
                find_wages(frame, wages, frame.attrs["decimal"])
    faults.stop()


def _frames(register: Register, names: Sequence[str]) -> Iterator[pd.DataFrame]:
    """Columns as text, indexed by line, of each register file that has them all."""
    import pandas as pd

    for source in register.sources:
        if not source.names.keys() >= set(names):
            continue
        own = [source.names[name] for name in names]
        parts = [chunk.rows for chunk in open_file(source.path, source.facts).chunks(None, own, None)]
        frame = pd.concat(parts).set_axis(list(names), axis="columns")
        describe_frame(frame, source.path, source.facts)
        yield frame


TELLERS: dict[str, Callable[[Register, Table, Definitions], None]] = {
    "codes": _tell_cells,
    "repeated": _tell_repeated,
    "sexes": _tell_sexes,
    "births": _tell_births,
    "births_after_entry": _tell_unborn,
    "municipalities": _tell_places,
}
