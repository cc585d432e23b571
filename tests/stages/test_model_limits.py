"""What the models leave out, say so, or refuse."""

import numpy as np
import pandas as pd
import pytest

from pipeline.errors import InputError
from pipeline.estimate.estimators import checked_models
from pipeline.people.splits import split_people
from pipeline.settings.models import read_models
from tests.models import MODELS, STUDY, X, estimates, run, trial, with_models, with_splits, with_study


def test_answers_of_persons_who_are_not_analysed_are_left_out_and_said_so():
    row = estimates("mechanisms").loc["survey/self_efficacy_9/pain//treated:high"]
    assert "left out the answers of 5 persons who are not analysed" in row["note"]
    assert (
        "left out the answers"
        not in estimates("mechanisms").loc["peers/self_efficacy_8/employment/81/treated:low:low_peers", "note"]
    )


def test_municipality_with_one_arm_of_a_group_is_named_and_so_is_a_covariate_that_the_split_takes():
    people = trial().people
    controls = people.query("municipality == 'm04' and treated == 0")["person"]
    changed = trial().background.copy()
    changed.loc[changed["person"].isin(controls), "self_efficacy"] = 20.0
    row = run("subgroups", background=changed).loc["self_efficacy/self_efficacy_8/employment/81/treated:low"]
    assert "one arm only, so no comparison, in m04" in row["note"]
    row = estimates("subgroups").loc["background_groups/ordinary_job/employment/81/treated:low"]
    assert "left out the covariate ordinary_job, which the split determines" in row["note"]


def test_what_an_estimate_leaves_out_is_in_its_note():
    weekly, sample = trial().weekly, trial().sample
    hidden = sample["person"].iloc[:7]
    unknown = weekly.assign(guidance=weekly["guidance"].mask(weekly["person"].isin(hidden) & (weekly["week"] == 5)))
    complete = trial().people.dropna(subset=X)["person"]
    state = unknown.query("week == 5").set_index("person")["guidance"].reindex(complete)
    row = run("mechanisms", weekly=unknown).loc["activation/all/guidance/5/treated"]
    assert f"left out {state.isna().sum()} persons whose outcome is unknown" in row["note"]
    assert row["n"] == state.notna().sum()
    one_arm = sample.assign(treated=sample["treated"].mask(sample["team"] == "t03", 1))
    row = run("robustness", with_models(municipality_effects={"stage": "itt"}), sample=one_arm).loc[
        "group_level/all/employment/81/treated"
    ]
    assert "one arm only, so one mean, in 1 teams" in row["note"]
    assert row["n"] == 85
    lone = trial().background.assign(
        self_efficacy=trial()
        .background["self_efficacy"]
        .mask(sample["team"].eq("t03") & (sample.groupby("team").cumcount() > 0))
    )
    row = run("mechanisms", background=lone).loc["peers/self_efficacy_8/employment/81/treated:low:low_peers"]
    assert "left out 1 persons of whose team nobody else has the variable" in row["note"]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: run("subgroups", study=with_splits(age_50={"variable": "shoe", "below": 50})), "no variable 'shoe'"),
        (lambda: with_splits(age_50={"variable": "age", "below": 50, "at_most": 1}), "on 'age' there are 2 bounds"),
        (lambda: run("subgroups", with_models(self_efficacy={"splits": ["moon"]})), "no split 'moon'. Splits defined"),
        (lambda: run("subgroups", with_models(self_efficacy={"samples": ["all", "control"]})), "splits compare one"),
        (lambda: run("mechanisms", study=with_study(peers={"variable": "shoe"})), r"\[peers\]: no variable 'shoe'"),
        (lambda: run("mechanisms", followup=trial().followup.drop(columns="pain")), "first of them pain"),
        (lambda: run("mechanisms", weekly=trial().weekly.query("week < 81")), r"\('guidance', 81\)"),
        (lambda: read_models({**MODELS, "survey": {"like": "moon"}}), r"\[survey\]: like = 'moon' does not lead"),
        (lambda: read_models({**MODELS, "itt": {"like": "survey"}}), "does not lead to another table"),
        (lambda: read_models({**MODELS, "other": {"like": "itt", "reason": "requested"}}), "required field `purpose`"),
        (lambda: read_models({**MODELS, "other": {"like": "itt", "purpose": "primary"}}), "required field `reason`"),
        (lambda: read_models(with_models(itt={"purpose": {"all": "primary"}})), "purpose by sample: its keys are all"),
        (lambda: run("prognosis", with_models(tobit={"covariates": ["age", "age"]})), r"\[tobit\]: .* has age twice"),
        (lambda: run("prognosis", with_models(tobit={"outcomes": ["moon"]})),
         r"1 of 1 outcomes, the first of them \('moon', 81\)"),
    ],
)  # fmt: skip
def test_what_means_nothing_is_an_error_that_names_it(call, message):
    with pytest.raises(InputError, match=message):
        call()


