"""The data dictionary in a form to read, from variables.csv."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.documents.markdown import GENERATED, table
from pipeline.settings.models import Model, outcome_names
from pipeline.show.dictionary import definition_of, write_values

if TYPE_CHECKING:
    import pandas as pd

HEADER = ["Name", "Label (English; Danish)", "Definition", "Type", "Unit, range", "Missing", "Tables", "Models"]
SOURCES = {
    "allocation": "From the allocation list",
    "register": "From the register",
    "survey": "From the questionnaires",
    "lineage": "Where a value lies in the received files",
    "estimate": "Estimates",
    "exhibit": "Numbers of the exhibits",
}


def write_variables(variables: pd.DataFrame, models: dict[str, Model]) -> str:
    """docs/variables.md: every column of every derived table by source, with the models that use it.

    `variables` are those of the pipeline and of the study together.
    """
    used = _uses(variables, models)
    lines = [
        "# Data dictionary",
        "",
        GENERATED.format(sources="`variables.csv` and `pipeline/runner/columns.csv`"),
        "",
        "Every column of every table under `data_derived/`. A table is refused if a column is absent or unknown, of",
        "another type, outside its range, or missing where it may not be. Survey items are in `scales.csv`.",
        "",
    ]
    for source in dict.fromkeys(variables["source"]):
        lines += [f"## {SOURCES[source]}", ""]
        own = variables[variables["source"] == source].to_dict("records")
        lines += table(HEADER, (_row(entry, used.get(entry["name"], [])) for entry in own))
    return "\n".join(lines).rstrip() + "\n"


def _row(entry: dict[Any, str], models: list[str]) -> list[str]:
    bounded = entry["unit"] or entry["minimum"]
    return [
        f"`{entry['name']}`",
        f"{entry['label_en']}; {entry['label_da']}",
        definition_of(entry, "en"),
        entry["type"],
        write_values(entry, "en") if bounded else "",
        entry["missing"],
        ", ".join(entry["tables"].split()),
        ", ".join(models),
    ]


def _uses(variables: pd.DataFrame, models: dict[str, Model]) -> dict[str, list[str]]:
    used: dict[str, list[str]] = {}
    for name, model in models.items():
        for variable in dict.fromkeys([*outcome_names(model, variables), *model.covariates]):
            used.setdefault(variable, []).append(name)
    return used
