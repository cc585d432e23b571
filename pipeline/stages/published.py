"""The numbers the report prints beside the rebuilt ones: a table of every one, and the page that sums them up."""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pipeline.errors import InputError
from pipeline.published.comparison import Rebuilt, compare_all
from pipeline.published.errata import read_errata
from pipeline.published.locations import Locator, Place, Printed, ShownPlace, read_printed
from pipeline.published.page import write_published_page
from pipeline.published.table import write_csv
from pipeline.published.targets import read_roles
from pipeline.register.readers import require_columns
from pipeline.settings.described import read_exhibits
from pipeline.settings.extract import Extract, Language
from pipeline.show.numbers import UNITS, read_number
from pipeline.show.rows import with_rows
from pipeline.show.words import read_words

if TYPE_CHECKING:
    import pandas as pd


def run(
    tables: pd.DataFrame,
    errata: pd.DataFrame,
    published_rows: pd.DataFrame,
    published_columns: pd.DataFrame,
    released: pd.DataFrame,
    behind: pd.DataFrame,
    published: Mapping[str, Any],
    exhibits: Mapping[str, Any],
    variables: pd.DataFrame,
    words: Mapping[str, Any],
    extract: Extract,
    language: Language,
    groups: pd.DataFrame,
    targets: pd.DataFrame | None = None,
    shown: pd.DataFrame | None = None,
) -> dict[str, str]:
    """table_published.csv and published.html. Without `targets` the page is the replication report of an extract.

    With `shown`, of an extract that describes nobody, a number of which the report prints more digits than the page
    shows is compared at those of the report; InputError where it is given of another extract.
    """
    if shown is not None and not extract.synthetic:
        raise InputError(f"shown.parquet: the extract {extract.name} is not synthetic, so nothing leaves but what is "
                         "released. Make the Makefile and the stage agree.")  # fmt: skip
    said, made = read_words(words), set(released["estimate_id"])
    described = with_rows(read_exhibits(exhibits), variables, groups, made, said.horizon_weeks)
    numbers = read_printed(tables.to_dict("records"))
    known = read_errata(errata.to_dict("records"))
    compared = compare_all(
        numbers,
        Locator(published_rows.to_dict("records"), published_columns.to_dict("records")),
        index_rebuilt(released, behind, language.language, shown),
        known,
        _roles(targets, extract, numbers),
        said.stars,
    )
    page = write_published_page(compared, known, published, described, variables, said, extract, language.language)
    return {"table_published.csv": write_csv(compared), "published.html": page}


def _roles(targets: pd.DataFrame | None, extract: Extract, numbers: list[Printed]) -> dict[Place, str]:
    """The targets that a synthetic extract declares; InputError if one that is not synthetic has any."""
    if targets is None:
        return {}
    if not extract.synthetic:
        raise InputError(
            f"targets.csv: extract {extract.name} is not synthetic, so nothing in it was made to meet a "
            "printed number. Delete the file."
        )
    require_columns(targets, [*Place._fields, "role"])
    return read_roles(targets.to_dict("records"), numbers)


def index_rebuilt(
    released: pd.DataFrame, behind: pd.DataFrame, language: str, shown: pd.DataFrame | None = None
) -> dict[ShownPlace, Rebuilt]:
    """The numbers released in tables by their place, each with the standard error and p-value of its estimate.

    `shown` has the exact ones, where they may be told.
    """
    exact = {} if shown is None else dict(zip(shown["cell_id"], shown["value"], strict=True))
    errors = {
        name: (float(se), float(p_value))
        for name, se, p_value in zip(behind["estimate_id"], behind["se"], behind["p_value"], strict=True)
    }
    # The main results say some numbers in another unit; they stand behind those that the tables themselves show.
    place = ["exhibit", "row", "column", "statistic"]
    tables = released[released["exhibit"].str.startswith("table_")].drop_duplicates(place)
    return {
        ShownPlace(row["exhibit"], row["row"], row["column"], row["statistic"]): Rebuilt(
            row["cell_id"],
            row["value"],
            *errors.get(row["estimate_id"], (math.nan, math.nan)),
            _step(row["text"], row["unit"], language),
            exact.get(row["cell_id"], math.nan),
        )
        for row in tables.to_dict("records")
    }


def _step(text: str, unit: str, language: str) -> float:
    """One unit of the last digit of a text, in the unit in which the number is kept; 0 where it shows none."""
    number = read_number(text, language)
    if not isinstance(number, Decimal):
        return 0.0
    return float(Decimal(1).scaleb(int(number.as_tuple().exponent) - UNITS[unit].shift))
