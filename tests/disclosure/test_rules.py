"""What may leave: each rule on numbers made for it, what is given in their place, and who reads anything else."""

import json
import math
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.disclosure.behind import decimals_of, release_behind, round_p
from pipeline.disclosure.curves import density_rules, limit_rules, risk_rules, survival_rules
from pipeline.disclosure.gate import require_released
from pipeline.disclosure.primary import Behind, Judged, judge, judge_all
from pipeline.disclosure.release import release, released_note, round_count, shown_value
from pipeline.errors import InputError
from pipeline.runner.inputs import load_input
from pipeline.settings.base import convert
from pipeline.settings.disclosure import STATUS, Asked, Disclosure
from pipeline.show.kinds_of_notes import KINDS
from pipeline.show.numbers import write_month
from pipeline.show.table_formats import csv_number
from pipeline.stages.disclosure import require_control
from pipeline.stats.density import kernel_density
from pipeline.stats.survival import kaplan_meier
from tests.show.conftest import CONTROLS, LANGUAGES, extract

FEWEST, BASE = CONTROLS.bounds.persons, CONTROLS.bounds.base
ESTIMATORS = {
    "team": "count",
    "mean": "mean",
    "itt": "ols",
    "km": "kaplan_meier",
    "density": "density",
    "old": "printed",
    "bounds": "lee_bounds",
}


def estimate(name="mean/all/female//mean", **changed):
    places = ("model", "sample", "outcome", "week", "parameter")
    own = {**dict(zip(places, name.split("/"), strict=True)), "estimate_id": name, "estimate": 0.5, "note": ""}
    own |= {"n": 100, "n_treated": 60, "n_control": 40, "n_clusters": 30, "df": 29.0, "control_mean": 0.4, "se": 0.1}
    return {**own, **changed}


def rule_of(row, *others, statistic="estimate", unit="share", value=None):
    """The rule of a number of an estimate, beside other estimates."""
    index = {own["estimate_id"]: own for own in (row, *others)}
    behind = Behind(index, ESTIMATORS, frozenset({"female"}), frozenset({"teams"}), CONTROLS.bounds)
    value = row["estimate"] if value is None else value
    cell = {"cell_id": "c", "statistic": statistic, "unit": unit, "value": value, "estimate_id": row["estimate_id"]}
    return judge(cell, behind).rule


@pytest.mark.parametrize(
    ("count", "rule"), [(0, ""), (1, "few_persons"), (FEWEST - 1, "few_persons"), (FEWEST, "rounded"), (568, "rounded")]
)
def test_a_number_of_persons_is_withheld_where_it_is_small_and_nobody_is_said(count, rule):
    assert rule_of(estimate("team/a/control//n", estimate=float(count)), unit="count") == rule
    assert rule_of(estimate(), statistic="n_control", unit="count", value=float(count)) == rule


@pytest.mark.parametrize(("n", "rule"), [(0, ""), (1, "few_persons"), (FEWEST - 1, "few_persons"), (FEWEST, "")])
def test_nobody_is_withheld_too_where_the_whole_is_few(n, rule):
    """Else each withheld part of four persons must be somebody, and the parts would tell each other."""
    own = {"n": n, "n_treated": n, "n_control": 0}
    assert rule_of(estimate("team/a/control//n", estimate=0.0, **own), unit="count") == rule
    assert rule_of(estimate(**own), statistic="n_control", unit="count", value=0.0) == rule


def test_teams_are_no_persons_and_a_first_date_is_one_persons():
    assert rule_of(estimate("team/a/teams//n", estimate=1.0), unit="count") == ""
    assert rule_of(estimate("team/a/recruitment_end//n", estimate=16500.0, n=9), unit="date") == "day_of_one"
    assert rule_of(estimate("team/a/recruitment_end//n", estimate=16500.0, n=4), unit="date") == "few_persons"


@pytest.mark.parametrize(("few", "rule"), [(FEWEST - 1, "few_persons"), (FEWEST, "")])
@pytest.mark.parametrize("statistic", ["estimate", "ri_low", "stepdown_p"])
def test_a_difference_is_of_both_its_groups_for_beside_one_effect_it_tells_the_other(few, rule, statistic):
    name = "itt/a/pain/81/{}"
    sizes = [estimate(name.format("size:low"), n_control=few), estimate(name.format("size:high"))]
    assert rule_of(estimate(name.format("treated:low-high")), *sizes, statistic=statistic, value=0.2) == rule
    assert rule_of(estimate(name.format("treated:low")), *sizes, statistic=statistic, value=0.2) == rule
    assert rule_of(estimate(name.format("treated:high")), *sizes, statistic=statistic, value=0.2) == ""


