"""The register histories of the twin, recomputed from their arrays with another package's estimators."""

import csv
import time
from pathlib import Path

import numpy as np
import pytest
import statsmodels.api as sm

from pipeline.errors import InputError
from pipeline.twin.frame import build_frame
from pipeline.twin.histories import CHOICES, build_histories

FIRST_MONDAY = np.datetime64("2012-01-02")
PRE, HORIZON, RUN = 104, 81, 4
BENEFIT_GROUPS = {
    "sickness_benefit",
    "job_clarification",
    "resource_scheme",
    "sickness_benefit_in_flexjob",
    "disability_pension",
    "sheltered_job",
}
PENSIONS = {"disability_pension", "sheltered_job"}  # on benefit, but no longer at risk of leaving it
COVARIATES = ("bipq_treatment_control", "expected_time_to_return", "ordinary_job")
EDGE = 1e-9  # a number on the edge of its rounding counts as met


def read(path: str | Path) -> list[dict[str, str]]:
    with Path(path).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def frame():
    return build_frame()


@pytest.fixture(scope="module")
def histories(frame):
    return build_histories(frame)


@pytest.fixture(scope="module")
def trial(frame, histories):
    """Columns of the analysed persons, and their weeks around allocation: position PRE is week 0."""
    kept = np.asarray(frame.analysed)
    week = (frame.allocation_date[kept] - FIRST_MONDAY).astype(int) // 7
    groups = {int(row["code"]): row["group"] for row in read("config/benefit_codes.csv")}
    group = np.vectorize(lambda code: groups.get(int(code), ""))(histories.codes[kept])
    thursday = (FIRST_MONDAY + 3 + 7 * np.arange(histories.codes.shape[1])).astype("datetime64[M]")
    month = (thursday - np.datetime64("2012-01")).astype(int)
    paid = np.pad(histories.wage[kept], ((0, 0), (0, 1)))[:, month]  # the last week has no month
    around = week[:, None] + np.arange(-PRE, HORIZON + RUN)
    inside = around < histories.codes.shape[1]
    around = np.minimum(around, histories.codes.shape[1] - 1)

    def window(marks):
        return np.take_along_axis(marks, around, axis=1) & inside

    scores = {row["person"]: row for row in read("pipeline/twin/calibrated/scores.csv")}
    people = [scores[str(person)] for person in frame.person[kept]]
    columns = {name: np.array([float(one[name] or "nan") for one in people]) for name in (*COVARIATES, "self_efficacy")}
    benefit = window(np.isin(group, list(BENEFIT_GROUPS)))
    return columns | {
        "treated": frame.treated[kept].astype(float),
        "wait": frame.wait_days[kept],
        "place": frame.municipality[kept],
        "team": np.unique(frame.team[kept], return_inverse=True)[1],
        "employment": window((histories.codes[kept] == 0) & paid),
        "sickness_benefit": benefit,
        "at_risk": window(np.isin(group, list(BENEFIT_GROUPS - PENSIONS))),
        "pre_share": benefit[:, :PRE].mean(axis=1),
    }


def samples(trial):
    everyone = np.ones(len(trial["wait"]), dtype=bool)
    low = trial["self_efficacy"] <= 10
    return {
        "all": everyone,
        "control": trial["treated"] == 0,
        "ltjs": trial["treated"] == 1,
        "short_wait": trial["wait"] < 7,
        "long_wait": trial["wait"] >= 7,
        "low_self_efficacy": low,
        "high_self_efficacy": trial["self_efficacy"] >= 11,
    }


def fit(trial, outcome, sample, covariates=(), groups=None):
    """Least squares of the outcome on treatment by group, group-by-place dummies and covariates; clustered on team."""
    groups = [np.ones(len(sample), dtype=bool)] if groups is None else groups
    sample = sample & np.isfinite([*covariates, trial["treated"]]).all(axis=0) & np.logical_or.reduce(groups)
    arms = [group[sample] * trial["treated"][sample] for group in groups]
    dummies = [
        group[sample] & (trial["place"][sample] == place) for group in groups for place in np.unique(trial["place"])
    ]
    columns = [*arms, *(one for one in dummies if one.any()), *(one[sample] for one in covariates)]
    result = sm.OLS(outcome[sample], np.column_stack(columns).astype(float)).fit()
    return result.get_robustcov_results("cluster", groups=trial["team"][sample])


def curve_point(trial, sample, outcome, week):
    covariates = [*(trial[name] for name in COVARIATES), trial["pre_share"]]
    share = trial[outcome][:, PRE + 1 : PRE + 1 + week].mean(axis=1)
    result = fit(trial, share, samples(trial)[sample], covariates)
    return result.params[0], abs(result.tvalues[0])


def is_met(row, value, scale=1.0):
    return abs(scale * value - float(row["value"])) <= 0.5 * 10 ** -int(row["decimals"]) + EDGE


