"""From the files as received to tables with one key: who was randomised, their register weeks, their answers."""

from __future__ import annotations

import pandas as pd

from pipeline.errors import InputError
from pipeline.register.allocation import read_allocation
from pipeline.register.answers import recode_answers
from pipeline.register.long import read_long
from pipeline.register.persons import link_keys, require_declared
from pipeline.register.surveys import check_answer_dates, find_answers, read_items, survey_lines
from pipeline.register.weeks import RegisterWeeks
from pipeline.register.wide import read_wide
from pipeline.settings.extract import Extract, is_register
from pipeline.settings.scales import asked_again
from pipeline.settings.study import Design, Study


def run(
    extract: Extract,
    study: Study,
    benefit_codes: pd.DataFrame | None = None,
    scales: pd.DataFrame | None = None,
    **received: pd.DataFrame,
) -> dict[str, pd.DataFrame]:
    """Read an extract: allocation, register and surveys, linked by the keys that the design names.

    `received` are the files of the extract by their stems, data frames of text indexed by line, and `register`, the
    rows that were kept of the register. The register is kept for randomised persons only, one row a person and week,
    and the column of each week and month, so that every cell can be found again. A person's number goes no further
    than this stage.
    """
    stems = {role: file.path.rpartition(".")[0] for role, file in extract.files.items()}
    files = {role: received[stem] for role, stem in stems.items() if stem in received and not is_register(role)}
    if "register" in received:
        files["register"] = received["register"]
    files |= {
        role: recode_answers(file, extract.files[role], scales) for role, file in files.items() if "survey" in role
    }
    _require_files(extract, files)
    design, allocation = study.design, files["allocation"]
    _require_columns_of_names(extract, design, files["register"])
    trial = read_allocation(allocation, design, extract)
    require_declared(extract, allocation[design.key])
    register = _read_register(extract, design, files["register"], allocation[design.key], trial, benefit_codes)
    trial["register_line"] = register.lines.array
    persons = trial["person"].set_axis(link_keys(allocation[design.person]))
    items = {}
    for name, asked in (("baseline", scales), ("followup", asked_again(scales))):
        survey = files.get(f"{name}_survey")
        answers = find_answers(survey, persons, design, asked)
        _say_empty(survey, answers)
        trial[f"{name}_line"] = survey_lines(trial, answers)
        received_on, is_before = pd.Timestamp(extract.received), name == "baseline"
        check_answer_dates(trial, survey, answers, design, received_on, is_before=is_before)
        items[f"{name}_items.parquet"] = read_items(survey, answers, asked)
    return {
        "trial.parquet": trial,
        "register_columns.parquet": register.columns,
        "register_weeks.parquet": register.weeks,
        **items,
    }


def _require_files(extract: Extract, files: dict[str, pd.DataFrame]) -> None:
    absent = [role for role in ("allocation", "register") if role not in files]
    if absent:
        raise InputError(
            f"extract.toml: no [files.{absent[0]}], or its file is missing. Put the file there and say make extract "
            f"EXTRACT={extract.name} AGAIN=yes."
        )


def _require_columns_of_names(extract: Extract, design: Design, register: pd.DataFrame) -> None:
    """Raise InputError for spellings of a column that holds no names: they would be without effect."""
    named = [grouping.column for grouping in design.groupings]
    states = [] if extract.format == "dream_wide" else [name for name in register.columns if name.lower() == "state"]
    odd = sorted(set(extract.spellings) - {*named, *states})
    if odd:
        raise InputError(
            f"extract.toml, [spellings]: {', '.join(odd)} is no column of names. Those are: "
            f"{', '.join([*named, *states]) or 'none'}."
        )


def _read_register(
    extract: Extract,
    design: Design,
    register: pd.DataFrame,
    keys: pd.Series,
    trial: pd.DataFrame,
    benefit_codes: pd.DataFrame | None,
) -> RegisterWeeks:
    persons, path = trial["person"], register.attrs["path"]
    if extract.format != "dream_wide":
        weeks = read_long(register, keys, persons, benefit_codes, extract, is_dated=design.date is not None)
    elif benefit_codes is None or design.date is None:
        raise InputError(
            'extract.toml: format = "dream_wide" needs benefit_codes.csv in the study, and the date of allocation in '
            "its design. Give them, or take another form of the register."
        )
    else:
        weeks = read_wide(register, keys, persons, benefit_codes, extract.register_version)
    if weeks.lines.isna().all():
        raise InputError(
            f"{path}, column {keys.name}: of the {len(keys)} persons of the allocation file nobody is in it. Ask for "
            "both files with the same keys."
        )
    return weeks


def _say_empty(survey: pd.DataFrame | None, answers: pd.Series) -> None:
    if survey is not None and (empty := len(survey) - len(answers)):
        print(f"ingest: {survey.attrs['path']}: {empty} rows hold no answer and count as not answered")
