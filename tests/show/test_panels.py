"""What stands behind every number: the panels' data agree with the numbers shown, and say nothing of a person."""

import json
import math
import re
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.disclosure.behind import decimals_of
from pipeline.estimate.inference import STATISTICS as RESAMPLED
from pipeline.runner.inputs import load_input
from pipeline.settings.models import read_models
from pipeline.show.inference_words import INFERENCE
from pipeline.show.page import in_script
from pipeline.show.panel_evidence import Verified, with_evidence
from pipeline.show.panel_words import PANEL, STATISTICS
from pipeline.show.shown import SOURCES
from pipeline.stages import panels
from tests.show.conftest import (
    CONFIG,
    CONTROLS,
    LANGUAGES,
    OUTCOMES,
    draw,
    given,
    invent_estimates,
    leaving,
    left_in,
    made_in,
)

MODELS = load_input(Path("config/models.toml"))


def shown_in(language):
    return made_in(language).shown


@cache
def content_in(language):
    return content(language)


APPLIED = {"applied": True}
NO_SECOND = {name: [] for name in ("estimate_id", "statistic", "first", "second", "difference", "agrees", "route")}


def content(language="en", shown=None, estimates=None, **changed):
    """panels.json of invented estimates."""
    made = left_in(language) if estimates is None else leaving(language, estimates)
    shown = made["released.parquet"] if shown is None else shown
    facts = {**given(language, True, {}, "variables", "extract"), "study": CONFIG["study"], "outcomes": OUTCOMES}
    facts |= {"models": MODELS, "disclosure": CONTROLS, "behind": made["behind.parquet"], **changed}
    return json.loads(panels.run(shown, judged=json.loads(made["judged.json"]), **facts)["panels.json"])


def restore(names):
    """The names that are stored as what each adds to the one before."""
    found = [""]
    for shared, rest in zip(names["shared"], names["rest"], strict=True):
        found.append(found[-1][:shared] + rest)
    return found[1:]


def column(cells, name):
    return [cells[name]["of"][place] for place in cells[name]["at"]]


def told_of(statistics, statistic):
    """Between what a panel tells a statistic: a share of the controls' mean is a ratio of two numbers as shown."""
    if statistic in INFERENCE["en"]:
        return (-math.inf, math.inf)  # the panel has the text of the number itself
    if statistic != "relative":
        value = statistics[SOURCES.get(statistic, statistic)]
        return (value, value)
    half = 0.5 * 10.0 ** -statistics["digits"]
    effect, level = abs(statistics["estimate"]), statistics["control_mean"]
    sign = math.copysign(1, statistics["estimate"])
    return sorted((sign * (effect - half) / (level + half), sign * (effect + half) / (level - half)))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_number_shown_has_the_value_of_its_estimate_in_its_panel(language):
    shown, made = shown_in(language), content_in(language)
    cells, values = made["cells"], made["estimates"]["values"]
    assert restore(cells["address"]) == shown["cell_id"].to_list()
    assert cells["text"] == shown["text"].to_list()
    ids = restore(made["estimates"]["address"])
    assert [ids[place] for place in cells["estimate"]] == shown["estimate_id"].to_list()
    digits = left_in(language)["behind.parquet"].set_index("estimate_id")["digits"]
    levels, wrong = CONFIG["study"].inference.stars.values(), []
    for row, estimate, statistic in zip(
        shown.to_dict("records"), cells["estimate"], column(cells, "statistic"), strict=True
    ):
        told = (
            dict.fromkeys(made["statistics"])
            | dict(zip(made["statistics"], values[estimate], strict=False))
            | {"digits": digits[ids[estimate]]}
        )
        low, high = told_of(told, statistic)
        half = (0.5 + 1e-9) * 10.0 ** -decimals_of(row["text"], row["unit"], language)
        if statistic == "p_value" and row["value"] in levels:  # the panel keeps it on its side of the level
            low, high = low, low + 2 * half
        if not low - half <= row["value"] <= high + half:
            wrong.append((row["cell_id"], row["value"], low, high))
    assert not wrong


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_number_has_its_exhibit_model_sample_and_outcome_in_words(language):
    made = content_in(language)
    for estimate_id in restore(made["estimates"]["address"]):
        model, sample, _, _, parameter = estimate_id.split("/")
        assert made["models"][model]["words"]
        assert made["models"][model]["symbols"].startswith("<math")
        assert made["samples"][f"{model}/{sample}"][0]
        assert f"{model}/{sample}/{parameter}" in made["parameters"]
    exhibits = {address.split("/")[0] for address in restore(made["cells"]["address"])}
    assert all(made["exhibits"][name]["number"] and made["exhibits"][name]["title"] for name in exhibits)
    told = ("exhibits", "models", "samples", "parameters", "variables", "flow", "notes", "names")
    assert not re.findall(r"\{\w+\}", json.dumps([made[key] for key in told]))


