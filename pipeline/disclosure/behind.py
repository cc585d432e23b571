"""What leaves of the estimates behind the numbers shown: no more digits than an exhibit shows, counts as they leave."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pipeline.disclosure.primary import Judged, rule_of_count, rule_of_range
from pipeline.disclosure.release import released_note, round_count
from pipeline.settings.disclosure import Disclosure
from pipeline.show.numbers import UNITS, as_float, read_number, round_half_away
from pipeline.show.shown import P_VALUES, SOURCES

if TYPE_CHECKING:
    import pandas as pd

Row = Mapping[Any, Any]
RESAMPLED = tuple(
    f"{way}_{end}" for way in ("ri", "wild", "jackknife", "cr2", "band", "without") for end in ("low", "high")
)
# Statistics in the unit of the outcome; of those of resampling the p-values and degrees of freedom are of no unit.
OF_THE_OUTCOME = ("estimate", "se", "ci_low", "ci_high", "control_mean", "jackknife_se", "cr2_se", *RESAMPLED)
PERSONS = ("n", "n_treated", "n_control")
UNSHOWN = 2  # decimals of an estimate of which an exhibit shows counts alone
P_DECIMALS = UNITS["probability"].decimals


def release_behind(
    released: pd.DataFrame,
    judged: Sequence[Judged],
    estimates: Mapping[str, Row],
    settings: Disclosure,
    levels: Mapping[str, float],
    language: str,
    is_applied: bool,
) -> pd.DataFrame:
    """The estimates behind the numbers `released`, a row each with the columns of the tables of estimates, and digits.

    digits: the decimals of the statistics in the unit of the outcome. Of a number that an exhibit shows the value is
    the one shown. A p-value stays on its side of the `levels` of the marks. Where control `is_applied` a point of
    a survival curve has the survival alone, and counts of persons leave as the exhibits' do.
    """
    import pandas as pd

    told, digits, coarse = dict[str, dict[str, float]](), dict[str, dict[str, int]](), set[str]()
    for row, own in zip(released.to_dict("records"), judged, strict=True):
        name, statistic = row["estimate_id"], SOURCES.get(row["statistic"], row["statistic"])
        values, places = told.setdefault(name, {}), digits.setdefault(name, {})
        if is_applied and statistic in PERSONS:
            values[statistic] = row["value"]
        if statistic in OF_THE_OUTCOME:
            decimals = decimals_of(row["text"], row["unit"], language)
            if decimals > places.get(statistic, -2):
                values[statistic], places[statistic] = row["value"], decimals
        if is_applied and own.rule == "coarse_curve":
            coarse.add(name)
    found = []
    for name, values in told.items():
        shown = digits[name]
        decimals = max(0, *([shown["estimate"]] if "estimate" in shown else [UNSHOWN, *shown.values()]))
        row = _rounded(estimates[name], decimals, settings, levels, is_applied)
        if name in coarse:  # error and limits are of the curve as it is, and would tell its steps
            row |= dict.fromkeys([name for name in (*OF_THE_OUTCOME, *P_VALUES) if name in row], math.nan)
        same: dict[Any, Any] = {key: estimates[name][key] for key in ("estimate_id", "week")}
        found.append({**row, **values, **same, "digits": decimals})
    return pd.DataFrame(found).astype(dict.fromkeys((*PERSONS, "n_clusters", "week", "digits"), "Int64"))


def decimals_of(text: str, unit: str, language: str) -> int:
    """How many decimals a text gives in the unit in which the number is kept; 0 of a date, -1 where it shows none."""
    number = read_number(text, language)
    if not isinstance(number, Decimal):
        return -1 if number is None else 0
    return max(0, UNITS[unit].shift - int(number.as_tuple().exponent))


def _rounded(
    estimate: Row, digits: int, settings: Disclosure, levels: Mapping[str, float], is_applied: bool
) -> dict[Any, Any]:
    """An estimate with `digits` decimals; where control is applied its counts rounded, and none of few persons."""
    row = dict(estimate)
    row.pop("inference_note", None)
    for name in (name for name in OF_THE_OUTCOME if name in row):
        row[name] = _round(row[name], digits)
    for name in (name for name in P_VALUES if name in row):
        row[name] = round_p(row[name], levels)
    for name in (name for name in ("df", "cr2_df") if name in row):
        row[name] = _round(row[name], 0)
    is_of_few = is_applied and rule_of_range(row, settings.bounds)
    row.pop("without_persons", None)
    if is_of_few and "without_low" in row:
        row |= {"without_low": math.nan, "without_high": math.nan}
    if is_applied:
        for name in (*PERSONS, "control_mean"):  # those that exhibits show are put in their place; others would tell
            row[name] = math.nan
        if as_float(row["df"]) != as_float(estimate["n_clusters"]) - 1:
            row["df"] = _released_count(row["df"], settings)
        row["note"] = released_note(row["note"], settings)
        row["sample_hash"] = ""  # of all but one person it would tell which, to who knows the numbers
    return row


def _released_count(count: Any, settings: Disclosure) -> float:
    number = as_float(count)
    rule = rule_of_count(number, settings.bounds) if math.isfinite(number) else "few_persons"
    return math.nan if rule == "few_persons" else float(round_count(number, settings))


def round_p(value: Any, levels: Mapping[str, float]) -> float:
    """A p-value with the decimals of the page, downwards if it would else reach a level that it is below."""
    exact = as_float(value)
    rounded = _round(exact, P_DECIMALS)
    if any(exact < level <= rounded for level in levels.values()):
        return math.floor(exact * 10**P_DECIMALS) / 10**P_DECIMALS
    return rounded


def _round(value: Any, digits: int) -> float:
    number = as_float(value)
    return float(round_half_away(number, digits)) if math.isfinite(number) else math.nan
