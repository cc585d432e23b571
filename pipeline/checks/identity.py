"""Whether the files are linked to the right persons: what of a person stands in more than one of them is compared."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from pipeline.checks.finding import Delivery, Finding
from pipeline.register.persons import MONTHS, count_invented
from pipeline.settings.study import Sex

if TYPE_CHECKING:
    import pandas as pd

TYPING = 0.02  # of what persons write of themselves, or clerks of them, disagrees though the link is right
CHANCE = 1e-6  # that so many disagree at that rate: more is no typing


def most_by_chance(looked_at: int) -> int:
    """The most disagreements that typing brings: more have a probability below CHANCE if each has TYPING."""
    left, number = 1.0, 0
    while number < looked_at:
        log = math.lgamma(looked_at + 1) - math.lgamma(number + 1) - math.lgamma(looked_at - number + 1)
        left -= math.exp(log + number * math.log(TYPING) + (looked_at - number) * math.log(1 - TYPING))
        if left < CHANCE:
            return number
        number += 1
    return looked_at


def sex_of_survey(delivery: Delivery) -> Finding | None:
    """The sex in the register against that in the survey of the same person."""
    sex = delivery.study.design.identity.sex
    if sex is None:
        return None
    own, other = _register(delivery, sex.register), _survey(delivery, sex.survey)
    if own is None or other is None:
        return None
    given = (own != "") & (other != "")
    return _compare(delivery, "register", sex.register, _is_woman(own, sex), _is_woman(other, sex), given)


def sex_of_number(delivery: Delivery) -> Finding | None:
    """The sex in the register against the last digit of the person's number, even of a woman."""
    sex = delivery.study.design.identity.sex
    own = _register(delivery, sex.register) if sex and sex.in_number else None
    keys = _numbers(delivery)
    if sex is None or own is None or keys is None:
        return None
    digit = (keys.str[-1].astype("int64") + 1) % 2
    return _compare(delivery, "register", sex.register, _is_woman(own, sex), digit.astype(float), own != "")


def _is_woman(cells: pd.Series, sex: Sex) -> pd.Series:
    """1 for a woman and 0 for a man, missing for a cell that is neither."""
    return cells.map({**dict.fromkeys(sex.women, 1.0), **dict.fromkeys(sex.men, 0.0)})


def birth_of_number(delivery: Delivery) -> Finding | None:
    """The month of birth in the register against that in the person's number."""
    birth = delivery.study.design.identity.birth
    own = _register(delivery, birth.register) if birth and birth.in_number else None
    keys = _numbers(delivery)
    if birth is None or own is None or keys is None:
        return None
    parts = own.str.extract(r"^[0-9]{2}([0-9]{2})-([0-9]{2})")
    month = keys.str[2:4].astype("int64")
    number = keys.str[4:6].astype(float) * 100 + np.where(month > MONTHS, month - MONTHS, month)
    return _compare(
        delivery, "register", birth.register, parts[0].astype(float) * 100 + parts[1].astype(float), number, own != ""
    )


def age_of_survey(delivery: Delivery) -> Finding | None:
    """The age that a person wrote against that by the month of birth in the register, on the day of the answer.

    A month of birth tells an age to the year but for those who answer in it; an age is right if it was the person's on
    some day from the answer to the draw.
    """
    import pandas as pd

    design, birth = delivery.study.design, delivery.study.design.identity.birth
    if birth is None or design.answered is None or "allocation_date" not in delivery.found:
        return None
    own, other, answered = (
        _register(delivery, birth.register), _survey(delivery, birth.survey_age), _survey(delivery, design.answered)
    )  # fmt: skip
    if own is None or other is None or answered is None:
        return None
    born = pd.to_datetime(own.str[:7], format="%Y-%m", errors="coerce")
    days = pd.to_datetime(answered, format="%Y-%m-%d", errors="coerce")
    draws = pd.Series(delivery.found["allocation_date"].to_numpy(), index=own.index)
    ages = pd.to_numeric(other, errors="coerce")
    low = days.dt.year - born.dt.year - (days.dt.month <= born.dt.month)
    high = draws.dt.year - born.dt.year - (draws.dt.month < born.dt.month)
    given = (own != "") & (other != "") & days.notna()
    agrees = ages.where((ages < low) | (ages > high), low)
    return _compare(delivery, "baseline_survey", birth.survey_age, agrees, low, given, line="baseline_line")


def _register(delivery: Delivery, column: str) -> pd.Series | None:
    """The cells of a column of the register, of the persons found, by their trial numbers."""
    register = delivery.files["register"]
    if column not in register or delivery.extract.format != "dream_wide":
        return None
    cells = register.loc[delivery.found["register_line"].astype("int64"), column]
    return cells.set_axis(delivery.found["person"]).astype(str)


def _survey(delivery: Delivery, column: str) -> pd.Series | None:
    """The cells of a column of the first survey, '' for who did not answer, as `_register`."""
    survey = delivery.files.get("baseline_survey")
    if survey is None or column not in survey:
        return None
    lines = delivery.found["baseline_line"]
    return survey[column].reindex(lines.astype("float64")).fillna("").set_axis(delivery.found["person"]).astype(str)


def _numbers(delivery: Delivery) -> pd.Series | None:
    """The persons' numbers; None where they are keys that stand in for them."""
    design = delivery.study.design
    keys = delivery.files["allocation"].loc[delivery.found["allocation_line"], design.key]
    return None if count_invented(keys) is None else keys.set_axis(delivery.found["person"])


def _compare(
    delivery: Delivery,
    role: str,
    column: str,
    own: pd.Series,
    other: pd.Series,
    given: pd.Series,
    line: str = "register_line",
) -> Finding | None:
    """Own against other, of those for whom both are given; a cell that is no value disagrees."""
    wrong = (given & (own.to_numpy() != other.to_numpy())).to_numpy(dtype=bool)
    looked_at, failing = int(given.sum()), int(wrong.sum())
    if not looked_at:
        return None
    most = most_by_chance(looked_at)
    words = {"agree": looked_at - failing, "most": most}
    first = delivery.found[line].iloc[int(np.flatnonzero(wrong)[0])] if failing else None
    where = (delivery.path(role), None if first is None else int(first), column)
    return Finding(looked_at, failing, failing > most, *where, words)
