"""Every estimator by the name that models.toml gives it, and the estimates of all models."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from pipeline.errors import InputError
from pipeline.estimate import (
    complier_effect,
    count,
    density,
    discrete_hazard,
    group_means,
    kaplan_meier,
    least_squares,
    lee,
    mean,
    power,
    printed,
    response,
    specification,
    stratum_effects,
    tobit,
)
from pipeline.estimate.problem import Data, Estimator
from pipeline.estimate.table import estimates_table
from pipeline.settings.models import Model, read_models
from pipeline.settings.specifications import specifications
from pipeline.settings.study import Design

if TYPE_CHECKING:
    import pandas as pd

ESTIMATORS: Mapping[str, Estimator] = {
    "ols": least_squares.ESTIMATOR,
    "group_ols": group_means.ESTIMATOR,
    "stratum_effects": stratum_effects.ESTIMATOR,
    "weighted_ols": response.ESTIMATOR,
    "lee_bounds": lee.ESTIMATOR,
    "tobit": tobit.ESTIMATOR,
    "discrete_hazard": discrete_hazard.ESTIMATOR,
    "kaplan_meier": kaplan_meier.ESTIMATOR,
    "mean": mean.ESTIMATOR,
    "density": density.ESTIMATOR,
    "count": count.ESTIMATOR,
    "printed": printed.ESTIMATOR,
    "power": power.LEAST_SQUARES,
    "hazard_power": power.HAZARD,
    "complier_effect": complier_effect.ESTIMATOR,
    "specifications": specification.ESTIMATOR,
}
# Keys that no estimator takes but those that say so.
RARE: Mapping[str, tuple[object, ...] | None] = {"power": (None,)}

WITH_FAMILIES = ("ols", "group_ols", "stratum_effects")  # estimators whose effects are drawn again as families
BY_STRATUM = ("ols", "specifications")  # estimators whose errors may be clustered on the stratum instead


def estimate_all(
    models: Mapping[str, Any], data: Data, stages: Collection[str] | None = None
) -> dict[str, pd.DataFrame]:
    """The table of estimates of each stage that the parsed models.toml names, or of those in `stages`."""
    rows: dict[str, list[Any]] = {}
    for model in checked_models(models, data.study.design).values():
        if model.curve or (stages is not None and model.stage not in stages):
            continue  # curves have a stage of their own
        estimator = ESTIMATORS[model.estimator]
        table = rows.setdefault(model.stage, [])
        for problem in estimator.problems(model, data, None):
            table += estimator.rows(problem)
    return {stage: estimates_table(found) for stage, found in rows.items()}


def checked_models(models: Mapping[str, Any], design: Design) -> dict[str, Model]:
    """The models of the file; InputError for a value that the estimator or the design would leave without effect."""
    found = read_models(models)
    for model in found.values():
        _require_curve(model, design)
        _require_possible(model, design)
        if "family" in models[model.name] and model.estimator not in WITH_FAMILIES:
            raise InputError(
                f"models.toml, table [{model.name}]: family = {_written(list(model.family or ()))} has no effect, for "
                f"the estimator '{model.estimator}' has no families. Take the key out; these have: "
                f"{', '.join(WITH_FAMILIES)}."
            )
    return found


def _require_curve(model: Model, design: Design) -> None:
    """InputError for a curve of another estimator, and for a specification that its estimator would not take."""
    place = f"models.toml, table [{model.name}]"
    if (model.curve is not None) != (model.estimator == "specifications"):
        raise InputError(f"{place}: a curve has the estimator 'specifications', and no other model has. Mend the key.")
    if model.curve and model.stage != "specifications":
        raise InputError(f"{place}: stage = '{model.stage}', and curves are made by 'specifications'. Mend the key.")
    for each in specifications(model).values() if model.curve else ():
        if each.model.estimator not in specification.INNER:
            known = ", ".join(specification.INNER)
            raise InputError(f"{place}: {each.name} has the estimator '{each.model.estimator}'. It can be {known}.")
        _require_possible(each.model, design)
        own = specification.parameters_of(each.model)
        if each.parameter not in own:
            raise InputError(
                f"{place}: {each.name} looks at the parameter '{each.parameter}', which its model does not have. It "
                f"has {', '.join(own)}. Mend the name."
            )


def _require_possible(model: Model, design: Design) -> None:
    place = f"models.toml, table [{model.name}]"
    if model.estimator not in ESTIMATORS:
        raise InputError(
            f"{place}: no estimator '{model.estimator}'. The estimators are {', '.join(ESTIMATORS)}. Mend the name."
        )
    own: dict[str, tuple[Any, ...]] = {
        "fixed_effects": (design.stratum.name if design.stratum else None, "none"),
        "cluster": (design.cluster.name if design.cluster else None, "none"),
        "response": ((),),
        "strata": ((),),
    }
    if model.estimator in BY_STRATUM and design.stratum:
        own["cluster"] = (*own["cluster"], design.stratum.name)
    for key, allowed in {**own, **RARE, **ESTIMATORS[model.estimator].possible}.items():
        value = getattr(model, key)
        if allowed is not None and value not in allowed:
            known = " or ".join(_written(choice) for choice in allowed if choice is not None or key not in own)
            raise InputError(
                f"{place}: {key} = {_written(value)} does not go with the estimator '{model.estimator}', which takes "
                f"{known} in this design. Mend the key, or the estimator."
            )
    for key in ("outcomes", "weeks", "samples", "splits", "covariates", "response", "strata"):
        listed = getattr(model, key)
        twice = [] if isinstance(listed, str) else sorted({str(name) for name in listed if listed.count(name) > 1})
        if twice:
            raise InputError(f"{place}: {key} has {', '.join(twice)} twice. Name each once.")
    if model.treatment in model.covariates:
        raise InputError(f"{place}: the treatment {model.treatment} is among its covariates. Take it out of them.")
    if model.peers != "none" and not model.splits:
        raise InputError(f"{place}: peers without splits. Name the splits they divide.")
    if model.splits and len(model.samples) != 1:
        raise InputError(f"{place}: splits compare one sample. Give one in `samples`.")
    if isinstance(model.samples, str) and model.estimator != "count":
        raise InputError(
            f"{place}: samples = '{model.samples}' is for the estimator 'count' only. List samples of study.toml."
        )


def _written(value: object) -> str:
    """A value as an error shows it; what no table writes down is 'nothing'."""
    return "nothing" if value is None or value == () else repr(value)