def test_histories_are_the_same_each_time_and_quick(frame, histories):
    started = time.process_time()
    again = build_histories(frame)
    assert time.process_time() - started < 3  # the demand on a build that needs no solver
    for name in ("person", "codes", "degree_hundredths", "branche"):
        np.testing.assert_array_equal(getattr(again, name), getattr(histories, name))


def test_codes_are_in_the_code_table_and_wage_records_are_whole(histories):
    known = {int(row["code"]) for row in read("config/benefit_codes.csv") if row["valid_from"] <= "201708"}
    assert set(np.unique(histories.codes).tolist()) <= known | {0}
    degree = histories.degree_hundredths
    np.testing.assert_array_equal(degree > 0, histories.wage)
    assert degree.max() == 100
    assert histories.branche[histories.wage].min() >= 100_000


def test_no_week_of_an_analysed_person_is_unknown_around_allocation(frame, histories):
    week = (frame.allocation_date - FIRST_MONDAY).astype(int) // 7
    for row in np.flatnonzero(frame.analysed):
        assert not np.isin(histories.codes[row, week[row] - PRE : week[row] + HORIZON + RUN], (997, 998, 999)).any()
    assert {997, 998, 999} <= set(np.unique(histories.codes).tolist())


def test_everyone_is_sick_listed_at_allocation(trial):
    assert trial["at_risk"][:, PRE - 5 : PRE + 1].all()
    assert 0.02 < 1 - trial["at_risk"][:, PRE + 1].mean() < 0.15  # some leave in week 1, as in the report's figure 3.1


def shift(row):
    return ",".join(["", *row.split(",")[:-1]])


CHANGES = [
    (
        "another candidate",
        lambda row: row.replace(row.split(",")[1], str(int(row.split(",")[1]) + 1000), 1),
        "not those",
    ),
    ("a short row", lambda row: row.split(",")[0], "line 2, column before_choice"),
    ("a shifted row", shift, "line 2, column person"),
    ("a spell too long", lambda row: row.replace("sick ", "sick 9", 1), "line 2, column after"),
]


@pytest.mark.parametrize(("change", "message"), [pytest.param(*one[1:], id=one[0]) for one in CHANGES])
def test_a_changed_choice_names_its_place_and_the_remedy(frame, tmp_path, change, message):
    path = tmp_path / "histories.csv"
    header, first, *others = CHOICES.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([header, change(first), *others]) + "\n", encoding="utf-8")
    with pytest.raises(InputError, match=rf"histories\.csv.*{message}.*make calibrate") as caught:
        build_histories(frame, path)
    assert "sick" not in str(caught.value)  # no person's course in a message


@pytest.mark.parametrize("content", [None, "", "person,1\n"])
def test_choices_that_are_none_name_the_remedy(frame, tmp_path, content):
    path = tmp_path / "histories.csv"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match="make calibrate"):
        build_histories(frame, path)


def test_windows_before_allocation_are_those_of_tables_2_2_and_2_3(trial):
    met = []
    for row in read("data_raw/published/tables.csv"):
        state, _, weeks = row["name"].partition("_pre_")
        if row["exhibit"] not in ("table_2_2", "table_2_3") or not weeks:
            continue
        first, last = (PRE - int(week) for week in weeks.split("_"))
        share = trial[state][:, first : last + 1].mean(axis=1)
        sample = samples(trial)[row["column"]]
        if row["statistic"] == "mean":
            met.append(is_met(row, share[sample].mean(), 100))
        else:
            met.append(is_met(row, fit(trial, share, sample).params[0]))
    assert len(met) == 176
    assert np.mean(met) >= 0.95


# sample, outcome, week, lowest and highest effect: printed, or as the text of sections 3.2 and 3.3 puts it
POINTS = [
    ("all", "sickness_benefit", 1, 0.05045, 0.05055),
    ("all", "sickness_benefit", 45, 0.07155, 0.07165),
    ("all", "sickness_benefit", 81, 0.05605, 0.05615),
    ("all", "employment", 13, -0.0130, -0.0090),
    ("all", "employment", 81, -0.0135, -0.0125),
    ("short_wait", "employment", 10, 0.0180, 0.0200),
    ("short_wait", "employment", 81, 0.0350, 0.0400),
    ("long_wait", "employment", 2, -0.0100, 0.0100),
    ("long_wait", "employment", 45, -0.0490, -0.0410),
    ("long_wait", "employment", 81, -0.0550, -0.0450),
    ("long_wait", "sickness_benefit", 5, 0.0650, 0.0850),
    ("long_wait", "sickness_benefit", 81, 0.0700, 0.0850),
]


@pytest.mark.parametrize(("sample", "outcome", "week", "low", "high"), POINTS)
def test_the_curves_run_through_the_points_of_the_text(trial, sample, outcome, week, low, high):
    effect, _ = curve_point(trial, sample, outcome, week)
    assert low <= effect <= high


