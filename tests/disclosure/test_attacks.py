"""Each attack succeeds against the numbers in full digits, which shows that it can, and fails against what leaves."""

import json
import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks import confidentiality as measured
from benchmarks.confidentiality import DERIVED, MEASURED, REPORTS
from pipeline.disclosure.sayings import without_counts, write_sayings
from pipeline.runner.inputs import load_input
from pipeline.stages import figures
from tests.disclosure import attacks
from tests.disclosure.attacks import NOTHING, Between

ARMS, GROUPS, WAITS = ["control", "treated"], ["low_self_efficacy", "high_self_efficacy"], ["short_wait", "long_wait"]
PERSONS = ("n", "n_treated", "n_control", "at_risk")
PERSON_WEEKS = ("table_3_1", "table_3_2")  # tables that count weeks of persons
PERCENT = Between(0.01, 0.01)
DAYS = np.arange(0.0, 181)


@pytest.fixture(scope="module")
def persons() -> pd.DataFrame:
    """Who is analysed, with waiting time, self-efficacy and the rest: what no attacker has."""
    treated = pd.read_parquet(DERIVED / "sample.parquet")[["person", "treated"]]
    return pd.read_parquet(DERIVED / "background.parquet").merge(treated, on="person")


@pytest.fixture(scope="module")
def worlds(exact, controlled) -> tuple:
    """The numbers in full digits, and those that left."""
    return exact, controlled.seen


def of(shown, exhibit, statistic="estimate", unit=None) -> list[str]:
    """The addresses of an exhibit."""
    own = shown[(shown["exhibit"] == exhibit) & (shown["statistic"] == statistic)]
    return list(own.loc[own["unit"] == unit if unit else own["unit"].notna(), "cell_id"])


def test_two_pairs_of_columns_do_not_tell_what_the_persons_have_who_are_in_one_pair_only(shown, worlds, persons):
    rows = list(dict.fromkeys(shown.loc[shown["exhibit"] == "table_2_2", "row"]))
    told, left = (attacks.differencing(seen, "table_2_2", rows, ARMS, GROUPS) for seen in worlds)
    missing = persons[persons["self_efficacy"] % 1 != 0]  # not known, or between the groups
    assert len(missing) == 2
    assert told["age"] == pytest.approx(missing["age"].sum(), abs=0.01)
    assert told["ordinary_job"] / 100 == pytest.approx(missing["ordinary_job"].sum(), abs=0.01)
    assert len(told) > 40
    assert not left
    assert not attacks.differencing(worlds[1], "table_2_2", rows, WAITS, GROUPS)


def alone(values: pd.Series) -> set[float]:
    """The values that one person has, with nobody two days or less away."""
    kept = values.dropna().to_numpy()
    return {value for value in kept if (abs(kept - value) <= 2).sum() == 1}


def density(values, shown, arm) -> tuple:
    """Points, heights, bandwidth and number of persons of the density of waits, of the points that are given."""
    own = shown[shown["cell_id"].str.fullmatch(rf"figure_2_3/all/wait_days/\d+/{arm}")]
    known = [address for address in own["cell_id"] if np.isfinite(values[address])]
    width = float(re.search(r"bandwidth ([\d.]+)", own["note"].iloc[0])[1])
    points, heights = ([values[name] for name in names] for names in ([f"{name}/x" for name in known], known))
    return np.array(points), np.array(heights), width, values[f"figure_2_3/all/wait_days/n_{arm}"]


@pytest.mark.parametrize(("arm", "fewest"), [("control", 4), ("treated", 2)])
def test_a_density_does_not_tell_how_long_one_person_waited(shown, controlled, persons, arm, fewest):
    waits = alone(persons.loc[persons["treated"] == (arm == "treated"), "wait_days"])
    told, left = (
        set(attacks.single_values(*density(numbers.set_index("cell_id")["value"], numbers, arm), DAYS))
        for numbers in (shown, controlled.released)
    )
    assert len(told & waits) >= fewest
    assert not left & waits


def test_no_step_of_a_survival_curve_is_of_few_persons(shown, worlds):
    def steps(seen) -> int:
        found = 0
        for (_, _, _), own in shown[shown["exhibit"].isin(["figure_3_1", "figure_3_4"])].groupby(
            ["exhibit", "panel", "column"]
        ):
            points = [
                seen[name] for name in own.loc[own["statistic"] == "estimate", "cell_id"] if seen[name] != NOTHING
            ]
            begin = own.loc[own["statistic"] == "at_risk", "cell_id"].iloc[:1]
            found += sum(attacks.small_steps(points, seen[name]) for name in begin)
        return found

    assert [steps(seen) > 250 for seen in worlds] == [True, False]
    assert steps(worlds[1]) == 0


