"""Figures and page carry their letters with them, and what fonts a machine has changes nothing."""

import html
import re

import matplotlib
import pytest
from fontTools.pens.recordingPen import DecomposingRecordingPen
from fontTools.ttLib import TTFont
from matplotlib.font_manager import FontEntry, fontManager

from pipeline.show.typeface import DRAWN, FAMILY, FONTS, WEIGHTS
from tests.show.conftest import FIGURES, ONE_OF_EACH_KIND, draw, made_in
from tests.show.subset_fonts import CHARACTERS
from tests.show.test_figures import texts_of


@pytest.fixture
def other_machine(monkeypatch):
    """A machine that has a font of the same name with other letters, and a matplotlibrc of its own."""
    other = matplotlib.get_data_path() + "/fonts/ttf/DejaVuSerif.ttf"
    fakes = [FontEntry(other, DRAWN, "normal", "normal", weight, "normal", "scalable") for weight in (400, 700)]
    monkeypatch.setattr(fontManager, "ttflist", [*fakes, *fontManager.ttflist])
    with matplotlib.rc_context({"font.size": 20, "svg.fonttype": "path", "axes.facecolor": "red"}):
        yield fontManager.ttflist


def test_the_bytes_are_those_of_any_machine(other_machine):
    names = [name for name in ONE_OF_EACH_KIND if name != "figure_3_3"]
    first = made_in("en")
    again = draw("en", first.shown.copy(), names)
    assert {name: made == first.figures[name] for name, made in again.items()} == dict.fromkeys(again, True)
    assert fontManager.ttflist == other_machine


def outline(font: TTFont, code: int) -> tuple[list[object], int]:
    name = font.getBestCmap()[code]
    pen = DecomposingRecordingPen(font.getGlyphSet())
    font.getGlyphSet()[name].draw(pen)
    return pen.value, font["hmtx"][name][0]


@pytest.mark.parametrize("weight", WEIGHTS)
def test_what_is_carried_is_what_is_drawn_with(weight):
    drawn, carried = (TTFont(FONTS / file) for file in WEIGHTS[weight])
    known = [code for code in CHARACTERS if code in drawn.getBestCmap()]
    assert len(known) > 350
    assert set(carried.getBestCmap()) == set(known)
    assert [code for code in known if outline(drawn, code) != outline(carried, code)] == []
    assert "Liberation" not in carried["name"].getDebugName(1)  # a reserved name: the licence asks for another


@pytest.mark.parametrize("language", ["en", "da"])
def test_every_letter_is_carried_and_the_page_carries_them_once(language):
    made = made_in(language)
    for name in FIGURES if language == "en" else ONE_OF_EACH_KIND:
        svg = made.figures[f"{name}.svg"]
        assert svg.count("@font-face") == len(WEIGHTS)
        assert re.search(rf"font-family: '{FAMILY}', '{DRAWN}', Arial", svg)
        assert set(map(ord, "".join(texts_of(svg)))) <= {*CHARACTERS, 10}, name
    assert made.page.count("@font-face") == len(WEIGHTS)
    words = html.unescape(re.sub(r"<style.*?</style>|<[^>]+>", "", made.page, flags=re.DOTALL))
    assert set(map(ord, words)) <= {*CHARACTERS, 10}
