"""The inputs of one extract with some causes of another swapped in, and what is estimated from them.

docs/decisions/changes.md defines each cause. In short: a cell comes from the later extract where its cause is applied,
and from the earlier where it is not; what only one of them has, a person or a week, comes from that one.
"""

from __future__ import annotations

import io
from collections.abc import Collection, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import numpy.typing as npt
import pandas as pd

from pipeline.audit.build import DATA as ESTIMATED_FROM
from pipeline.audit.compare import COLUMNS
from pipeline.changes.linked import in_names_of
from pipeline.changes.overlay import merged_answers, merged_trial, merged_weeks
from pipeline.errors import InputError
from pipeline.names import slug
from pipeline.runner.inputs import DESCRIPTION
from pipeline.runner.stage import KEPT
from pipeline.settings.extract import Extract
from pipeline.stages import estimates, outcomes, sample, survey

if TYPE_CHECKING:
    from pipeline.changes.built import Built

BoolArray = npt.NDArray[np.bool_]
PERSONS, WEEKS, CODES, WAGES = "persons", "weeks", "codes", "wages"
ANSWERS, NAMES, DRAWS, SETTINGS = "answers", "names", "draws", "settings"
CAUSES = (PERSONS, WEEKS, CODES, WAGES, ANSWERS, NAMES, DRAWS, SETTINGS)
LINES = ("line", "wage_line", "allocation_line", "register_line", "baseline_line", "followup_line")
CAUSE_OF_COLUMN = {  # of the trial; the others are names
    "treated": DRAWS,
    "consent": DRAWS,
    "attended": DRAWS,
    "allocation_date": DRAWS,
    "allocation_line": DRAWS,
    "register_line": CODES,
    "baseline_line": ANSWERS,
    "followup_line": ANSWERS,
}
ITEMS = ("baseline_items", "followup_items")
SETTINGS_FILES = tuple(name.partition(".")[0] for name in KEPT if name != DESCRIPTION)


@dataclass(frozen=True)
class Inputs:
    """What estimates follow from: the tables of ingest, the settings of the study by stem, and the extract's facts."""

    tables: Mapping[str, pd.DataFrame]
    settings: Mapping[str, Any]
    extract: Extract


def swap(old: Built, new: Built, common: Collection[int], causes: Collection[str]) -> Inputs:
    """The inputs of `old` with the `causes` of `new`; with all of CAUSES they are those of `new`.

    `common` are the trial numbers that name one person in both. InputError where a column that one extract lacks would
    be needed of a person whom only that one has.
    """
    persons, layout, span = (new if cause in causes else old for cause in (PERSONS, SETTINGS, WEEKS))
    listed = persons.tables["trial"]["person"].to_numpy()
    shared = np.isin(listed, list(common))
    registered = shared & _in_register(old, listed) & _in_register(new, listed)

    def source(cause: str) -> BoolArray:
        """By person, whether what the cause is about comes from `new`."""
        in_both = registered if cause in (CODES, WAGES) else shared
        return np.where(in_both, cause in causes, PERSONS in causes)

    columns = {name: source(CAUSE_OF_COLUMN.get(name, NAMES)) for name in layout.tables["trial"].columns.drop("person")}
    first, second = _sides(old, new, common, causes)
    trial = merged_trial(first["trial"], second["trial"], listed, columns, dict(layout.tables["trial"].dtypes))
    weeks = merged_weeks(
        old.tables["register_weeks"],
        new.tables["register_weeks"],
        listed,
        span=span.tables["register_columns"]["week"].to_numpy(),
        spans_new=WEEKS in causes,
        later={"code": source(CODES), "line": source(CODES), "wage": source(WAGES)},
        shared=registered,
    )
    answers = source(ANSWERS)
    items = {
        name: merged_answers(
            first[name], second[name], listed[~answers], listed[answers], list(layout.tables[name].columns)
        )
        for name in ITEMS
    }
    tables = {"trial": trial, "register_columns": span.tables["register_columns"], "register_weeks": weeks, **items}
    settings = {name: layout.settings[name] for name in SETTINGS_FILES if name in layout.settings}
    return Inputs(tables, settings, _excluding(old, new, trial, NAMES in causes))


def _sides(
    old: Built, new: Built, common: Collection[int], causes: Collection[str]
) -> tuple[dict[str, pd.DataFrame], dict[str, pd.DataFrame]]:
    """The trial and the answers of both, to be merged.

    Those who are gone are called as in `new` where the cause of names is applied, those who come as in `old` where it
    is not: a renamed team is no other team. Of the extract that does not say who was randomised only shared persons
    stay, for the same number may be another person's there.
    """
    names = ("trial", *ITEMS)
    first, second = ({name: built.tables[name] for name in names} for built in (old, new))
    if NAMES in causes:
        first["trial"] = in_names_of(first["trial"], second["trial"], common)
    else:
        second["trial"] = in_names_of(second["trial"], first["trial"], common)
    lesser = first if PERSONS in causes else second
    lesser |= {name: table[table["person"].isin(list(common))] for name, table in lesser.items()}
    return first, second


