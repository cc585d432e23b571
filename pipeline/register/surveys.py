"""The questionnaires: which line of a survey is whose, when it was answered, and the answers item by item."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.errors import Faults
from pipeline.register.cells import parse_dates
from pipeline.register.persons import link_keys
from pipeline.register.readers import check_key, parse_numbers, refuse_cells, require_columns
from pipeline.settings.scales import NUMBER, item_names
from pipeline.settings.study import Design

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

MEND_DATE = "Mend the date, or leave it empty if nobody knows it."


def find_answers(
    survey: pd.DataFrame | None, persons: pd.Series, design: Design, scales: pd.DataFrame | None
) -> pd.Series:
    """The person of every line that holds an answer, indexed by line; `persons` are the trial numbers by their keys.

    A line without any answer, as survey systems write it for everybody who was asked, is no answer. Raises InputError
    for a key that occurs twice, and for one of nobody who was randomised.
    """
    import pandas as pd

    if survey is None:
        return pd.Series(dtype="int64")
    keys = link_keys(survey[design.person])
    check_key(survey, design.person, keys)
    fault = "is of nobody in the allocation file"
    remedy = "Ask the data owner which trial these answers belong to."
    refuse_cells(survey, design.person, ~keys.isin(persons.index), fault, remedy)
    items = [item for item, _ in _items(scales)] or [
        name for name in survey.columns if name not in (design.person, design.answered)
    ]
    require_columns(survey, items)
    return keys.map(persons)[(survey[items] != "").any(axis=1)].astype("int64")


def survey_lines(trial: pd.DataFrame, answers: pd.Series) -> pd.Series:
    """The line of each person's answers, missing for who has none."""
    import pandas as pd

    lines = pd.Series(answers.index, index=answers.to_numpy(), dtype="Int64")
    return lines.reindex(trial["person"]).reset_index(drop=True)


def check_answer_dates(
    trial: pd.DataFrame,
    survey: pd.DataFrame | None,
    answers: pd.Series,
    design: Design,
    received: pd.Timestamp,
    *,
    is_before: bool,
) -> None:
    """Raise InputError for a date of an answer that is none, after the extract, or on the wrong side of the draw."""
    if survey is None or design.answered is None:
        return
    require_columns(survey, [design.answered])
    given = survey[design.answered] != ""
    dates = parse_dates(survey, design.answered, given)
    refuse_cells(survey, design.answered, dates > received, "is later than the extract was received", MEND_DATE)
    if "allocation_date" not in trial:
        return
    draws = answers.map(trial.set_index("person")["allocation_date"]).reindex(survey.index)
    if is_before:
        refuse_cells(survey, design.answered, dates > draws, "is after the person's draw", MEND_DATE)
    else:
        refuse_cells(survey, design.answered, dates < draws, "is before the person's draw", MEND_DATE)


def read_items(survey: pd.DataFrame | None, answers: pd.Series, scales: pd.DataFrame | None) -> pd.DataFrame:
    """Answers as integers (missing if unanswered), one row a person; an answer off its scale is an error.

    Without a survey there is no row, and without scales no answer.
    """
    import pandas as pd

    frame = pd.DataFrame({"person": answers.to_numpy(), "line": answers.index.to_numpy(dtype="int64")})
    items = _items(scales)
    values = np.empty((0, len(items))) if survey is None else _parse_items(survey, answers, items)
    found = pd.DataFrame(values, columns=[item for item, _ in items])
    found = found.astype({item: "Int16" for item, row in items if row["scoring"] != NUMBER})
    return pd.concat([frame, found], axis=1).sort_values("person", ignore_index=True)


def _items(scales: pd.DataFrame | None) -> list[tuple[str, dict[Any, Any]]]:
    """Every item of the scales, with the row of its scale."""
    records = [] if scales is None else scales.to_dict("records")
    return [(item, row) for row in records for item in item_names(row["items"])]


def _parse_items(
    survey: pd.DataFrame, answers: pd.Series, items: list[tuple[str, dict[Any, Any]]]
) -> npt.NDArray[np.float64]:
    """The answers (persons, items), missing (NaN) where nothing is written."""
    import pandas as pd

    cells = survey.loc[answers.index, [item for item, _ in items]]
    values = parse_numbers(pd.Series(cells.to_numpy().ravel()), survey.attrs["decimal"]).to_numpy().reshape(cells.shape)
    low, high = (np.array([float(row[f"item_{end}"]) for _, row in items]) for end in ("minimum", "maximum"))
    is_whole = np.array([row["scoring"] != NUMBER for _, row in items], dtype=bool)
    is_number = np.isfinite(values) & ((values % 1 == 0) | ~is_whole)
    remedy, faults = "Mend the answer, or the scale in scales.csv.", Faults()
    for is_right, fault in (
        (is_number, "is no {kind}number, as the answers of the scale {low:g} to {high:g} are"),
        (~is_number | ((values >= low) & (values <= high)), "is off the scale {low:g} to {high:g}"),
    ):
        wrong = (cells != "") & ~is_right
        for place in np.flatnonzero(wrong.any()):
            said = fault.format(kind="whole " if is_whole[place] else "", low=low[place], high=high[place])
            with faults.part():
                refuse_cells(cells, items[place][0], wrong.iloc[:, place], said, remedy)
    faults.stop()
    return values
