"""What cannot be counted, found by the engine and told by the pipeline's own readers with its line, value and count."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipeline.errors import Faults, InputError
from pipeline.population.cells import day_of_birth
from pipeline.population.definitions import Definitions
from pipeline.population.persons import Register
from pipeline.population.received import find_source
from pipeline.register.cells import parse_dates, refuse_other
from pipeline.register.codes import parse_codes
from pipeline.register.columns import RegisterColumns
from pipeline.register.files.kinds import open_file
from pipeline.register.kept import count_rows
from pipeline.register.readers import describe_frame
from pipeline.register.wages import find_wages

if TYPE_CHECKING:
    import pandas as pd
    from ibis.expr.types import Table

MOST_WEEKS = 5  # whose faulty cells are looked up in the file


def require_sound(register: Register, kept: Table, definitions: Definitions) -> None:
    """Raise InputError for cells that are no code or wage, a person with two rows, and a sex or birth that is none.

    Looked at are the rows that are counted; the message names file, first line, column, value and count.
    """
    import ibis

    sex, birth = register.sex, register.birth
    sexes = [*sex.women, *sex.men, ""]
    undated = day_of_birth(kept.birth, register.dates).isnull()
    wrong = kept.aggregate(
        codes=ibis.coalesce((kept.fault >= 0).sum(), 0),
        repeated=kept.count() - kept.key.nunique(),
        sexes=ibis.coalesce(kept.sex.notin(sexes).sum(), 0),
        births=ibis.coalesce((undated & (kept.birth != "")).sum(), 0),
    )
    found, faults = wrong.execute().iloc[0], Faults()
    if found["codes"]:
        with faults.part():
            _tell_cells(register, kept, definitions)
    if found["repeated"]:
        with faults.part():
            source = register.sources[0]
            count_rows(source.path, source.facts, repeats=False)
    if found["sexes"]:
        with faults.part():
            refuse_other(_column(register, [sex.register]), sex.register, sexes)
    if found["births"]:
        with faults.part():
            frame = _column(register, [birth])
            parse_dates(frame, birth, frame[birth] != "")
    faults.stop()
    if found.any():
        raise InputError(
            f"{register.sources[0].path}: " + ", ".join(f"{count} {what}" for what, count in found.items() if count)
            + " in the rows that are counted cannot be read. Compare the file with extract.toml."
        )  # fmt: skip


def _tell_cells(register: Register, kept: Table, definitions: Definitions) -> None:
    """Raise the error of the readers of codes and wages for the weeks in which cells are no code."""
    places = kept.filter(kept.fault >= 0).select("fault").distinct().order_by("fault").limit(MOST_WEEKS).execute()
    columns, faults = register.columns, Faults()
    for week in (register.read[int(place)] for place in places["fault"]):
        month = columns.month_column(week)
        with faults.part():
            cells = _column(register, [columns.weeks[week]])
            version = definitions.extract.register_version
            parse_codes(cells, [columns.weeks[week]], definitions.benefit_codes, version)
        if month:
            with faults.part():
                wages = RegisterColumns({}, {key: name for key, name in columns.months.items() if name == month}, {})
                find_wages(_column(register, [month]), wages, register.sources[0].facts.decimal)
    faults.stop()


def _column(register: Register, names: Sequence[str]) -> pd.DataFrame:
    """Columns of the register file that has them as text, indexed by line."""
    import pandas as pd

    source = find_source(register.sources, names[0])
    own = [source.names[name] for name in names]
    parts = [chunk.rows for chunk in open_file(source.path, source.facts).chunks(None, own, None)]
    frame = pd.concat(parts).set_axis(list(names), axis="columns")
    describe_frame(frame, source.path, source.facts)
    return frame
