"""The specifications of a curve: each the model that it is, with the effect that is looked at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from pipeline.errors import InputError
from pipeline.settings.base import Settings
from pipeline.settings.curves import BETWEEN, Curve
from pipeline.settings.models import Model

ABOUT = ("name", "stage", "curve")  # keys of a model that are of the curve and never of a specification


class Specification(Settings, frozen=True):
    """One specification of a curve: its name, the model it is, and the effect that is looked at."""

    name: str
    model: Model
    parameter: str


def specifications(model: Model) -> dict[str, Specification]:
    """The specifications of a model that is a curve, by name; InputError if one is no model."""
    assert model.curve is not None
    found, base = {}, msgspec.to_builtins(model)
    for chosen in model.curve.combinations():
        own = _specification(model.curve, base, chosen)
        found[own.name] = own
    return found


def _specification(curve: Curve, base: Mapping[str, Any], chosen: Mapping[str, str]) -> Specification:
    row = {key: value for key, value in base.items() if key not in ABOUT} | {"estimator": curve.estimator}
    parameter, further = curve.parameter, list[str]()
    for choice, option in chosen.items():
        taken = curve.choices[choice].options[option]
        row |= taken.set
        further += taken.further_covariates
        parameter = taken.parameter or parameter
    row["covariates"] = [*row["covariates"], *(name for name in further if name not in row["covariates"])]
    name = BETWEEN.join(chosen.values())
    try:
        made = msgspec.convert({**row, "name": base["name"], "stage": base["stage"]}, Model)
    except msgspec.ValidationError as error:
        raise InputError(f"models.toml, table [{base['name']}.curve]: {name} is no model: {error}. Mend it.") from error
    return Specification(name, made, parameter)
