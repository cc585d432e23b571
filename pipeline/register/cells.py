"""Checks on the cells of a received file: names, dates and closed lists."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pipeline.errors import InputError
from pipeline.names import canonical, slug
from pipeline.register.readers import refuse_cells, show_value

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    import pandas as pd


def parse_names(frame: pd.DataFrame, column: str, spellings: Mapping[str, str]) -> pd.Series:
    """The names of a column in their canonical form, each of the declared `spellings` replaced by its name.

    Raises InputError for a declared spelling that no cell has, and for two names with one address: they are spellings
    of one name, which only somebody who knows the places can tell, or would be one group under one address.
    """
    names = frame[column].map({cell: canonical(cell) for cell in frame[column].unique()})
    declared = {canonical(other): canonical(name) for other, name in spellings.items()}
    idle = sorted(set(declared) - set(names))
    if idle:
        raise InputError(
            f"extract.toml, [spellings] {column}: {show_value(idle[0])} ({len(idle)} spellings) is in no cell of that "
            f"column of {frame.attrs['path']}. Mend the spelling, or take it out."
        )
    names = names.map(lambda name: declared.get(name, name))
    _require_addresses(frame, column, names)
    return names


def _require_addresses(frame: pd.DataFrame, column: str, names: pd.Series) -> None:
    counts = Counter(names[names != ""])
    usual: dict[str, str] = {}
    doubles = [
        (usual[slug(name)], name) for name, _ in counts.most_common() if usual.setdefault(slug(name), name) != name
    ]
    if not doubles:
        return
    kept, other = doubles[0]
    shown, wanted = show_value(other), show_value(kept)
    raise InputError(
        f"{frame.attrs['path']}, line {names.index[names == other][0]}, column {column}: {shown} ({counts[other]} "
        f"lines) beside {wanted} ({counts[kept]} lines) would be one address, {slug(kept)} ({len(doubles)} such "
        f"spellings). If they are one, put {shown} = {wanted} under [spellings.{column}] in extract.toml; if not, give "
        "one of them another name there."
    )


def parse_dates(frame: pd.DataFrame, column: str, given: pd.Series | None = None) -> pd.Series:
    """The dates of a column; `given` marks the lines that must have one, all of them unless told."""
    import pandas as pd

    dates = pd.to_datetime(frame[column], format="%Y-%m-%d", errors="coerce")
    wrong = dates.isna() if given is None else dates.isna() & given
    refuse_cells(frame, column, wrong, "is no date of the form yyyy-mm-dd", "Mend the cell.")
    return dates


def refuse_other(frame: pd.DataFrame, column: str, allowed: Collection[str]) -> None:
    """Raise InputError for a cell that is none of the allowed texts."""
    fault = f"is none of {', '.join(sorted(allowed))}"
    refuse_cells(frame, column, ~frame[column].isin(list(allowed)), fault, "Mend the cell.")
