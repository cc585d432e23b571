"""The answer to the data owner: what came, what is wrong with it and what is asked, as a text that can be sent.

Of a person it holds the line and column of a cell, which say nothing to who has not the file, and no value but one
that a message shows; counts stand as they are, for who reads it has the persons. What is the analyst's to mend is left
out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from pipeline.settings.extract import Extract

WORDS = {
    "en": {
        "title": "The extract {name} ({label}), received {received}: what was found in it",
        "files": "What came",
        "file": "{path}: {rows:,} rows, SHA-256 {sha256}",
        "wrong": "Wrong: please mend it and send the files again",
        "suspicious": "Please tell us whether this is right",
        "line": "line {line}",
        "column": "column {column}",
        "asked": "What is to be done: {remedy}",
        "passes": "{count} other checks of the files found nothing.",
        "unseen": "{count} checks could not be made, most often since a file could not be read.",
        "nothing": "Nothing is wrong, and nothing is asked.",
        "end": "Lines are counted from 1, the header among them. Nobody's data are shown.",
    },
    "da": {
        "title": "Udtrækket {name} ({label}), modtaget {received}: hvad der blev fundet i det",
        "files": "Hvad der kom",
        "file": "{path}: {rows} rækker, SHA-256 {sha256}",
        "wrong": "Forkert: ret det venligst, og send filerne igen",
        "suspicious": "Fortæl os venligst, om dette er rigtigt",
        "line": "linje {line}",
        "column": "kolonne {column}",
        "asked": "Hvad der skal gøres: {remedy}",
        "passes": "{count} andre kontroller af filerne fandt intet.",
        "unseen": "{count} kontroller kunne ikke laves, oftest fordi en fil ikke kunne læses.",
        "nothing": "Intet er forkert, og intet spørges der om.",
        "end": "Linjer tælles fra 1 med overskriften. Ingens oplysninger er vist.",
    },
}  # fmt: skip
LANGUAGES = tuple(WORDS)
OWN = "settings"  # the rule whose faults are the analyst's


class Found(Protocol):
    """What the checks found: rows of checks.csv, and the facts of the delivery if they could be read."""

    @property
    def rows(self) -> Sequence[Mapping[str, str]]:
        """A row for every rule and every fault."""

    @property
    def extract(self) -> Extract | None:
        """extract.toml."""


def write_answer(raw: Path, found: Found, language: str) -> str:
    """The text in a language; `raw` is the folder of the files, which are named without it."""
    return "\n".join(_lines(found, WORDS[language], language)).replace(f"{raw}/", "").rstrip() + "\n"


def _lines(found: Found, words: Mapping[str, str], language: str) -> Iterator[str]:
    extract, rows = found.extract, [row for row in found.rows if row["rule"] != OWN]
    if extract is not None:
        label = extract.label_da if language == "da" and extract.label_da else extract.label
        yield words["title"].format(name=extract.name, label=label, received=extract.received)
        yield from ("", words["files"])
        for file in extract.files.values():
            yield "  " + words["file"].format(path=file.path, rows=file.rows, sha256=file.sha256)
    told = {state: [row for row in rows if row["state"] == state] for state in ("wrong", "suspicious")}
    for state, own in told.items():
        yield from ("", words[state]) if own else ()
        for number, row in enumerate(own, 1):
            yield f"  {number}. {_place(row, words)}{row[f'said_{language}']}"
            if state == "wrong" and row[f"remedy_{language}"]:  # of the rest the heading asks
                yield "     " + words["asked"].format(remedy=row[f"remedy_{language}"])
    yield ""
    if not any(told.values()):
        yield words["nothing"]
    for key, state in (("passes", "passes"), ("unseen", "not_applicable")):
        count = sum(row["state"] == state for row in rows)
        if count:
            yield words[key].format(count=count)
    yield words["end"]


def _place(row: Mapping[str, str], words: Mapping[str, str]) -> str:
    """Where the first lies, as 'dream.csv, line 3, column KON: '; '' of a message that says so itself."""
    parts = [words[key].format(**row) for key in ("line", "column") if row[key]]
    return ", ".join([row["file"], *parts]) + ": " if row["file"] else ""
