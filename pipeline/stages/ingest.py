"""From the files as received to tables with one key: who was randomised, their register weeks, their answers."""

from __future__ import annotations

import pandas as pd

from pipeline.errors import InputError
from pipeline.register.allocation import read_allocation
from pipeline.register.persons import require_declared
from pipeline.register.surveys import check_answer_dates, read_items, survey_lines
from pipeline.register.weeks import RegisterWeeks
from pipeline.register.wide import read_wide
from pipeline.settings.extract import Extract
from pipeline.settings.scales import asked_again
from pipeline.settings.study import Study


def run(
    extract: Extract,
    study: Study,
    benefit_codes: pd.DataFrame | None = None,
    scales: pd.DataFrame | None = None,
    **received: pd.DataFrame,
) -> dict[str, pd.DataFrame]:
    """Read an extract: allocation, register and surveys, linked by the keys that the design names.

    `received` are the files of the extract by their stems, data frames of text indexed by line. The register is kept
    for randomised persons only, one row a person and week, and the column of each week and month, so that every cell
    can be found again. A person's number goes no further than this stage.
    """
    stems = {role: file.path.rpartition(".")[0] for role, file in extract.files.items()}
    files = {role: received[stem] for role, stem in stems.items() if stem in received}
    design, allocation = study.design, files["allocation"]
    trial = read_allocation(allocation, design)
    require_declared(extract, allocation[design.key])
    register = _read_register(extract, files["register"], allocation[design.key], trial["person"], benefit_codes)
    trial["register_line"] = register.lines.array
    baseline, followup = files.get("baseline_survey"), files.get("followup_survey")
    trial["baseline_line"] = survey_lines(trial, baseline, design.person)
    trial["followup_line"] = survey_lines(trial, followup, design.person)
    for survey in (baseline, followup):
        check_answer_dates(trial, survey, design.person, pd.Timestamp(extract.received), is_before=survey is baseline)
    asked = {"baseline": (baseline, scales), "followup": (followup, asked_again(scales))}
    items = {f"{name}_items.parquet": read_items(*survey, design.person) for name, survey in asked.items()}
    return {
        "trial.parquet": trial,
        "register_columns.parquet": register.columns,
        "register_weeks.parquet": register.weeks,
        **items,
    }


def _read_register(
    extract: Extract,
    register: pd.DataFrame,
    keys: pd.Series,
    persons: pd.Series,
    benefit_codes: pd.DataFrame | None,
) -> RegisterWeeks:
    if benefit_codes is None:
        raise InputError("benefit_codes.csv: the study has no such table, which a register of benefit codes needs.")
    return read_wide(register, keys, persons, benefit_codes, extract.register_version)