def test_the_curves_are_significant_where_the_text_says(trial):
    ten, five = 1.682, 2.018  # two-sided points of t with 42 degrees of freedom
    t = {
        key: {week: curve_point(trial, *key, week)[1] for week in (1, 5, 10, 16, 20, 26, 31, 40, 61, 71, 81)}
        for key in (("all", "employment"), ("short_wait", "employment"), ("short_wait", "sickness_benefit"))
    }
    assert max(t["all", "employment"].values()) < ten
    assert max(t["short_wait", "sickness_benefit"].values()) < five
    short = t["short_wait", "employment"]
    assert min(short[week] for week in (10, 16, 20, 26, 31)) > ten
    assert max(short[week] for week in (1, 5, 40, 61, 71, 81)) < ten
    assert min(curve_point(trial, "long_wait", "employment", week)[1] for week in (61, 71, 81)) > five
    assert curve_point(trial, "long_wait", "employment", 54)[1] < five
    assert curve_point(trial, "all", "sickness_benefit", 1)[1] > five


HAZARDS = [
    ("all", "employment", -0.17, 30412),
    ("short_wait", "employment", 0.05, 12620),
    ("long_wait", "employment", -0.24, 17536),
    ("all", "sickness_benefit", -0.14, 19966),
    ("short_wait", "sickness_benefit", -0.04, 7634),
    ("long_wait", "sickness_benefit", -0.28, 12168),
]


def exits(trial, outcome):
    """Week of exit, or the last at risk, and whether the person left."""
    if outcome == "employment":
        worked = trial["employment"][:, PRE + 1 :]
        leaves = np.logical_and.reduce([worked[:, step : HORIZON + step] for step in range(RUN)])
    else:
        leaves = ~trial["at_risk"][:, PRE + 1 : PRE + 1 + HORIZON]
    left = leaves.any(axis=1)
    return np.where(left, leaves.argmax(axis=1) + 1, HORIZON), left


@pytest.mark.parametrize(("sample", "outcome", "printed", "person_weeks"), HAZARDS)
def test_hazards_are_those_of_tables_3_1_and_3_2(trial, sample, outcome, printed, person_weeks):
    weeks, left = exits(trial, outcome)
    cells: dict[tuple, list[int]] = {}
    for i in np.flatnonzero(samples(trial)[sample]):
        for week in range(1, weeks[i] + 1):
            key = (trial["treated"][i], min((week - 1) // 4, 19), trial["place"][i])
            cell = cells.setdefault(key, [0, 0])
            cell[0] += 1
            cell[1] += bool(left[i] and week == weeks[i])
    for part in (1, 2):  # an interval or a municipality without exits is dropped with its weeks
        with_exit = {key[part] for key, (_, gone) in cells.items() if gone}
        cells = {key: counts for key, counts in cells.items() if key[part] in with_exit}
    counts = np.array(list(cells.values()))
    keys = [[key[part] for key in cells] for part in range(3)]
    dummies = [np.unique(keys[part], return_inverse=True)[1] for part in (1, 2)]
    indicators = [dummies[0][:, None] == np.arange(dummies[0].max() + 1)]
    indicators.append(dummies[1][:, None] == np.arange(1, dummies[1].max() + 1))
    design = np.column_stack([keys[0], *indicators]).astype(float)
    result = sm.GLM(np.column_stack([counts[:, 1], counts[:, 0] - counts[:, 1]]), design, sm.families.Binomial()).fit()
    assert abs(result.params[0] - printed) < 0.011  # a tenth of its standard error; numbers conflict
    assert abs(counts[:, 0].sum() / person_weeks - 1) < 0.01


def test_effects_by_self_efficacy_are_those_of_table_3_3(trial):
    moved = {row["row"]: row["used"] for row in read("calibration/histories/relabelled.csv")}
    covariates = [*(trial[name] for name in COVARIATES), trial["pre_share"]]
    met = {"coef": [], "control_mean": []}
    for row in read("data_raw/published/tables.csv"):
        if row["exhibit"] != "table_3_3" or row["statistic"] not in met:
            continue
        is_low = row["panel"] == "low"
        cut = int(row["row"].split("-")[1]) if is_low else int(moved[row["row"]].split("-")[0]) - 1
        groups = [trial["self_efficacy"] <= cut, trial["self_efficacy"] > cut]
        share = trial[row["column"]][:, PRE + 1 : PRE + 1 + HORIZON].mean(axis=1)
        if row["statistic"] == "coef":
            effect = fit(trial, share, samples(trial)["all"], covariates, groups).params[0 if is_low else 1]
            met["coef"].append(is_met(row, effect))
        else:
            control = groups[0 if is_low else 1] & (trial["treated"] == 0)
            met["control_mean"].append(abs(share[control].mean() - float(row["value"])) <= 0.02)
    assert len(met["coef"]) == len(met["control_mean"]) == 36
    assert np.mean(met["coef"]) >= 0.90
    assert all(met["control_mean"])  # some contradict each other given the sizes of the groups, none by more
