"""The models of tests/settings run on an invented trial, with settings as they are or changed."""

import re
import tomllib
from dataclasses import fields, replace
from functools import cache
from pathlib import Path

import msgspec
import pandas as pd

from pipeline.estimate.estimators import ESTIMATORS, checked_models, estimate_all
from pipeline.estimate.problem import gather_data
from pipeline.estimate.table import parse_address
from pipeline.settings.base import convert
from pipeline.settings.study import Study
from pipeline.show.kinds_of_notes import NO_ESTIMATE, REMARKS, SEPARATOR
from pipeline.show.kinds_of_reasons import REASONS
from tests.trial import draw_trial

OWN = Path(__file__).parent / "settings"
MODELS = tomllib.loads((OWN / "models.toml").read_text(encoding="utf-8"))
SETTINGS = tomllib.loads((OWN / "study.toml").read_text(encoding="utf-8"))
STUDY = convert(SETTINGS, Study, "study.toml")
VARIABLES = pd.read_csv(OWN / "variables.csv", dtype=str, keep_default_na=False)
X = MODELS["itt"]["covariates"]
NUMBERS = ["estimate", "se", "p_value", "ci_low", "ci_high"]


@cache
def trial():
    return draw_trial()


def data_of(base, study=STUDY):
    """What estimation reads of a trial."""
    return gather_data({field.name: getattr(base, field.name) for field in fields(base)}, study, VARIABLES)


def run(stage=None, models=MODELS, study=STUDY, base=None, **changes):
    """The estimates of the models of a stage, of some, or of all, by address; `changes` replace tables of the trial."""
    chosen = {
        name: {key: value for key, value in msgspec.to_builtins(model).items() if key != "name"}
        for name, model in checked_models(models, study.design).items()
        if stage is None or model.stage in ([stage] if isinstance(stage, str) else stage)
    }
    found = estimate_all(chosen, data_of(replace(base or trial(), **changes), study))
    return pd.concat(found.values()).set_index("estimate_id").sort_index()


def unsaid(notes):
    """The parts of notes for which the exhibits have no words."""
    parts = {part for note in notes for part in note.split(SEPARATOR) if part}
    bare = {part.removeprefix(NO_ESTIMATE): REASONS if part.startswith(NO_ESTIMATE) else REMARKS for part in parts}
    return [part for part, known in bare.items() if not any(re.fullmatch(remark.pattern, part) for remark in known)]


@cache
def estimates(stage):
    return run(stage)


def problem_of(address, models=MODELS, study=STUDY, base=None):
    """The estimator and the problem behind an estimate, and its address taken apart, as a trace asks for them."""
    at = parse_address(address)
    model = checked_models(models, study.design)[at.model]
    estimator = ESTIMATORS[model.estimator]
    (problem,) = estimator.problems(model, data_of(base or trial(), study), at)
    return estimator, problem, at


def with_models(**tables):
    """The settings with keys of some tables changed."""
    return {**MODELS, **{name: {**MODELS[name], **row} for name, row in tables.items()}}


def with_study(**tables):
    """The study with keys of some tables changed."""
    changed = {name: {**SETTINGS[name], **row} for name, row in tables.items()}
    return convert({**SETTINGS, **changed}, Study, "study.toml")


def with_splits(**splits):
    return with_study(splits=splits)