@pytest.mark.parametrize(("have_it", "rule"), [(0, 1), (4, 1), (5, 0), (95, 0), (96, 1), (100, 1)])
def test_a_percentage_needs_persons_on_both_sides_and_all_and_none_are_few(have_it, rule):
    expected = ["", "few_of_a_kind"][rule]
    assert rule_of(estimate(estimate=have_it / 100)) == expected
    assert rule_of(estimate("mean/all/age//mean", estimate=have_it / 100)) == ""  # a mean of ages is none
    assert rule_of(estimate("itt/s/female/81/treated", control_mean=have_it / 40), statistic="control_mean") == (
        expected if have_it < 5 else "" if have_it <= 35 else "few_of_a_kind"
    )


def test_an_effect_needs_persons_in_both_arms_of_its_group_and_degrees_of_freedom():
    effect = estimate("itt/s/female/81/treated:low")
    assert rule_of(effect) == ""
    size = estimate("itt/s/female/81/size:low", n_treated=4, n_control=30)
    assert rule_of(effect, size) == "few_persons"
    assert rule_of({**effect, "n_control": 3}) == "few_persons"
    assert rule_of({**effect, "df": CONTROLS.bounds.degrees - 1.0}) == "few_degrees"
    assert rule_of(estimate("itt/s/female/81/size:low", estimate=0.04, n=4)) == "few_of_a_kind"
    assert rule_of(estimate("old/s/x//b", n=2, n_treated=1, n_control=1)) == ""  # printed elsewhere


@pytest.mark.parametrize(
    ("share", "rule"), [(0.0, ""), (0.02, "few_persons"), (0.049, "few_persons"), (0.05, ""), (0.3, "")]
)
@pytest.mark.parametrize("prefix", ["", "tight_"])
def test_a_bound_that_trims_few_persons_would_tell_how_far_they_lie_from_the_rest(prefix, share, rule):
    trimmed = estimate(f"bounds/s/pain//{prefix}trimmed:low", estimate=share, n=100)
    for name in ("lower", "upper", "trimmed"):
        assert rule_of(estimate(f"bounds/s/pain//{prefix}{name}:low", estimate=share), trimmed) == rule
    assert rule_of(estimate("bounds/s/pain//difference:low"), trimmed) == ""
    assert rule_of(estimate("itt/s/pain//lower:low", estimate=share), trimmed) == ""  # of another estimator


def curve(seed=3, n=120, horizon=60):
    rng = np.random.default_rng(seed)
    weeks = np.minimum(np.ceil(rng.exponential(25, n)), horizon)
    fit = kaplan_meier(weeks, rng.uniform(size=n) < 0.8, horizon, 0.95)
    rows = [{"estimate": s, "n": r, "note": ""} for s, r in zip(fit.survival, fit.at_risk, strict=True)]
    return fit, rows


@pytest.mark.parametrize(
    ("persons", "rule"), [(FEWEST, ""), (FEWEST - 1, "few_persons"), (1, "few_persons"), (math.nan, "")]
)
def test_the_range_without_one_cluster_tells_of_the_persons_of_the_clusters_at_its_ends(persons, rule):
    row = estimate("itt/s/pain/81/treated", without_low=0.1, without_high=0.6, without_persons=persons, ri_p=0.0123456)
    row |= {"ri_low": 0.0123456, "cr2_df": 31.4159, "week": 81, "p_value": 0.0123456, "ci_low": 0.1, "ci_high": 0.9}
    row |= {"sample_hash": "x", "jackknife_se": 0.123456, "inference_note": "some"}
    for statistic in ("without_low", "without_high"):
        found = rule_of(row, statistic=statistic, value=row[statistic])
        assert found == ("few_persons" if persons != persons else rule)  # of unknown size: as of few
    assert rule_of(row, statistic="ri_p", value=row["ri_p"]) == ""
    shown = pd.DataFrame(
        [
            {
                "estimate_id": row["estimate_id"],
                "statistic": "estimate",
                "value": 0.5,
                "text": "0.50",
                "unit": "coefficient",
            }
        ]
    )
    behind = release_behind(shown, [Judged()], {row["estimate_id"]: row}, CONTROLS, {}, "en", True)
    left = behind.to_dict("records")[0]
    assert (left["ri_p"], left["ri_low"], left["cr2_df"], left["jackknife_se"]) == (0.012, 0.01, 31.0, 0.12)
    assert not {"without_persons", "inference_note"} & set(left)
    is_told = persons >= FEWEST
    assert [left["without_low"], left["without_high"]] == pytest.approx(
        [0.1, 0.6] if is_told else [math.nan, math.nan], nan_ok=True
    )


