"""What cannot be estimated is a row with its reason, and costs no other estimate a bit."""

import re
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest

from tests.models import (
    MODELS,
    NUMBERS,
    SETTINGS,
    X,
    problem_of,
    run,
    trial,
    unsaid,
    with_models,
    with_splits,
    with_study,
)
from tests.trial import HORIZON

# The curves at three weeks, and the exits at one outcome in two samples: all models, and little to compute.
SPELLS = {"outcomes": ["employment_exit"], "samples": ["all", "short_wait"]}
MODELS_HERE = with_models(
    itt={"weeks": [1, 79, 81]}, **dict.fromkeys(("hazard_logit", "hazard_cloglog", "kaplan_meier"), SPELLS)
)
PERSONS = ("balance", "itt", "description", "subgroups", "mechanisms", "robustness", "prognosis")
EXITS = ("hazard", "survival")


@cache
def sound(stages):
    return run(stages, MODELS_HERE)


def background(**columns):
    return {"background": trial().background.assign(**columns)}


def sample(**columns):
    return {"sample": trial().sample.assign(**columns)}


def durations(**columns):
    return {"durations": trial().durations.assign(**columns)}


def hide(condition, week):
    """The shares, of which those from `week` on are unknown for the persons of the condition: their register ends."""
    shares, gone = trial().shares, trial().sample.query(condition)["person"]
    return {"shares": shares.assign(share=shares["share"].mask(shares["person"].isin(gone) & (shares["week"] >= week)))}


def answered(**columns):
    return {"followup": trial().followup.assign(**columns)}


def in_activation(week):
    weekly = trial().weekly
    return {"weekly": weekly.assign(guidance=weekly["guidance"].mask(weekly["week"] == week))}


def treated_leave_the_low():
    people = trial().people
    return background(self_efficacy=people["self_efficacy"].mask(
        (people["treated"] == 1) & (people["self_efficacy"] <= 6), 20.0))  # fmt: skip


def splits(**changes):
    return {"study": with_splits(**changes)}


def peers(**changes):
    return {"study": with_study(peers=changes)}


def tobit(**keys):
    return {"models": {**MODELS_HERE, "tobit": {**MODELS_HERE["tobit"], **keys}}}


def last_share(outcome="employment"):
    shares = trial().shares
    at = (shares["outcome"] == outcome) & (shares["week"] == HORIZON)
    shares = shares[at].set_index("person")["share"]
    return trial().background["person"].map(shares)


def shares_are(value):
    shares = trial().shares
    return {"shares": shares.assign(share=value if np.isscalar(value) else value(shares["share"]))}


SHARES = (
    "(itt|itt_wait|itt_unadjusted|municipality_effects|group_level)/.*"
    "|(self_efficacy|self_efficacy_short_wait|self_efficacy_wait|background_groups|peers|peers_pooled)/.*|tobit/.*"
)
SPLIT_BY_IT = "(self_efficacy|self_efficacy_short_wait|self_efficacy_wait|survey|survey_wait|peers.*)/.*"
SELF_EFFICACY = f"{SPLIT_BY_IT}|tobit/.*|.*/(low|high)_self_efficacy/.*|.*/self_efficacy/.*"
EFFECTS = "(balance|itt.*|self_efficacy.*|background_groups|survey.*|peers.*|activation|municipality_eff.*|group_level)"
EXIT = "(kaplan_meier|hazard_logit|hazard_cloglog)"
NOBODY = "nobody is in the sample"
KNOWN = "nobody has a known outcome and every covariate"