def _in_register(built: Built, persons: npt.NDArray[np.int64]) -> BoolArray:
    """Which of the persons (n,) the register of an extract has."""
    trial = built.tables["trial"]
    return np.isin(persons, trial.loc[trial["register_line"].notna(), "person"])


def _excluding(old: Built, new: Built, trial: pd.DataFrame, names_applied: bool) -> Extract:
    """The facts of the extract with the names that are left out: of a name that both have, as the cause of names says.

    A name that only one extract has is left out if that one leaves it out; one that nobody of `trial` has is not named.
    """
    chosen: Extract = (new if names_applied else old).settings["extract"]
    known = {id(built): _addresses(built.tables["trial"]) for built in (old, new)}
    here, excluded = _addresses(trial), dict[str, list[str]]()
    for built, other in ((old, new), (new, old)):
        facts: Extract = built.settings["extract"]
        for reason, names in facts.excluded.items():
            for name in names:
                is_shared = slug(name) in known[id(other)]
                if slug(name) in here and (facts is chosen or not is_shared):
                    excluded.setdefault(reason, []).append(name)
    return msgspec.structs.replace(chosen, excluded=excluded)


def _addresses(trial: pd.DataFrame) -> set[str]:
    columns = [name for name in trial.columns if name.endswith("_name")]
    return {slug(name) for column in columns for name in trial[column].unique()}


def contents(inputs: Inputs) -> list[Any]:
    """All of the inputs that an estimate can rest on, as what `same` compares; lines of files are none of it."""
    settings = [inputs.settings.get(name) for name in SETTINGS_FILES]
    found = [*inputs.tables.values(), *settings]
    return [*(_content(part) if isinstance(part, pd.DataFrame) else part for part in found), inputs.extract.excluded]


def same(one: list[Any], other: list[Any]) -> bool:
    """Whether two inputs have the same contents."""
    return all(
        left.equals(right) if isinstance(left, pd.DataFrame) else right is not None and left == right
        for left, right in zip(one, other, strict=True)
        if left is not None or right is not None
    )


def _content(table: pd.DataFrame) -> pd.DataFrame:
    kept = table.drop(columns=[name for name in (*LINES, "week_column", "month_column") if name in table])
    if "person" in kept and not kept["person"].is_monotonic_increasing:  # the order of persons is that of a file
        kept = kept.sort_values("person", kind="stable")
    # The categories of codes are those that a file happens to have.
    codes = {name: object for name, kind in kept.dtypes.items() if isinstance(kind, pd.CategoricalDtype)}
    return kept.astype(codes).reset_index(drop=True)


def derive(inputs: Inputs) -> dict[str, pd.DataFrame]:
    """The derived tables of the inputs, by name: the stages from the sample on, one after the other."""
    known, tables = inputs.settings, inputs.tables
    study, codes, scales = known["study"], known.get("benefit_codes"), known.get("scales")
    with redirect_stdout(io.StringIO()):  # what is unusual was said when the extract was built
        people = _stems(sample.run(tables["trial"], tables["register_columns"], study, inputs.extract))
        scores = _stems(survey.run(tables["baseline_items"], tables["followup_items"], scales))
        weekly = _stems(
            outcomes.run(
                people["sample"], tables["register_weeks"], known["outcomes"], study, scores["baseline"], codes
            )
        )
    return {**people, **scores, **weekly}


def estimate(inputs: Inputs) -> pd.DataFrame:
    """Every estimate of the inputs, with the columns COLUMNS."""
    known, derived = inputs.settings, derive(inputs)
    own: dict[str, Any] = {name: derived[name] for name in ESTIMATED_FROM}
    with redirect_stdout(io.StringIO()):
        found = estimates.run(
            **own,
            variables=known["variables"],
            models=known["models"],
            study=known["study"],
        )
    table = pd.concat([part[list(COLUMNS)] for part in found.values()], ignore_index=True)
    return table.astype({"n": "Int64", "n_treated": "Int64", "n_control": "Int64", "n_clusters": "Int64"})


def estimate_with(old: Built, new: Built, common: Collection[int], causes: Collection[str]) -> pd.DataFrame | str:
    """The estimates with the causes applied, or why they cannot be applied so."""
    try:
        return estimate(swap(old, new, common, causes))
    except InputError as error:
        return str(error)


def _stems(tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    return {name.removesuffix(".parquet"): table for name, table in tables.items()}
