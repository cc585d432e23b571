"""The figures, each as PNG and SVG with the plotted numbers beside it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from pipeline.cells import write_frame
from pipeline.settings.described import read_exhibits
from pipeline.settings.extract import Language
from pipeline.show.density_figure import draw_density
from pipeline.show.drawings import build_drawing
from pipeline.show.effect_figure import draw_effect
from pipeline.show.flow_figure import draw_flow
from pipeline.show.map_figure import draw_map
from pipeline.show.places import read_outlines
from pipeline.show.specification_figure import draw_specification
from pipeline.show.style import house_style
from pipeline.show.survival_figure import draw_survival
from pipeline.show.words import read_words

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.show.drawings import Drawing
    from pipeline.show.style import Sheet

DRAW = {"effect": draw_effect, "survival": draw_survival, "density": draw_density, "flow": draw_flow,
        "specification": draw_specification}  # fmt: skip


def run(
    released: pd.DataFrame,
    exhibits: Mapping[str, Any],
    words: Mapping[str, Any],
    language: Language,
    groups: pd.DataFrame,
    outlines: pd.DataFrame,
    municipalities: pd.DataFrame | None = None,
    wanted: Collection[str] | None = None,
) -> dict[str, str | bytes]:
    """figure_*.png, figure_*.svg and figure_*.csv for every figure of exhibits.toml, from the numbers released alone.

    Of the figures only those in `wanted`, the names of files, if it is given. `municipalities` and `outlines` place the
    municipalities of a map.
    """
    described, tongue = read_exhibits(exhibits), language.language
    known = read_words(words)
    texts = known.with_legend([], tongue)
    results: dict[str, str | bytes] = {}
    draw: dict[str, Callable[[Drawing], Sheet]] = {**DRAW, "map": partial(draw_map, outlines=read_outlines(outlines))}
    with house_style():
        for name, figure in described.figures.items():
            if wanted is not None and f"{name}.svg" not in wanted:
                continue
            drawing = build_drawing(name, described, released, groups, municipalities, texts, tongue, known.curves)
            results[f"{name}.svg"], results[f"{name}.png"] = draw[figure.kind](drawing).save()
            results[f"{name}.csv"] = write_plotted(released[released["exhibit"] == name], texts["synthetic"])
    return results


def write_plotted(numbers: pd.DataFrame, synthetic: str) -> str:
    """The numbers of one figure, a line each: the value is what its text shows, with decimal points in any language."""
    shown = numbers[["cell_id", "panel", "row", "column", "statistic", "value", "text", "status", "rule"]]
    if synthetic:
        shown = shown.assign(data=synthetic)
    return write_frame(shown, "%.10g")
