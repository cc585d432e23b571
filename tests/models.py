"""The models of the project run on an invented trial, with settings as they are or changed."""

import tomllib
from dataclasses import replace
from functools import cache
from pathlib import Path

import pandas as pd

from pipeline.estimate.estimation import estimate_stage
from pipeline.settings.base import convert
from pipeline.settings.study import Study
from tests.trial import draw_trial

CONFIG = Path(__file__).parents[1] / "config"
MODELS = tomllib.loads((CONFIG / "models.toml").read_text())
SETTINGS = tomllib.loads((CONFIG / "study.toml").read_text())
STUDY = convert(SETTINGS, Study, "study.toml")
VARIABLES = pd.read_csv(CONFIG / "variables.csv", dtype=str, keep_default_na=False)
FEW = VARIABLES[VARIABLES["name"].isin(["age", "female", "self_efficacy"])]
X = MODELS["itt"]["covariates"]
NUMBERS = ["estimate", "se", "p_value", "ci_low", "ci_high"]


@cache
def trial():
    return draw_trial()


def run(stage, models=MODELS, study=STUDY, base=None, **changes):
    base = replace(base or trial(), **changes)
    tables = {name: getattr(base, name) for name in ("sample", "background", "shares", "weekly", "followup")}
    return estimate_stage(stage, tables, models, study, VARIABLES).set_index("estimate_id")


@cache
def estimates(stage):
    return run(stage)


def with_models(**tables):
    """The settings with keys of some tables changed."""
    return {**MODELS, **{name: {**MODELS[name], **row} for name, row in tables.items()}}


def with_splits(**splits):
    return convert({**SETTINGS, "splits": {**SETTINGS["splits"], **splits}}, Study, "study.toml")
