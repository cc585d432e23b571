"""From answers to scores, by the rules of scales.csv (report section 2.3, table 6.4)."""

from __future__ import annotations

from typing import Any

import pandas as pd

from pipeline.settings.scales import asked_again, item_names


def run(
    baseline_items: pd.DataFrame, followup_items: pd.DataFrame, scales: pd.DataFrame | None = None
) -> dict[str, pd.DataFrame]:
    """Score the baseline survey and, for the scales asked again after the course, the follow-up survey."""
    return {
        "baseline.parquet": score_survey(baseline_items, scales),
        "followup.parquet": score_survey(followup_items, asked_again(scales)),
    }


def score_survey(items: pd.DataFrame, scales: pd.DataFrame | None) -> pd.DataFrame:
    """One score a scale and person; missing (NaN) where the scale's rule says the answers do not suffice."""
    records = [] if scales is None else scales.to_dict("records")
    scores = {row["variable"]: score_scale(items[item_names(row["items"])], row) for row in records}
    return pd.DataFrame({"person": items["person"], **scores})


def score_scale(answers: pd.DataFrame, scale: dict[Any, Any]) -> pd.Series:
    """The score of one scale, in its own points; `answers` has a column an item.

    value, number: the item. indicator: 1 if the item is one of the scale's indicator values, else 0. sum: the mean of
    the answered items times the number of items, missing if fewer than minimum_answered are answered; with every item
    answered this is the sum.
    """
    numbers = answers.astype("float64")
    if scale["scoring"] == "sum":
        score = numbers.mean(axis=1) * numbers.shape[1]
        return score.where(numbers.notna().sum(axis=1) >= int(scale["minimum_answered"]))
    item = numbers.iloc[:, 0]
    if scale["scoring"] == "indicator":
        values = [float(value) for value in scale["indicator_values"].split()]
        return item.isin(values).astype("float64").where(item.notna())
    return item
