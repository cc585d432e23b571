"""A curve of specifications on a trial of sixteen: each choice by hand, the test of the curve by every allocation."""

import copy
from dataclasses import dataclass, fields, replace
from itertools import combinations, product

import msgspec
import numpy as np
import pandas as pd
import pytest

from pipeline.errors import InputError
from pipeline.estimate.curve_tests import NONE_KNOWN, estimate_curves
from pipeline.estimate.estimators import checked_models
from pipeline.estimate.problem import gather_data
from pipeline.settings.base import convert
from pipeline.settings.curves import WHOLE
from pipeline.settings.specifications import specifications
from pipeline.settings.study import Study
from pipeline.verify.packages.definitions import Definitions
from pipeline.verify.packages.redrawn_curves import p_values
from pipeline.verify.packages.trial import gather
from tests.models import unsaid

WEEKS, CLASSES, LEVEL = 4, 4, 0.6
WORDS = {"column": "x", "singular_en": "x", "plural_en": "x", "singular_da": "x", "plural_da": "x"}
ARM = {"value": "1", "label_en": "x", "label_da": "x"}
SETTINGS = {
    "time": {"horizon_weeks": WEEKS},
    "outcomes": {"unknown_weeks": "missing", "hazard_interval_weeks": 2},
    "inference": {"level": LEVEL, "stars": {}, "draws": 5000, "seed": 1},
    "design": {
        "person": "x", "arm": "x", "treated": ARM, "control": ARM, "drawn_within": "class",
        "stratum": {"name": "site", **WORDS}, "cluster": {"name": "class", **WORDS},
    },
    "samples": {
        "all": {"label_en": "x", "label_da": "x", "conditions": []},
        "young": {"label_en": "x", "label_da": "x", "conditions": [{"variable": "age", "below": 14}]},
    },
    "splits": {"at_2": {"variable": "score", "at_most": 2}, "at_3": {"variable": "score", "at_most": 3}},
    "peers": {"variable": "score", "below": 2.5, "exceeds": 0.4},
}  # fmt: skip
STUDY = convert(SETTINGS, Study, "study.toml")
MODEL = {
    "name_en": "", "name_da": "", "report": "", "equation": "", "formula": "", "words_en": "", "words_da": "",
    "reason": "requested", "purpose": "exploratory", "stage": "specifications", "estimator": "specifications",
    "outcomes": ["work"], "outcome_source": "complete_weeks", "weeks": "last", "samples": ["all"],
    "treatment": "treated", "covariates": ["score"], "fixed_effects": "site", "cluster": "class",
}  # fmt: skip


def choice(**options):
    return {"label_en": "x", "options": {name: {"label_en": name, **keys} for name, keys in options.items()}}


CURVE = {
    "estimator": "ols",
    "parameter": "treated",
    "choices": {
        "covariates": choice(report={}, none={"set": {"covariates": []}}, also={"further_covariates": ["age"]}),
        "definition": choice(work={}, free={"set": {"outcomes": ["free"]}}),
        "unknown": choice(
            left_out={},
            known={"set": {"outcome_source": "known_weeks"}},
            counted={"set": {"outcome_source": "every_week"}, "beside": ["definition"]},
        ),
        "sample": choice(every={}, young={"set": {"samples": ["young"]}, "beside": []}),
        "errors": choice(
            cluster={},
            stratum={"set": {"cluster": "site"}, "beside": []},
            person={"set": {"cluster": "none"}, "beside": []},
        ),
    },
}
SPLIT = {
    "estimator": "ols",
    "parameter": "treated:low",
    "choices": {
        "cut": choice(at_2={}, at_3={"set": {"splits": ["at_3"]}}),
        "errors": choice(cluster={}, person={"set": {"cluster": "none"}}),
    },
}
PEERS = {
    "estimator": "ols",
    "parameter": "treated:low:low_peers",
    "choices": {"among": choice(everybody={}, offered={"set": {"peers_among": "treated"}})},
}
OTHERS = {
    "estimator": "group_ols",
    "parameter": "treated",
    "choices": {"weights": choice(teams={}, sites={"set": {"estimator": "stratum_effects", "cluster": "none"}})},
}
EXITS = {
    "estimator": "discrete_hazard",
    "parameter": "treated",
    "choices": {
        "run": choice(one={}, two={"set": {"outcomes": ["two"]}}),
        "errors": choice(own={}, clustered={"parameter": "treated_clustered"}),
    },
}
EXIT = {"outcomes": ["one"], "weeks": "none", "link": "logit", "fixed_effects": "none", "covariates": []}
MODELS = {
    "plain": {**MODEL, "curve": CURVE},
    "split": {**MODEL, "splits": ["at_2"], "fixed_effects": "none", "covariates": ["age"], "curve": SPLIT},
    "peers": {
        **MODEL,
        "splits": ["at_2"],
        "peers": "separate",
        "fixed_effects": "none",
        "covariates": [],
        "curve": PEERS,
    },
    "others": {**MODEL, "covariates": [], "curve": OTHERS},
    "exits": {**{key: value for key, value in MODEL.items() if key != "outcome_source"}, **EXIT, "curve": EXITS},
}


