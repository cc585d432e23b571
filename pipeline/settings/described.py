"""exhibits.toml read whole: every table as the object of its kind, with its words in every language of the study."""

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from pipeline.errors import Faults, InputError
from pipeline.settings.base import Settings, convert
from pipeline.settings.exhibits import (
    SETTINGS_FILE,
    Dictionary,
    Exhibits,
    Figure,
    Table,
    finding_words,
    in_language,
)
from pipeline.settings.lines import file_and_text, place
from pipeline.settings.page import Page

TITLED = ("Figure", "Table", "Dictionary", "Page", "Chapter")  # what must have a title


def read_exhibits(data: Mapping[str, Any]) -> Exhibits:
    """Validate the parsed file; an exhibit with `like` takes every key it leaves out from the one it names.

    InputError names the exhibit and the key that does not fit.
    """
    order = tuple(name for name in data if name != "page")
    odd = [name for name in order if not re.fullmatch(r"(figure|table)_\d+_\d+", name)]
    if odd or "page" not in data:
        raise InputError(
            f"{place(data, SETTINGS_FILE, odd[:1])} [{', '.join(odd) or 'page'}] "
            f"{'does not fit' if odd else 'is missing'}. The tables of the file are [page] and the exhibits, such as "
            "[figure_1_2] and [table_1_2]."
        )
    faults, parts = Faults(), dict[str, Any]()
    for name in ("page", *order):
        with faults.part():
            parts[name] = _read_part(data, name)
    faults.stop()
    page = parts.pop("page")
    with faults.part():
        _require_chapters(data, page, order)
    for name, part in {"page": page, **parts}.items():
        with faults.part():
            if absent := _absent_words(part, page.languages):
                raise InputError(
                    f"{place(data, SETTINGS_FILE, [name])} [{name}]: {absent} is missing. Add the words, or say in "
                    "[page] which languages the study has."
                )
    with faults.part():
        _require_sentences(page)
    with faults.part():
        _require_table_of_claims(data, page, parts)
    faults.stop()
    return Exhibits(
        page=page,
        figures={name: part for name, part in parts.items() if isinstance(part, Figure)},
        tables={name: part for name, part in parts.items() if isinstance(part, Table)},
        dictionaries={name: part for name, part in parts.items() if isinstance(part, Dictionary)},
        order=order,
    )


def _read_part(data: Mapping[str, Any], name: str) -> Page | Figure | Table | Dictionary:
    """One table of the file as the object that its name, and of a table its kind, says."""
    own = data[name] if name == "page" else _inherit(data, name)
    kind: type[Page | Figure | Table | Dictionary] = Page
    if name.startswith("figure"):
        kind = Figure
    elif name != "page":
        kind = Dictionary if own.get("kind") == "dictionary" else Table

    def home(key: str | int) -> tuple[str, ...]:
        return (name if key in data[name] else data[name].get("like", name),)

    return convert(own, kind, *file_and_text(data, SETTINGS_FILE), home)


def _require_chapters(data: Mapping[str, Any], page: Page, order: Sequence[str]) -> None:
    chapters = {chapter.number for chapter in page.chapters}
    homeless = [name for name in order if int(name.split("_")[1]) not in chapters]
    if homeless:
        where = place(data, SETTINGS_FILE, ["page", "chapters"])
        raise InputError(f"{where} [page]: no chapter for {', '.join(homeless)}. Add its number to `chapters`.")


def require_language(exhibits: Exhibits, language: str) -> None:
    """Raise InputError for a language in which the study has no words."""
    if language not in exhibits.page.languages:
        known = exhibits.page.languages
        raise InputError(
            f"{SETTINGS_FILE} [page]: languages = {list(known)}, so there are no exhibits in '{language}'. Say "
            f"LANGUAGE={known[0]}, or write the words and add the language."
        )


def _absent_words(part: Settings, languages: tuple[str, ...]) -> str:
    """The first key whose words are there in one language of the study and not in this, or a title that is in none."""
    for key in part.__struct_fields__:
        value = getattr(part, key)
        if key.endswith("_en"):
            given = [language for language in languages if in_language(part, key[:-3], language)]
            is_needed = key == "title_en" and type(part).__name__ in TITLED
            absent = [f"{key[:-3]}_{language}" for language in languages if language not in given]
            if absent and (given or is_needed):
                return absent[0]
        for inner in value if isinstance(value, tuple) else (value,):
            if isinstance(inner, Settings) and (found := _absent_words(inner, languages)):
                return found
    return ""


def _require_sentences(page: Page) -> None:
    """Raise InputError for a finding, or a case of the claims, for which there are no words."""
    for finding in page.findings:
        absent = [
            key for key in ("finding", "more", "less") if not finding_words(page, finding, key, page.languages[0])
        ]
        if absent:
            raise InputError(
                f"{SETTINGS_FILE} [page]: the finding {finding.effect} has no words for {', '.join(absent)}. Give "
                f"{absent[0]}_en to the finding or to [page]."
            )

    rule, first = page.robust, page.languages[0]
    ends = f"_{first}"
    absent = [key for key in rule.__struct_fields__ if key.endswith(ends) and not getattr(rule, key)] if rule else []
    if absent:
        raise InputError(
            f"{SETTINGS_FILE} [page.robust]: {absent[0]} is missing. Every case of a claim needs its words."
        )


def _require_table_of_claims(data: Mapping[str, Any], page: Page, parts: Mapping[str, Any]) -> None:
    """Raise InputError for a table, row or column of the claims that is not there: they would not be asked about it."""
    rule = page.robust
    if rule is None:
        return

    def refuse(key: str, value: str, known: Iterable[str], what: str) -> InputError:
        where = place(data, SETTINGS_FILE, ["page", "robust", key])
        near = get_close_matches(value, list(known), 1)
        hint = f", near '{near[0]}'" if near else ""
        return InputError(f"{where} [page.robust] {key}: '{value}' is no {what}{hint}. Mend the name.")

    table = parts.get(rule.table)
    if not isinstance(table, Table):
        raise refuse("table", rule.table, (name for name, part in parts.items() if isinstance(part, Table)), "table")
    columns = list(dict.fromkeys(column.key for column in table.columns))
    named = {key: getattr(rule, key) for key in ("curve", "specifications", "power", "weighted")}
    for key, value in (*named.items(), *(("bounds", each) for each in rule.bounds)):
        if value and value not in columns:
            raise refuse(key, value, columns, f"column of {rule.table}")
    rows = [row.key for row in table.rows] if isinstance(table.rows, tuple) else []
    for claim in rule.claims if rows else ():
        if claim.row not in rows:
            raise refuse("claims", claim.row, rows, f"row of {rule.table}")


def _inherit(data: Mapping[str, Any], name: str) -> dict[str, Any]:
    own = dict(data[name])
    model = own.pop("like", None)
    if model is None:
        return own
    if model not in data or "like" in data[model]:
        where = place(data, SETTINGS_FILE, [name, "like"])
        raise InputError(f'{where} [{name}]: like = "{model}" must name an exhibit that has no `like` itself.')
    return {**data[model], **own}
