"""Texts made of words and of numbers that have an address, before they are written in any format."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from pipeline.settings.exhibits import fill
from pipeline.show.tables import Shown

Text = tuple[str | Shown, ...]


def fill_text(text: str, words: Mapping[str, str], parts: Mapping[str, Text]) -> Text:
    """A text of the settings with its placeholders filled in: from `parts`, which may hold numbers, else from words."""
    found: list[str | Shown] = []
    for piece in re.split(r"(\{[^{}]+\})", text):
        name = piece[1:-1] if piece.startswith("{") else ""
        found += parts[name] if name in parts else (fill(piece, words),)
    return tuple(piece for piece in found if piece)


def join_texts(texts: Iterable[Text], between: str, last: str = "") -> Text:
    """Texts in a row with `between` them, and `last` before the last if it is given; empty ones are left out."""
    known = [text for text in texts if text]
    found: list[str | Shown] = []
    for number, text in enumerate(known):
        is_last = number == len(known) - 1
        found += [*([last if last and is_last else between] if number else []), *text]
    return tuple(found)


def plain(text: Text) -> str:
    """A text as it is read."""
    return "".join(part if isinstance(part, str) else part.text for part in text)
