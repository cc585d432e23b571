"""The rows of models.toml as objects: which outcomes, samples, estimator and covariates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from msgspec import Meta

from pipeline.errors import InputError
from pipeline.settings.base import Settings, Weeks, convert, hash_settings

if TYPE_CHECKING:
    import pandas as pd

UNITS = {"teams": "team", "municipalities": "municipality"}
Source = Literal["shares", "weekly", "background", "followup"]


LEAST_SQUARES = ("balance", "itt", "subgroups", "mechanisms", "robustness")
ANY: tuple[object, ...] = ()
PLAIN: dict[str, tuple[object, ...]] = {"link": (None,), "grid": (None,), "limits": (None,)}
WHOLE: dict[str, tuple[object, ...]] = {**PLAIN, "splits": ((),), "peers": ("none",)}
UNADJUSTED: dict[str, tuple[object, ...]] = {
    **WHOLE, "cluster": ("none",), "fixed_effects": ("none",), "covariates": ([],), "outcome_source": (None,),
}  # fmt: skip
DESCRIPTIVE: dict[str, tuple[object, ...]] = {**UNADJUSTED, "stage": ("description",), "weeks": ("none",)}

# The values of a key that an estimator can take, any other would do nothing; a key that is not here, or ANY, is free.
POSSIBLE: dict[str, dict[str, tuple[object, ...]]] = {
    "ols": {**PLAIN, "stage": LEAST_SQUARES, "cluster": ("team",), "treatment": ("treated",)},
    "group_ols": {**WHOLE, "stage": LEAST_SQUARES, "cluster": ("team",), "treatment": ("treated",)},
    "municipality_effects": {**WHOLE, "stage": LEAST_SQUARES, "cluster": ("none",), "treatment": ("treated",)},
    "tobit": {**WHOLE, "stage": ("prognosis",), "cluster": ("none",), "fixed_effects": ("none",),
              "treatment": ("none",), "limits": ANY},
    "discrete_hazard": {**WHOLE, "stage": ("hazard",), "cluster": ("team",), "treatment": ("treated",),
                        "weeks": ("none",), "outcome_source": (None,), "link": ANY},
    "kaplan_meier": {**UNADJUSTED, "stage": ("survival",), "treatment": ("treated",), "weeks": ("all",)},
    "mean": {**DESCRIPTIVE, "treatment": ("none",)},
    "density": {**DESCRIPTIVE, "treatment": ("treated",), "grid": ANY},
    "count": {**DESCRIPTIVE, "treatment": ("treated",)},
}  # fmt: skip


class Grid(Settings, frozen=True):
    """Points from first to last, both included, step apart."""

    first: float
    last: float
    step: Annotated[float, Meta(gt=0)]


class Model(Settings, frozen=True, omit_defaults=True):
    """One table of models.toml: which stage runs it, and which outcomes, samples, estimator and covariates.

    outcomes is a list of names, "risk_factors" for the variables that variables.csv numbers as such, or
    "followup_scores" for those it places in followup.parquet; weeks a list, "all" up to the horizon, "last" for the
    horizon, or "none"; samples a list of samples of study.toml, "teams", or
    "municipalities". outcome_source is the table of the
    outcomes: shares.parquet if there are weeks, else background.parquet, unless it says another. With splits of
    study.toml the one sample is compared by each; peers splits the effect further, "pooled" for low only.
    """

    name: str
    name_en: str
    name_da: str
    report: str
    stage: Literal["balance", "itt", "hazard", "survival", "description", "subgroups", "mechanisms", "robustness",
                   "prognosis"]  # fmt: skip
    estimator: Literal[
        "ols",
        "group_ols",
        "municipality_effects",
        "tobit",
        "discrete_hazard",
        "kaplan_meier",
        "mean",
        "density",
        "count",
    ]
    outcomes: list[str] | Literal["risk_factors", "followup_scores"]
    weeks: list[Weeks] | Literal["all", "last", "none"]
    samples: list[str] | Literal["teams", "municipalities"]
    treatment: str
    covariates: list[str]
    fixed_effects: Literal["municipality", "none"]
    cluster: Literal["team", "none"]
    equation: str
    formula: str
    words_en: str
    words_da: str
    link: Literal["logit", "cloglog"] | None = None
    grid: dict[str, Grid] | None = None
    outcome_source: Source | None = None
    limits: tuple[float, float] | None = None
    splits: tuple[str, ...] = ()
    peers: Literal["none", "separate", "pooled"] = "none"

    @property
    def spec_hash(self) -> str:
        """The hash of the table as it stands in the file, without its name, stage and formula."""
        row = msgspec.to_builtins(self)
        del row["name"], row["stage"], row["formula"]
        return hash_settings(row)

    @property
    def unit(self) -> str | None:
        """The column of sample.parquet that a count is by; None for a model of samples."""
        return UNITS.get(self.samples) if isinstance(self.samples, str) else None

    @property
    def source(self) -> Source:
        """The table that holds the outcomes."""
        return self.outcome_source or ("background" if self.weeks == "none" else "shares")


def read_models(models: Mapping[str, Any]) -> dict[str, Model]:
    """The tables of models.toml as objects; a table with `like` takes the keys it leaves out from that table.

    Its further_covariates come after those of that table. InputError names the table and the key that is unknown or
    wrong, or that the estimator would leave without effect.
    """
    found = {
        name: convert({**_complete(name, models), "name": name}, Model, f"models.toml, table [{name}]")
        for name in models
    }
    for model in found.values():
        _require_possible(model)
    return found


def _require_possible(model: Model) -> None:
    """Raise InputError for a value that the model's estimator cannot take: it would be ignored, or give nothing."""
    for key, allowed in POSSIBLE[model.estimator].items():
        value = getattr(model, key)
        if allowed is not ANY and value not in allowed:
            known = " or ".join(map(_written, allowed))
            raise InputError(
                f"models.toml, table [{model.name}]: {key} = {_written(value)} does not go with the estimator "
                f"'{model.estimator}', which takes {known}. Mend the key, or the estimator."
            )
    if model.peers != "none" and not model.splits:
        raise InputError(f"models.toml, table [{model.name}]: peers without splits. Name the splits they divide.")
    if model.samples == "teams" and model.estimator != "count":
        raise InputError(
            f"models.toml, table [{model.name}]: samples = \"teams\" is for the estimator 'count' only. List "
            "samples of study.toml."
        )


