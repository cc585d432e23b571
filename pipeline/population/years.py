"""The register files as one relation of a row a person: one file, or several joined by the person."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from pipeline.errors import InputError
from pipeline.population.cells import ABSENT, linked_key
from pipeline.population.received import Source
from pipeline.register.columns import LIKE_A_CELL

if TYPE_CHECKING:
    from ibis.expr.types import Table


def join_sources(
    connection: Any, sources: Sequence[Source], key: str, blanks: Collection[str], *, is_none: bool
) -> Table:
    """The files as one relation with the study's names of columns; a column of two files is that of the first.

    What a file tells of a person without a row in it is ABSENT, or, where the extract says so (`is_none`), nothing.
    InputError for a week or month of a person that two files have. Of several files rows without a key are left out.
    """
    import ibis

    tables = [_read(connection, source) for source in sources]
    if len(tables) == 1:
        return tables[0]
    joined, *others = (_told(_with_key(table, key, blanks)) for table in tables)
    for source, table in zip(sources[1:], others, strict=True):
        double = [name for name in table.columns if name in joined.columns and name != key]
        cells = [name for name in double if LIKE_A_CELL.match(name)]
        persons = joined.semi_join(table, key).count().execute() if cells else 0
        if persons:
            raise InputError(
                f"{source.path}: column {cells[0]} is in another file of the register too, for {persons} persons "
                f"({len(cells)} columns). Keep one of each."
            )
        both = joined.outer_join(table, key, rname="{name}_of_year")
        shared = {name: ibis.coalesce(both[name], both[f"{name}_of_year"]) for name in (key, *double)}
        joined = both.mutate(**shared).drop(*(f"{name}_of_year" for name in shared))
    absent = "" if is_none else ABSENT
    return joined.mutate(**{name: joined[name].fill_null(absent) for name in joined.columns if LIKE_A_CELL.match(name)})


def _told(table: Table) -> Table:
    """The cells of a file as text, '' for nothing, so that what is missing once files are joined is another file's."""
    cells = [name for name in table.columns if LIKE_A_CELL.match(name)]
    return table.mutate(**{name: table[name].cast("string").fill_null("") for name in cells})


def _read(connection: Any, source: Source) -> Table:
    table = connection.read_parquet(str(source.parquet)).select(*source.stored.values())
    return table.rename(source.stored)


def _with_key(table: Table, key: str, blanks: Collection[str]) -> Table:
    linked = table.mutate(**{key: linked_key(table, key, blanks)})
    return linked.filter(linked[key] != "")
