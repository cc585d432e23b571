"""The names that models use: samples, splits and estimands of the study, covariates and outcomes of the dictionary."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from pipeline.checks.references import Columns, Settings, near
from pipeline.checks.tables import refuse
from pipeline.settings.lines import place
from pipeline.settings.models import WEEKS_OF_SHARES, Model
from pipeline.settings.outcomes import OutcomeDefinitions
from pipeline.settings.specifications import specifications
from pipeline.settings.study import Study

COUNTED = ("count", "printed")  # estimators whose outcomes are no variables


def check_models(settings: Settings, own: Columns) -> None:
    """Raise InputError for a sample, split, covariate, estimand or outcome of a model that no other file has."""
    models, study, variables = (settings.get(name) for name in ("models_read", "study", "variables"))
    if models is None or not isinstance(study, Study) or variables is None:
        return
    rows = [*own, *variables.to_dict("records")]
    held = {table: {row["name"] for row in rows if table in row["tables"].split()} for table in _tables(rows)}
    wrong = []
    for name, model in _all_of(models):
        for key, value, known in _uses(model, study, settings.get("outcomes"), held):
            if value not in known:
                keys = _stands(settings["models"], name, key, value)
                line = place(settings["models"], "", keys, value).rpartition(", ")[2]
                wrong.append(f"{line} [{'.'.join(keys[:-1])}] {keys[-1]}: {value!r}{near(value, known)}".strip())
    refuse("models.toml", list(dict.fromkeys(wrong)), "names that no other file has", "Mend them, or define them")


def _all_of(models: Mapping[str, Model]) -> Iterator[tuple[str, Model]]:
    """Every model with the name of its table; of a curve those of its specifications, whose names their options say."""
    for name, model in models.items():
        yield from ((name, each.model) for each in specifications(model).values()) if model.curve else [(name, model)]


def _stands(models: Mapping[str, Any], name: str, key: str, value: str) -> tuple[str, ...]:
    """The table and key that say a name: the model's own, the one it is like, or an option of a curve."""
    names = (key, "further_covariates") if key == "covariates" else (key,)
    tables = [*_chain(models, name), *_options(models, name)]
    said = ((*keys, each) for keys, table in tables for each in names if value in table.get(each, ()))
    return next(said, (name, key))


def _chain(models: Mapping[str, Any], name: str) -> Iterator[tuple[tuple[str, ...], Mapping[str, Any]]]:
    """The table of a model and those that it takes keys from."""
    yield (name,), models[name]
    while "like" in models[name]:
        name = models[name]["like"]
        yield (name,), models[name]


def _options(models: Mapping[str, Any], name: str) -> Iterator[tuple[tuple[str, ...], Mapping[str, Any]]]:
    """The options of a curve and the keys that they set, then those of the curve that it is like."""
    curve = models[name].get("curve", {})
    for choice, taken in curve.get("choices", {}).items():
        for option, own in taken.get("options", {}).items():
            keys = (name, "curve", "choices", choice, "options", option)
            yield keys, own
            yield (*keys, "set"), own.get("set", {})
    if "like" in curve:
        yield from _options(models, curve["like"])


def _tables(rows: Any) -> set[str]:
    return {table for row in rows for table in row["tables"].split()}


def _uses(
    model: Model, study: Study, definitions: object, held: dict[str, set[str]]
) -> Iterator[tuple[str, str, Collection[str]]]:
    """Every name a model uses: its key, the name, and the names there are."""
    if not isinstance(model.samples, str):
        yield from (("samples", name, study.samples) for name in model.samples)
    yield from (("splits", name, study.splits) for name in model.splits)
    yield from (("strata", name, study.splits) for name in model.strata)
    yield from (("covariates", name, held["background"]) for name in model.covariates)
    yield from (("response", name, held["background"]) for name in model.response)
    yield from (("estimand", name, study.estimands.of if study.estimands else ()) for name in [model.estimand] if name)
    if isinstance(model.outcomes, str) or model.estimator in COUNTED:
        return
    known: set[str] = set(held.get(model.source, ()))
    if isinstance(definitions, OutcomeDefinitions):
        known |= {"shares": {*definitions.shares}, "weekly": {*definitions.states}}.get(model.source, set())
        known |= {*definitions.states} if model.source in WEEKS_OF_SHARES else set()
        known |= {*definitions.exits}
    else:
        return
    yield from (("outcomes", name, known) for name in model.outcomes)
