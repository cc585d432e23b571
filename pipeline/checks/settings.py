"""Settings are inputs too: every cell, and every name that another file must know, is looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.checks.dictionary import check_dictionary
from pipeline.checks.names_of_models import check_models
from pipeline.checks.references import (
    check_bounds,
    check_code_lists,
    check_exhibits,
    check_marks,
    check_rules_of_print,
)
from pipeline.checks.sensitivity import check_sensitivity
from pipeline.checks.tables import check_cells, check_ends, checked_tables
from pipeline.checks.targets import check_targets
from pipeline.errors import Faults
from pipeline.settings.described import read_exhibits
from pipeline.settings.models import read_models

ENDS = (
    ("benefit_codes", "valid_from", "valid_to"),
    ("variables", "minimum", "maximum"),
    ("scales", "item_minimum", "item_maximum"),
)


def check_settings(settings: Mapping[str, Any], own: Sequence[Mapping[str, str]]) -> None:
    """Raise InputError with every fault of the settings, by their stems, each with its line or key.

    `own` are the columns that the pipeline itself gives derived tables, rows as of the dictionary, which has the
    study's.
    """
    faults, known = Faults(), dict(settings)
    for table in (name for name in checked_tables() if settings.get(name) is not None):
        with faults.part():
            check_cells(table, settings[table])
    for table, first, last in ENDS:
        if settings.get(table) is not None:
            with faults.part():
                check_ends(table, settings[table], first, last)
    for name, read in (("models", read_models), ("exhibits", read_exhibits)):
        if known.get(name) is not None:
            known[f"{name}_read"] = None
            with faults.part():
                known[f"{name}_read"] = read(known[name])
    for check in (
        check_code_lists, check_marks, check_bounds, check_dictionary, check_models, check_targets,
        check_exhibits, check_rules_of_print, check_sensitivity,
    ):  # fmt: skip
        with faults.part():
            check(known, own)
    faults.stop()
