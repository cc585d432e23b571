"""Whether the files are linked to the right persons: what of a person stands in more than one of them is compared."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipeline.checks.finding import Delivery, Finding
from pipeline.register.cells import ISO, read_dates
from pipeline.register.persons import MONTHS, count_invented
from pipeline.register.readers import show_value

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


def cells_of_identity(delivery: Delivery) -> Finding | None:
    """Cells of sex, birth and age that are no such value as the study and extract.toml say; nothing can be compared."""
    looked_at, unread = 0, []
    for known in _read_all(delivery):
        wrong = (known.cells != "") & known.values.isna()
        looked_at += int((known.cells != "").sum())
        unread += [(int(wrong.sum()), known, wrong)] if wrong.any() else []
    if not looked_at:
        return None
    if not unread:
        return Finding(looked_at)
    count, known, wrong = max(unread, key=lambda found: found[0])
    first = int(np.flatnonzero(wrong)[0])
    words = {
        "count": count,
        "of": int((known.cells != "").sum()),
        "value": show_value(known.cells.iloc[first]),
        "form": known.form,
    }
    failing = sum(number for number, _, _ in unread)
    return Finding(looked_at, failing, False, *delivery.row_of(known.role, first), known.column, words)


@dataclass(frozen=True)
class _Known:
    """A column by which persons are compared: its cells, '' for none, and their values, missing for what is none.

    Both have a row for each person found in the register, by trial number. form: what a cell should be, in words.
    """

    role: str
    column: str
    cells: pd.Series
    values: pd.Series
    form: str


def _read_all(delivery: Delivery) -> list[_Known]:
    found = (_sex(delivery, "register"), _sex(delivery, "baseline_survey"), _birth(delivery), _age(delivery))
    return [known for known in found if known is not None]


def _sex(delivery: Delivery, role: str) -> _Known | None:
    """1 for a woman and 0 for a man."""
    sex = delivery.study.design.identity.sex
    if sex is None:
        return None
    column = sex.register if role == "register" else sex.survey
    cells = _register(delivery, column) if role == "register" else _survey(delivery, column)
    if cells is None:
        return None
    codes = {**dict.fromkeys(sex.women, 1.0), **dict.fromkeys(sex.men, 0.0)}
    values = cells.str.upper().map({code.upper(): value for code, value in codes.items()})
    return _Known(role, column, cells, values, ", ".join(codes))


def _birth(delivery: Delivery) -> _Known | None:
    """The month of birth in the register: a date, however the file is said to write it, or yyyy-mm, or yyyymmdd."""
    import pandas as pd

    birth = delivery.study.design.identity.birth
    cells = _register(delivery, birth.register) if birth else None
    if birth is None or cells is None:
        return None
    written = delivery.extract.registers[0].dates
    values = read_dates(cells, written)
    for form in ("%Y-%m", "%Y%m%d"):
        values = values.fillna(pd.to_datetime(cells, format=form, errors="coerce"))
    return _Known("register", birth.register, cells, values, f"a month, or a date of the form {written}")


def _age(delivery: Delivery) -> _Known | None:
    """The age that a person wrote, in years."""
    import pandas as pd

    birth = delivery.study.design.identity.birth
    cells = _survey(delivery, birth.survey_age) if birth else None
    if birth is None or cells is None:
        return None
    return _Known(
        "baseline_survey", birth.survey_age, cells, pd.to_numeric(cells, errors="coerce"), "a number of years"
    )


def sex_of_survey(delivery: Delivery) -> Finding | None:
    """The sex in the register against that in the survey of the same person."""
    own, other = _sex(delivery, "register"), _sex(delivery, "baseline_survey")
    return None if own is None or other is None else _compare(delivery, own, own.values, other.values)


def sex_of_number(delivery: Delivery) -> Finding | None:
    """The sex in the register against the last digit of the person's number, even of a woman."""
    own, keys, sex = _sex(delivery, "register"), _numbers(delivery), delivery.study.design.identity.sex
    if own is None or keys is None or sex is None or not sex.in_number:
        return None
    return _compare(delivery, own, own.values, ((keys.str[-1].astype("int64") + 1) % 2).astype(float))


