"""The register files as one relation of a row a person: one file, or several joined by the person."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from pipeline.errors import InputError
from pipeline.population.cells import ABSENT, linked_key
from pipeline.population.received import Source
from pipeline.register.columns import LIKE_A_CELL
from pipeline.register.files.kinds import open_file
from pipeline.register.parts import told_twice
from pipeline.register.persons import link_keys

if TYPE_CHECKING:
    from ibis.expr.types import Table

MOST_LOOKED_UP = 10_000  # persons with two rows whose line is sought


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
    for place, table in enumerate(others, 1):
        double = [name for name in table.columns if name in joined.columns and name != key]
        _refuse_double(sources[: place + 1], joined, table, key)
        both = joined.outer_join(table, key, rname="{name}_of_year")
        shared = {name: ibis.coalesce(both[name], both[f"{name}_of_year"]) for name in (key, *double)}
        joined = both.mutate(**shared).drop(*(f"{name}_of_year" for name in shared))
    absent = "" if is_none else ABSENT
    return joined.mutate(**{name: joined[name].fill_null(absent) for name in joined.columns if LIKE_A_CELL.match(name)})


def _refuse_double(sources: Sequence[Source], joined: Table, table: Table, key: str) -> None:
    """Raise InputError for a person of whom the last of the sources, `table`, tells what the others, `joined`, tell."""
    import ibis

    own = [name for name in table.columns if LIKE_A_CELL.match(name)]
    double = [name for name in own if name in joined.columns]
    if not double:
        return
    # Of a person whom a file has none of its columns is null.
    shared = [[name for name in double if name in source.names] for source in sources[:-1]]
    told = joined.filter(ibis.or_(*(joined[names[0]].notnull() for names in shared if names)))
    both = told.semi_join(table, key).select(key)
    persons = int(both.count().execute())
    if persons:
        keys = both.order_by(key).limit(MOST_LOOKED_UP).execute()[key]
        paths = [str(source.path) for source in sources]
        raise told_twice(paths, _line_of(sources[-1], key, set(keys)), double, own, persons)


def _line_of(source: Source, key: str, keys: Collection[str]) -> int:
    """The first line of a file with one of the keys."""
    for chunk in open_file(source.path, source.facts).chunks(None, [source.names[key]], None):
        found = link_keys(chunk.rows[source.names[key]]).isin(keys)
        if found.any():
            return int(chunk.rows.index[found][0])
    raise InputError(f"{source.path}: it changed while it was counted. Count it again.")


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
