"""Makes the fonts that travel inside SVG and page from those they are drawn with: python -m tests.show.subset_fonts."""

import io
import logging
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

from pipeline.show.typeface import FAMILY, FONTS, WEIGHTS

# Basic Latin, Latin-1, Latin Extended-A, Greek, general punctuation, arrows and the signs of arithmetic.
CHARACTERS = [*range(0x20, 0x7F), *range(0xA0, 0x180), *range(0x391, 0x3CA), *range(0x2010, 0x2027), 0x2030, 0x20AC,
              *range(0x2190, 0x2194), 0x2202, 0x2206, 0x220F, 0x2211, 0x2212, 0x221A, 0x221E, 0x2248, 0x2260, 0x2264,
              0x2265]  # fmt: skip
EPOCH = 3786912000  # 2024-01-01 in seconds since 1904, as the format counts


def make(source: Path, weight: str) -> bytes:
    """The subset of one font as WOFF."""
    logging.getLogger("fontTools.subset").setLevel(logging.ERROR)  # of tables that no renderer reads
    font = TTFont(source, recalcTimestamp=False)
    options = subset.Options(hinting=False, layout_features=[], name_IDs=[0, 1, 2, 13, 14], notdef_outline=True)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=CHARACTERS)
    subsetter.subset(font)
    for record in list(font["name"].names):
        record.string = {1: FAMILY, 2: weight}.get(record.nameID, str(record))
    font["head"].created = font["head"].modified = EPOCH
    font.flavor = "woff"
    buffer = io.BytesIO()
    font.save(buffer)
    return buffer.getvalue()


def main() -> None:
    """Write both."""
    for weight, (source, target) in WEIGHTS.items():
        (FONTS / target).write_bytes(make(FONTS / source, str(weight)))


if __name__ == "__main__":
    main()
