"""What the models leave out, say so, or refuse."""

import numpy as np
import pandas as pd
import pytest

from pipeline.errors import InputError
from pipeline.estimate.estimation import estimate_stage
from pipeline.people.splits import split_people
from pipeline.settings.base import convert
from pipeline.settings.models import read_models
from pipeline.settings.study import Study
from pipeline.stages import description, hazard, prognosis, survival
from tests.models import FEW, MODELS, SETTINGS, STUDY, X, estimates, run, trial, with_models, with_splits


def run_tobit(**settings):
    base = trial()
    return prognosis.run(base.sample, base.background, base.shares, with_models(tobit=settings), STUDY)


def test_answers_of_persons_who_are_not_analysed_are_left_out_and_said_so():
    row = estimates("mechanisms").loc["survey/self_efficacy_9/pain//treated:high"]
    assert "left out the answers of 5 persons who are not analysed" in row["note"]
    assert (
        "left out"
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


def with_peers(**changes):
    return convert({**SETTINGS, "peers": {**SETTINGS["peers"], **changes}}, Study, "study.toml")


def treated_persons():
    return trial().sample.query("treated == 1")["person"]


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


def only_low_controls(background):
    people = trial().people
    low = people.query("treated == 1 and self_efficacy <= 6")["person"]
    return background.assign(self_efficacy=background["self_efficacy"].mask(background["person"].isin(low), 20.0))


def hide(condition, week):
    """The shares, of which those from `week` on are unknown for the persons of the condition: their register ends."""
    shares, gone = trial().shares, trial().sample.query(condition)["person"]
    return shares.assign(share=shares["share"].mask(shares["person"].isin(gone) & (shares["week"] >= week)))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: run("subgroups", study=with_splits(female={"variable": "female", "at_most": 1})),
         r"splits.female: \d+ persons are low and 0 high"),
        (lambda: run("subgroups", study=with_splits(age_50={"variable": "shoe", "below": 50})), "no variable 'shoe'"),
        (lambda: run("subgroups", study=with_splits(age_50={"variable": "age", "below": 50, "at_most": 1})),
         "splits.age_50: 2 bounds"),
        (lambda: run("subgroups", with_models(self_efficacy={"splits": ["moon"]})), "no split 'moon'. Splits defined"),
        (lambda: run("subgroups", with_models(self_efficacy={"samples": ["all", "control"]})), "splits compare one"),
        (lambda: run("subgroups", background=only_low_controls(trial().background)),
         r"'self_efficacy_6', outcome 'employment', week 81: of the group .low. 0 persons are treated and"),
        (lambda: run("subgroups", study=with_splits(self_efficacy_7={"variable": "self_efficacy", "at_most": 30})),
         r"splits.self_efficacy_7: \d+ persons are low and 0 high"),
        (lambda: run("subgroups", background=trial().background.assign(employment_pre_share=0.5)),
         r"splits.employment_pre_share: \d+ persons are low and 0 high"),
        (lambda: run("mechanisms", study=with_peers(below=40)), r"\[peers\]: in splits.self_efficacy_8 0 low"),
        (lambda: run("mechanisms", study=with_peers(exceeds=1)), r"0 high persons have low peers, \d+ and"),
        (lambda: run("mechanisms", followup=trial().followup.query("person > 9000")),
         r"\[survey\], .*'pain': nobody has a known .*; \d+ of \d+ persons have no known outcome .* Get the answers"),
        (lambda: run("mechanisms", followup=trial().followup[trial().followup["person"].isin(treated_persons())]),
         r"\[survey\], .*, outcome 'pain': of the group 'low' \d+ persons are treated and 0 controls"),
        (lambda: run("mechanisms", weekly=trial().weekly.assign(
            guidance=trial().weekly["guidance"].mask(trial().weekly["week"] == 5))),
         r"\[activation\], sample 'all', outcome 'guidance', week 5: nobody has a known outcome.*horizon_weeks"),
        (lambda: run("mechanisms", followup=trial().followup.drop(columns="pain")), "first of them pain"),
        (lambda: run("mechanisms", weekly=trial().weekly.query("week < 81")), r"\('guidance', 81\)"),
        (lambda: run("robustness", sample=trial().sample.assign(
            treated=trial().sample["treated"].mask(trial().sample["municipality"] == "m07", 1))),
         r"\[municipality_effects\], sample 'all', .*only one arm in m07"),
        (lambda: run("robustness", shares=hide("municipality == 'm07'", 78)),
         r"\[municipality_effects\], .*week 78: nobody in m07 has a known outcome.*, so no effect there; \d+ of \d+ .*"
         "before week 81 of these persons, set a shorter horizon_weeks"),
        (lambda: run("robustness", shares=hide("municipality == 'm07' and treated == 0", 78)),
         r"\[municipality_effects\], .*week 78: only one arm in m07, so no effect there; \d+ of \d+ persons"),
        (lambda: run("itt", shares=hide("person > 0", 78)),
         r"\[itt\], sample 'all', outcome 'employment', week 78: nobody has .*; (\d+) of \1 .* shorter horizon_weeks"),
        (lambda: read_models({**MODELS, "survey": {"like": "moon"}}), r"\[survey\]: like = 'moon' does not lead"),
        (lambda: read_models({**MODELS, "itt": {"like": "survey"}}), "does not lead to another table"),
        (lambda: run_tobit(covariates=["age", "partner", "age"]), r"\[tobit\], .*'age' is a linear combination"),
        (lambda: run_tobit(limits=[0.2, 0.4]), r"\[tobit\], .*outcomes lie outside the limits 0.2 and 0.4"),
        (lambda: run_tobit(outcomes=["moon"]), r"1 of 1 outcomes, the first of them \('moon', 81\)"),
    ],
)  # fmt: skip
def test_what_cannot_be_estimated_is_an_error_that_names_it(call, message):
    with pytest.raises(InputError, match=message):
        call()