def test_a_survival_curve_and_its_numbers_at_risk_step_by_several_persons_and_end_where_few_are_left():
    fit, rows = curve()
    bounds, whole = CONTROLS.bounds, rows[0]["n"]
    survival, at_risk = survival_rules(rows, bounds), risk_rules(rows, bounds)
    known = [week for week, (rule, _) in enumerate(survival) if rule == "coarse_curve"]
    assert 3 < len(known) < len(rows)
    assert all(min(fit.at_risk[week], whole * fit.survival[week]) >= FEWEST for week in known)
    for value, exact in [(whole * survival[week][1], whole * fit.survival[week]) for week in known] + [
        (value, n) for (rule, value), n in zip(at_risk, fit.at_risk, strict=True) if rule == "coarse_curve"
    ]:
        steps = (whole - value) / bounds.curve_base
        assert steps == pytest.approx(round(steps))
        assert abs(value - exact) <= bounds.curve_base / 2 + 1e-9
    assert {rule for rule, _ in limit_rules(rows, bounds)} == {"told_by_others"}
    of_two = survival_rules([{**row, "n": 2} for row in rows], bounds)  # who, rounded, are nobody
    assert all(rule == "few_persons" and math.isnan(value) for rule, value in of_two)


def test_a_density_has_no_tail_of_few_persons_and_no_close_points():
    rng = np.random.default_rng(5)
    values, grid = np.concatenate([rng.exponential(20, 95), [150, 160, 170]]), np.arange(0.0, 200, 2)
    fit = kernel_density(values, grid)
    note = f"bandwidth {fit.bandwidth:.6g}"
    rows = [
        {"estimate": h, "control_mean": x, "n": len(values), "note": note}
        for x, h in zip(grid, fit.density, strict=True)
    ]
    left = [
        x for x, (rule, _) in zip(grid, density_rules(rows, CONTROLS.bounds), strict=True) if rule == "coarse_height"
    ]
    assert len(left) > 3
    assert np.diff(left).min() >= CONTROLS.bounds.density_spacing * fit.bandwidth
    assert (values > max(left)).sum() >= FEWEST - 1
    assert max(left) < 150


def shown_rows(*rows):
    columns = [
        "cell_id",
        "exhibit",
        "panel",
        "row",
        "column",
        "statistic",
        "estimate_id",
        "value",
        "text",
        "note",
        "unit",
    ]
    return pd.DataFrame([dict(zip(columns, row, strict=True)) for row in rows])


def test_a_curve_of_which_no_point_is_known_is_judged_like_any_number():
    own = estimate("km/all/exit/4/control", estimate=math.nan, n=0, n_treated=0, n_control=0)
    row = ("1", "figure_1_1", "", "", "", "estimate", own["estimate_id"], math.nan, "–", "", "share")
    behind = Behind({own["estimate_id"]: own}, ESTIMATORS, frozenset(), frozenset(), CONTROLS.bounds)
    assert len(judge_all(shown_rows(row).to_dict("records"), behind)) == 1


NOTE = "left out 3 persons whose outcome is unknown"


def released(is_applied, language="en"):
    own = [estimate("team/a/control//n", estimate=3.0), estimate("team/a/treated//n", estimate=8.0),
           estimate("team/a/recruitment_end//n", estimate=16500.0, n=11),
           estimate("mean/all/age//mean", estimate=41.23456789, note=NOTE)]  # fmt: skip
    texts = ["3", "8", "6 March 2015", "41.2"]
    units = ["count", "count", "date", "points"]
    shown = shown_rows(*(
        (str(n), "table_1_1", "", "", "", "estimate", e["estimate_id"], e["estimate"], text, e["note"], unit)
        for n, (e, text, unit) in enumerate(zip(own, texts, units, strict=True))
    ))  # fmt: skip
    behind = Behind({e["estimate_id"]: e for e in own}, ESTIMATORS, frozenset(), frozenset(), CONTROLS.bounds)
    judged = judge_all(shown.to_dict("records"), behind)
    return release(shown, judged, CONTROLS, language, is_applied)


