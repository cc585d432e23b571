"""The letters of figures and page: drawn with the project's own files, and carried along inside what is written.

What is installed on the machine that draws, or on the one that reads, changes nothing.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.ft2font import FT2Font

FONTS = Path(__file__).parent / "fonts"
DRAWN = "Liberation Sans"  # the name that the files drawn with give themselves
FAMILY = "Exhibit Sans"
STACK = f"'{FAMILY}', '{DRAWN}', Arial, Helvetica, sans-serif"  # for readers that take no font from a file
WEIGHTS = {
    "normal": ("LiberationSans-Regular.ttf", "ExhibitSans-Regular.woff"),
    "bold": ("LiberationSans-Bold.ttf", "ExhibitSans-Bold.woff"),
}


@contextmanager
def own_fonts() -> Iterator[None]:
    """matplotlib with the project's fonts and no other, whatever its list or its cache holds of the machine's."""
    from matplotlib.font_manager import fontManager

    installed = fontManager.ttflist
    fontManager.ttflist = []
    try:
        for drawn, _ in WEIGHTS.values():
            fontManager.addfont(FONTS / drawn)  # which forgets what was found before
        yield
    finally:
        fontManager.ttflist = installed


@cache
def font_faces() -> str:
    """The CSS rules that hold the fonts themselves, and let no screen round the widths of letters in a picture."""
    rules = ["svg text { text-rendering: geometricPrecision; }"]
    for weight, (_, carried) in WEIGHTS.items():
        data = base64.b64encode((FONTS / carried).read_bytes()).decode()
        source = f"url(data:font/woff;base64,{data}) format('woff')"
        rules.append(f"@font-face {{ font-family: '{FAMILY}'; font-weight: {weight}; src: {source}; }}")
    return "\n".join(rules)


@cache
def text_width(text: str, size: float, bold: bool = False) -> float:
    """Inches that one line of text takes at a size in points."""
    from matplotlib.ft2font import LoadFlags

    font = _font("bold" if bold else "normal")
    font.set_size(size, 72)
    font.set_text(text, flags=LoadFlags.NO_HINTING)
    return float(font.get_width_height()[0] / 64 / 72)


@cache
def _font(weight: str) -> FT2Font:
    from matplotlib.ft2font import FT2Font

    return FT2Font(str(FONTS / WEIGHTS[weight][0]))
