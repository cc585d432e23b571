"""Benefit codes: the code table with its validity by version, and the check that every code is known."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.errors import InputError
from pipeline.register.places import place_of_cell
from pipeline.register.readers import show_value

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

BLANKS = {"", ".", "0", "NaN", "nan"}
NO_CODE = ""
CODE = re.compile(r"[1-9][0-9]{2}")
NO_FRACTION = re.compile(r"[.,]0+$")  # as programs write whole numbers that they keep with decimals
VERSION = re.compile(r"[0-9]{6}")


def check_code_table(benefit_codes: pd.DataFrame) -> None:
    """Raise InputError for a code that is no code of three digits or has two rows, and a validity that is no month."""
    codes = benefit_codes["code"]
    wrong = [code for code in codes if not CODE.fullmatch(code)]
    wrong += [m for key in ("valid_from", "valid_to") for m in benefit_codes[key] if m and not VERSION.fullmatch(m)]
    if wrong:
        raise InputError(
            f"benefit_codes.csv: '{wrong[0]}' is no code of three digits, or no month yyyymm ({len(wrong)} such "
            "cells). Mend the line."
        )
    repeated = sorted(set(codes[codes.duplicated()]))
    if repeated:
        raise InputError(
            f"benefit_codes.csv: {len(repeated)} codes have more than one row: {', '.join(repeated[:5])}. Keep "
            "one row a code: a code has one group."
        )


def valid_codes(benefit_codes: pd.DataFrame, version: str) -> set[str]:
    """The codes that may occur in an extract of register version `version` (yyyymm); all of them if it has none."""
    return {
        row["code"]
        for row in benefit_codes.to_dict("records")
        if not version
        or (
            (not row["valid_from"] or row["valid_from"] <= version)
            and (not row["valid_to"] or version <= row["valid_to"])
        )
    }


def parse_codes(
    frame: pd.DataFrame, columns: Sequence[str], benefit_codes: pd.DataFrame, version: str
) -> pd.Categorical:
    """Benefit codes of the week cells as text, person by person and week by week; a blank cell is ''.

    `columns` are those of the weeks in the frame, text indexed by line. Raises InputError naming file, first line and
    column, every unknown code and its count: a code is never dropped in silence.
    """
    import pandas as pd

    check_code_table(benefit_codes)
    known, cells = valid_codes(benefit_codes, version), frame[list(columns)]
    texts, inverse = np.unique(cells.to_numpy(dtype=str), return_inverse=True)
    parsed = [_parse(text) for text in texts]
    unknown = [place for place, code in enumerate(parsed) if code is None or (code != NO_CODE and code not in known)]
    if unknown:
        raise InputError(_describe_unknown(frame, columns, texts, inverse.reshape(cells.shape), unknown, version))
    names = sorted({str(code) for code in parsed})
    number = np.array([names.index(str(code)) for code in parsed], dtype=np.int16)
    numbers: Any = number[inverse.ravel()]
    return pd.Categorical.from_codes(numbers, pd.Index(names))


def _parse(text: str) -> str | None:
    if text in BLANKS:
        return NO_CODE
    whole = NO_FRACTION.sub("", text).lstrip("0")
    return whole if CODE.fullmatch(whole) else None


def _describe_unknown(
    frame: pd.DataFrame,
    columns: Sequence[str],
    texts: NDArray[np.str_],
    matrix: NDArray[np.intp],
    unknown: list[int],
    version: str,
) -> str:
    row, column = np.argwhere(np.isin(matrix, unknown))[0]
    counts = ", ".join(
        f"{show_value(str(texts[position]))} ({int((matrix == position).sum())} cells)" for position in unknown[:5]
    )
    has_words = any(not re.match(r"[0-9]", str(texts[place])) for place in unknown)
    blank = "If words say there that there is no code, declare them under blanks in extract.toml. " if has_words else ""
    is_code = any(_parse(str(texts[place])) for place in unknown)
    remedy = (
        "Look the code up in the register's code book and add it to benefit_codes.csv."
        if is_code
        else "A code has three digits: ask for the file with codes and not with their labels, or mend the cells."
    )
    return (
        f"{place_of_cell(frame, row, columns[column])}: unknown benefit code; in all "
        f"{len(unknown)} codes not valid in version {version or '(none)'}: {counts}. {blank}{remedy}"
    )
