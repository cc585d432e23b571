"""The legends of a figure in words of the page, for a small screen that leaves no room in the picture."""

from __future__ import annotations

from typing import Any

from pipeline.show.drawings import Drawing, PanelDrawing
from pipeline.show.style import LINES


def build_legends(drawing: Drawing) -> list[dict[str, Any]]:
    """For each legend its panel and its curves, each with name, colour, width and dashes; one if all panels have it.

    Panels of one curve have no legend. A panel is named by the letter that its title begins with.
    """
    legends = [(panel.title.split("  ")[0], _curves(panel)) for panel in drawing.panels if len(panel.curves) > 1]
    alike = len({str(curves) for _, curves in legends}) == 1
    return [{"panel": "" if alike else panel, "curves": curves} for panel, curves in legends[: 1 if alike else None]]


def fits_phone(drawing: Drawing) -> bool:
    """Whether the picture can be read at the width of a phone once its letters are enlarged: panels in one column."""
    return drawing.curve is not None or (bool(drawing.panels) and drawing.settings.panel_columns == 1)


def _curves(panel: PanelDrawing) -> list[dict[str, str]]:
    """The looks of the curves; dashes are multiples of the width, as in the picture."""
    return [
        {
            "name": curve.legend,
            "color": look.color,
            "width": f"{look.width:g}",
            "dashes": " ".join(f"{look.width * dash:g}" for dash in look.dashes) or "none",
        }
        for curve, look in zip(panel.curves, LINES, strict=False)
    ]