def _written(value: object) -> str:
    """A value as an error shows it; what no table writes down is 'nothing'."""
    return "nothing" if value is None or value == () else repr(value)


def _complete(name: str, models: Mapping[str, Any], followed: tuple[str, ...] = ()) -> dict[str, Any]:
    row = dict(models[name])
    other = row.pop("like", None)
    if other is None:
        return row
    if other not in models or other in (name, *followed):
        raise InputError(f"models.toml, table [{name}]: like = '{other}' does not lead to another table.")
    base, further = _complete(other, models, (*followed, name)), row.pop("further_covariates", [])
    return {**base, "covariates": [*base.get("covariates", []), *further], **row}


def models_of(models: Mapping[str, Any], stage: str) -> list[Model]:
    """The models of the file that `stage` runs, in the order of the file."""
    return [model for model in read_models(models).values() if model.stage == stage]


def outcome_names(model: Model, variables: pd.DataFrame | None) -> list[str]:
    """The outcomes of a model, those named as a group in the order of the dictionary `variables`.

    "risk_factors" are in the order of their numbers. InputError for a group without the dictionary.
    """
    if isinstance(model.outcomes, list):
        return list(model.outcomes)
    if variables is None:
        raise InputError(f"models.toml, table [{model.name}]: its stage has no group of outcomes. List them.")
    if model.outcomes == "risk_factors":
        numbered = variables[variables["risk_factor"] != ""]
        return numbered.sort_values("risk_factor", key=lambda text: text.astype(int), kind="stable")["name"].to_list()
    held = ["followup" in tables.split() for tables in variables["tables"]]
    return [name for name in variables.loc[held, "name"] if name != "person"]


def outcome_weeks(model: Model, horizon: int) -> list[int | None]:
    """The follow-up weeks of a model: 1..horizon for "all", the horizon for "last", [None] for "none"."""
    if model.weeks == "all":
        return list(range(1, horizon + 1))
    if model.weeks == "last":
        return [horizon]
    return [None] if model.weeks == "none" else list(model.weeks)
