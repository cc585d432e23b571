"""The one look of every figure: type, lines, and the sheet with title, panels and note around the axes."""

from __future__ import annotations

import io
import json
import re
import struct
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pipeline.show.drawings import Drawing
from pipeline.show.typeface import DRAWN, STACK, font_faces, own_fonts, text_width

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH, LEFT, RIGHT, EDGE = 6.8, 0.72, 0.52, 0.08  # inches
TEXT_WIDTH = 0.98 * (WIDTH - 2 * EDGE)  # letters are set a little wider at some resolutions
DOTS_PER_INCH = 200
POINTS_PER_INCH = 72
FONT_STYLE = ('<style id="fonts" type="text/css">\n', "\n</style>")

INK, GREY, RULE, ALERT = "#1a1a1a", "#4d4d4d", "#dcdcdc", "#8c1d18"
BAND, LIMIT = "#dbe4ee", "#5f7d9c"
STAMP = "stamp"  # the word synthetic in the SVG: the page writes it beside the picture, in type of its own


@dataclass(frozen=True)
class LineLook:
    """Colour, dashes and width of a curve: told apart by lightness and dashes as well as by colour.

    ink: the colour of words and numbers about it, dark enough to read (a contrast of 4.5 with white, WCAG 2.2).
    """

    color: str
    dashes: tuple[float, ...]
    width: float
    ink: str


LINES = (
    LineLook("#12375e", (), 2.0, "#12375e"),
    LineLook("#cf7a22", (4.0, 1.6), 2.0, "#a1560f"),
    LineLook("#6b6b6b", (1.2, 1.2), 1.8, "#6b6b6b"),
    LineLook("#5aa0a8", (6.0, 1.5, 1.2, 1.5), 1.8, "#2f717a"),
    LineLook("#8f3b76", (2.4, 1.2), 1.6, "#8f3b76"),
)

SETTINGS: Any = {
    "font.family": DRAWN,
    "font.size": 9.5,
    "text.color": INK,
    "text.parse_math": False,
    "axes.edgecolor": GREY,
    "axes.linewidth": 0.8,
    "axes.labelcolor": INK,
    "axes.labelsize": 9.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.color": RULE,
    "grid.linewidth": 0.7,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": 9.5,
    "ytick.labelsize": 9.5,
    "ytick.major.size": 0,
    "legend.frameon": False,
    "legend.fontsize": 9.5,
    "legend.handlelength": 2.6,
    "svg.fonttype": "none",
    "svg.hashsalt": "figures",
}
TITLE_SIZE, PANEL_SIZE, TEXT_SIZE, NOTE_SIZE = 11.5, 10.5, 9.5, 8.5
LEADING = 1.32
PANEL_HEAD, LABEL_RISE = 0.52, 0.12  # inches: title and label above the axes; the label's baseline above them


@contextmanager
def house_style() -> Iterator[None]:
    """matplotlib with the fonts and settings of the figures, and with its own again afterwards."""
    import matplotlib

    with own_fonts(), matplotlib.rc_context():
        matplotlib.rcdefaults()  # whatever a matplotlibrc of the machine or of this folder says
        matplotlib.rcParams.update(SETTINGS)
        yield


