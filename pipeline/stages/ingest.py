"""From the files as received to tables with one key: who was randomised, their register weeks, their answers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from pipeline.config import Extract
from pipeline.errors import InputError
from pipeline.register.codes import parse_codes
from pipeline.register.columns import RegisterColumns, find_columns
from pipeline.register.persons import require_declared, require_one_form
from pipeline.register.readers import (
    DIGITS_OF_A_BIRTH_DATE,
    check_key,
    count_digits,
    parse_numbers,
    refuse_cells,
    require_columns,
)
from pipeline.register.wages import find_wages
from pipeline.schemas import item_names

ALLOCATION_COLUMNS = ["LOEBENR", "PNR", "KOMMUNE", "HOLD", "GRUPPE", "ALLOKERINGSDATO", "SAMTYKKE"]
ARMS = {"LTJS": 1, "Kontrol": 0}
MEND_DATE = "Mend the date, or leave it empty if nobody knows it."


def run(
    extract: Extract,
    dream: pd.DataFrame,
    allocation: pd.DataFrame,
    baseline_survey: pd.DataFrame,
    followup_survey: pd.DataFrame,
    benefit_codes: pd.DataFrame,
    scales: pd.DataFrame,
) -> dict[str, pd.DataFrame]:
    """Read an extract: allocation, register and the two surveys, linked by trial number and person number.

    The received files are data frames of text indexed by line. The register is kept for randomised persons only, one
    row a person and week, and the name of the column of each week and month, so that every cell can be found again.
    The person number goes no further than this stage.
    """
    columns = find_columns(dream.attrs["path"], list(dream.columns))
    trial = _read_allocation(allocation)
    require_declared(extract, allocation)
    require_one_form(allocation, dream)
    lines = pd.Series(dream.index, index=dream["PNR"], dtype="Int64")
    trial["register_line"] = lines.reindex(allocation["PNR"]).array
    for name, survey in (("baseline_line", baseline_survey), ("followup_line", followup_survey)):
        trial[name] = _survey_lines(trial, survey)
    _check_answer_dates(trial, baseline_survey, followup_survey, pd.Timestamp(extract.received))
    return {
        "trial.parquet": trial,
        "register_columns.parquet": _list_columns(columns),
        "register_weeks.parquet": _read_register(trial, dream, columns, benefit_codes, extract.register_version),
        "baseline_items.parquet": _read_items(baseline_survey, scales),
        "followup_items.parquet": _read_items(followup_survey, scales[scales["followup"] == "1"]),
    }


def _read_allocation(allocation: pd.DataFrame) -> pd.DataFrame:
    require_columns(allocation, ALLOCATION_COLUMNS)
    check_key(allocation, "PNR")
    _refuse_other(allocation, "GRUPPE", set(ARMS))
    _refuse_other(allocation, "SAMTYKKE", {"0", "1"})
    for column in ("KOMMUNE", "HOLD"):
        _require_names(allocation, column)
    _require_one_municipality(allocation)
    return pd.DataFrame(
        {
            "person": _parse_persons(allocation).to_numpy(),
            "municipality_name": allocation["KOMMUNE"].to_numpy(),
            "team_name": allocation["HOLD"].to_numpy(),
            "treated": allocation["GRUPPE"].map(ARMS).to_numpy(dtype=np.int8),
            "allocation_date": _parse_dates(allocation, "ALLOKERINGSDATO").to_numpy(),
            "consent": allocation["SAMTYKKE"].to_numpy(dtype=np.int8),
            "allocation_line": allocation.index.to_numpy(),
        }
    )


def _require_names(allocation: pd.DataFrame, column: str) -> None:
    """Raise InputError for a cell that is no name: empty, without a letter, or with the digits of a person's number."""
    cells = allocation[column]
    wrong = ~cells.str.contains(r"[^\W\d_]") | (cells.map(count_digits) >= DIGITS_OF_A_BIRTH_DATE)
    refuse_cells(allocation, column, wrong, "is no name", "Write the name there, and nothing of a person.")


def _require_one_municipality(allocation: pd.DataFrame) -> None:
    """Raise InputError for a team that lies in two municipalities: it would be in two strata and one cluster."""
    homes = allocation.groupby("HOLD")["KOMMUNE"].nunique()
    torn = homes[homes > 1]
    if len(torn):
        members = allocation[allocation["HOLD"] == torn.index[0]]
        places = members["KOMMUNE"].value_counts()
        shown = ", ".join(f"{place} ({count} lines)" for place, count in places.items())
        line = members.index[members["KOMMUNE"] == places.index[-1]][0]
        raise InputError(
            f"{allocation.attrs['path']}, line {line}, columns KOMMUNE and HOLD: team {torn.index[0]} lies in more "
            f"than one municipality: {shown} ({len(torn)} such teams). Mend KOMMUNE, or give the teams names of "
            "their own."
        )


