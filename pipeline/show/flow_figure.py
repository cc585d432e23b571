"""The flow of persons from randomisation to analysis, as boxes and arrows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.settings.exhibits import Step, in_language
from pipeline.show.drawings import Drawing
from pipeline.show.style import EDGE, GREY, INK, TEXT_SIZE, WIDTH, Sheet

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BOX_HEIGHT, LINE, GAP, PAD = 0.56, 0.2, 0.34, 0.1  # inches
ARM_WIDTH = 3.1


def draw_flow(drawing: Drawing) -> Sheet:
    """The whole on top, below it each arm: allocated, left out by reason, analysed."""
    exclusions = [step for step in drawing.settings.steps if step.role == "exclusion"]
    reasons = LINE * (len(exclusions) + 1) + 2 * PAD
    body = 3 * BOX_HEIGHT + reasons + 3 * GAP + 0.15 if exclusions else 3 * BOX_HEIGHT + 2 * GAP + 0.15
    sheet = Sheet(drawing, body)
    axes = sheet.figure.add_axes((0, sheet.foot / sheet.height, 1, body / sheet.height))
    axes.set_axis_off()
    axes.set_xlim(0, WIDTH)
    axes.set_ylim(-body, 0)
    whole, *arms = drawing.settings.series
    start, end = (next(s for s in drawing.settings.steps if s.role == role) for role in ("start", "end"))
    language, top = drawing.language, -0.02
    head = [in_language(whole, "label", language), _size(drawing, whole.key, start)]
    _box(axes, WIDTH / 2, top, 2.4, head, _address(drawing, whole.key, start))
    for place, arm in zip((EDGE + ARM_WIDTH / 2, WIDTH - EDGE - ARM_WIDTH / 2), arms, strict=True):
        _arrow(axes, (WIDTH / 2, top - BOX_HEIGHT), (place, top - BOX_HEIGHT - GAP))
        below = top - BOX_HEIGHT - GAP
        head = [in_language(arm, "label", language), _size(drawing, arm.key, start)]
        _box(axes, place, below, ARM_WIDTH, head, _address(drawing, arm.key, start))
        _arrow(axes, (place, below - BOX_HEIGHT), (place, below - BOX_HEIGHT - GAP))
        below -= BOX_HEIGHT + GAP
        if exclusions:
            _reasons(axes, place, below, reasons, drawing, arm.key, exclusions)
            _arrow(axes, (place, below - reasons), (place, below - reasons - GAP))
            below -= reasons + GAP
        foot = [in_language(end, "label", language), _size(drawing, arm.key, end)]
        _box(axes, place, below, ARM_WIDTH, foot, _address(drawing, arm.key, end))
    return sheet


def _address(drawing: Drawing, arm: str, step: Step) -> str:
    return f"{drawing.name}/{arm}/{step.outcome}"


def _size(drawing: Drawing, arm: str, step: Step) -> str:
    return f"n = {drawing.shown[_address(drawing, arm, step)]}"


def _frame(axes: Axes, middle: float, top: float, width: float, height: float, fill: str) -> None:
    from matplotlib.patches import Rectangle

    corner = (middle - width / 2, top - height)
    axes.add_patch(Rectangle(corner, width, height, facecolor=fill, edgecolor=GREY, linewidth=1.0))


def _box(axes: Axes, middle: float, top: float, width: float, lines: list[str], address: str) -> None:
    """A box with its name in bold and the number below, which bears its address."""
    _frame(axes, middle, top, width, BOX_HEIGHT, "#f1f4f8")
    for number, line in enumerate(lines):
        weight = "normal" if number else "bold"
        look: dict[str, Any] = {"ha": "center", "va": "center", "weight": weight, "color": INK}
        axes.text(middle, top - PAD - 0.08 - number * LINE, line, gid=address if number else None, **look)


def _reasons(
    axes: Axes, middle: float, top: float, height: float, drawing: Drawing, arm: str, steps: list[Step]
) -> None:
    """A box that lists the reasons for leaving persons out, with the numbers at the right."""
    _frame(axes, middle, top, ARM_WIDTH, height, "white")
    left, right = middle - ARM_WIDTH / 2 + 0.14, middle + ARM_WIDTH / 2 - 0.14
    line = top - PAD - LINE / 2
    heading = drawing.words["excluded"]
    axes.text(left, line, heading, va="center", weight="bold", fontsize=TEXT_SIZE)
    for step in steps:
        line -= LINE
        axes.text(left, line, in_language(step, "label", drawing.language), va="center", fontsize=TEXT_SIZE)
        own = _address(drawing, arm, step)
        axes.text(right, line, _size(drawing, arm, step), va="center", ha="right", fontsize=TEXT_SIZE, gid=own)


def _arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    """An arrow that goes down, over to the side half-way, and down again."""
    half = (start[1] + end[1]) / 2
    axes.plot([start[0], start[0], end[0]], [start[1], half, half], color=GREY, linewidth=1.0)
    look = {"arrowstyle": "-|>", "color": GREY, "linewidth": 1.0, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", end, (end[0], half), arrowprops=look)