def test_what_leaves_is_what_the_text_says_and_a_withheld_number_is_missing_with_its_reason():
    left = released(True)
    assert left["text"].to_list() == [CONTROLS.mark, str(round_count(8, CONTROLS)), "March 2015", "41.2"]
    assert left["value"].to_list()[1:] == [10.0, pytest.approx(math.nan, nan_ok=True), 41.2]
    assert math.isnan(left["value"][0])
    assert left["reason"].to_list()[0] == f"fewer than {FEWEST} persons"
    assert left["reason"].to_list()[3] == ""
    assert left["note"][3] == f"left out <{FEWEST} persons whose outcome is unknown"


def test_of_a_synthetic_trial_everything_leaves_with_its_marks_and_no_digit_more_than_is_shown():
    left = released(False)
    assert left["text"].to_list() == ["3", "8", "6 March 2015", "41.2"]
    assert left["value"].to_list() == [3.0, 8.0, 16500.0, 41.2]
    assert left["status"].to_list() == ["fail", "pass", "review", "pass"]
    assert set(left["reason"]) == {""}


@pytest.mark.parametrize(
    ("text", "unit", "value", "decimals"),
    [("41.2", "points", 41.2, 1), ("(0.13)", "coefficient", 0.13, 2), ("−1.25***", "percentage_points", -0.0125, 4),
     ("67", "share", 0.67, 2), ("8 May 2015", "date", 16563.0, 0), ("30,412", "count", 30412.0, 0)],
)  # fmt: skip
def test_the_value_that_leaves_is_that_of_the_text(text, unit, value, decimals):
    assert shown_value(text, unit, "en") == pytest.approx(value, abs=1e-15)
    assert decimals_of(text, unit, "en") == decimals


def test_a_month_is_the_same_to_machines_in_each_language():
    for language in LANGUAGES:
        months = [write_month(float(day), language) for day in range(16436, 16801, 30)]
        assert [csv_number(text, language) for text in months][:3] == ["2015-01", "2015-01", "2015-03"]
    assert csv_number(CONTROLS.mark, "da") == CONTROLS.mark


def test_a_p_value_stays_on_its_side_of_a_level():
    levels = {"*": 0.05, "**": 0.01}
    assert [round_p(p, levels) for p in (0.0496, 0.0504, 0.0099, 0.2)] == [0.049, 0.05, 0.009, 0.2]