def test_peers_need_a_rule_and_a_cluster():
    import msgspec

    for study in (
        msgspec.structs.replace(STUDY, peers=None),
        msgspec.structs.replace(STUDY, design=msgspec.structs.replace(STUDY.design, cluster=None)),
    ):
        models = {name: {**MODELS[name], "cluster": "none"} for name in ("itt", "self_efficacy", "peers")}
        with pytest.raises(InputError, match=r"\[peers\]: peers = 'separate' needs a table \[peers\] and a cluster"):
            run("mechanisms", models, study)


def test_person_at_the_median_is_low_and_one_without_the_variable_on_neither_side():
    people = pd.DataFrame({"employment_pre_share": [0.1, 0.2, 0.2, 0.9, np.nan]})
    assert split_people(people, "employment_pre_share", STUDY).tolist() == ["low", "low", "low", "high", ""]


# table, its keys, what does not go with its estimator
IMPOSSIBLE = [
    (
        "itt",
        {"cluster": "school"},
        r"\[itt\]: cluster = 'school' .* 'ols', which takes 'team' or 'none' or 'municipality' in this design",
    ),
    ("itt", {"fixed_effects": "team"}, r"\[itt\]: fixed_effects = 'team' .* takes 'municipality' or 'none'"),
    ("itt", {"stage": "../itt"}, r"\[itt\]: .*`\$.stage`"),
    ("itt", {"treatment": "none"}, r"\[itt\]: treatment = 'none'"),
    ("itt", {"link": "logit"}, r"\[itt\]: link = 'logit' does not go with .*, which takes nothing"),
    ("itt", {"printed": [{"outcome": "x", "parameter": "y", "estimate": 1}]}, r"\[itt\]: printed = "),
    ("group_level", {"splits": ["female"]}, r"\[group_level\]: splits = "),
    ("municipality_effects", {"cluster": "team"}, r"\[municipality_effects\]: cluster = 'team'"),
    ("tobit", {"cluster": "team"}, r"\[tobit\]: cluster = 'team'"),
    ("hazard_logit", {"splits": ["female"]}, r"\[hazard_logit\]: splits = "),
    ("hazard_logit", {"weeks": "last"}, r"\[hazard_logit\]: weeks = 'last'"),
    ("kaplan_meier", {"covariates": ["age"]}, r"\[kaplan_meier\]: covariates = \['age'\]"),
    ("mean", {"fixed_effects": "municipality"}, r"\[mean\]: fixed_effects = 'municipality'"),
    ("density", {"cluster": "team"}, r"\[density\]: cluster = 'team'"),
    ("itt", {"peers": "pooled"}, r"\[itt\]: peers without splits"),
    ("itt", {"samples": "teams"}, r"\[itt\]: samples = .teams. is for the estimator .count. only"),
    ("itt", {"weeks": [0]}, r"\[itt\]: Expected `int` >= 1"),
    ("density", {"grid": {"wait_days": {"first": 0, "last": 1, "step": 0}}}, r"\[density\]: Expected `float` > 0"),
]


@pytest.mark.parametrize(
    ("name", "keys", "message"), IMPOSSIBLE, ids=[f"{row[0]}-{next(iter(row[1]))}" for row in IMPOSSIBLE]
)
def test_a_key_that_the_estimator_would_leave_without_effect_is_refused(name, keys, message):
    with pytest.raises(InputError, match=message):
        checked_models(with_models(**{name: keys}), STUDY.design)


@pytest.mark.parametrize(
    "name", ["kaplan_meier", "mean", "density", "team", "municipality", "flow", "hazard_logit", "itt", "tobit"]
)
def test_a_model_like_another_gives_its_estimates_under_its_own_name(name):
    few = {"outcomes": MODELS[name]["outcomes"][:1]} if name in ("kaplan_meier", "hazard_logit") else {}
    another = {"like": name, "reason": "requested", "purpose": "exploratory"}
    table = run(MODELS[name]["stage"], {name: {**MODELS[name], **few}, "another": another})
    own, other = (table[table["model"] == model].reset_index(drop=True) for model in (name, "another"))
    columns = [column for column in table.columns if column not in ("model", "spec_hash")]
    assert len(own)
    pd.testing.assert_frame_equal(own[columns], other[columns])