def _survey_lines(trial: pd.DataFrame, survey: pd.DataFrame) -> pd.Series:
    """The line of each person's answers; a survey row of a person who was never randomised is an error."""
    persons = _parse_persons(survey)
    strangers = ~persons.isin(trial["person"])
    fault = "is of nobody in the allocation file"
    refuse_cells(survey, "LOEBENR", strangers, fault, "Ask the data owner which trial these answers belong to.")
    lines = pd.Series(survey.index, index=persons, dtype="Int64")
    return lines.reindex(trial["person"]).reset_index(drop=True)


def _check_answer_dates(
    trial: pd.DataFrame, baseline: pd.DataFrame, followup: pd.DataFrame, received: pd.Timestamp
) -> None:
    """Raise InputError for a date of an answer that is none, after the extract, or on the wrong side of the draw."""
    drawn = trial.set_index("person")["allocation_date"]
    for survey in (baseline, followup):
        require_columns(survey, ["SVARDATO"])
        given = survey["SVARDATO"] != ""
        dates = _parse_dates(survey, "SVARDATO", given)
        draws = drawn.reindex(_parse_persons(survey)).set_axis(survey.index)
        late = given & (dates > received)
        refuse_cells(survey, "SVARDATO", late, "is later than the extract was received", MEND_DATE)
        if survey is baseline:
            refuse_cells(survey, "SVARDATO", given & (dates > draws), "is after the person's draw", MEND_DATE)
        else:
            refuse_cells(survey, "SVARDATO", given & (dates < draws), "is before the person's draw", MEND_DATE)


def _list_columns(columns: RegisterColumns) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "week": list(columns.weeks),
            "week_column": list(columns.weeks.values()),
            "month_column": [columns.month_column(week) for week in columns.weeks],
        }
    )


def _read_register(
    trial: pd.DataFrame, dream: pd.DataFrame, columns: RegisterColumns, benefit_codes: pd.DataFrame, version: str
) -> pd.DataFrame:
    """One row a randomised person in the register and week: the code (0 = none) and whether its month has a wage."""
    matched = trial[trial["register_line"].notna()]
    rows = dream.loc[matched["register_line"].astype("int64")]
    cells = rows[list(columns.weeks.values())]
    cells.attrs["path"] = rows.attrs["path"] = dream.attrs["path"]
    codes = parse_codes(cells, benefit_codes, version)
    paid = find_wages(rows, columns, dream.attrs["decimal"])
    months = [columns.month_column(week) for week in columns.weeks]
    wages = np.column_stack([paid[month] if month else np.zeros(len(rows), bool) for month in months])
    no_month = np.broadcast_to([month is None for month in months], codes.shape)
    weeks = list(columns.weeks)
    return pd.DataFrame(
        {
            "person": np.repeat(matched["person"].to_numpy(), len(weeks)),
            "week": np.tile(np.array(weeks, dtype=np.int16), len(matched)),
            "code": codes.ravel(),
            "wage": pd.arrays.BooleanArray(wages.ravel(), no_month.ravel()),
        }
    )


def _read_items(survey: pd.DataFrame, scales: pd.DataFrame) -> pd.DataFrame:
    """Answers as integers (missing if unanswered), one row a person; an answer off its scale is an error."""
    asked = [(item, row) for row in scales.to_dict("records") for item in item_names(row["items"])]
    require_columns(survey, [item for item, _ in asked])
    answers: dict[str, Any] = {"person": _parse_persons(survey).to_numpy(), "line": survey.index.to_numpy()}
    for item, row in asked:
        answers[item] = _parse_item(survey, item, int(row["item_minimum"]), int(row["item_maximum"]))
    return pd.DataFrame(answers).sort_values("person", ignore_index=True)


def _parse_item(survey: pd.DataFrame, item: str, low: int, high: int) -> pd.Series:
    values = parse_numbers(survey[item], survey.attrs["decimal"])
    wrong = (survey[item] != "") & ~(values.between(low, high) & (values % 1 == 0))
    remedy = "Mend the answer, or the scale in config/scales.csv."
    refuse_cells(survey, item, wrong, f"is off the scale {low} to {high}", remedy)
    return values.astype("Int16").reset_index(drop=True)


def _parse_persons(frame: pd.DataFrame) -> pd.Series:
    """The trial numbers as integers, each of them once."""
    refuse_cells(frame, "LOEBENR", ~frame["LOEBENR"].str.fullmatch(r"\d{1,9}"), "is no whole number", "Mend the cell.")
    persons = frame["LOEBENR"].astype("int64")
    check_key(frame, "LOEBENR", persons)
    return persons


def _parse_dates(frame: pd.DataFrame, column: str, given: pd.Series | None = None) -> pd.Series:
    """The dates of a column; `given` marks the lines that must have one, all of them unless told."""
    dates = pd.to_datetime(frame[column], format="%Y-%m-%d", errors="coerce")
    wrong = dates.isna() if given is None else dates.isna() & given
    refuse_cells(frame, column, wrong, "is no date of the form yyyy-mm-dd", "Mend the cell.")
    return dates


def _refuse_other(frame: pd.DataFrame, column: str, allowed: set[str]) -> None:
    fault = f"is none of {', '.join(sorted(allowed))}"
    refuse_cells(frame, column, ~frame[column].isin(allowed), fault, "Mend the cell.")
