"""The addresses of numbers: one found, those near it, and all of an exhibit."""

from __future__ import annotations

import difflib
import os
from typing import TYPE_CHECKING, Any

from pipeline.audit.build import Build
from pipeline.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

EXAMPLE = "figure_3_3/all/sickness_benefit/45"
NEAREST = 5
COMPOSED = (
    "An address is exhibit/row/column of a table, exhibit/sample/outcome/week of a curve, each with /statistic where "
    "several are shown; ID=exhibit lists those of one exhibit."
)


def find_number(cell_id: str, build: Build) -> dict[Any, Any]:
    """The row of shown.parquet at an address.

    InputError for an address that no exhibit shows, with the nearest of its exhibit and how addresses are composed, and
    for a number whose estimate is not there.
    """
    if not cell_id:
        raise InputError(f"trace: no address given. Say make trace ID={EXAMPLE}, or ID=exhibit for a list.")
    found = build.shown[build.shown["cell_id"] == cell_id]
    if found.empty:
        raise InputError(_say_nearest(cell_id, build.shown))
    cell = dict(found.to_dict("records")[0])
    if cell["estimate_id"] not in build.estimates:
        raise InputError(f"{build.derived}: no estimate {cell['estimate_id']}. Run make all.")
    return cell


def read_asked(name: str) -> str:
    """What the environment asks for by a name, without blanks around it, and of an address without slashes."""
    return os.environ.get(name, "").strip().strip("/").strip()


def _say_nearest(cell_id: str, shown: pd.DataFrame) -> str:
    exhibits = list(dict.fromkeys(shown["exhibit"]))
    if "/" not in cell_id and (like := difflib.get_close_matches(cell_id, exhibits, n=1)):
        return (
            f"trace: there is no exhibit {cell_id!r}. Near it: ID={like[0]}, which lists the addresses of its numbers. "
            f"The exhibits are {', '.join(exhibits)}."
        )
    asked = cell_id.split("/")[0]
    name = next(iter(difflib.get_close_matches(asked, exhibits, n=1, cutoff=0.8)), "")
    own = shown.loc[shown["exhibit"] == name, "cell_id"] if name else shown["cell_id"]
    near = difflib.get_close_matches(cell_id, own, n=NEAREST, cutoff=0.0 if name else 0.6)
    said = f"Near it: {', '.join(near)}." if near else f"The exhibits are {', '.join(exhibits)}."
    return f"trace: no exhibit shows a number with the address {cell_id!r}. {said} {COMPOSED}"


def list_numbers(prefix: str, build: Build) -> pd.DataFrame:
    """The numbers below `prefix`, an exhibit or some parts of an address, with a column of labels.

    None if none is, or if it is itself the address of a number.
    """
    addresses = build.shown["cell_id"]
    is_number = not prefix or bool((addresses == prefix).any())
    shown = build.shown[addresses.str.startswith(f"{prefix}/") & (not is_number)]
    return shown.assign(label=build.label(shown)) if len(shown) else shown
