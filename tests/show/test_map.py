"""Municipalities of any trial find their place on the map, and one that does not is named."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.path import Path as Outline

from pipeline.errors import InputError
from pipeline.names import slug
from pipeline.show.map_figure import draw_map
from pipeline.show.places import find_places, inner_point, read_outlines
from pipeline.show.style import house_style
from tests.show.conftest import MUNICIPALITIES, OUTLINES, invent_estimates, make_cells
from tests.show.test_figures import drawing_of, made_in

SHAPES = read_outlines(OUTLINES)
NAMES = dict(zip(MUNICIPALITIES["number"].astype(int), MUNICIPALITIES["name"], strict=True))
TRIAL = [
    "gladsaxe_og_lyngby_taarbaek",
    "helsingoer",
    "gentofte",
    "frederiksberg",
    "egedal",
    "bornholm",
    "vesthimmerland",
]


def test_every_municipality_has_an_outline_around_a_point_of_its_own():
    assert list(SHAPES) == list(NAMES)
    assert len(SHAPES) == 98
    points = {number: inner_point(rings) for number, rings in SHAPES.items()}
    inside = {
        number: [
            other for other, rings in SHAPES.items() if sum(Outline(ring).contains_point(point) for ring in rings) % 2
        ]
        for number, point in points.items()
    }
    alone = {number: [number] for number in SHAPES}
    assert inside == alone
    assert points[813][1] > points[376][1]  # Frederikshavn lies north of Guldborgsund
    assert points[219][0] > points[561][0]  # Hillerød lies east of Esbjerg


def test_a_joint_job_centre_is_two_places_with_one_label_and_other_spellings_are_known():
    places = find_places(TRIAL, MUNICIPALITIES)
    assert places["gladsaxe_og_lyngby_taarbaek"].numbers == (159, 173)
    assert places["gladsaxe_og_lyngby_taarbaek"].label == "Gladsaxe/Lyngby-Taarbæk"
    assert places["vesthimmerland"].label == "Vesthimmerland"
    assert find_places([slug("Århus")], MUNICIPALITIES)["aarhus"].numbers == (751,)


def test_a_municipality_that_the_map_does_not_know_is_named_with_what_to_do():
    with pytest.raises(InputError, match=r"KOMMUNE: 1 municipalities .* 'koege_syd'.*municipalities.csv"):
        find_places(["koege", "koege_syd"], MUNICIPALITIES)


@pytest.mark.parametrize("units", [TRIAL, [slug(name) for name in NAMES.values()]], ids=["seven", "all 98"])
def test_no_label_covers_another_and_every_label_is_on_the_sheet(units):
    """Also with every municipality of Denmark in the trial."""
    estimates = invent_estimates()
    row = estimates[estimates["model"] == "municipality"].iloc[:1]
    ids = [f"municipality/{unit}/{number}//n" for unit in [*units, "total"] for number in ("teams", "persons")]
    others = estimates[estimates["model"] != "municipality"]
    rows = row.loc[row.index.repeat(len(ids))].assign(estimate_id=ids, estimate=[2.0, 31.0] * (len(units) + 1))
    shown = make_cells("en", pd.concat([others, rows], ignore_index=True))
    with house_style():
        sheet = draw_map(drawing_of(made_in("en"), "figure_2_1", shown), SHAPES)
        renderer = FigureCanvasAgg(sheet.figure).get_renderer()
        boxes = [text.get_window_extent(renderer).padded(-1) for axes in sheet.figure.axes for text in axes.texts]
    assert len(boxes) >= 2 * len(units)
    assert not [pair for pair in combinations(boxes, 2) if pair[0].overlaps(pair[1])]
    width, height = sheet.figure.bbox.width, sheet.figure.bbox.height
    assert np.all([(box.x0 >= 0, box.x1 <= width, box.y0 >= 0, box.y1 <= height) for box in boxes])
