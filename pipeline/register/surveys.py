"""The questionnaires: which line of a survey is whose, when it was answered, and the answers item by item."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.register.cells import parse_dates, parse_persons
from pipeline.register.readers import parse_numbers, refuse_cells, require_columns
from pipeline.settings.scales import item_names

if TYPE_CHECKING:
    import pandas as pd

MEND_DATE = "Mend the date, or leave it empty if nobody knows it."
ANSWERED = "SVARDATO"


def survey_lines(trial: pd.DataFrame, survey: pd.DataFrame | None, key: str) -> pd.Series:
    """The line of each person's answers; a survey row of a person who was never randomised is an error."""
    import pandas as pd

    if survey is None:
        return pd.Series(pd.NA, index=trial.index, dtype="Int64")
    persons = parse_persons(survey, key)
    strangers = ~persons.isin(trial["person"])
    fault = "is of nobody in the allocation file"
    refuse_cells(survey, key, strangers, fault, "Ask the data owner which trial these answers belong to.")
    lines = pd.Series(survey.index, index=persons, dtype="Int64")
    return lines.reindex(trial["person"]).reset_index(drop=True)


def check_answer_dates(
    trial: pd.DataFrame, survey: pd.DataFrame | None, key: str, received: pd.Timestamp, *, is_before: bool
) -> None:
    """Raise InputError for a date of an answer that is none, after the extract, or on the wrong side of the draw."""
    if survey is None or ANSWERED not in survey or "allocation_date" not in trial:
        return
    given = survey[ANSWERED] != ""
    dates = parse_dates(survey, ANSWERED, given)
    draws = trial.set_index("person")["allocation_date"].reindex(parse_persons(survey, key)).set_axis(survey.index)
    late = given & (dates > received)
    refuse_cells(survey, ANSWERED, late, "is later than the extract was received", MEND_DATE)
    if is_before:
        refuse_cells(survey, ANSWERED, given & (dates > draws), "is after the person's draw", MEND_DATE)
    else:
        refuse_cells(survey, ANSWERED, given & (dates < draws), "is before the person's draw", MEND_DATE)


def read_items(survey: pd.DataFrame | None, scales: pd.DataFrame | None, key: str) -> pd.DataFrame:
    """Answers as integers (missing if unanswered), one row a person; an answer off its scale is an error.

    Without a survey there is no row, and without scales no answer.
    """
    import pandas as pd

    records = [] if scales is None else scales.to_dict("records")
    asked = [(item, row) for row in records for item in item_names(row["items"])]
    if survey is None:
        empty = {item: pd.Series(dtype="Int16") for item, _ in asked}
        return pd.DataFrame({"person": pd.Series(dtype="int64"), "line": pd.Series(dtype="int64"), **empty})
    require_columns(survey, [item for item, _ in asked])
    answers: dict[str, Any] = {"person": parse_persons(survey, key).to_numpy(), "line": survey.index.to_numpy()}
    for item, row in asked:
        answers[item] = _parse_item(survey, item, int(row["item_minimum"]), int(row["item_maximum"]))
    return pd.DataFrame(answers).sort_values("person", ignore_index=True)


def _parse_item(survey: pd.DataFrame, item: str, low: int, high: int) -> pd.Series:
    values = parse_numbers(survey[item], survey.attrs["decimal"])
    wrong = (survey[item] != "") & ~(values.between(low, high) & (values % 1 == 0))
    remedy = "Mend the answer, or the scale in scales.csv."
    refuse_cells(survey, item, wrong, f"is off the scale {low} to {high}", remedy)
    return values.astype("Int16").reset_index(drop=True)
