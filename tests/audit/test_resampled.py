"""A statistic of resampling is made again from the problem that a trace walks, and told as draws and clusters."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.audit.build import Build
from pipeline.audit.page import STATISTICS_DA, say_formula
from pipeline.audit.resampled import OF_FAMILIES, RESAMPLED
from pipeline.audit.statistics import NAMES, decompose_statistic
from pipeline.audit.text import _describe_parts
from pipeline.audit.walk import OF_DRAWS, Walker
from pipeline.estimate.table import parse_address

BUILD = Build(Path("data_raw/twin"), Path("data_derived/twin"))
ESTIMATES = [
    "itt/all/sickness_benefit/45/treated",
    "peers_survey_pooled/self_efficacy_8/self_efficacy//treated:low:low_peers-high",
    "group_level/all/employment/45/treated",
    "hazard_logit/all/employment_exit//treated_clustered",
]


@pytest.mark.parametrize("address", ESTIMATES)
def test_each_statistic_comes_back_with_what_it_is_made_of(address):
    row, request = BUILD.estimates[address][1], BUILD.request(parse_address(address))
    known = sorted(name for name in RESAMPLED if pd.notna(row[name]))
    assert {"ri_p", "jackknife_se", "without_low"} <= set(known)
    for statistic in known[:: 3 if request.model.estimator == "discrete_hazard" else 1]:
        if statistic in OF_FAMILIES and not address.startswith("peers"):
            continue  # families of 81 are walked by make verify
        number = decompose_statistic(statistic, request, row, 0.95)
        assert abs(number.gap) <= number.gap_limit
        assert number.parts["estimate"].total == pytest.approx(row["estimate"], rel=1e-9)
        said = _describe_parts(number)
        assert all(text in said for line in number.lines for text in line)
        assert NAMES[statistic] in said
        assert STATISTICS_DA[statistic]
        assert say_formula(number, "da") != number.formula
    lines = dict(decompose_statistic("ri_p", request, row, 0.95).lines)
    (draws,) = [text for text in lines.values() if text.startswith("(")]
    reached, total = (int(part.split(" ")[0].strip("()")) for part in draws.split(" / "))
    assert (reached + 1) / (total + 1) == row["ri_p"]


def test_range_is_that_of_the_clusters_listed():
    address = ESTIMATES[0]
    row, request = BUILD.estimates[address][1], BUILD.request(parse_address(address))
    listed = decompose_statistic("without_low", request, row, 0.95).lines
    values = [float(text) for name, text in listed if name.startswith("without ")]
    moves = np.abs(np.array(values) - row["estimate"])
    assert list(moves) == sorted(moves, reverse=True)
    assert min(values) == pytest.approx(row["without_low"], rel=1e-8)


def test_a_trace_makes_a_statistic_again_and_a_walk_of_all_numbers_says_that_it_does_not():
    shown = [{"cell_id": f"x/{name}", "statistic": name, "estimate_id": ESTIMATES[0]} for name in ("ri_p", "cr2_high")]
    assert all(each.why == OF_DRAWS for each in Walker(BUILD).walk(shown))
    row, request = BUILD.estimates[ESTIMATES[0]][1], BUILD.request(parse_address(ESTIMATES[0]))
    for wrong, is_right in ((0.0, True), (1e-4, False)):
        number = decompose_statistic("ri_p", request, {**row, "ri_p": row["ri_p"] + wrong}, 0.95)
        assert (abs(number.gap) <= number.gap_limit) == is_right