# what is wrong; the stages that are run; what may move; {addresses that are missing: their reason}
CASES = {
    "an empty sample": (
        {"study": with_study(samples={"wait_under_21_days": {**SETTINGS["samples"]["wait_under_21_days"],
            "conditions": [{"variable": "wait_days", "below": 0}]}})},
        PERSONS, "", {"self_efficacy_short_wait/.*": NOBODY},
    ),
    "a side as a sample that nobody is in": (
        splits(wait={**SETTINGS["splits"]["wait"], "below": 0}), PERSONS + EXITS, ".*/long_wait/.*",
        {".*/short_wait/.*": NOBODY},
    ),
    "a split with an empty side": (
        splits(female={"variable": "female", "at_most": 1}), PERSONS, "background_groups/female/.*",
        {".*/female/.*/treated:(low-)?high": "nobody in the group high",
         ".*/female/.*/control_mean:high": "no control is in the group"},
    ),
    "a split at the median of a variable that does not vary": (
        background(employment_pre_share=0.5), PERSONS, ".*/employment_pre_share/.*|tobit/.*",
        {".*/employment_pre_share/.*/treated:(low-)?high": "nobody in the group high",
         ".*/employment_pre_share/.*/control_mean:high": "no control is in the group",
         "tobit/.*/employment_pre_share": "the column employment_pre_share is determined by the others"},
    ),
    "peers that nobody has": (
        peers(exceeds=1), PERSONS, "peers.*",
        {"peers.*treated:.*low_peers.*": "nobody in the group (low|high):low_peers.*",
         "peers.*control_mean:(low|high):low_peers": "no control is in the group"},
    ),
    "peers of nobody with the variable": (
        background(self_efficacy=np.nan), ("mechanisms",), SELF_EFFICACY,
        {"(survey|survey_wait|peers.*)/.*": f"{KNOWN}.*"},
    ),
    "one arm in all": (
        sample(treated=1), PERSONS + EXITS, ".*",
        {f"{EFFECTS}/.*/treated(:.*)?": "one arm only.*", f"{EFFECTS}/.*/control_mean:.*": "no control is in the group",
         "(tobit|mean)/control/.*": NOBODY, "density/.*/control": "nobody in the arm has the variable .*",
         "hazard.*": "nobody of the control group is at risk", "kaplan_meier/.*/control": "nobody is at risk"},
    ),
    "one arm in a group": (
        treated_leave_the_low(), PERSONS, SELF_EFFICACY,
        {".*/self_efficacy_6/.*/treated:low(-high)?": "one arm only in the group low(; left out the answers .*)?"},
    ),
    "no stratum with both arms": (
        sample(treated=(trial().sample["municipality"] > "m12").astype("int8")), PERSONS, ".*",
        {"(?!tobit|mean|density|team|municipality/|flow|activation|survey|peers).*/treated(:.*)?":
         "no municipality has both arms( in the group .*)?",
         "(activation|survey.*|peers.*)/.*/treated(:.*)?": "(no municipality has both arms|one arm only).*"},
    ),
    "an outcome that nobody has": (
        answered(pain=np.nan), PERSONS, "",
        {"survey(_wait)?/.*/pain/.*": KNOWN + "; .*left out the answers of 5 persons .*"},
    ),
    "an outcome that one arm has": (
        {"followup": trial().followup[trial().followup["person"].isin(trial().sample.query("treated == 1")["person"])]},
        PERSONS, "(survey|peers_survey).*",
        {"(survey|peers_survey).*/treated:.*": "one arm only in the group .*",
         "(survey|peers_survey).*/control_mean:.*": "no control is in the group"},
    ),
    "no survey after the course": (
        {"followup": trial().followup.iloc[:0]}, PERSONS, "", {"(survey|survey_wait|peers_survey.*)/.*": KNOWN},
    ),
    "a state that is unknown for all in a week": (
        in_activation(79), PERSONS, "",
        {"activation/.*/guidance/79/.*": KNOWN + r"; .*left out \d+ persons whose .* unknown"},
    ),
    "a follow-up that ends early for all": (
        hide("person > 0", 79), PERSONS, "", {f"(?!.*/1/)({SHARES})": f"{KNOWN}.*"},
    ),
    "a follow-up that ends early for some": (hide("person <= 50", 79), PERSONS, f"(?!.*/1/)({SHARES})", {}),
    "a follow-up that ends early for a municipality": (
        hide("municipality == 'm07'", 81), PERSONS, f"(?!.*/(1|79)/)({SHARES})", {},
    ),
    "values that are all equal": (
        background(self_efficacy=0.1), ("description",), SELF_EFFICACY,
        {"density/all/self_efficacy/.*": "all values are equal", "mean/high_self_efficacy/.*": NOBODY},
    ),
    "values of nobody": (
        background(self_efficacy=np.nan), ("description",), SELF_EFFICACY,
        {"density/all/self_efficacy/.*": "nobody in the arm has the variable self_efficacy",
         "mean/.*_self_efficacy/.*": NOBODY, "mean/.*/self_efficacy/.*": "nobody has the variable self_efficacy"},
    ),
    "values of one arm": (
        background(self_efficacy=trial().people["self_efficacy"].where(trial().people["treated"] == 1)),
        ("description", "balance"), SELF_EFFICACY,
        {"density/all/self_efficacy/.*/control": "nobody in the arm has the variable self_efficacy",
         "mean/control/self_efficacy/.*": "nobody has the variable self_efficacy",
         "balance/.*/self_efficacy/.*|balance/.*_self_efficacy/.*": "one arm only"},
    ),
    "nobody at risk after week 10": (
        durations(weeks=trial().durations["weeks"].clip(upper=10),
                  exited=trial().durations["exited"] & (trial().durations["weeks"] <= 10)),
        EXITS, f"hazard.*|kaplan_meier/.*/{'(1[1-9]|[2-8].)'}/.*",
        {"kaplan_meier/.*/(1[1-9]|[2-7][0-9]|8[01])/.*": "nobody is at risk"},
    ),
    "nobody at risk at all": (
        durations(weeks=0, exited=False), EXITS, ".*", {".*": "nobody is at risk"},
    ),
    "no exits in an arm": (
        durations(exited=trial().durations["exited"] & ~trial().durations["person"].isin(
            trial().sample.query("treated == 1")["person"])),
        EXITS, "hazard.*|kaplan_meier/.*/treated",
        {"hazard.*": r"nobody leaves in the [1-9]\d* person-weeks of the treated group"},
    ),
    "no exits": (
        durations(exited=False),
        EXITS,
        ".*",
        {"hazard.*": r"nobody leaves in the [1-9]\d* person-weeks of the treated group"}),
    "a covariate of nobody": (
        background(ordinary_job=np.nan), PERSONS, ".*",
        {"(?!balance|tobit|itt_unadjusted|background_groups/ord)" + EFFECTS + "/.*|tobit/.*": f"{KNOWN}.*",
         ".*/ordinary_job/.*": f"({KNOWN}.*|nobody has the variable ordinary_job)"},
    ),
    "a covariate that is the treatment": (
        background(bipq_treatment_control=trial().people["treated"].astype(float)), PERSONS, ".*",
        {f"(?!balance|itt_unadjusted){EFFECTS}/.*/treated(:.*)?": "the column treated.* is determined by the others.*",
         "balance/.*/bipq_treatment_control/.*": None, "tobit/.*/bipq_treatment_control": "the column bipq_.*"},
    ),
    "a Tobit without a maximum": (
        # Inside the limits the covariate gives the outcome exactly, and outside them it agrees: sigma goes to zero.
        {**tobit(covariates=["age", "partner"], outcomes=["employment"]), **background(age=last_share())},
        ("prognosis",), ".*", {"tobit/.*": "the likelihood has no maximum"},
    ),
    "a Tobit of outcomes at the limits": (
        shares_are(np.round), ("prognosis",), ".*",
        {"tobit/.*": r"all \d+ outcomes lie at the limits 0 and 1: no variance"},
    ),
    "a Tobit of one outcome": (shares_are(0.1), ("prognosis",), ".*", {"tobit/.*": "the likelihood has no maximum"}),
    "a Tobit with outcomes beyond the limits": (
        tobit(limits=[0.2, 0.4]), ("prognosis",), ".*",
        {"tobit/.*": r"\d+ outcomes lie outside the limits 0.2 and 0.4"},
    ),
    "a Tobit of too few": (
        background(pain=trial().background["pain"].where(trial().background["person"] < 30)), ("prognosis",), ".*",
        {"tobit/.*": r"\d+ observations are too few for 13 coefficients and a variance"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_what_is_missing_has_its_reason_and_the_rest_is_as_without_the_fault(case):
    changes, stages, may_move, reasons = CASES[case]
    before = sound(stages)
    found = run(stages, **{"models": MODELS_HERE, **changes})
    if "models" not in changes:
        assert list(found.index) == list(before.index)
    for address, row in found[found["estimate"].isna()].iterrows():
        fitting = [reason for pattern, reason in reasons.items() if re.fullmatch(pattern, address)]
        assert any(
            reason and re.fullmatch(rf"no estimate: {reason}(; (left out|followed) .*)?", row["note"])
            for reason in fitting
        ), row["note"]
    missing = found["estimate"].isna()
    for pattern, reason in reasons.items():
        expected = found.index.str.fullmatch(pattern)
        assert expected.any(), pattern
        assert reason is None or missing[expected].all(), found.index[expected & ~missing].to_list()[:5]
    assert (found["converged"] == ~missing).all()
    assert found.loc[missing, NUMBERS].isna().all(axis=None)
    assert not unsaid(found["note"])
    same = ~found.index.str.fullmatch("|".join([may_move, *reasons]))
    moved = ("spec_hash", *(["note"] if "durations" in changes else []))  # which says for how long persons are followed
    columns = [column for column in found if column not in moved]
    rest, as_before = found.loc[same, columns], before.loc[found.index[same], columns]
    if "shares" in changes or "followup" in changes:
        # Outcomes of the same persons are one matrix: its width decides the order of the sums, and so the last digits.
        pd.testing.assert_frame_equal(rest, as_before, rtol=1e-11, atol=1e-13)
    else:
        pd.testing.assert_frame_equal(rest, as_before, check_exact=True)


AT_LAST = "employment/81"


def last_cases(condition="person > 0"):
    """The persons with every covariate of the effect on the share of weeks, and that of employment as y."""
    return trial().people.assign(y=last_share()).query(condition).dropna(subset=[*X, "y"])


def fitted(data, columns, strata="municipality"):
    """Coefficients of y on `columns` (n, k), with a dummy for each stratum, by a factorisation that asks no rank."""
    dummies = pd.get_dummies(data[strata]).to_numpy(dtype=float)
    design = np.column_stack([dummies, columns]).astype(float)
    return np.linalg.lstsq(design, data["y"].to_numpy(dtype=float), rcond=None)[0][dummies.shape[1] :]


def test_a_split_with_one_side_is_the_model_of_everybody():
    one_sided = run("subgroups", MODELS_HERE, with_splits(female={"variable": "female", "at_most": 1}))
    found = one_sided.loc[f"background_groups/female/{AT_LAST}/treated:low"]
    everybody = sound(("itt",)).loc[f"itt/all/{AT_LAST}/treated"]
    columns = ["estimate", "se", "p_value", "ci_low", "ci_high", "df", "n", "control_mean"]
    # Another width of the matrix of outcomes.
    assert list(found[columns]) == pytest.approx(list(everybody[columns]), rel=1e-11)
    sizes = one_sided.loc[[f"background_groups/female/{AT_LAST}/size:{side}" for side in ("low", "high")]]
    assert sizes["estimate"].to_list() == [1.0, 0.0]


def test_a_group_without_an_effect_of_its_own_does_not_count_as_untreated():
    """Of the low with high peers only the treated are left: they are in the strata of the low with low peers."""
    model = f"peers/self_efficacy_8/{AT_LAST}/treated"
    _, problem, _ = problem_of(f"{model}:low:low_peers")
    low_peers, high_peers = (problem.design.members(f"low:{name}") for name in ("low_peers", "high_peers"))
    gone = problem.design.persons[high_peers & ~problem.design.treated]
    assert len(gone) > 10
    table = trial().background
    hidden = table.assign(ordinary_job=table["ordinary_job"].mask(table["person"].isin(gone)))
    found = run("mechanisms", MODELS_HERE, background=hidden)
    assert found.loc[f"{model}:low:high_peers", "note"].startswith(
        "no estimate: one arm only in the group low:high_peers"
    )
    kept = ~np.isin(problem.design.persons, gone)
    data = pd.DataFrame({"y": problem.outcomes[kept, 0], "stratum": problem.design.strata[kept]})
    effects = [problem.design.treated & problem.design.members(name) for name in problem.design.group_names]
    columns = np.column_stack([problem.design.covariates, *effects])[kept]
    own = fitted(data, columns, "stratum")
    without = fitted(data, np.delete(columns, len(X) + 1, axis=1), "stratum")
    assert problem.design.group_names[:2] == ("low:low_peers", "low:high_peers")
    assert (low_peers & kept).any()
    estimate = found.loc[f"{model}:low:low_peers", "estimate"]
    assert estimate == pytest.approx(own[len(X)], rel=1e-9)
    assert estimate != pytest.approx(without[len(X)], rel=1e-2)


def test_an_effect_that_another_and_a_covariate_determine_is_missing_too():
    # The covariate is the sum of both effects: neither exists, though least squares finds a value for the first.
    found = run("subgroups", MODELS_HERE, background=trial().background.assign(
        bipq_treatment_control=trial().people["treated"].astype(float)))  # fmt: skip
    for side in ("low", "high"):
        row = found.loc[f"background_groups/female/{AT_LAST}/treated:{side}"]
        assert row["note"].startswith(f"no estimate: the column treated:{side} is determined by the others")
        assert np.isnan(row["estimate"])
        assert (
            row["control_mean"] == found.loc[f"background_groups/female/{AT_LAST}/control_mean:{side}", "estimate"] > 0
        )


def one_armed(*names):
    """Everybody of these municipalities is treated."""
    where = trial().sample["municipality"]
    return replace(trial(), sample=trial().sample.assign(treated=trial().sample["treated"].mask(where.isin(names), 1)))


def test_municipality_with_one_arm_leaves_the_average_and_stays_in_the_regression():
    base = one_armed("m07", "m11")
    row = run("robustness", MODELS_HERE, base=base).loc[f"municipality_effects/all/{AT_LAST}/treated"]
    assert "left out of the average, one arm only: m07, m11" in row["note"]
    data = base.people.assign(y=last_share()).dropna(subset=[*X, "y"])
    both = [name for name, arms in data.groupby("municipality")["treated"] if arms.nunique() == 2]
    slopes = [(data["treated"] == 1) & (data["municipality"] == name) for name in both]
    effects = fitted(data, np.column_stack([data[X], *slopes]))[len(X) :]
    sizes = data["municipality"].value_counts()[both]
    assert not {"m07", "m11"} & set(both)
    assert row["estimate"] == pytest.approx(np.average(effects, weights=sizes), rel=1e-9)
    assert row["n"] == len(data)
    # The common coefficients rest on the persons of m07 and m11 as well.
    rest = data[data["municipality"].isin(both)]
    alone = fitted(rest, np.column_stack([rest[X], *(slope[rest.index] for slope in slopes)]))[len(X) :]
    assert row["estimate"] != pytest.approx(np.average(alone, weights=sizes), rel=1e-4)


def only(persons):
    """The trial of some of its persons."""
    return replace(trial(), sample=trial().sample[persons], background=trial().background[persons])


def test_lone_person_outside_the_average_costs_no_error():
    """A municipality of one treated person: leverage one, and no part of the average."""
    own = trial().sample["municipality"] == "m00"
    one = trial().sample["person"] == last_cases("municipality == 'm00'")["person"].iloc[0]
    base, smaller = only(~own | one), only(~own)
    table, rest = (run("robustness", MODELS_HERE, base=base) for base in (base, smaller))
    address = f"municipality_effects/all/{AT_LAST}/treated"
    assert table.loc[address, "note"] == "; ".join(
        filter(None, [rest.loc[address, "note"], "left out of the average, one arm only: m00"])
    )
    assert "a single person" not in table.loc[address, "note"]
    # Nobody else moves: the dummy of the one takes it out, and a coefficient with it.
    columns = ["estimate", "se", "df"]
    assert list(table.loc[address, columns]) == pytest.approx(list(rest.loc[address, columns]), rel=1e-9)
    assert table.loc[address, "n"] == rest.loc[address, "n"] + 1


def test_single_person_in_an_arm_without_strata_is_named_all():
    is_treated = trial().sample["person"] != last_cases()["person"].iloc[0]
    base = replace(trial(), sample=trial().sample.assign(treated=is_treated.astype("int8")))
    models = {**MODELS_HERE, "municipality_effects": {**MODELS_HERE["municipality_effects"], "fixed_effects": "none"}}
    row = run("robustness", models, base=base).loc[f"municipality_effects/all/{AT_LAST}/treated"]
    assert row["note"].split("; ")[0] == "a single person in an arm of all: no standard error"
    assert np.isfinite(row["estimate"])
    assert np.isnan(row["se"])


ONE_CLUSTER = "fewer than two clusters: no standard error"


def test_one_cluster_has_estimates_and_no_errors():
    found = run(("itt", "hazard"), MODELS_HERE, sample=trial().sample.assign(team="t00"))
    before = sound(("itt", "hazard"))
    same = ["estimate", "n", "n_treated", "n_control", "control_mean", "sample_hash"]
    # The cells of a hazard come in another order.
    pd.testing.assert_frame_equal(found[same], before[same], rtol=1e-12)
    is_clustered = ~found.index.str.fullmatch("hazard.*/treated")
    assert found.loc[is_clustered, ["se", "p_value", "ci_low", "ci_high"]].isna().all(axis=None)
    assert found.loc[is_clustered, "note"].str.startswith(ONE_CLUSTER).all()
    assert (found.loc[is_clustered, "n_clusters"] == 1).all()
    pd.testing.assert_series_equal(found.loc[~is_clustered, "se"], before.loc[~is_clustered, "se"], rtol=1e-12)


def test_arms_that_are_clusters_have_no_error():
    """Two clusters, one an arm: the residuals of each add up to zero, and so would a standard error."""
    team = np.where(trial().sample["treated"] == 1, "t01", "t00")
    models = with_models(itt={"weeks": [1, 81], "samples": ["all"], "covariates": [], "fixed_effects": "none"})
    found = run("itt", models, sample=trial().sample.assign(team=team))
    assert found["estimate"].notna().all()
    assert found[["se", "p_value", "ci_low"]].isna().all(axis=None)
    assert set(found["note"]) == {"what the effect rests on does not vary between clusters: no standard error"}


@pytest.mark.parametrize("name", ["itt", "hazard_logit", "tobit"])
def test_covariate_that_others_determine_is_left_out_and_said_so(name):
    covariates = ["age", "sickness_benefit_pre_share"]
    twice = trial().background.assign(pain=3 * trial().background["age"] + 1)
    stage = MODELS[name]["stage"]
    own = {"weeks": [81]} if name == "itt" else {}
    own |= {"samples": MODELS[name]["samples"][:1], "outcomes": MODELS[name]["outcomes"][:1]}
    found, before = (
        run(stage, {name: {**MODELS[name], **own, "covariates": chosen}}, background=twice)
        for chosen in ([*covariates, "pain"], covariates)
    )
    rows = found.loc[before.index]
    said = "left out the covariate pain, which the others determine"
    assert [set(note.split("; ")) for note in rows["note"]] == [
        {*filter(None, note.split("; ")), said} for note in before["note"]
    ]
    pd.testing.assert_frame_equal(rows[[*NUMBERS, "n", "sample_hash"]], before[[*NUMBERS, "n", "sample_hash"]])
    dropped = found.drop(index=before.index)
    assert set(dropped.index.str.split("/").str[-1]) <= {"pain", "pain_clustered"}
    assert len(dropped) == {"itt": 0, "hazard_logit": 2, "tobit": 1}[name]
    assert (dropped["note"] == "no estimate: the column pain is determined by the others").all()


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_few_persons_give_what_they_can_and_a_reason_for_the_rest(count):
    few = only(trial().sample["person"].isin(last_cases()["person"].iloc[:count]))
    found = run((*PERSONS, *EXITS), MODELS_HERE, base=few)
    missing = found["estimate"].isna()
    assert (found["converged"] == ~missing).all()
    assert found.loc[missing, "note"].str.contains("no estimate: ").all()
    for arm, name in enumerate(("control", "treated")):
        ages = few.people.loc[few.people["treated"] == arm, "age"]
        assert found.loc[f"mean/{name}/age//mean", "estimate"] == pytest.approx(ages.mean(), nan_ok=True)
        at_first = found.loc[f"kaplan_meier/all/employment_exit/0/{name}", "estimate"]
        assert at_first == pytest.approx(1.0 if len(ages) else np.nan, nan_ok=True)
    assert found.loc["team/total/total//n", "estimate"] == count
    itt = found.loc[f"itt/all/{AT_LAST}/treated"]
    enough = r"no estimate: \d observations are too few for \d coefficients"
    assert re.fullmatch({1: "no estimate: one arm only"}.get(count, enough), itt["note"])