def test_a_curve_beside_those_of_its_parts_does_not_tell_when_few_left(shown, worlds, controlled):
    bounds = controlled.judged["bounds"]
    own = shown[shown["cell_id"].str.fullmatch(r"figure_3_[14]/\w+/employment_exit/\d+/control(/at_risk)?")]
    own = own.assign(group=own["cell_id"].str.split("/").str[1])

    def gone(seen, group, half) -> tuple[Between, list[Between]]:
        points = own[own["group"] == group]
        begin = seen[points.loc[points["statistic"] == "at_risk", "cell_id"].iloc[0]]
        found = []
        for name in points.loc[points["statistic"] == "estimate", "cell_id"]:
            count = begin.middle * (1 - seen[name].middle)
            found.append(Between(max(round(count) - half, 0), round(count) + half))
        return begin, found

    counts = []
    for seen, half in zip(worlds, (0.0, bounds["curve_base"] / 2), strict=True):
        curves = {group: gone(seen, group, half) for group in ("all", *WAITS)}
        sizes, left = ({group: each[k] for group, each in curves.items()} for k in (0, 1))
        counts.append(attacks.told_exits(left, "all", sizes, enough=3))
    assert counts == [3, 0]


def remainders(seen, counts) -> dict[str, Between]:
    """What the total of a team, or the randomised of an arm, leave for a part when the others are taken from them."""
    found = {}
    for name in counts:
        exhibit, first, last = name.split("/")
        if exhibit == "table_2_1" and last in ARMS:
            total, parts = f"{exhibit}/{first}/total", [f"{exhibit}/{first}/{arm}" for arm in ARMS]
        elif exhibit == "figure_2_2" and last not in ("randomised", "analysed"):
            total = f"{exhibit}/{first}/randomised"
            parts = [each for each in counts if each.split("/")[1] == first and each != total]
        else:
            continue
        rest = seen.get(total, NOTHING)
        for part in set(parts) - {name}:
            rest = rest - seen[part]
        found[name] = rest
    return found


@pytest.mark.parametrize(("exhibit", "fewest"), [("table_2_1", 25), ("figure_2_2", 2)])
def test_no_team_and_no_step_of_the_flow_is_told_to_be_of_few_persons(shown, worlds, exhibit, fewest):
    counts = of(shown, exhibit, unit="count")
    direct = [attacks.small_counts({name: seen[name] for name in counts}) for seen in worlds]
    left_over = [attacks.small_counts(remainders(seen, counts)) for seen in worlds]
    assert min(len(direct[0]), len(left_over[0])) >= fewest
    assert not direct[1]
    assert not left_over[1]


def test_no_day_of_a_single_person_is_told(shown, controlled):
    ends = shown["exhibit"].eq("table_2_1") & shown["unit"].eq("date")
    assert attacks.days_told(shown.loc[ends, "text"]) > 80
    assert not attacks.days_told(controlled.released.loc[ends, "text"])


def test_no_percentage_is_told_to_be_of_few_and_no_two_cut_offs_to_be_few_apart(shown, worlds):
    shares, sizes = of(shown, "table_2_2", unit="share"), [f"table_3_3/low_{cut}/size/estimate" for cut in range(6, 15)]

    def told(seen) -> list[str]:
        analysed = seen["table_3_3/low_7/size/n"] + seen["table_3_3/high_8/size/n"]
        apart = {two: (seen[two] - seen[one]) * analysed * PERCENT for one, two in pairwise(sizes)}
        columns = {name: seen[f"table_2_2/observations/{name.rpartition('/')[2]}"] for name in shares}
        return attacks.small_shares({name: seen[name] for name in shares}, columns) + attacks.small_counts(apart)

    def in_groups(seen) -> list[str]:
        """Of yes and no in the group of the lowest self-efficacy, of whom there are no more than of the next."""
        cells = shown[
            shown["cell_id"].str.fullmatch(r"table_3_5/(\w+_painkillers|\w+_medicine)/low_[67]_control/estimate")
        ]
        most = Between(1.0, seen["table_3_3/low_7/size/n_control"].high)
        return [name for name in cells["cell_id"] if ((Between(1.0, 1.0) - seen[name]) * most).high < attacks.FEW]

    assert in_groups(worlds[0])
    assert not told(worlds[1])
    assert not in_groups(worlds[1])


def test_no_two_numbers_of_persons_differ_by_few(shown, worlds):
    counts = shown.loc[shown["statistic"].isin(PERSONS) & ~shown["exhibit"].isin(PERSON_WEEKS), "cell_id"]
    told, left = (attacks.near_pairs([seen[name] for name in counts]) for seen in worlds)
    assert (told >= 9, left) == (True, 0)