@dataclass(frozen=True)
class Tables:
    sample: pd.DataFrame
    background: pd.DataFrame
    shares: pd.DataFrame
    weekly: pd.DataFrame
    durations: pd.DataFrame
    followup: pd.DataFrame
    exclusions: pd.DataFrame


@pytest.fixture(scope="module")
def tables():
    rng, n = np.random.default_rng(12), 4 * CLASSES
    person = np.arange(n)
    team = person // 4
    treated = np.array([1, 0, 1, 0] * 2 + [1, 0, 0, 0] + [0, 0, 1, 0])
    sample = pd.DataFrame(
        {"person": person, "treated": treated, "class": team.astype(str), "site": (team // 2).astype(str)}
    )
    people = pd.DataFrame(
        {"person": person, "score": rng.integers(0, 6, n).astype(float), "age": np.roll(person, 5) * 1.0}
    )
    states = (rng.random((n, WEEKS)) < 0.35 + 0.3 * treated[:, None]).astype(float)
    free = np.maximum(states, rng.random((n, WEEKS)) < 0.2)
    unknown = np.zeros((n, WEEKS), dtype=bool)
    unknown[[3, 10], 2:] = True  # dead after week 2
    weekly = pd.DataFrame({"person": np.repeat(person, WEEKS), "week": np.tile(np.arange(1, WEEKS + 1), n)})
    for name, values in (("work", states), ("free", free)):
        weekly[name] = pd.array(np.where(unknown, np.nan, values).ravel(), dtype="Int8")
    spells = {name: rng.integers(1, WEEKS + 1, n) for name in ("one", "two")}
    durations = pd.concat(
        pd.DataFrame({"person": person, "outcome": name, "weeks": weeks, "exited": rng.random(n) < 0.6})
        for name, weeks in spells.items()
    )
    nobody = pd.DataFrame({"person": []})
    return Tables(sample, people, pd.DataFrame(), weekly, durations, nobody, sample.assign(reason=""))


def data_of(tables):
    return gather_data({field.name: getattr(tables, field.name) for field in fields(tables)}, STUDY, pd.DataFrame())


@pytest.fixture(scope="module")
def found(tables):
    return estimate_curves(MODELS, data_of(tables)).set_index("estimate_id")


def outcome(tables, state, unknown):
    wide = tables.weekly.pivot(index="person", columns="week", values=state).astype(float)
    if unknown == "left_out":
        return wide.mean(axis=1).where(wide.notna().all(axis=1)).to_numpy()
    return (wide.mean(axis=1) if unknown == "known" else wide.sum(axis=1) / WEEKS).to_numpy()


def least_squares(y, x, clusters, place):
    """Coefficient `place` and its error, clustered with G/(G-1) (N-1)/(N-K)."""
    inverse = np.linalg.inv(x.T @ x)
    coefficients = inverse @ (x.T @ y)
    member = np.unique(clusters)[:, None] == clusters
    scores = member @ (x * (y - x @ coefficients)[:, None])
    g, (n, k) = len(scores), x.shape
    variance = g / (g - 1) * (n - 1) / (n - k) * (inverse @ scores.T @ scores @ inverse)
    return coefficients[place], np.sqrt(variance[place, place])


def by_hand(tables, ways, covariates, definition, unknown, sample, errors):
    """Estimate, error and degrees of freedom of a specification of the first curve, had each of `ways` been treated."""
    people, y = tables.sample.merge(tables.background), outcome(tables, definition, unknown)
    rows = np.isfinite(y) & ((people["age"].to_numpy() < 14) if sample == "young" else True)
    names = {"report": ["score"], "none": [], "also": ["score", "age"]}[covariates]
    others = np.column_stack([pd.get_dummies(people["site"], dtype=float), people[names]])[rows].astype(float)
    clusters = people["person" if errors == "person" else {"cluster": "class", "stratum": "site"}[errors]][rows]
    df = len(others) - others.shape[1] - 1 if errors == "person" else clusters.nunique() - 1
    designs = (np.column_stack([way[rows], others]) for way in ways)
    return np.array([(*least_squares(y[rows], x, clusters.to_numpy(), 0), df) for x in designs])


def test_every_choice_is_what_a_computation_by_hand_makes_it(tables, found):
    treated = tables.sample["treated"].to_numpy()
    own = found[(found["model"] == "plain") & (found["sample"] != "curve")]
    assert len(own) == 3 * 2 * 2 + 2 + 3  # crossed; counted beside the definition; and three one at a time
    for _, row in own.iterrows():
        (expected,) = by_hand(tables, [treated], *row["sample"].split("."))
        np.testing.assert_allclose([row["estimate"], row["se"], row["df"]], expected, atol=1e-12)


def test_a_cut_off_moves_the_group_and_the_peers_follow_whom_they_are_told_by(tables, found):
    people, y = tables.sample.merge(tables.background), outcome(tables, "work", "left_out")
    rows = np.isfinite(y)
    for cut in (2, 3):
        low = people["score"].to_numpy() <= cut
        treated = people["treated"].to_numpy()
        x = np.column_stack([treated * low, treated * ~low, low, ~low, people["age"]]).astype(float)
        for errors, clusters in (("cluster", people["class"]), ("person", people["person"])):
            expected = least_squares(y[rows], x[rows], clusters.to_numpy()[rows], 0)
            row = found.loc[f"split/at_{cut}.{errors}/work/{WEEKS}/treated:low"]
            np.testing.assert_allclose([row["estimate"], row["se"]], expected, atol=1e-12)
    low, below = people["score"].to_numpy() <= 2, people["score"].to_numpy() < 2.5
    for among, counts in (("everybody", np.ones(len(people))), ("offered", people["treated"].to_numpy())):
        others = np.array([(people["class"] == own) & (people["person"] != i) for i, own in enumerate(people["class"])])
        known = others @ counts
        peers = np.where(known > 0, (others @ (counts * below)) / np.maximum(known, 1) > 0.4, False)
        inside = rows & low & peers & (known > 0)
        treated = people["treated"].to_numpy() == 1
        cells = [(side, mark) for side in (low, ~low) for mark in (peers, ~peers)]
        x = np.column_stack([*(side & mark & treated for side, mark in cells), low, ~low]).astype(float)
        told = rows & (known > 0)
        estimate = np.linalg.lstsq(x[told], y[told], rcond=None)[0][0]
        assert inside.any()
        np.testing.assert_allclose(found.loc[f"peers/{among}/work/{WEEKS}/treated:low:low_peers", "estimate"], estimate)


def test_weights_count_teams_alike_or_strata_by_their_size(tables, found):
    people, y = tables.sample.merge(tables.background).assign(y=outcome(tables, "work", "left_out")), None
    known = people.dropna(subset=["y"])
    means = known.groupby(["class", "site", "treated"])["y"].mean().reset_index()
    x = np.column_stack([means["treated"], pd.get_dummies(means["site"], dtype=float)]).astype(float)
    y, error = least_squares(means["y"].to_numpy(), x, means["class"].to_numpy(), 0)
    row = found.loc[f"others/teams/work/{WEEKS}/treated"]
    np.testing.assert_allclose([row["estimate"], row["se"]], [y, error], atol=1e-12)
    arms = known.groupby(["site", "treated"])["y"].agg(["mean", "var", "size"]).unstack()
    share = known.groupby("site").size() / len(known)
    effect = (share * (arms["mean"][1] - arms["mean"][0])).sum()
    variance = (share**2 * (arms["var"][1] / arms["size"][1] + arms["var"][0] / arms["size"][0])).sum()
    row = found.loc[f"others/sites/work/{WEEKS}/treated"]
    np.testing.assert_allclose([row["estimate"], row["se"]], [effect, variance**0.5], atol=1e-12)


def test_an_exit_has_its_run_and_its_error(found):
    own = found[(found["model"] == "exits") & (found["sample"] != "curve")]
    assert own.index.tolist() == sorted(
        f"exits/{run}.{error}/{run}//treated{end}"
        for run, (error, end) in product(("one", "two"), (("own", ""), ("clustered", "_clustered")))
    )
    for run in ("one", "two"):
        plain, clustered = (
            own.loc[f"exits/{run}.own/{run}//treated"],
            own.loc[f"exits/{run}.clustered/{run}//treated_clustered"],
        )
        assert plain["estimate"] == clustered["estimate"]
        assert plain["se"] != clustered["se"]


def test_the_curve_is_tested_by_every_allocation(tables, found):
    """Enumerated: as many of each class as were treated, the draw that was made first; t by the computation by hand."""
    from scipy.stats import t as student

    names = [each.split(".") for each in specifications(checked_models(MODELS, STUDY.design)["plain"])]
    drawn = tables.sample["treated"].to_numpy()
    ways = []
    for chosen in product(*(combinations(range(4), own.sum()) for own in drawn.reshape(CLASSES, 4))):
        way = np.zeros(len(drawn), dtype=int)
        way[[4 * team + member for team, members in enumerate(chosen) for member in members]] = 1
        ways.append(way)
    ways.sort(key=lambda way: not np.array_equal(way, drawn))  # what was drawn comes first
    results = np.stack([by_hand(tables, ways, *name) for name in names], axis=1)
    t, df = results[:, :, 0] / results[:, :, 1], results[0, :, 2]
    critical = student.ppf(0.5 + LEVEL / 2, df)
    numbers = {
        "median": np.abs(np.median(t, axis=1)),
        "significant": np.maximum((t > critical).mean(axis=1), (t < -critical).mean(axis=1)),
        "largest": np.abs(t).max(axis=1),
    }
    for name, values in numbers.items():
        row = found.loc[f"plain/curve/work/{WEEKS}/{name}"]
        assert row["p_value"] == pytest.approx((values >= values[0] - 1e-9).mean(), abs=1e-12)
        shown = np.median(results[0, :, 0]) if name == "median" else values[0]
        assert row["estimate"] == pytest.approx(shown, abs=1e-12)


def test_a_curve_without_any_error_says_so_and_counts_its_specifications(tables, found):
    constant = replace(tables, weekly=tables.weekly.assign(work=1, free=1))
    rows = estimate_curves({name: MODELS[name] for name in ("plain", "others")}, data_of(constant))
    rows = rows.set_index("estimate_id")
    assert list(rows.index) == [each for each in found.index if each in rows.index]
    whole = rows[rows["sample"] == "curve"]
    counted = whole["parameter"] == "specifications"
    assert whole.loc[counted, "estimate"].to_list() == [2.0, 3 * 2 * 2 + 2 + 3]
    assert whole.loc[~counted, ["estimate", "p_value"]].isna().all(axis=None)
    assert set(whole.loc[~counted, "note"]) == {f"no estimate: {NONE_KNOWN}"}
    assert not unsaid(whole["note"])


def test_the_second_route_names_the_same_specifications():
    definitions = Definitions(SETTINGS, MODELS, {}, pd.DataFrame())
    for name, model in checked_models(MODELS, STUDY.design).items():
        first = {each.name: each for each in specifications(model).values()}
        second = {each: (row, effect) for each, row, effect in definitions.curve(name)}
        assert list(first) == list(second)
        for each, (row, effect) in second.items():
            assert first[each].parameter == effect
            own = msgspec.to_builtins(first[each].model)
            assert {key: row[key] for key in ("estimator", "covariates", "cluster", "samples")} == {
                key: own[key] for key in ("estimator", "covariates", "cluster", "samples")
            }


@pytest.mark.parametrize("name", ["plain", "split", "peers"])
def test_the_second_route_has_the_same_p_values_of_a_whole_curve(tables, found, name):
    own = {field.name: getattr(tables, field.name) for field in fields(tables)}
    route = gather(own, Definitions(SETTINGS, MODELS, {}, pd.DataFrame()))
    rows = found[(found["model"] == name) & found["se"].notna()].set_index("sample")
    named = [each for each in route.definitions.curve(name) if each[0] in rows.index]
    assert len(named) > 1
    whole = found[(found["model"] == name) & (found["sample"] == WHOLE)].set_index("parameter")["p_value"]
    second = p_values(named, route)
    assert second == {statistic: pytest.approx(whole[statistic], abs=1e-12) for statistic in second}
    assert len(second) == 3


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"estimator": "ols"}, "a curve has the estimator 'specifications'"),
        ({"stage": "itt"}, "curves are made by 'specifications'"),
        ({"curve": {**CURVE, "estimator": "mean"}}, "has the estimator 'mean'"),
        ({"curve": {**CURVE, "choices": {"one": choice(only={})}}}, "fewer than two options"),
        ({"curve": {**CURVE, "choices": {"one": choice(a={}, b={"beside": ["two"]})}}}, "no choice of the curve"),
        ({"curve": {**CURVE, "choices": {"one": choice(a={}, b={"set": {"weeks": "often"}})}}}, "is no model"),
        ({"curve": {"like": "nothing"}}, "does not lead to a curve"),
        (
            {"curve": {**CURVE, "parameter": "treated:lo"}},
            r"looks at the parameter 'treated:lo', .+ It has treated\. Mend the name",
        ),
        (
            {"splits": ["at_2"], "curve": {**SPLIT, "parameter": "treated"}},
            "It has treated:low, treated:high, treated:low",
        ),
        (
            {"outcome_source": None, **EXIT, "curve": {**EXITS, "parameter": "treated_clusterd"}},
            r"It has treated, treated_clustered\.",
        ),
    ],
)
def test_what_is_no_curve_is_refused(change, says):
    with pytest.raises(InputError, match=says):
        checked_models({"plain": {**MODELS["plain"], **change}}, STUDY.design)


