"""What resampling says otherwise of two extracts, or with a cell changed."""

from pathlib import Path

import pytest

from pipeline.audit.build import Build
from pipeline.audit.resampled import Resampling
from pipeline.changes.resampled import read_resampled, say_resampled
from pipeline.estimate.table import parse_address

DERIVED = Path("data_derived/twin")
STARS = {"*": 0.05, "**": 0.01}


def said(old, new):
    return list(say_resampled(old, new, STARS))


def test_moves_are_counted_by_statistic_with_the_levels_they_cross():
    old = read_resampled(DERIVED).head(50)
    new = old.copy()
    first, second = new.index[3], new.index[7]
    new.loc[first, "ri_p"], old.loc[first, "ri_p"] = 0.03, 0.07
    new.loc[second, "ri_p"] = old.loc[second, "ri_p"] + 1e-13  # another processor
    new.loc[second, "wild_low"] -= 0.5
    lines = said(old, new.drop(index=new.index[20]))
    moved = lines[0][1]
    assert lines[0][0] == "resampling: 2 of 49 estimates differ in 2 statistics; 1 are in one"
    assert set(zip(moved["estimate_id"], moved["statistic"], strict=True)) == {(first, "ri_p"), (second, "wild_low")}
    assert [line for line, _ in lines[1:]] == [
        f"  ri_p: 1, 1 of them over a level, largest {first} 0.07 -> 0.03",
        f"  wild_low: 1, largest {second} {old.loc[second, 'wild_low']:.6g} -> {new.loc[second, 'wild_low']:.6g}",
    ]
    assert said(old, old)[0][1].empty
    assert "no table of it" in said(None, new)[0][0]


def test_a_statistic_that_is_missing_in_one_differs():
    old = read_resampled(DERIVED).head(2)
    new = old.assign(cr2_df=[float("nan"), old["cr2_df"].iloc[1]])
    assert said(old, new)[0][1]["statistic"].tolist() == ["cr2_df"]


def test_the_statistic_of_changed_data_is_that_of_resampling_them():
    from dataclasses import replace

    build = Build(Path("data_raw/twin"), DERIVED)
    request = build.request(parse_address("balance/all/age//treated"))
    first = request.problem.outcomes.copy()
    first[0] += 40.0
    changed = replace(request, problem=replace(request.problem, outcomes=first))
    before, after = (Resampling(build.data).value("without_high", each) for each in (request, changed))
    assert before == pytest.approx(build.estimates["balance/all/age//treated"][1]["without_high"], rel=1e-9)
    assert after != pytest.approx(before, abs=1e-6)
