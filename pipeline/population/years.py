"""The register files as one relation of a row a person: one file, or one a year joined by the person."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from pipeline.errors import InputError
from pipeline.population.cells import linked_key
from pipeline.population.received import Source
from pipeline.register.columns import LIKE_A_CELL

if TYPE_CHECKING:
    from ibis.expr.types import Table


def join_sources(connection: Any, sources: Sequence[Source], key: str, blanks: Collection[str]) -> Table:
    """The files as one relation with the study's names of columns; a column of two files is that of the first.

    InputError for a week or month that two files have. Of several files rows without a key are left out.
    """
    import ibis

    tables = [_read(connection, source) for source in sources]
    joined = tables[0]
    if len(tables) == 1:
        return joined
    joined = _with_key(joined, key, blanks)
    for source, table in zip(sources[1:], tables[1:], strict=True):
        double = [name for name in table.columns if name in joined.columns and name != key]
        cells = [name for name in double if LIKE_A_CELL.match(name)]
        if cells:
            raise InputError(
                f"{source.path}: column {cells[0]} is in another file of the register too ({len(cells)} columns). Keep "
                "one of each."
            )
        both = joined.outer_join(_with_key(table, key, blanks), key, rname="{name}_of_year")
        shared = {name: ibis.coalesce(both[name], both[f"{name}_of_year"]) for name in (key, *double)}
        joined = both.mutate(**shared).drop(*(f"{name}_of_year" for name in shared))
    return joined


def _read(connection: Any, source: Source) -> Table:
    table = connection.read_parquet(str(source.parquet)).select(*source.stored.values())
    return table.rename(source.stored)


def _with_key(table: Table, key: str, blanks: Collection[str]) -> Table:
    linked = table.mutate(**{key: linked_key(table, key, blanks)})
    return linked.filter(linked[key] != "")
