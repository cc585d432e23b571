"""The description of the variables (table 6.4), written from the dictionary variables.csv."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pipeline.errors import InputError
from pipeline.settings.exhibits import Exhibits, exhibit_number, fill, in_language
from pipeline.show.numbers import POINT, UNITS
from pipeline.show.tables import Block, Line, Shown, Table
from pipeline.show.words import fill_words

if TYPE_CHECKING:
    import pandas as pd

DASH = "\N{EN DASH}"
WORDS = {
    "en": {"name": "name", "date": "date", "yes": "1 yes, 0 no", "weeks": "weeks", "week": "week"},
    "da": {"name": "navn", "date": "dato", "yes": "1 ja, 0 nej", "weeks": "uger", "week": "uge"},
}


def build_dictionary(
    name: str, exhibits: Exhibits, variables: pd.DataFrame, words: Mapping[str, str], language: str
) -> Table:
    """The table `name`: for each described variable its label, definition, values and source, section by section.

    `variables` is variables.csv; its column `described` names the section. InputError for a variable whose
    section the exhibit does not have, or without a definition in the language.
    """
    settings = fill_words(exhibits.dictionaries[name], words)
    described = [entry for entry in variables.to_dict("records") if entry["described"]]
    sections = {panel.key: in_language(panel, "title", language) for panel in settings.panels}
    for entry in described:
        if entry["described"] not in sections or not definition_of(entry, language):
            raise InputError(
                f"variables.csv, variable {entry['name']}: its section '{entry['described']}' is not one of "
                f"{', '.join(sections)}, or it has no definition in the language '{language}'. Mend the row."
            )
    sources = in_language(settings, "words", language)
    blocks = [
        Block(title, tuple(_line(entry, sources, language) for entry in described if entry["described"] == key))
        for key, title in sections.items()
    ]
    return Table(
        name=name,
        number=exhibit_number(name, language),
        title=in_language(settings, "title", language),
        note=in_language(settings, "note", language),
        synthetic=words["synthetic"],
        language=language,
        stub=in_language(settings, "stub", language),
        groups=(),
        columns=tuple(in_language(column, "label", language) for column in settings.columns),
        blocks=tuple(blocks),
        is_text=True,
    )


def definition_of(entry: Mapping[Any, str], language: str) -> str:
    """The definition of a variable, with {minimum} and {maximum} as the dictionary has them."""
    ends = {end: entry[end].replace(".", POINT[language]) for end in ("minimum", "maximum")}
    return fill(entry["definition" if language == "en" else "definition_da"], ends, "variables.csv")


def _line(entry: Mapping[Any, str], sources: Mapping[str, str], language: str) -> Line:
    texts = {
        "definition": definition_of(entry, language),
        "values": write_values(entry, language),
        "source": sources.get(entry["source"], entry["source"]),
    }
    return Line(
        entry["name"], entry[f"label_{language}"], tuple((Shown("", key, text),) for key, text in texts.items())
    )


def write_values(entry: Mapping[Any, str], language: str) -> str:
    """The values that a variable can have: '1 yes, 0 no', '0-24', 'days', 'share 0-1'."""
    unit, low, high = entry["unit"], entry["minimum"], entry["maximum"]
    if entry["type"] == "text" or unit == "date":
        return WORDS[language]["name" if entry["type"] == "text" else "date"]
    if (low, high) == ("0", "1") and (entry["type"] == "integer" or entry["source"] == "survey"):
        return WORDS[language]["yes"]
    ends = f"{low}{DASH}{high}" if low and high else ""
    if unit == "points":
        return ends
    named = {"share": {"en": "share", "da": "andel"}[language], **WORDS[language]}
    word = named.get(unit) or (in_language(UNITS[unit], "name", language) if unit in UNITS else unit)
    return f"{ends} %" if unit == "percent" else " ".join(filter(None, (word, ends)))