FEW = "some groups have fewer than 5 persons of a kind"
ROUNDED = {
    "left out the answers of 2 persons who are not analysed": "left out the answers of <5 persons who are not analysed",
    "left out 1 persons whose outcome is unknown": "left out <5 persons whose outcome is unknown",
    "left out 12 persons without every covariate": "left out 10 persons without every covariate",
    "left out 3 persons without the variable that makes the groups": "left out <5 persons without the variable that "
    "makes the groups",
    "left out 13 persons without a known week at risk": "left out 15 persons without a known week at risk",
    "followed 2 persons for fewer weeks, to one that is unknown": "followed <5 persons for fewer weeks, to one that is "
    "unknown",
    "302 of 657 are treated, where a lot of probability 0.5 gives 328.5": "300 of 655 are treated, where a lot of "
    "probability 0.5 gives 330",
    "bandwidth 5.83693": "bandwidth 5.8",
    "left out 3 persons without the variables of the strata": "left out <5 persons without the variables of the strata",
    "left out 3 persons whose attendance is not known": "left out <5 persons whose attendance is not known",
    "weighted, as precise as 444 persons": "weighted, as precise as 445 persons",
}
OF_FEW = (
    "one arm only, so no comparison, in Nordby, Sydby",
    "left out of the average, one arm only: Nordby",
    "one arm only, so one mean, in 3 teams",
    "left out 7 persons of whose team nobody else has the variable",
    "dropped week 3 (person-weeks: 41, teams: 2)",
    "the outcome is fitted exactly: no standard error",
    "what the effect rests on does not vary between clusters: no standard error",
    "a single person in an arm of Nordby, Sydby: no standard error",
    "left out 7 persons of whose team all are of one arm",
    "no estimate: one arm only in a stratum",
    "no estimate: no stratum has answers in both arms",
    "no estimate: no control is in the group",
    "no estimate: one arm only in the group women",
    "no estimate: no municipality has both arms in the group women",
    "no estimate: 3 observations are too few for 4 coefficients",
    "no estimate: nobody of the treated group is at risk",
    "no estimate: nobody leaves in the 36 person-weeks of the control group",
    "no estimate: everybody leaves in the first week of the treated group",
    "no estimate: nobody or everybody leaves in every interval or stratum of the 36 person-weeks",
    "no estimate: all values are equal",
    "no estimate: all 7 outcomes lie at the limits 0 and 10",
    "no estimate: 2 outcomes lie outside the limits 0 and 10",
    "Peter of Nordby has left",  # of no kind that is known
    "no estimate: the mean of the control group is zero or not known",
    "no estimate: the treatment does not differ between those who were offered it and the others",
    "no estimate: attendance follows the offer exactly",
)
WHOLE = (
    "more of the treated answered, so theirs are trimmed",
    "more of the controls answered, so theirs are trimmed",
    "as many answered in both arms",
    "more of the treated answered in wait_low",
    "more of the controls answered in wait_high",
    "left out the covariate female, which the split determines",
    "left out the covariate female, which the others determine",
    "left out 2 specifications without a standard error",
    "fewer than two clusters: no standard error",
    "no estimate: who attended is not in the extract",
    "printed in Trial report",
    FEW,
    f"{FEW}: no standard error",
    f"no estimate: {FEW}",
    "no estimate: nobody is in the sample",
    "no estimate: nobody in the group women",
    "no estimate: nobody has a known outcome and every covariate",
    "no estimate: nobody in the arm has the variable pain",
    "no estimate: nobody is at risk",
    "no estimate: nobody is counted",
    "no estimate: fewer than 5 persons",
    "no estimate: the allocations have no date",
    "no estimate: the column female is determined by the others",
    "no estimate: fewer than two clusters",
    "no estimate: no specification has a standard error",
    "no estimate: the likelihood has no maximum",
    "no estimate: who attended is not in the extract",
    "no estimate: the offer's effect on attendance is not told from zero, so the Anderson-Rubin set has no two limits",
    "weak first stage: hold to the Anderson-Rubin limits",
    "no number: no effect however large is rejected, for too few draws or clusters",
    "no number: no effect however far below is rejected, for too few draws or clusters",
    "no number: its errors are not clustered",
    "no number: the lot is drawn again for one effect of clustered means only",
    "no number: weights follow from who answered in which arm, so every lot would have others",
    "no number: by the score, which gives no limits",
    "no number: made of least squares alone",
    "no number: no family of tests is declared",
    "no number: without any one cluster there is no estimate",
    "",
)


def test_a_note_of_each_kind_tells_of_no_single_person_and_no_group_of_one():
    for note, leaves in {**ROUNDED, **dict.fromkeys(WHOLE)}.items():
        assert released_note(note, CONTROLS) == (leaves or note)
    for note in OF_FEW:
        begins = "no estimate: " if note.startswith("no estimate") else ""
        ends = ": no standard error" if note.endswith(": no standard error") else ""
        assert released_note(note, CONTROLS) == f"{begins}{FEW}{ends}"
    tried = [note.removeprefix("no estimate: ").removeprefix("no number: ") for note in (*ROUNDED, *OF_FEW, *WHOLE)]
    assert [kind.pattern for kind in KINDS if not any(re.fullmatch(kind.pattern, note) for note in tried)] == []
    assert released_note("; ".join([*OF_FEW[:3], "bandwidth 5.83693"]), CONTROLS) == f"{FEW}; bandwidth 5.8"


