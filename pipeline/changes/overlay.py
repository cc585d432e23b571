"""One table out of two: by person, by week and by column the cell of the earlier or of the later extract."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipeline.errors import InputError

BoolArray = npt.NDArray[np.bool_]
UNKNOWN = -1


def merged_trial(
    old: pd.DataFrame,
    new: pd.DataFrame,
    persons: npt.NDArray[np.int64],
    later: Mapping[str, BoolArray],
    kinds: Mapping[str, Any],
) -> pd.DataFrame:
    """The trial of `persons` with the columns of `later`: by column, whose cell comes from `new`.

    A column that one of the tables lacks comes from the other; InputError if a person has it in neither.
    """
    frames = [table.set_index("person").reindex(persons) for table in (old, new)]
    columns: dict[str, pd.Series] = {}
    for name, is_later in later.items():
        first, second = (frame.get(name) for frame in frames)
        cells = first if second is None else second
        if first is not None and second is not None:  # as objects, whose kinds are not guessed on the way
            both = np.where(is_later, second.astype(object), first.astype(object))
            cells = pd.Series(both, index=first.index, dtype=object)
        if cells is None or (name not in _MAY_LACK and cells.isna().any()):
            raise InputError(
                f"column {name} of the allocation: one extract does not have it, and the other not for all"
            )
        columns[name] = cells.astype(kinds[name])
    return pd.DataFrame(columns).rename_axis("person").reset_index()


_MAY_LACK = ("register_line", "baseline_line", "followup_line", "attended")  # blank: whether a person came is not known


def merged_weeks(
    old: pd.DataFrame,
    new: pd.DataFrame,
    persons: npt.NDArray[np.int64],
    span: npt.NDArray[np.int64],
    spans_new: bool,
    later: Mapping[str, BoolArray],
    shared: BoolArray,
) -> pd.DataFrame:
    """The register weeks of `persons` over the weeks of `span`, in order: those of `new` if `spans_new`.

    later: by column whose cells come from `new`. Of a person of `shared` a week that only one table has comes from
    that one; of another, whom only one extract has, it is unknown. Columns have weeks of their own, those in which
    anything is known of anybody: wages come by month, and a month can lack though its weeks do not.
    """
    names = sorted({*old["code"].dropna().unique(), *new["code"].dropna().unique()})
    found: dict[str, npt.NDArray[np.int64]] = {}
    for column, is_later in later.items():
        (first, first_has), (second, second_has) = (
            _grid(table, _numbers(table[column], names), persons, span) for table in (old, new)
        )
        take = np.where(
            shared[:, None] & (first_has != second_has)[None, :], second_has[None, :], np.asarray(is_later)[:, None]
        )
        cells, spanned = np.where(take, second, first), second_has if spans_new else first_has
        found[column] = np.where(spanned[None, :], cells, UNKNOWN).ravel()
    codes = pd.Categorical.from_codes(found["code"].tolist(), pd.Index(names, dtype=object))
    table = {
        "person": np.repeat(persons, len(span)),
        "week": np.tile(span, len(persons)),
        "code": codes.remove_unused_categories(),
        "wage": pd.array(found["wage"] == 1, dtype="boolean"),
        "line": pd.array(found["line"], dtype="Int64"),
    }
    weeks = pd.DataFrame(table)
    return weeks.assign(
        wage=weeks["wage"].mask(found["wage"] == UNKNOWN), line=weeks["line"].mask(found["line"] == UNKNOWN)
    ).astype({"week": old["week"].dtype})


def _numbers(cells: pd.Series, names: list[str]) -> npt.NDArray[np.int64]:
    """The cells of a column as whole numbers, codes by their place in `names`; -1 where nothing is known."""
    if cells.name == "code":
        return np.asarray(pd.Categorical(cells, categories=names).codes, dtype=np.int64)
    return np.asarray(cells.astype("Int64").to_numpy(dtype=np.int64, na_value=UNKNOWN), dtype=np.int64)


def _grid(
    table: pd.DataFrame, values: npt.NDArray[np.int64], persons: npt.NDArray[np.int64], span: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], BoolArray]:
    """The values by person and week, -1 where the table has none, and by week whether anything is known of anybody.

    `table` has the same weeks for each person, in order.
    """
    own = pd.Index(table["person"].unique())
    weeks = pd.Index(table["week"].iloc[: len(table) // max(len(own), 1)])
    rows, columns = own.get_indexer(pd.Index(persons)), weeks.get_indexer(pd.Index(span))
    square = values.reshape(len(own), len(weeks))
    has = (columns >= 0) & (square != UNKNOWN).any(axis=0)[columns]
    return np.where((rows >= 0)[:, None] & has[None, :], square[rows][:, columns], UNKNOWN), has


def merged_answers(
    old: pd.DataFrame,
    new: pd.DataFrame,
    from_old: npt.NDArray[np.int64],
    from_new: npt.NDArray[np.int64],
    columns: list[str],
) -> pd.DataFrame:
    """The answers of the persons `from_old` and `from_new`, each where there are any, with the items `columns`.

    An item that a table lacks, for its settings did not ask for it, comes from the other, if the person answered there.
    """
    parts = []
    for table, persons, other in ((old, from_old, new), (new, from_new, old)):
        rows = table[table["person"].isin(persons)]
        lacking = [name for name in columns if name not in table]
        added = other.set_index("person")[lacking].reindex(rows["person"]).set_axis(rows.index)
        parts.append(pd.concat([rows, added], axis=1)[columns])
    filled = [part for part in parts if len(part)]
    return pd.concat(filled, ignore_index=True) if filled else parts[0]
