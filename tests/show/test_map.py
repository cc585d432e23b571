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
from tests.show.conftest import (
    GROUPS,
    MUNICIPALITIES,
    OUTLINES,
    alone,
    draw,
    invent_estimates,
    made_in,
    make_shown,
    pictures_of,
    reported,
)
from tests.show.test_figures import drawing_of, texts_of

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
    places = find_places({unit: unit for unit in TRIAL}, MUNICIPALITIES)
    assert places["gladsaxe_og_lyngby_taarbaek"].numbers == (159, 173)
    assert places["gladsaxe_og_lyngby_taarbaek"].label == "Gladsaxe/Lyngby-Taarbæk"
    assert places["vesthimmerland"].label == "Vesthimmerland"
    assert find_places({slug("Århus"): "Århus"}, MUNICIPALITIES)["aarhus"].numbers == (751,)


def count_in(units):
    """Numbers shown of a trial in these municipalities: two teams and 31 persons in each."""
    estimates = invent_estimates()
    row = estimates[estimates["model"] == "municipality"].iloc[:1]
    ids = [f"municipality/{unit}/{number}//n" for unit in [*units, "total"] for number in ("teams", "persons")]
    others = estimates[estimates["model"] != "municipality"]
    rows = row.loc[row.index.repeat(len(ids))].assign(estimate_id=ids, estimate=[2.0, 31.0] * (len(units) + 1))
    return make_shown("en", pd.concat([others, rows], ignore_index=True), exhibits=alone(2))


@pytest.mark.parametrize("known", [["koege"], []], ids=["one other", "no other"])
def test_a_municipality_that_the_map_does_not_know_is_listed_and_said_and_the_others_are_drawn(known):
    groups = pd.DataFrame([("municipality", "springfield", "Springfield")], columns=GROUPS.columns)
    given = {"groups": pd.concat([GROUPS, groups])}
    shown = count_in([*known, "springfield"])
    drawn = draw("en", shown, ["figure_2_1"], **given)
    texts = " ".join(texts_of(drawn["figure_2_1.svg"]))
    assert "No place on the map is known for Springfield." in texts
    assert texts.count("Køge") == len(known)
    made = reported("en", shown, {**made_in("en").pictures, **pictures_of(drawn)}, **given, exhibits=alone(2))
    table = made["index.html"].split('<section id="figure_2_1"')[1].split("</section>")[0]
    assert 'title="figure_2_1/springfield/persons"' in table
    assert made["missing.txt"].endswith(
        "  Figure 2.1: no place on the map is known for Springfield. Add the spelling to other_names in "
        "municipalities.csv\n"
    )


def test_a_map_without_a_table_of_places_is_named():
    with pytest.raises(InputError, match=r"\[figure_2_1\]: a map needs municipalities.csv"):
        draw("en", made_in("en").shown, ["figure_2_1"], municipalities=None)


@pytest.mark.parametrize("units", [TRIAL, [slug(name) for name in NAMES.values()]], ids=["seven", "all 98"])
def test_no_label_covers_another_and_every_label_is_on_the_sheet(units):
    """Also with every municipality of Denmark in the trial."""
    shown = count_in(units)
    with house_style():
        sheet = draw_map(drawing_of(made_in("en"), "figure_2_1", shown), SHAPES)
        renderer = FigureCanvasAgg(sheet.figure).get_renderer()
        boxes = [text.get_window_extent(renderer).padded(-1) for axes in sheet.figure.axes for text in axes.texts]
    assert len(boxes) >= 2 * len(units)
    assert not [pair for pair in combinations(boxes, 2) if pair[0].overlaps(pair[1])]
    width, height = sheet.figure.bbox.width, sheet.figure.bbox.height
    assert np.all([(box.x0 >= 0, box.x1 <= width, box.y0 >= 0, box.y1 <= height) for box in boxes])