def test_a_choice_that_is_left_out_is_one_of_the_other_curve():
    like = {"like": "plain", "without": ["errors", "samples"]}
    with pytest.raises(
        InputError, match=r"\[like\.curve\]: without = 'samples' is no choice of \[plain\.curve\], .+ sample,"
    ):
        checked_models({**MODELS, "like": {**MODEL, "curve": like}}, STUDY.design)


def test_a_family_of_an_estimator_without_families_is_refused():
    models = {name: MODELS[name] for name in ("plain",)}
    hazard = {key: value for key, value in MODELS["exits"].items() if key != "curve"}
    hazard |= {"estimator": "discrete_hazard", "stage": "hazard", "family": ["sample"]}
    with pytest.raises(InputError, match=r"\[hazard\]: family = \['sample'\] has no effect.+Take the key out"):
        checked_models({**models, "hazard": hazard}, STUDY.design)


def test_a_curve_takes_from_another_what_it_does_not_say():
    like = {
        "like": "plain",
        "without": ["errors", "sample"],
        "choices": {"unknown": {"options": {"known": {"beside": []}}}},
    }
    models = copy.deepcopy({**MODELS, "like": {**MODEL, "curve": like}})
    found = checked_models(models, STUDY.design)["like"].curve
    assert list(found.choices) == ["covariates", "definition", "unknown"]
    assert found.choices["unknown"].options["known"].beside == () != found.choices["unknown"].options["counted"].beside
    assert [each for each, _, _ in Definitions(SETTINGS, models, {}, pd.DataFrame()).curve("like")] == list(
        specifications(checked_models(models, STUDY.design)["like"])
    )
