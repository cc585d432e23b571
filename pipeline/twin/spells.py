"""Courses of weekly states as text: 'sick 12 employed 139' for twelve weeks of sickness benefit, then work."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.twin.behaviour import state_number

if TYPE_CHECKING:
    from numpy.typing import NDArray


def parse_spells(text: str, weeks: int) -> NDArray[np.int8]:
    """The course (weeks,) of a text. Raises ValueError if it names no state, or its spells do not fill the weeks."""
    words = text.split()
    if len(words) % 2:
        raise ValueError("a state without its number of weeks")
    states, lengths = [state_number(name) for name in words[::2]], [int(length) for length in words[1::2]]
    if min(lengths, default=0) < 1 or sum(lengths) != weeks:
        raise ValueError(f"spells of {sum(lengths)} weeks in place of {weeks}, or one of no week")
    return np.repeat(np.array(states, dtype=np.int8), lengths)
