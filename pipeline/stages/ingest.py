"""From the files as received to tables with one key: who was randomised, their register weeks, their answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.checks.reading import Sources, read_delivery, write_rows
from pipeline.pseudonyms.linkage import NAME, write_linkage
from pipeline.register.allocation import link_back
from pipeline.settings.extract import Extract
from pipeline.settings.outcomes import OutcomeDefinitions
from pipeline.settings.study import Study

if TYPE_CHECKING:
    import pandas as pd


def run(
    extract: Extract,
    study: Study,
    benefit_codes: pd.DataFrame | None = None,
    scales: pd.DataFrame | None = None,
    outcomes: OutcomeDefinitions | None = None,
    **received: pd.DataFrame,
) -> dict[str, Any]:
    """Read an extract: allocation, register and surveys, linked by the keys that the design names, and check it.

    `received` are the files of the extract by their roles, data frames of text indexed by line; of the register the
    rows that were kept. The register is kept for randomised persons only, one row a person and week,
    and the column of each week and month, so that every cell can be found again. A person's number as received goes no
    further than linkage.csv, which its owner alone can read: all else has pseudonyms. checks.csv has a row
    for every rule; what is certainly wrong is an InputError with all of it.
    """
    reading = read_delivery(Sources(extract, study, received, benefit_codes, scales, outcomes))
    trial, register = reading.require()
    for name, items in reading.answers.items():
        _say_empty(received.get(f"{name}_survey"), items)
    return {
        NAME: write_linkage(link_back(trial, received["allocation"], study.design)),
        "trial.parquet": trial,
        "register_columns.parquet": register.columns,
        "register_weeks.parquet": register.weeks,
        **{f"{name}_items.parquet": items for name, items in reading.answers.items()},
        "checks.csv": write_rows(reading.rows),
    }


def _say_empty(survey: pd.DataFrame | None, answers: pd.DataFrame) -> None:
    if survey is not None and (empty := len(survey) - len(answers)):
        print(f"ingest: {survey.attrs['path']}: {empty} rows hold no answer and count as not answered")