def test_person_at_the_median_is_low_and_one_without_the_variable_on_neither_side():
    people = pd.DataFrame({"employment_pre_share": [0.1, 0.2, 0.2, 0.9, np.nan]})
    assert split_people(people, "employment_pre_share", STUDY).tolist() == ["low", "low", "low", "high", ""]


# table, its keys, what does not go with its estimator
IMPOSSIBLE = [
    ("itt", {"cluster": "none"}, r"\[itt\]: cluster = 'none' does not go with the estimator 'ols', which takes 'team'"),
    ("itt", {"stage": "survival"}, r"\[itt\]: stage = 'survival' .* takes 'balance' or 'itt' or 'subgroups' or"),
    ("itt", {"treatment": "none"}, r"\[itt\]: treatment = 'none'"),
    ("itt", {"link": "logit"}, r"\[itt\]: link = 'logit' does not go with .*, which takes nothing"),
    ("group_level", {"splits": ["female"]}, r"\[group_level\]: splits = "),
    ("municipality_effects", {"cluster": "team"}, r"\[municipality_effects\]: cluster = 'team'"),
    ("tobit", {"cluster": "team"}, r"\[tobit\]: cluster = 'team'"),
    ("hazard_logit", {"cluster": "none"}, r"\[hazard_logit\]: cluster = 'none'"),
    ("hazard_logit", {"weeks": "last"}, r"\[hazard_logit\]: weeks = 'last'"),
    ("kaplan_meier", {"covariates": ["age"]}, r"\[kaplan_meier\]: covariates = \['age'\]"),
    ("mean", {"fixed_effects": "municipality"}, r"\[mean\]: fixed_effects = 'municipality'"),
    ("density", {"stage": "itt"}, r"\[density\]: stage = 'itt'"),
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
        read_models(with_models(**{name: keys}))


@pytest.mark.parametrize(
    "name", ["kaplan_meier", "mean", "density", "team", "municipality", "flow", "hazard_logit", "itt", "tobit"]
)
def test_a_model_like_another_gives_its_estimates_under_its_own_name(name):
    models = {**MODELS, "another": {"like": name}}
    everybody = trial().sample.assign(reason="analysed", municipality_name=trial().sample["municipality"])
    stages = {
        "survival": lambda: survival.run(trial().sample, trial().durations, trial().background, models, STUDY),
        "hazard": lambda: hazard.run(trial().sample, trial().durations, trial().background, models, STUDY),
        "prognosis": lambda: prognosis.run(trial().sample, trial().background, trial().shares, models, STUDY),
        "description": lambda: description.run(trial().sample, trial().background, everybody, FEW, models, STUDY),
        "itt": lambda: {"itt.parquet": estimate_stage("itt", vars(trial()), models, STUDY)},
    }
    stage = MODELS[name]["stage"]
    table = stages[stage]()[f"{stage}.parquet"]
    own, other = (table[table["model"] == model].reset_index(drop=True) for model in (name, "another"))
    columns = [column for column in table.columns if column not in ("estimate_id", "model", "spec_hash")]
    assert len(own)
    pd.testing.assert_frame_equal(own[columns], other[columns])
