"""From answers as a delivery codes them to those of the study's scales, as extract.toml says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.errors import InputError
from pipeline.register.readers import parse_numbers, refuse_cells
from pipeline.settings.extract import RawFile
from pipeline.settings.scales import item_names

if TYPE_CHECKING:
    import pandas as pd


def recode_answers(survey: pd.DataFrame, facts: RawFile, scales: pd.DataFrame | None) -> pd.DataFrame:
    """The survey with its declared codes for no answer taken out, its offsets added and its reversed items turned.

    An answer a of an item from low to high becomes a + offset, and if reversed low + high - (a + offset). Raises
    InputError for a declared item that the file or scales.csv has not, and for an answer off the scale of the file.
    """
    if not (facts.no_answer or facts.offset or facts.reversed):
        return survey
    ends = item_ends(scales)
    recoded = survey.copy()
    for short, codes in facts.no_answer.items():
        for item in _items(short, "no_answer", survey, facts, ends):
            recoded[item] = recoded[item].where(~recoded[item].isin(codes), "")
    offsets = {i: by for short, by in facts.offset.items() for i in _items(short, "offset", survey, facts, ends)}
    turned = {item for short in facts.reversed for item in _items(short, "reversed", survey, facts, ends)}
    for item in sorted(offsets.keys() | turned):
        recoded[item] = _recode(recoded, item, *ends[item], offset=offsets.get(item, 0), is_reversed=item in turned)
    return recoded


def _recode(survey: pd.DataFrame, item: str, low: float, high: float, *, offset: int, is_reversed: bool) -> pd.Series:
    cells, decimal = survey[item], survey.attrs["decimal"]
    values = parse_numbers(cells, decimal) + offset
    wrong = (cells != "") & ~((values >= low) & (values <= high))
    fault = f"is off the scale {low - offset:g} to {high - offset:g} that the file has by offset and reversed"
    refuse_cells(survey, item, wrong, fault, "Mend the answer, or what extract.toml says of the item.")
    values = low + high - values if is_reversed else values
    texts = {value: f"{value:g}".replace(".", decimal) for value in values.dropna().unique()}
    return values.map(texts).where(values.notna(), "").astype(object)


def _items(
    short: str, key: str, survey: pd.DataFrame, facts: RawFile, ends: dict[str, tuple[float, float]]
) -> list[str]:
    """The items that a name stands for, UWSES_1..6 for six; all must be columns of the file and items of a scale."""
    names = item_names(short)
    unknown = [name for name in names if name not in survey or name not in ends]
    if unknown:
        raise InputError(
            f"extract.toml, {key} of {facts.path}: {unknown[0]} is no column of the file and item of scales.csv "
            f"({len(unknown)} such names). Mend the name there; it is the study's, columns says what the file calls it."
        )
    return names


def item_ends(scales: pd.DataFrame | None) -> dict[str, tuple[float, float]]:
    """The least and the greatest answer of every item."""
    rows = [] if scales is None else scales.to_dict("records")
    return {
        name: (float(row["item_minimum"]), float(row["item_maximum"]))
        for row in rows
        for name in item_names(row["items"])
    }
