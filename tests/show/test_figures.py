"""Every figure says its unit, its size, its note and that it is synthetic; and the same numbers give the same bytes."""

import io
import json
import re
import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from pipeline.settings.described import read_exhibits
from pipeline.show.curve_ends import spread
from pipeline.show.drawings import build_drawing
from pipeline.show.specification_numbers import count_distinct
from tests.show.conftest import (
    CONFIG,
    FIGURES,
    GROUPS,
    MUNICIPALITIES,
    ONE_OF_EACH_KIND,
    TABLES,
    WORD_TABLES,
    Made,
    draw,
    made_in,
    page_with,
    pictures_of,
    words,
    write,
)

EXHIBITS = read_exhibits(CONFIG["exhibits"])
SYNTHETIC = {"en": "Synthetic data", "da": "Syntetiske data"}


DRAWN = [("en", name) for name in FIGURES] + [("da", name) for name in ONE_OF_EACH_KIND]


def drawing_of(made: Made, name: str, shown=None):
    known = words(made.language)
    plain, shown = known.with_legend([], made.language), made.shown if shown is None else shown
    return build_drawing(name, EXHIBITS, shown, GROUPS, MUNICIPALITIES, plain, made.language, known.curves)


def texts_of(svg: str) -> list[str]:
    root = ElementTree.fromstring(svg)
    return ["".join(element.itertext()).strip() for element in root.iter("{http://www.w3.org/2000/svg}text")]


@pytest.mark.parametrize(("made", "name"), DRAWN, indirect=["made"])
def test_a_figure_carries_its_words(made, name):
    texts, drawing = texts_of(made.figures[f"{name}.svg"]), drawing_of(made, name)
    together = " ".join(" ".join(texts).split())
    assert SYNTHETIC[made.language] in texts
    assert " ".join(drawing.note.split()) in together
    assert f"{drawing.number} {drawing.title}" in together
    # Each specification of a curve has an n of its own: there it is told how many they are.
    assert (" ".join(drawing.curve.said.split()) if drawing.curve else "n = ") in together
    for panel in drawing.panels:
        assert {panel.x_label, panel.y_label} <= set(texts)
    if drawing.settings.kind == "effect":
        assert {"en": "percentage points", "da": "procentpoint"}[made.language] in drawing.panels[0].y_label


@pytest.mark.parametrize(("made", "name"), DRAWN, indirect=["made"])
def test_sizes_and_persons_at_risk_are_the_cells(made, name):
    texts = " ".join(texts_of(made.figures[f"{name}.svg"]))
    own = made.shown[made.shown["exhibit"] == name]
    written = own[own["statistic"].isin(["n", "n_treated", "n_control", "at_risk"])]
    missing = [text for text in written["text"] if text not in texts]
    assert not missing


@pytest.mark.parametrize(("made", "name"), DRAWN, indirect=["made"])
def test_the_numbers_beside_a_figure_are_its_cells(made, name):
    beside = pd.read_csv(
        io.StringIO(made.figures[f"{name}.csv"]), dtype={"text": str, "row": str}, keep_default_na=False
    )
    own = made.shown[made.shown["exhibit"] == name]
    assert list(beside["cell_id"]) == list(own["cell_id"])
    assert list(beside["text"]) == list(own["text"])
    # values are written to ten digits
    assert beside["value"].to_numpy() == pytest.approx(own["value"].to_numpy(), rel=1e-9)
    assert set(beside["data"]) == {SYNTHETIC[made.language]}


@pytest.mark.parametrize(("made", "name"), DRAWN, indirect=["made"])
def test_the_picture_is_large_enough_and_has_room_for_all(made, name):
    picture = Image.open(io.BytesIO(made.figures[f"{name}.png"]))
    width, height = picture.size
    assert width >= 1300
    edge = picture.convert("L").crop((width - 6, 0, width, height))
    assert edge.getextrema() == (255, 255), "something is cut off at the right"


def test_figures_that_are_compared_share_their_scale():
    limits = {name: drawing_of(made_in("en"), name).limits for name in FIGURES}
    assert limits["figure_3_2"] == limits["figure_3_3"]
    assert limits["figure_3_5"] == limits["figure_3_6"] != limits["figure_3_2"]
    shown = made_in("en").shown.query("exhibit == 'figure_3_6' and statistic == 'ci_low'")["value"]
    assert limits["figure_3_6"][0] <= 100 * shown.min()


def test_the_same_cells_give_the_same_bytes():
    first = made_in("en")
    again = draw("en", first.shown.copy(), ONE_OF_EACH_KIND)
    assert again == {name: first.figures[name] for name in again}
    assert write("en", first.shown.copy()) == first.tables
    assert page_with("en", first.shown.copy(), first.pictures) == first.page


def test_no_exhibit_of_real_data_says_synthetic():
    cells = made_in("en").shown
    drawn = draw("en", cells, ONE_OF_EACH_KIND, synthetic=False)
    written = write("en", cells, synthetic=False)
    pictures = dict.fromkeys(FIGURES, pictures_of(drawn)[ONE_OF_EACH_KIND[0]])
    named = {**drawn, **written, "index.html": page_with("en", cells, pictures, synthetic=False)}
    texts = {name: text for name, text in named.items() if isinstance(text, str)}
    assert len(texts) == 2 * len(ONE_OF_EACH_KIND) + 3 * len(TABLES + WORD_TABLES) + 1
    assert not [name for name, text in texts.items() if "ynthetic" in text]


def test_numbers_at_the_end_of_curves_move_apart_only_where_they_would_touch():
    assert spread([5.0, 40.0], 11) == [5.0, 40.0]
    assert spread([20.0, 20.0], 11) == [25.5, 14.5]
    assert spread([19.0, 21.0], 11) == [14.5, 25.5]
    assert spread([3.0], 11) == [3.0]
    assert spread([20.0, 20.0, 50.0, 20.0], 10) == [30.0, 20.0, 50.0, 10.0]
    assert spread([20.0, 12.0, 4.0, 26.0], 10) == [20.5, 10.5, 0.5, 30.5]


def test_the_band_of_a_whole_curve_is_drawn_within_the_axes_and_its_test_stands_below(made):
    texts, svg = made.texts, made_in("en").figures["figure_3_2.svg"]
    p_values = [made_in("en").texts[f"figure_3_2/all/employment/{name}"] for name in ("joint_p", "band_p")]
    assert f"No effect in any week: p = {p_values[0]} (lot), {p_values[1]} (band)" in svg
    limits = made.cells_of("figure_3_2").query("statistic in ('band_low', 'band_high')")
    assert len(limits) == 2 * CONFIG["study"].time.horizon_weeks
    (_, *_, low, high), *_ = json.loads(re.search(r'<metadata id="axes">(.*?)</metadata>', svg)[1])
    assert low < 100 * limits["value"].min() < 100 * limits["value"].max() < high
    assert all(texts[cell] for cell in limits["cell_id"])


def test_the_heading_of_a_curve_says_each_p_value_of_its_own_number_and_counts_copies_once():
    curve = drawing_of(made_in("en"), "figure_7_4").curve
    said = replace(curve, together={"significant_p": "0.078", "median_p": "0.153"}, distinct=60).counts("en")
    assert "below: p = 0.078. Median: p = 0.153. Distinct: 60" in said
    assert count_distinct(np.array([[0.1 + 0.2, 1.0, np.nan], [0.3, 1.0, np.nan], [0.3, 1.1, np.nan]])) == 2
