"""A trial of few teams: every number of inference is finite, or missing with a reason that readers are told."""

import re
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest

from pipeline.audit.statistics import require_value
from pipeline.errors import InputError
from pipeline.estimate.estimators import checked_models
from pipeline.estimate.inference import STATISTICS, inference_table, rows_of_model
from pipeline.estimate.resampled import draw_again
from pipeline.show.addresses import Slot
from pipeline.show.kinds_of_notes import NO_NUMBER
from pipeline.show.kinds_of_reasons import REASONS
from pipeline.show.numbers import ABSENT
from pipeline.show.remarks import gather_remarks
from pipeline.show.shown import COLUMNS, show_number
from pipeline.verify.packages.again import draw
from pipeline.verify.packages.definitions import Definitions
from pipeline.verify.packages.inference import resample
from pipeline.verify.packages.trial import gather
from tests.models import MODELS, SETTINGS, VARIABLES, data_of, trial, with_study

TABLES = ("sample", "background", "followup", "shares", "durations", "weekly")
DRAWN = {**SETTINGS["inference"], "draws": 199, "seed": 7}
WORDS = {"cluster": "team", "clusters": "teams", "stratum": "x", "strata": "x"}
ALL = {"samples": ["all"], "purpose": "descriptive", "covariates": ["age"]}
OWN = {
    "itt": {**MODELS["itt"], **ALL, "weeks": [1, 81], "family": ["outcome"]},
    "alone": {**MODELS["itt"], **ALL, "weeks": [81], "cluster": "none"},
    "groups": {**MODELS["itt"], **ALL, "weeks": [81], "splits": ["wait"]},
    "means": {**MODELS["itt"], **MODELS["group_level"], **ALL, "weeks": [81], "family": []},
    "exits": {**MODELS["hazard_logit"], **ALL, "outcomes": ["employment_exit"]},
}  # fmt: skip


@cache
def small(teams):
    """The first teams of the trial, in one municipality."""
    sample = trial().sample[trial().sample["team"] < f"t{teams:02d}"].assign(municipality="m00")
    background = trial().background[trial().background["person"].isin(sample["person"])]
    return replace(trial(), sample=sample, background=background)


@cache
def inferred(teams):
    study = with_study(inference=DRAWN)
    data, models = data_of(small(teams), study), checked_models(OWN, study.design).values()
    again = draw_again(data)
    return inference_table([row for model in models for row in rows_of_model(model, data, again)])


@pytest.mark.parametrize("teams", [1, 2, 3, 5, 6])
def test_every_number_is_finite_or_missing_with_a_reason_that_readers_are_told(teams):
    table = inferred(teams)
    assert not np.isinf(table[list(STATISTICS)].to_numpy()).any()
    for row in table.to_dict("records"):
        whole = {"note": "", "p_value": np.nan, **row}
        for name in STATISTICS:
            slot = Slot(name, "x", "", "", "", name, row["estimate_id"], "coefficient")
            shown = dict(zip(COLUMNS, show_number(slot, whole, {}, "en"), strict=True))
            assert (shown["text"] == ABSENT) == np.isnan(row[name])
            reason = shown["note"].removeprefix(NO_NUMBER)
            assert any(re.fullmatch(kind.pattern, reason) for kind in REASONS) == np.isnan(row[name]), name
            if np.isnan(row[name]):
                table_shown = pd.DataFrame([{**shown, "reason": "", "status": "pass"}])
                said = [gather_remarks(table_shown, WORDS, language) for language in ("en", "da")]
                assert all(each.startswith(ABSENT) and "defin" not in each for each in said)
                with pytest.raises(InputError, match=re.escape(reason)):
                    require_value(name, whole)
    limits = table.loc[table["estimate_id"].str.startswith("itt/"), ["wild_low", "wild_high"]]
    assert limits.isna().all().all() == (teams < 6)  # of 2^5 draws every one is tied with its opposite
    assert not (limits.abs() > 1e3).any().any()


@pytest.mark.parametrize("teams", [2, 5])
def test_the_second_route_has_the_same_numbers_and_misses_the_same(teams):
    table, tables = inferred(teams).set_index("estimate_id"), {name: getattr(small(teams), name) for name in TABLES}
    route = gather(tables, Definitions({**SETTINGS, "inference": DRAWN}, OWN, {}, VARIABLES))
    drawn, compared = draw(route), 0
    for name in ("itt", "alone", "groups"):
        known = {address for address in table.index if address.startswith(f"{name}/")}
        for address, second in resample(route.definitions.model(name), route, drawn, known).items():
            for statistic, value in second.items():
                assert table.loc[address, statistic] == pytest.approx(value, abs=1e-6, nan_ok=True), statistic
                compared += 1
    assert compared
