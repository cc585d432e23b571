"""Trials that are odd: of few teams, without an arm, with an outcome that does not vary. Both routes have the same."""

from dataclasses import fields, replace

import pytest

from pipeline.estimate.estimators import checked_models, estimate_all
from pipeline.estimate.inference import infer_all
from pipeline.verify import estimates, resampled
from pipeline.verify.packages.definitions import Definitions
from pipeline.verify.packages.trial import gather
from tests.models import MODELS, SETTINGS, VARIABLES, data_of, problem_of, trial, with_study

LEFT_OUT = ("density", "printed", "count", "mean")  # which no odd trial makes otherwise
FEWER = {"itt": [1, 40, 81], "itt_wait": [81], "itt_unadjusted": [81], "municipality_effects": [1, 81],
         "group_level": [1, 81], "activation": [1, 40]}  # fmt: skip
TARGETS = {"chances": [0.8], "effects": [0.05], "ratios": [1.16]}
POWER = {"reason": "requested", "purpose": "descriptive", "stage": "power", "power": TARGETS}
OWN = {
    **{name: {**row, **({"weeks": FEWER[name]} if name in FEWER else {})} for name, row in MODELS.items()
       if row.get("estimator") not in LEFT_OUT},
    "power_groups": {"like": "peers", **POWER, "estimator": "power"},
    "power_exits": {"like": "hazard_logit", **POWER, "estimator": "hazard_power",
                    "power": {"chances": [0.8], "ratios": [1.16]}},
    "bounds": {"like": "survey", "stage": "nonresponse", "reason": "requested", "purpose": "exploratory",
               "outcomes": ["pain"], "estimator": "lee_bounds", "fixed_effects": "none", "strata": ["wait"]},
    "weighted": {"like": "survey", "stage": "nonresponse", "reason": "requested", "purpose": "exploratory",
                 "outcomes": ["pain"], "estimator": "weighted_ols", "response": ["self_efficacy", "wait_days", "age"]},
}  # fmt: skip
DRAWN = {**SETTINGS["inference"], "draws": 99, "seed": 7}


def of(*teams, towns=True):
    """The trial of some teams, each in a town of its own or all in one."""
    base = trial()
    sample = base.sample[base.sample["team"].isin(teams)]
    town = sample["team"].str.replace("t", "m") if towns else "m00"
    return of_persons(base, sample.assign(municipality=town))


def of_persons(base, sample):
    background = base.background[base.background["person"].isin(sample["person"])]
    return replace(base, sample=sample, background=background)


def without_controls(base, team):
    return of_persons(base, base.sample[(base.sample["team"] != team) | (base.sample["treated"] == 1)])


def without_answers(base, town):
    inside = base.sample.set_index("person")["municipality"].loc[base.background["person"]].to_numpy() == town
    return replace(base, background=base.background.assign(age=base.background["age"].mask(inside)))


def alone(base):
    first = base.sample.drop_duplicates("team").index[-1]
    sample = base.sample[(base.sample["team"] != base.sample.loc[first, "team"]) | (base.sample.index == first)]
    return of_persons(base, sample.assign(municipality=sample["municipality"].where(sample.index != first, "m01")))


def with_long_waits(base):
    long = base.background["wait_days"].clip(lower=7.0)
    return replace(base, sample=base.sample.assign(wait_days=base.sample["wait_days"].clip(lower=7)),
                   background=base.background.assign(wait_days=long))  # fmt: skip


def constant(base):
    return replace(base, shares=base.shares.assign(share=0.25), followup=base.followup.assign(pain=3.0))


ODD = {
    "one team": lambda: of("t03"),
    "two teams of one town": lambda: of("t00", "t01", towns=False),
    "two teams of two towns": lambda: of("t01", "t02"),
    "three teams": lambda: of("t00", "t01", "t02", towns=False),
    "three teams of three towns": lambda: of("t04", "t05", "t06"),
    "four teams": lambda: of("t00", "t01", "t02", "t03", towns=False),
    "an arm of a team is empty": lambda: without_controls(of("t00", "t01", "t02", "t03"), "t01"),
    "an outcome is constant": lambda: constant(of("t00", "t01", "t02", "t03", towns=False)),
    "a covariate is constant": lambda: replace(
        base := of("t00", "t01", towns=False), background=base.background.assign(ordinary_job=1.0)
    ),
    "nobody waits a short time": lambda: with_long_waits(of("t00", "t01", "t02", towns=False)),
    "a person is alone in a town": lambda: alone(of("t00", "t01", "t02", "t03", towns=False)),
    "a town lacks a covariate": lambda: without_answers(of("t00", "t01", "t02", "t03"), "m01"),
}


@pytest.fixture(params=ODD)
def built(request, tmp_path, monkeypatch):
    """The folder of the estimates of an odd trial, which the second route reads as those of a build."""
    base = ODD[request.param]()
    data = data_of(base, with_study(inference=DRAWN))
    found = estimate_all(OWN, data)
    (tmp_path / "estimates").mkdir()
    for stage, table in found.items():
        table.to_parquet(tmp_path / "estimates" / f"{stage}.parquet")
    infer_all(OWN, data).to_parquet(tmp_path / resampled.FILE)
    tables = {field.name: getattr(base, field.name) for field in fields(base)}
    route = gather(tables, Definitions({**SETTINGS, "inference": DRAWN}, OWN, {}, VARIABLES))
    for module in (estimates, resampled):
        monkeypatch.setattr(module, "read_trial", lambda *_: route)
    resampled._drawn.cache_clear()
    yield tmp_path
    resampled._drawn.cache_clear()


def test_both_routes_have_the_same_numbers_and_lack_the_same(built):
    compared, apart = 0, []
    for name in checked_models(OWN, with_study(inference=DRAWN).design):
        own, _ = estimates.compare_model(built, built, name)
        kinds = [own, *resampled.compare_resampled(built, built, name)[0]]
        compared += sum(kind.agreed for kind in kinds)
        apart += [difference for kind in kinds for difference in kind.differences]
    assert apart == []
    assert compared > 1000


def test_where_nobody_is_at_risk_nobody_is_counted():
    base = with_long_waits(of("t00", "t01"))
    address = "hazard_logit/short_wait/employment_exit//treated"
    estimator, problem, at = problem_of(address, base=base)
    for statistic in ("n", "n_treated", "n_clusters"):
        assert not len(estimator.counted(problem, at, statistic).table)