@pytest.mark.parametrize(
    ("bounds", "said"),
    [({"persons": 2}, ">= 3"), ({"base": 6}, r"base = 6 is more than persons = 5.* give base 1 to 5"),
     ({"base": 0}, ">= 1"), ({"degrees": 4}, ">= 5"), ({"density_decimals": 4}, "<= 3"),
     ({"density_spacing": 0.9}, ">= 1"),
     ({"uncertainty": 4}, r"uncertainty = 4 does not fit persons = 5.* give uncertainty 2 to 3"),
     ({"uncertainty": 1}, "give uncertainty 2 to 3"), ({"persons": 3, "base": 3}, "give uncertainty 1 to 1"),
     ({"curve_base": 9}, r"curve_base = 9 is less than twice persons = 5.* give curve_base 10")],
)  # fmt: skip
def test_bounds_that_would_let_few_persons_out_are_refused(bounds, said):
    with pytest.raises(InputError, match=rf"disclosure\.toml.*{said}"):
        convert({**as_toml(), "bounds": load_bounds() | bounds}, Disclosure, "disclosure.toml")


def test_no_setting_says_what_a_rule_does_with_a_number():
    rules = as_toml()["rules"]
    assert list(STATUS) == list(rules)
    rules["few_persons"]["status"] = "pass"
    with pytest.raises(InputError, match=r"disclosure\.toml.*unknown field `status`"):
        convert({**as_toml(), "rules": rules}, Disclosure, "disclosure.toml")


def as_toml():
    import tomllib

    return tomllib.loads(Path("config/disclosure.toml").read_text(encoding="utf-8"))


def load_bounds():
    return as_toml()["bounds"]


def test_control_of_a_real_extract_cannot_be_switched_off():
    assert require_control(extract(synthetic=False), Asked("")) is True
    assert require_control(extract(synthetic=True), Asked("")) is False
    assert require_control(extract(synthetic=True), Asked("on")) is True
    with pytest.raises(InputError, match="always controlled"):
        require_control(extract(synthetic=False), Asked("off"))


def test_no_stage_after_disclosure_control_reads_an_estimate_or_a_number_that_is_not_released():
    """By the records of the build: what stages read that are made after released.parquet.

    The comparison of the synthetic trial alone has exact numbers, to set them beside printed ones of more digits.
    """
    runs = Path("data_derived/twin/runs")
    records = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in runs.glob("*.json")}
    after = {"disclosure"}
    while True:
        made = {path for name in after for path in records[name]["outputs"]}
        more = {name for name, record in records.items() if made & set(record["inputs"])} | after
        if more == after:
            break
        after = more
    after -= {"disclosure"}
    assert {"tables", "figures-1", "panels", "report", "published"} <= after
    for name in after - {"provenance"}:  # which reads records alone
        for path in records[name]["inputs"]:
            assert "/estimates/" not in path, (name, path)
            assert (name, Path(path).name) == ("published", "shown.parquet") or Path(path).name not in (
                "shown.parquet",
                "sample.parquet",
                "background.parquet",
                "exclusions.parquet",
            )


def test_what_is_drawn_and_written_of_the_synthetic_trial_has_the_digits_that_are_shown():
    left = pd.read_parquet("data_derived/twin/released.parquet")
    exact = pd.read_parquet("data_derived/twin/shown.parquet").set_index("cell_id")["value"]
    for text, unit, value in zip(left["text"], left["unit"], left["value"], strict=True):
        assert value == pytest.approx(shown_value(text, unit, "en"), nan_ok=True)
    drawn = pd.concat([pd.read_csv(path) for path in sorted(Path("reports/twin/figures").glob("*.csv"))])
    longest = drawn["value"].map(lambda value: len(re.sub(r"^-?0?\.?0*", "", f"{value:.10g}").replace(".", "")))
    assert longest.max() <= 5
    assert len(exact) == len(left)


def test_settings_read_the_file_of_the_project():
    assert load_input(Path("config/disclosure.toml")).bounds.persons >= 3


@pytest.mark.parametrize(
    ("facts", "said"),
    [({}, None), ({"attacked": {}}, "no attacker was tried"),
     ({"synthetic": True, "applied": False, "failing": 9}, None),
     ({"failing": 2}, "2 numbers fail"), ({"after": 1}, "1 numbers fail"),
     ({"attacked": {"tried": 5, "tight": 3}}, "3 numbers that are withheld are told by others")],
)  # fmt: skip
def test_a_release_refuses_what_fails(facts, said):
    judged = {
        "extract": "x",
        "synthetic": False,
        "applied": True,
        "failing": 0,
        "after": 0,
        "attacked": {"tried": 5, "found": 1, "tight": 0},
        "bounds": load_bounds(),
    }
    if said is None:
        require_released({**judged, **facts})
    else:
        with pytest.raises(InputError, match=said):
            require_released({**judged, **facts})