class Sheet:
    """A figure that is filled from the top: every block takes its height in inches, and the axes get the rest."""

    def __init__(self, drawing: Drawing, body_height: float) -> None:
        """A sheet with the drawing's title and note and `body_height` inches between them."""
        from matplotlib.figure import Figure

        self.keys = [panel.key for panel in drawing.settings.panels]
        self.panels: list[Axes] = []
        self.title = wrap(f"{drawing.number}  {drawing.title}", TEXT_WIDTH, TITLE_SIZE, bold=True)
        self.note = wrap(drawing.note, TEXT_WIDTH, NOTE_SIZE)
        self.head = 0.1 + height(self.title, TITLE_SIZE) + 0.1
        self.foot = 0.1 + height(self.note, NOTE_SIZE) + 0.1
        self.height = self.head + body_height + self.foot
        self.figure = Figure(figsize=(WIDTH, self.height))
        self.top = self.head
        self.write(EDGE, 0.1, "\n".join(self.title), TITLE_SIZE, weight="bold")
        self.write(EDGE, self.height - self.foot + 0.1, "\n".join(self.note), NOTE_SIZE, color=GREY)
        if drawing.synthetic:
            self.write_synthetic(drawing.synthetic)

    def write(self, x: float, y: float, text: str, size: float, **look: Any) -> None:
        """Text with its top left corner at `x` and `y` inches from the sheet's own."""
        look = {"ha": "left", "va": "top", "linespacing": LEADING - 0.08, **look}
        self.figure.text(x / WIDTH, 1 - y / self.height, text, fontsize=size, **look)

    def write_synthetic(self, text: str) -> None:
        """The word synthetic at the top right of the panels, inside what the page shows."""
        box = {"boxstyle": "square,pad=0.25", "facecolor": "white", "edgecolor": ALERT, "linewidth": 1.0}
        look = {"ha": "right", "weight": "bold", "color": ALERT, "bbox": box, "gid": STAMP}
        self.write(WIDTH - EDGE - 0.05, self.head + 0.01, text, TEXT_SIZE, **look)

    def add_panel(self, title: str, y_label: str, axes_height: float, below: float) -> Axes:
        """Axes under a panel title and a line for the y-axis; `below` is the room for the x-axis and more."""
        return self.add_panels([title], [y_label], axes_height, below)[0]

    def add_panels(self, titles: Sequence[str], labels: Sequence[str], axes_height: float, below: float) -> list[Axes]:
        """Axes side by side, one for each title, with a line of its own above it; all take the lines of the longest."""
        room, lines = WIDTH / len(titles), _title_lines(titles)
        self.top += height(max(lines, key=len)[1:], PANEL_SIZE)
        bottom = self.top + PANEL_HEAD + axes_height
        axes = []
        for number, (own, label) in enumerate(zip(lines, labels, strict=True)):
            left = number * room
            self.write(left + EDGE, self.top - height(own[1:], PANEL_SIZE), "\n".join(own), PANEL_SIZE, weight="bold")
            self.write(left + EDGE, self.top + PANEL_HEAD - LABEL_RISE, label, TEXT_SIZE, color=GREY, va="baseline")
            place = ((left + LEFT) / WIDTH, 1 - bottom / self.height)
            axes.append(self.figure.add_axes((*place, (room - LEFT - RIGHT) / WIDTH, axes_height / self.height)))
        self.panels += axes
        self.top = bottom + below
        return axes

    def save(self) -> tuple[str, bytes]:
        """As SVG, with its fonts and a <view> 'panels' without title and note, and as PNG; no dates, nothing random."""
        from matplotlib.backends.backend_agg import FigureCanvasAgg

        vector = io.StringIO()
        self.figure.savefig(vector, format="svg", metadata={"Date": None, "Creator": None})
        self.figure.set_dpi(DOTS_PER_INCH)
        canvas = FigureCanvasAgg(self.figure)
        canvas.draw()
        top = self.head - 0.06  # the frame around the word synthetic stands out above the panels
        box = [0.0, top, WIDTH, self.height - top - self.foot]
        sides = " ".join(f"{side * POINTS_PER_INCH:.1f}" for side in box)
        view = f'<view id="panels" viewBox="{sides}"/>\n <metadata id="axes">{self._scales()}</metadata>'
        text = vector.getvalue().replace(f"'{DRAWN}'", STACK)
        drawn = re.sub(
            r"(<svg [^>]*>)",
            lambda found: f"{found[1]}\n {view}\n {FONT_STYLE[0]}{font_faces()}{FONT_STYLE[1]}",
            text,
            count=1,
        )
        return drawn, _png(np.asarray(canvas.buffer_rgba()))

    def _scales(self) -> str:
        """Of every panel its key, its left, top, right and bottom in the SVG, and the ends of its axes, as JSON."""
        found = []
        for key, axes in zip(self.keys, self.panels, strict=False):
            place = axes.get_position()
            across = [WIDTH * POINTS_PER_INCH * share for share in (place.x0, place.x1)]
            down = [self.height * POINTS_PER_INCH * (1 - share) for share in (place.y1, place.y0)]
            ends = [across[0], down[0], across[1], down[1], *axes.get_xlim(), *axes.get_ylim()]
            found.append([key, *(float(f"{end:.6g}") for end in ends)])
        return json.dumps(found, separators=(",", ":"))