def test_a_mean_number_of_visits_in_a_small_group_does_not_tell_that_few_had_any(shown, worlds):
    """A mean of 0.07 among the 27 with the lowest self-efficacy is of two persons in hospital, or of one."""
    means = shown[
        shown["cell_id"].str.fullmatch(r"table_(3_5|6_2)/(\w+_visits|\w+_admissions)/low_[67]_control/estimate")
    ]

    def told(seen) -> list[str]:
        most = seen["table_3_3/low_7/size/n_control"].high
        return [name for name in means["cell_id"] if seen[name].low > 0 and seen[name].high * most < attacks.FEW]

    assert [bool(told(seen)) for seen in worlds] == [True, False]


def test_a_panel_does_not_tell_what_is_withheld_of_the_same_group_beside_it(shown, controlled):
    """The effect in a group has a mean of control of its own, which is that of the row beside it."""
    means = shown[shown["estimate_id"].str.contains("control_mean:")].drop_duplicates("estimate_id")
    effects = means["estimate_id"].str.replace("control_mean:", "treated:", regex=False)
    behind = controlled.made["behind.parquet"].set_index("estimate_id")["control_mean"].reindex(effects).to_numpy()
    withheld = [controlled.seen[name] == NOTHING for name in means["cell_id"]]
    whole = pd.concat([pd.read_parquet(path) for path in (DERIVED / "estimates").glob("*.parquet")])
    whole = whole.set_index("estimate_id")["control_mean"].reindex(effects).to_numpy()
    assert (sum(withheld) > 5, np.isfinite(whole[withheld]).all()) == (True, True)
    assert not np.isfinite(behind[withheld]).any()


def test_what_is_noted_of_an_estimate_tells_no_few_persons(shown, controlled):
    told, left = (sum(map(attacks.few_in_words, numbers["note"].unique())) for numbers in (shown, controlled.released))
    assert (told > 5, left) == (True, 0)


def test_what_the_checks_of_the_delivery_say_tells_no_number_of_persons(controlled):
    checks = load_input(DERIVED / "checks.csv")
    said, left = (
        re.findall(r"\d+ (?:of|af) \d+", write_sayings(rows))
        for rows in (checks, without_counts(checks, controlled.judged))
    )
    assert (len(said) >= 4, left) == (True, [])
    left = set(load_input(REPORTS / "checks.csv"))
    assert set(checks) - left > {"looked_at", "failing", "file", "line", "column"}


def test_the_coordinates_of_a_figure_tell_no_more_than_its_numbers(shown, controlled, persons):
    """The heights read off the paths of an SVG give single waits away in what was drawn, and not in what leaves."""
    words, language = json.loads((DERIVED / "words.json").read_text()), load_input(DERIVED / "language.toml")
    rest = (load_input(Path("config/exhibits.toml")), words, language, load_input(DERIVED / "groups.parquet"))
    drawn = {}
    for name, numbers in (("shown", controlled.released.assign(value=shown["value"])), ("left", controlled.released)):
        made = figures.run(
            numbers, *rest, load_input(Path("pipeline/show/map/outlines.csv")), wanted=["figure_2_3.svg"]
        )
        points, heights = attacks.read_curves(made["figure_2_3.svg"])[1]
        values = numbers.set_index("cell_id")["value"]
        _, _, width, n = density(values, shown, "control")
        drawn[name] = set(attacks.single_values(points, heights, width, n, DAYS))
    waits = alone(persons.loc[persons["treated"] == 0, "wait_days"])
    assert [bool(drawn[name] & waits) for name in ("shown", "left")] == [True, False]


def test_no_file_of_the_report_has_a_number_with_more_digits_than_an_exhibit_shows(shown):
    files = {path: path.read_text(encoding="utf-8") for kind in ("csv", "tex") for path in REPORTS.rglob(f"*.{kind}")}
    for path in REPORTS.rglob("table_published.csv"):  # its distances follow from what was rebuilt
        files[path] = " ".join(pd.read_csv(path, dtype=str, keep_default_na=False)["rebuilt"])
    page = (REPORTS / "index.html").read_text(encoding="utf-8")
    files[REPORTS / "index.html"] = re.search(r'id="panel-data">(.*?)</script>', page, re.DOTALL)[1]
    assert len(attacks.long_numbers(shown.to_csv())) > 1000
    assert not {str(path): found for path, text in files.items() if (found := attacks.long_numbers(text))}


def test_what_was_measured_for_the_data_owner_is_what_a_build_gives_now(controlled):
    assert controlled.judged["attacked"]["tried"], "without persons no attacker is tried"
    counts = pd.read_csv(MEASURED / "confidentiality.csv").to_numpy().tolist()
    assert [each for each in counts if each[0] != "scanner"] == measured.count_all(controlled.judged), "make measure"
    assert dict(each[1:] for each in counts if each[0] == "scanner")["findings"] == 0
    for name, now in (
        ("disclosure.csv", measured.count_exhibits(controlled.judged)),
        ("printed.csv", measured.count_printed(controlled.inputs)),
    ):
        stored = pd.read_csv(MEASURED / name, keep_default_na=False).to_numpy().tolist()
        assert stored == now, f"{name}: make measure"
