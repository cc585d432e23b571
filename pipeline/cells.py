"""Tables as comma-separated text that no spreadsheet takes for a formula."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]")
NUMBER = re.compile(r"[+-]?[0-9][0-9.,:-]*(e[+-]?[0-9]+)?[*#%]*|[+-]|[+-]?(inf|nan)", re.IGNORECASE)


def plain_cell(content: Any) -> Any:
    """A cell as it is, but a text that a spreadsheet would take for a formula with an apostrophe before it.

    Which that is: what begins with a sign = + - @, in any width and after any blank, and is no number. Every end of a
    line is that of Unix, for one that is not is put into no quotes.
    """
    if isinstance(content, str) and "\r" in content:
        content = content.replace("\r\n", "\n").replace("\r", "\n")
    if isinstance(content, str) and FORMULA.match(content) and not NUMBER.fullmatch(content):
        return f"'{content}"
    return content


def write_lines(lines: Iterable[Sequence[Any]]) -> str:
    """Lines of cells as text, with the ends of lines of Unix."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([plain_cell(cell) for cell in line] for line in lines)
    return text.getvalue()


def write_frame(table: pd.DataFrame, digits: str | None = None) -> str:
    """A frame without its index as text; `digits` is the format of its numbers that are not whole."""
    texts = table.rename(columns=plain_cell)
    for name in texts.columns[[str(kind) in ("object", "category", "string") for kind in texts.dtypes]]:
        texts[name] = texts[name].astype(object).map(plain_cell)
    return str(texts.to_csv(index=False, float_format=digits, lineterminator="\n"))
