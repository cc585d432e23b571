"""What a figure shows, taken from the numbers shown: curves, panels and words, ready to draw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.errors import InputError
from pipeline.settings.exhibits import (
    SETTINGS_FILE,
    Exhibits,
    Figure,
    Panel,
    Series,
    exhibit_number,
    fill,
    in_language,
)
from pipeline.show.addresses import WHOLE
from pipeline.show.numbers import UNITS, write_number
from pipeline.show.places import NAMES_FILE, Place, find_places
from pipeline.show.remarks import gather_remarks
from pipeline.show.words import INTERFACE, fill_words

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

    FloatArray = npt.NDArray[np.float64]


COINCIDE = 0.01  # of the vertical scale: what the width of a line covers


@dataclass(frozen=True)
class Curve:
    """One curve: its points in the unit shown, (k,) each, its persons, and those at risk by week, as printed.

    low, high: limits of each point; band_low, band_high: limits of the whole curve.
    """

    label: str
    size: str
    x: FloatArray
    y: FloatArray
    low: FloatArray | None
    high: FloatArray | None
    band_low: FloatArray | None
    band_high: FloatArray | None
    first: str
    last: str
    at_risk: Mapping[int, str]

    @property
    def legend(self) -> str:
        """The name of the curve with its number of persons."""
        return f"{self.label} (n = {self.size})" if self.size else self.label


@dataclass(frozen=True)
class PanelDrawing:
    """One panel: its heading, its axes and its curves; test: a line below the axes on what the curves show together."""

    title: str
    size: str
    test: str
    x_label: str
    y_label: str
    x_step: float | None
    curves: tuple[Curve, ...]

    @property
    def is_empty(self) -> bool:
        """Whether no curve has a point."""
        return not any(np.isfinite(curve.x + curve.y).any() for curve in self.curves)


@dataclass(frozen=True)
class Drawing:
    """Everything that the drawing function of a kind needs, in one language.

    `shown` holds the text of every number of the figure; `limits` are those of the y-axis where figures share a scale;
    `words` are the words on the picture; `places` those of a map, by the address of the unit.
    """

    name: str
    number: str
    title: str
    note: str
    synthetic: str
    language: str
    settings: Figure
    shown: Mapping[str, str]
    panels: tuple[PanelDrawing, ...]
    limits: tuple[float, float] | None
    words: Mapping[str, str]
    places: Mapping[str, Place]

    @property
    def unplaced(self) -> list[str]:
        """The names of the units for which no place on the map is known."""
        return [place.label for place in self.places.values() if not place.numbers]


def build_drawing(
    name: str,
    exhibits: Exhibits,
    shown: pd.DataFrame,
    groups: pd.DataFrame,
    municipalities: pd.DataFrame | None,
    words: Mapping[str, str],
    language: str,
) -> Drawing:
    """The drawing of one figure; `shown` are the numbers of all exhibits, `words` fill the placeholders of its words.

    `groups` is groups.parquet and `municipalities` is municipalities.csv, without which a map is an InputError.
    """
    figure = fill_words(exhibits.figures[name], words)
    own = shown[shown["exhibit"] == name]
    texts = dict(zip(own["cell_id"], own["text"], strict=True))
    counted = {"one": words["cluster"], "many": words["clusters"]}
    own_words = {**INTERFACE[language], **counted, **in_language(figure, "words", language)}
    places = _places(name, own, groups, municipalities) if figure.kind == "map" else {}
    drawing = Drawing(
        name=name,
        number=exhibit_number(name, language),
        title=in_language(figure, "title", language),
        note="",
        synthetic=words["synthetic"],
        language=language,
        settings=figure,
        shown=texts,
        panels=tuple(
            _panel(name, figure, panel, number, own, texts, words, language)
            for number, panel in enumerate(figure.panels)
        ),
        limits=_shared_limits(figure, exhibits, shown),
        words=own_words,
        places=places,
    )
    lost = fill(own_words["unplaced"], {"places": ", ".join(drawing.unplaced)}) if drawing.unplaced else ""
    said = [in_language(figure, "note", language), _distance(drawing), gather_remarks(own, words, language), lost]
    return replace(drawing, note=" ".join(filter(None, said)))


def _distance(drawing: Drawing) -> str:
    """How far the two curves of every panel of effects are apart at most, and whether they can be told apart."""
    pairs = [panel.curves for panel in drawing.panels if len(panel.curves) == 2]
    if drawing.settings.kind != "effect" or not pairs:
        return ""
    apart = np.concatenate([abs(first.y - second.y) for first, second in pairs])
    if not np.isfinite(apart).any():
        return ""
    unit, most = UNITS[drawing.settings.unit], float(np.nanmax(apart))
    low, high = drawing.limits or (0.0, 0.0)
    key = "coincide" if most < COINCIDE * (high - low) else "apart"
    distance = write_number(most / 10.0**unit.shift, drawing.settings.unit, drawing.language)
    return fill(drawing.words[key], {"distance": f"{distance} {in_language(unit, 'name', drawing.language)}".strip()})


def _places(
    name: str, shown: pd.DataFrame, groups: pd.DataFrame, municipalities: pd.DataFrame | None
) -> dict[str, Place]:
    if municipalities is None:
        raise InputError(
            f"{SETTINGS_FILE} [{name}]: a map needs {NAMES_FILE} among the settings. Add it, or take the map out."
        )
    names = dict(zip(groups["address"], groups["label"], strict=True))
    units = [unit for unit in dict.fromkeys(shown["row"]) if unit != WHOLE]
    return find_places({unit: names.get(unit, unit) for unit in units}, municipalities)


def _panel(
    name: str,
    figure: Figure,
    panel: Panel,
    number: int,
    shown: pd.DataFrame,
    texts: Mapping[str, str],
    words: Mapping[str, str],
    language: str,
) -> PanelDrawing:
    start = f"{name}/{panel.sample}/{panel.outcome}"
    sizes = {size.key: texts[f"{start}/{size.key}"] for size in figure.sizes}
    title = in_language(panel, "title", language)
    own = shown[(shown["panel"] == panel.key) & (shown["row"] != "")]
    return PanelDrawing(
        title=f"{chr(ord('A') + number)}  {title}" if len(figure.panels) > 1 else title,
        size=fill(in_language(figure, "size", language), {**words, **sizes}),
        test=fill(in_language(figure, "test", language), {**words, **sizes}),
        x_label=in_language(panel, "x", language) or in_language(figure, "x", language),
        y_label=in_language(panel, "y", language) or in_language(figure, "y", language),
        x_step=panel.x_step,
        curves=tuple(_curve(figure, series, own, sizes, language) for series in figure.series),
    )


def _curve(figure: Figure, series: Series, shown: pd.DataFrame, sizes: Mapping[str, str], language: str) -> Curve:
    own = shown[shown["column"] == series.key]
    by_statistic: dict[Any, pd.DataFrame] = dict(list(own.groupby("statistic", sort=False)))
    main = by_statistic["estimate"]
    at_risk = by_statistic.get("at_risk", main.iloc[:0])

    def numbers(statistic: str) -> FloatArray | None:
        found = by_statistic.get(statistic)
        return None if found is None else found["value"].to_numpy(dtype=float) * 10.0 ** UNITS[figure.unit].shift

    x = by_statistic["x"]["value"] if "x" in by_statistic else main["row"]
    return Curve(
        label=in_language(series, "label", language),
        size=sizes.get(f"n_{series.key}", "") if len(figure.series) > 1 else "",
        x=x.to_numpy().astype(float),
        y=main["value"].to_numpy(dtype=float) * 10.0 ** UNITS[figure.unit].shift,
        low=numbers("ci_low"),
        high=numbers("ci_high"),
        band_low=numbers("band_low"),
        band_high=numbers("band_high"),
        first=str(main["text"].iloc[0]),
        last=str(main["text"].iloc[-1]),
        at_risk={int(week): text for week, text in zip(at_risk["row"], at_risk["text"], strict=True)},
    )


def _shared_limits(figure: Figure, exhibits: Exhibits, shown: pd.DataFrame) -> tuple[float, float] | None:
    """Limits that hold every point of the figures of one `scale`, zero among them; None where that is nothing."""
    if not figure.scale:
        return None
    group = [name for name, other in exhibits.figures.items() if other.scale == figure.scale]
    drawn = shown["exhibit"].isin(group) & shown["statistic"].isin(figure.statistics) & (shown["row"] != "")
    values = shown.loc[drawn, "value"].to_numpy(dtype=float) * 10.0 ** UNITS[figure.unit].shift
    low, high = float(np.nanmin(values, initial=0.0)), float(np.nanmax(values, initial=0.0))
    return (low, high) if low < high else None