def test_a_model_says_what_it_is_for():
    made, models = content_in("en"), read_models(MODELS)
    assert made["models"]["self_efficacy"]["reason"] == "found in the data"
    assert made["samples"]["self_efficacy/self_efficacy_8"][2] == "exploratory analysis"
    assert all(made["models"][name]["estimand"] == models[name].estimand for name in made["models"])


def test_of_an_estimate_of_which_a_number_was_taken_out_the_panel_tells_what_the_page_does():
    shown = shown_in("en").copy()
    taken = shown["cell_id"] == "table_3_1/sickness_benefit_exit/all/se"
    assert taken.sum() == 1
    shown.loc[taken, ["value", "text"]] = [math.nan, "(few)"]
    made = content(shown=shown)
    place = restore(made["estimates"]["address"]).index("hazard_logit/all/sickness_benefit_exit//treated")
    told = dict(zip(made["statistics"], made["estimates"]["values"][place], strict=False))
    assert {name for name, value in told.items() if value is not None} == {"estimate", "n", "ri_p"}


def test_few_persons_are_not_counted_and_neither_is_the_other_arm():
    estimates = invent_estimates()
    few = estimates["estimate_id"] == "balance/all/age//treated"
    estimates.loc[few, ["n_treated", "n_control"]] = [CONTROLS.bounds.persons - 1, 900]
    made = content(estimates=estimates)
    place = restore(made["estimates"]["address"]).index("balance/all/age//treated")
    told = dict(zip(made["statistics"], made["estimates"]["values"][place], strict=False))
    assert (told["n_treated"], told["n_control"]) == (None, None)
    assert told["n"] is not None


def test_the_flow_counts_by_arm_and_is_silent_of_few_where_no_figure_shows_them():
    assert content_in("en")["flow"][0] == ["Randomised", 3, 4, 7]
    assert ["No baseline questionnaire", 1, 0, 1] in content_in("en")["flow"]
    exhibits = {name: exhibit for name, exhibit in CONFIG["exhibits"].items() if name != "figure_2_2"}
    exhibits["page"] = {**exhibits["page"], "trial_en": [], "trial_da": []}
    shown = shown_in("en")
    without = content(shown=shown[shown["exhibit"] != "figure_2_2"], exhibits=exhibits)
    assert without["flow"][0] == ["Randomised", None, None, None]


def test_the_languages_have_the_same_words():
    assert len({frozenset(PANEL[language]) for language in LANGUAGES}) == 1
    assert len({frozenset(STATISTICS[language]) for language in LANGUAGES}) == 1


def test_no_text_ends_the_script_that_holds_the_data():
    assert "<" not in in_script({"note": "</script><!--"})
    assert json.loads(in_script({"note": "</script><!--"}))["note"] == "</script><!--"


def test_the_axes_of_a_picture_lie_where_its_curves_are_drawn():
    """The last point of every curve of figure 3.3, as the drawing has it and as the axes say."""
    shown = shown_in("en")
    picture = draw("en", shown, ["figure_3_3"])["figure_3_3.svg"]
    ((key, left, top, right, bottom, first, last, low, high),) = json.loads(
        re.search(r'<metadata id="axes">(.*?)</metadata>', picture)[1]
    )
    own = shown[(shown["exhibit"] == "figure_3_3") & (shown["statistic"] == "estimate")]
    week, value = float(own["row"].iloc[-1]), 100 * own["value"].iloc[-1]
    x = left + (week - first) / (last - first) * (right - left)
    y = bottom - (value - low) / (high - low) * (bottom - top)
    points = np.array([pair.split() for pair in re.findall(r"[ML] ([-\d.]+ [-\d.]+)", picture)], dtype=float)
    assert key == "a"
    assert np.hypot(*(points - [x, y]).T).min() < 0.05  # points of the picture, which rounds to six digits


def vouched(second, walked, counts, head="h", provenance=None, judged=None):
    shown = shown_in("en")
    facts = Verified(pd.DataFrame(second), pd.DataFrame(walked), pd.DataFrame(counts), {"head": head})
    return with_evidence(content_in("en"), shown, provenance, facts, judged), shown


def test_a_second_route_stands_beside_the_number_it_was_tried_on_and_no_other():
    shown, estimate_id = shown_in("en"), "hazard_logit/all/employment_exit//treated"
    value = shown.set_index("cell_id").loc["table_3_1/employment_exit/all/estimate", "value"]
    error = shown.set_index("cell_id").loc["table_3_1/employment_exit/all/se", "value"]
    row = {"estimate_id": estimate_id, "route": "a package", "second": value, "difference": 2e-16, "agrees": True}
    second = [
        {**row, "statistic": "estimate", "first": value},
        {**row, "statistic": "se", "first": error, "second": 2 * error, "difference": 0.5, "agrees": False},
        {**row, "statistic": "p_value", "first": 0.987654321, "second": 0.987654321},  # of an estimate that is no more
    ]
    walked = {"cell_id": shown["cell_id"].to_list()[:1], "gap": [0.0], "n_cells": [3], "counts": [None]}
    counts = {name: [] for name in ("counts", "arm", "group", "first_week", "last_week", "n")}
    made, _ = vouched(second, walked, counts)
    place = str(restore(made["estimates"]["address"]).index(estimate_id))
    route, *entries = made["verified"]["second"][place]
    told = dict(zip(made["statistics"], entries, strict=False))
    assert made["verified"]["routes"][route] == "a package"
    assert told["estimate"] == 2e-16
    assert told["se"] == [0.5, pytest.approx(2 * error), 0]
    assert told.get("p_value") is None
    assert "1 of 2 statistics agree" in made["vouched"]


