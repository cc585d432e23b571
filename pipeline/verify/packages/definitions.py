"""Models, samples and splits as the settings write them, read plainly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

COMPARISONS = ("below", "at_most", "at_least", "above", "equals")
OPPOSITE = {"below": "at_least", "at_most": "above"}


@dataclass(frozen=True)
class Definitions:
    """study.toml, models.toml and outcomes.toml as they were read, and the dictionary of variables."""

    study: Mapping[str, Any]
    models: Mapping[str, Any]
    outcomes: Mapping[str, Any]
    variables: pd.DataFrame

    @property
    def horizon(self) -> int:
        """The last week of follow-up."""
        return int(self.study["time"]["horizon_weeks"])

    @property
    def level(self) -> float:
        """Of the intervals."""
        return float(self.study["inference"]["level"])

    @property
    def draws(self) -> int:
        """How often the lot, signs and bands are drawn."""
        return int(self.study["inference"].get("draws", 9999))

    @property
    def seed(self) -> int:
        """Of every draw."""
        return int(self.study["inference"].get("seed", 0))

    @property
    def first_across(self) -> str:
        """The first model whose families of tests reach over its samples or splits; '' if there is none."""
        families = {name: self.model(name).get("family") for name in self.models}
        return next((name for name, parts in families.items() if parts is not None and "sample" not in parts), "")

    @property
    def redrawn_curve(self) -> str:
        """The curve of fewest specifications that are all least squares on persons; '' if there is none."""
        curves = {name: self.curve(name) for name in self.models if "curve" in self.models[name]}
        plain = [name for name, found in curves.items() if all(own["estimator"] == "ols" for _, own, _ in found)]
        return min(plain, key=lambda name: len(curves[name]), default="")

    def grouping(self, kind: str) -> str | None:
        """The name of the stratum or cluster of the design, None where it has none."""
        found = self.study["design"].get(kind)
        return None if found is None else str(found["name"])

    def model(self, name: str) -> dict[str, Any]:
        """A table of models.toml with what it takes from the one it is like."""
        return resolve(self.models, name)

    def curve(self, name: str) -> list[tuple[str, dict[str, Any], str]]:
        """The specifications of a curve: name, model and effect."""
        model, curve = self.model(name), full_curve(self.models, name)
        return [
            (".".join(chosen), *_specified(model, curve, dict(zip(curve["choices"], chosen, strict=True))))
            for chosen in product(*(choice["options"] for choice in curve["choices"].values()))
            if _may_stand(curve, dict(zip(curve["choices"], chosen, strict=True)))
        ]

    def outcome_names(self, model: Mapping[str, Any]) -> list[str]:
        """The outcomes of a model by name."""
        if model["outcomes"] == "risk_factors":
            numbered = self.variables[self.variables["risk_factor"].fillna("").astype(str) != ""]
            return [str(name) for name in numbered["name"]]
        if model["outcomes"] == "followup_scores":
            held = self.variables["tables"].fillna("").str.split().map(lambda tables: "followup" in tables)
            return [str(name) for name in self.variables.loc[held, "name"] if name != "person"]
        return [str(name) for name in model["outcomes"]]

    def weeks(self, model: Mapping[str, Any]) -> list[int | None]:
        """The weeks of a model; [None] where it has none."""
        weeks = model["weeks"]
        known: dict[str, list[int | None]] = {
            "none": [None],
            "last": [self.horizon],
            "all": [*range(1, self.horizon + 1)],
        }
        return known[weeks] if isinstance(weeks, str) else [int(week) for week in weeks]

    def conditions(self, sample: str) -> list[tuple[str, str, Any]]:
        """Variable, comparison and bound of a sample; a named side of a split is one too."""
        if sample in self.study.get("samples", {}):
            return [_condition(row) for row in self.study["samples"][sample]["conditions"]]
        for split in self.study["splits"].values():
            for side in ("low", "high"):
                if split.get(side, {}).get("name") == sample:
                    return [_side(split, side)]
        raise KeyError(sample)


def resolve(models: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A table of models.toml with what it takes from the one it is like."""
    row = dict(models[name])
    further = row.pop("further_covariates", [])
    base = resolve(models, row.pop("like")) if "like" in row else {}
    return {**base, "covariates": [*base.get("covariates", []), *further], **row, "name": name}


def full_curve(models: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The curve of a table of models.toml, with what it takes from the one that it is like."""
    own = models[name]["curve"]
    if "like" not in own:
        return dict(own)
    base = full_curve(models, own["like"])
    choices = {key: choice for key, choice in base["choices"].items() if key not in own.get("without", [])}
    for key, choice in own.get("choices", {}).items():
        taken = choices.get(key, {"options": {}})
        options = dict(taken["options"])
        for option, keys in choice.get("options", {}).items():
            options[option] = {**options.get(option, {}), **keys}
        choices[key] = {**taken, **choice, "options": options}
    return {**base, **own, "choices": choices}


def reported_of(curve: Mapping[str, Any]) -> dict[str, str]:
    """The option of the report, by choice."""
    return {key: choice.get("reported", next(iter(choice["options"]))) for key, choice in curve["choices"].items()}


def _may_stand(curve: Mapping[str, Any], chosen: Mapping[str, str]) -> bool:
    """Whether every option that is not the report's stands beside those that it may stand beside."""
    reported = reported_of(curve)
    other = {key for key, option in chosen.items() if option != reported[key]}
    for key in other:
        beside = curve["choices"][key]["options"][chosen[key]].get("beside")
        if beside is not None and other - {key} - set(beside):
            return False
    return True


def _specified(
    model: Mapping[str, Any], curve: Mapping[str, Any], chosen: Mapping[str, str]
) -> tuple[dict[str, Any], str]:
    """The model of a specification, and its effect."""
    row, effect, more = {**model, "estimator": curve["estimator"]}, str(curve["parameter"]), list[str]()
    for key, option in chosen.items():
        keys = curve["choices"][key]["options"][option]
        row.update(keys.get("set", {}))
        more += keys.get("further_covariates", [])
        effect = keys.get("parameter", effect)
    row["covariates"] = list(dict.fromkeys([*row["covariates"], *more]))
    return row, effect


def _condition(row: Mapping[str, Any]) -> tuple[str, str, Any]:
    comparison = next(name for name in COMPARISONS if name in row)
    return row["variable"], comparison, row[comparison]


def _side(split: Mapping[str, Any], side: str) -> tuple[str, str, Any]:
    variable, comparison, bound = _condition(split)
    if side == "low":
        return variable, comparison, bound
    if split.get("whole_points"):
        return variable, "at_least", bound + 1 if comparison == "at_most" else bound
    return variable, OPPOSITE[comparison], bound