def birth_of_number(delivery: Delivery) -> Finding | None:
    """The month of birth in the register against that in the person's number."""
    own, keys, birth = _birth(delivery), _numbers(delivery), delivery.study.design.identity.birth
    if own is None or keys is None or birth is None or not birth.in_number:
        return None
    month = keys.str[2:4].astype("int64")
    number = keys.str[4:6].astype(float) * 100 + np.where(month > MONTHS, month - MONTHS, month)
    return _compare(delivery, own, own.values.dt.year % 100 * 100 + own.values.dt.month, number)


def age_of_survey(delivery: Delivery) -> Finding | None:
    """The age that a person wrote against that by the month of birth in the register, on the day of the answer.

    A month of birth tells an age to the year but for those who answer in it; an age is right if it was the person's on
    some day from the answer to the draw.
    """
    import pandas as pd

    answered, born, age = delivery.study.design.answered, _birth(delivery), _age(delivery)
    cells = _cells(delivery, answered) if answered else None
    if born is None or age is None or cells is None or "allocation_date" not in delivery.found:
        return None
    days = read_dates(cells, delivery.files["baseline_survey"].attrs.get("dates", ISO))
    draws = pd.Series(delivery.found["allocation_date"].to_numpy(), index=days.index)
    low = days.dt.year - born.values.dt.year - (days.dt.month <= born.values.dt.month)
    high = draws.dt.year - born.values.dt.year - (draws.dt.month < born.values.dt.month)
    agrees = age.values.where((age.values < low) | (age.values > high), low)
    return _compare(delivery, age, agrees, low)


def _register(delivery: Delivery, column: str) -> pd.Series | None:
    """The cells of a column of the register, of the persons found, by their trial numbers."""
    register = delivery.files["register"]
    if column not in register or delivery.extract.format != "dream_wide":
        return None
    cells = register.loc[delivery.found["register_line"].astype("int64"), column]
    return cells.set_axis(delivery.found["person"]).astype(str)


def _survey(delivery: Delivery, column: str) -> pd.Series | None:
    """A column of the first survey, '' for who did not answer; of an item what extract.toml says is meant."""
    answers = delivery.answers.get("baseline")
    if answers is None or column not in answers:
        return _cells(delivery, column)
    given = answers.set_index("person")[column].astype("Float64").reindex(delivery.found["person"])
    return given.map(lambda number: "" if number != number else f"{number:g}", na_action=None).astype(str)


def _cells(delivery: Delivery, column: str) -> pd.Series | None:
    """The cells of the first survey as they were received, '' for who did not answer."""
    survey = delivery.files.get("baseline_survey")
    if survey is None or column not in survey:
        return None
    lines = delivery.found["baseline_line"].astype("float64")
    return survey[column].reindex(lines).fillna("").set_axis(delivery.found["person"]).astype(str)


def _numbers(delivery: Delivery) -> pd.Series | None:
    """The persons' numbers; None where they are keys that stand in for them."""
    design = delivery.study.design
    keys = delivery.files["allocation"].loc[delivery.found["allocation_line"], design.key]
    return None if count_invented(keys) is None else keys.set_axis(delivery.found["person"])


def _compare(delivery: Delivery, known: _Known, own: pd.Series, other: pd.Series) -> Finding | None:
    """Own against other, of those for whom both are known; the first that disagrees is named in the file of `known`."""
    given = own.notna().to_numpy() & other.notna().to_numpy()
    wrong = given & (own.to_numpy() != other.to_numpy())
    looked_at, failing = int(given.sum()), int(wrong.sum())
    if not looked_at:
        return None
    most = most_by_chance(looked_at)
    words = {"agree": looked_at - failing, "most": most}
    where: tuple[str, int | None] = (delivery.path(known.role), None)
    if failing:
        where = delivery.row_of(known.role, int(np.flatnonzero(wrong)[0]))
    return Finding(looked_at, failing, failing > most, *where, known.column, words)