def test_a_walk_has_its_gap_and_every_row_of_its_counts_once():
    shown = shown_in("en")
    cells = shown["cell_id"].to_list()[:3]
    walked = {"cell_id": cells, "gap": [0.0, 2e-17, 0.5], "n_cells": [9, 12, 4], "counts": [7, 9, 7]}
    table = [("treated", "dead", 1, 13, 5), ("control", "dead", 1, 13, None), ("control", "allocation", None, None, 9)]
    longer = [*table, ("treated", "dead", 14, 26, 8)]
    rows = [(number, *row) for number, own in ((7, table), (9, longer)) for row in own]
    columns = ["counts", "arm", "group", "first_week", "last_week", "n"]
    made, _ = vouched(NO_SECOND, walked, pd.DataFrame(rows, columns=columns).astype({"n": "Int64"}))
    told, counts = made["verified"]["walked"], made["verified"]["counts"]
    assert told["gap"][:4] == [0.0, 2e-17, 0.5, None]
    assert told["met"][:4] == [True, True, False, False]
    assert told["counts"][:4] == [0, 1, 0, None]
    assert counts["shared"] == [0, 3]
    listed = counts["rest"][0] + counts["rest"][1]
    named = [(counts["arms"][arm], counts["groups"][group], *rest) for arm, group, *rest in listed]
    control, treated = CONFIG["study"].design.control.label_en, CONFIG["study"].design.treated.label_en
    assert set(named) == {(treated if row[0] == "treated" else control, *row[1:]) for row in longer}
    assert f"2 of {len(shown):,} numbers walked" in made["vouched"]
    made, _ = vouched(NO_SECOND, walked, pd.DataFrame(rows, columns=columns).astype({"n": "Int64"}), judged=APPLIED)
    controlled = made["verified"]
    assert controlled["walked"]["gap"] == told["gap"]
    assert set(controlled["walked"]["cells"]) == set(controlled["walked"]["counts"]) == {None}
    assert controlled["counts"]["rest"] == []


def test_what_was_verified_of_another_chain_is_not_said_of_this_one():
    nothing = {"cell_id": [], "gap": [], "n_cells": [], "counts": []}
    provenance = {"head": "other", "commit": "", "is_clean": None, "files": {}}
    made, _ = vouched(NO_SECOND, nothing, {"counts": []}, provenance=provenance)
    assert "verified" not in made
    assert "make verify EXTRACT=twin" in made["vouched"]


def test_the_chain_of_files_names_what_each_rests_on():
    table = "data_derived/x/estimates/itt.parquet"
    files = {
        "data_raw/x/a.csv": {"sha256": "1" * 64, "made_by": "received", "rests_on": []},
        table: {"sha256": "2" * 64, "made_by": "estimates", "rests_on": ["data_raw/x/a.csv"]},
    }
    provenance = {"head": "h", "commit": "c", "is_clean": True, "files": files}
    made = with_evidence(content_in("en"), shown_in("en"), provenance, None)["provenance"]
    assert made["makers"] == ["received", "estimates"]
    assert made["files"][1] == [table, "2" * 64, 1, [0]]


def test_a_number_has_the_printed_one_beside_it_with_its_erratum():
    compared = pd.DataFrame(
        {"address": ["table_3_1/employment_exit/all/se", ""], "printed": ["0,1", "9"], "met": ["false", "false"],
         "distance_units": ["-2.5", ""], "erratum": ["A1", ""]}
    )  # fmt: skip
    errata = pd.DataFrame({"erratum": ["A1", "A1"], "reason_en": ["why", ""], "reason_da": ["hvorfor", ""]})
    made = content("da", table_published=compared, errata=errata)["printed"]
    assert made == {
        "numbers": {"table_3_1/employment_exit/all/se": [["0,1", False, "-2.5", ["A1"]]]},
        "errata": {"A1": "hvorfor"},
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_statistic_that_an_exhibit_shows_has_a_name_of_its_own(language):
    made = content_in(language)
    assert set(made["cells"]["statistic"]["of"]) <= set(made["names"])
    assert len({made["names"][name] for name in INFERENCE[language]}) == len(INFERENCE[language]) == len(RESAMPLED)