def _png(pixels: npt.NDArray[np.uint8]) -> bytes:
    """Opaque pixels (height, width, 4) as PNG (W3C, Portable Network Graphics, third edition, 2025).

    The rows are not filtered: of flat colours that is smaller than with the filters that Pillow tries, and takes half
    the time.
    """
    high, wide, _ = pixels.shape
    rows = np.zeros((high, 1 + 3 * wide), dtype=np.uint8)  # every row begins with its filter, 0 for none
    for color in range(3):
        rows[:, 1 + color :: 3] = pixels[:, :, color]
    per_metre = round(DOTS_PER_INCH / 0.0254)
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", wide, high, 8, 2, 0, 0, 0)),
        (b"pHYs", struct.pack(">IIB", per_metre, per_metre, 1)),
        (b"IDAT", zlib.compress(rows.tobytes(), level=2)),
        (b"IEND", b""),
    )
    parts = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def panel_head(titles: Sequence[str]) -> float:
    """Inches above axes side by side: the lines of the longest title, and the line above the axes."""
    return PANEL_HEAD + height(max(_title_lines(titles), key=len)[1:], PANEL_SIZE)


def _title_lines(titles: Sequence[str]) -> list[list[str]]:
    return [wrap(title, WIDTH / len(titles) - 4 * EDGE, PANEL_SIZE, bold=True) for title in titles]


def draw_legend(axes: Axes) -> None:
    """The names of the curves, on the line of the y-axis label at the right."""
    up = (LABEL_RISE * POINTS_PER_INCH - 4.0) / POINTS_PER_INCH / (axes.bbox.height / axes.figure.dpi)
    axes.legend(
        loc="lower right",
        bbox_to_anchor=(1.0, 1.0 + up),
        ncols=len(LINES),
        borderaxespad=0,
        borderpad=0.2,
        columnspacing=1.6,
    )


def write_above(axes: Axes, text: str) -> None:
    """A remark on the line of the y-axis label at the right."""
    place: dict[str, Any] = {
        "xycoords": "axes fraction",
        "textcoords": "offset points",
        "ha": "right",
        "va": "baseline",
    }
    axes.annotate(text, (1, 1), (0, LABEL_RISE * POINTS_PER_INCH), color=GREY, **place)


def write_below(axes: Axes, text: str, down: float) -> None:
    """A remark that begins at the left edge of the sheet, its top `down` inches below the axes."""
    place: dict[str, Any] = {"xycoords": "axes fraction", "textcoords": "offset points", "ha": "left", "va": "top"}
    offset = (-POINTS_PER_INCH * (LEFT - EDGE), -POINTS_PER_INCH * down)
    axes.annotate(text, (0, 0), offset, color=INK, annotation_clip=False, **place)


def write_nothing(axes: Axes, text: str) -> None:
    """Sentences in the middle of axes that have nothing to show, and no numbers on their vertical scale."""
    axes.set_yticks([])
    lines = text.replace(". ", ".\n")
    axes.text(0.5, 0.5, lines, transform=axes.transAxes, ha="center", va="center", color=GREY)


def height(lines: Sequence[str], size: float) -> float:
    """Inches that lines of text take."""
    return len(lines) * size * LEADING / POINTS_PER_INCH


def wrap(text: str, width: float, size: float, bold: bool = False) -> list[str]:
    """`text` in lines of at most `width` inches, by the widths of its words."""
    lines: list[str] = []
    used = 0.0
    for word in text.split(" "):
        longer = used + text_width(f"{word} ", size, bold)
        if lines and longer <= width:
            lines[-1], used = f"{lines[-1]} {word}", longer
        else:
            lines.append(word)
            used = longer - used
    return lines
