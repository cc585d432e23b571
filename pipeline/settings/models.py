"""The rows of models.toml as objects: which outcomes, samples, estimator and covariates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from msgspec import Meta

from pipeline.errors import Faults, InputError
from pipeline.settings.base import Name, Probability, Settings, Weeks, convert, hash_settings
from pipeline.settings.curves import Curve, complete_curve
from pipeline.settings.lines import file_and_text, place

if TYPE_CHECKING:
    import pandas as pd

Source = Literal["shares", "weekly", "background", "followup", "sample", "complete_weeks", "known_weeks", "every_week"]
# The share of the weeks up to one that the study makes of a state, and of those in models alone: missing if a week is
# unknown, of the known weeks, and of every week, where an unknown one counts as not in the state.
UnknownWeeks = Literal["missing", "known", "counted"]
WEEKS_OF_SHARES: Mapping[str, UnknownWeeks] = {
    "complete_weeks": "missing",
    "known_weeks": "known",
    "every_week": "counted",
}
SHARES = ("shares", *WEEKS_OF_SHARES)
# When an analysis was planned and what it is for, as the Analysis Results Standard of CDISC asks. What is no outcome
# measure is descriptive.
Reason = Literal["specified_in_protocol", "specified_in_report", "data_driven", "requested"]
Purpose = Literal["primary", "secondary", "exploratory", "descriptive"]
IN_DANISH = ("report_da", "equation_da", "formula_da")  # report, equation and formula where they hold words
OWN = ("reason", "purpose", "estimand")  # never taken from the model that another is like


class Grid(Settings, frozen=True):
    """Points from first to last, both included, step apart."""

    first: float
    last: float
    step: Annotated[float, Meta(gt=0)]


class PrintedNumber(Settings, frozen=True):
    """A coefficient that is printed elsewhere, in the units of the model that printed it."""

    outcome: str
    parameter: str
    estimate: float
    se: float | None = None
    p_value: float | None = None
    n: int | None = None


class Targets(Settings, frozen=True):
    """What is asked of the power of a model: the chances at which the smallest effects are found, and effects to find.

    effects: in the unit of the outcome; ratios: to the mean of the control group, of exits ratios of odds or hazards.
    """

    chances: tuple[Probability, ...]
    effects: tuple[Annotated[float, Meta(gt=0)], ...] = ()
    ratios: tuple[Annotated[float, Meta(gt=1)], ...] = ()


class Model(Settings, frozen=True, omit_defaults=True):
    """One table of models.toml: which outcomes, samples, estimator and covariates, and the table of its estimates.

    stage: the name of that table. outcomes is a list of names, "risk_factors" for the variables that variables.csv
    numbers as such, or "followup_scores" for those it places in followup.parquet; weeks a list, "all" up to the
    horizon, "last" for the horizon, or "none"; samples a list of samples of study.toml, or for counts the name of the
    stratum or cluster of its design, which fixed_effects and cluster name too. outcome_source is the table of the
    outcomes: shares.parquet if there are weeks, else background.parquet, unless it says another. With splits of
    study.toml the one sample is compared by each; peers splits the effect further, "pooled" for low only. response: the
    variables that the probability of answering is estimated by; strata: the splits whose sides tighten bounds. printed:
    numbers of another source that stand beside the estimates. reason: when the analysis was planned; purpose: what it
    is for, one word or one a sample; estimand: that of study.toml which it estimates. family: the parts of their
    addresses that estimates share which are tested together. power: what is asked of the
    power of its effects. peers_among: whose share of the rest of the team tells the peers. curve: the choices of a
    curve of specifications, whose keys the model has otherwise.
    """

    name: str
    name_en: str
    report: str
    reason: Reason
    purpose: Purpose | dict[str, Purpose]
    stage: Name
    estimator: str
    outcomes: list[str] | Literal["risk_factors", "followup_scores"]
    weeks: list[Weeks] | Literal["all", "last", "none"]
    samples: list[str] | str
    treatment: Literal["treated", "none"]
    covariates: list[str]
    fixed_effects: str
    cluster: str
    equation: str
    formula: str
    words_en: str
    link: Literal["logit", "cloglog"] | None = None
    grid: dict[str, Grid] | None = None
    outcome_source: Source | None = None
    limits: tuple[float, float] | None = None
    splits: tuple[str, ...] = ()
    peers: Literal["none", "separate", "pooled"] = "none"
    response: tuple[str, ...] = ()
    strata: tuple[str, ...] = ()
    printed: tuple[PrintedNumber, ...] = ()
    name_da: str = ""
    words_da: str = ""
    report_da: str = ""
    equation_da: str = ""
    formula_da: str = ""
    estimand: str | None = None
    family: tuple[Literal["sample", "outcome", "week"], ...] | None = None
    power: Targets | None = None
    peers_among: Literal["everybody", "treated"] = "everybody"
    curve: Curve | None = None

    def __post_init__(self) -> None:
        """ValueError unless a purpose by sample names each sample of the model and no other."""
        if isinstance(self.purpose, dict) and set(self.purpose) != set(self.samples):
            raise ValueError(f"purpose by sample: its keys are {', '.join(self.purpose)}, the samples {self.samples}")

    @property
    def spec_hash(self) -> str:
        """The hash of the table as it stands in the file, without its name, stage, symbols, and what it is for."""
        row = msgspec.to_builtins(self)
        for key in ("name", "stage", "formula", "family", *IN_DANISH, *OWN):
            row.pop(key, None)
        return hash_settings(row)

    def purpose_of(self, sample: str) -> Purpose:
        """What the analysis of a sample, or of a split, is for."""
        return self.purpose[sample] if isinstance(self.purpose, dict) else self.purpose

    def told(self, key: Literal["report", "equation", "formula"], language: str) -> str:
        """Where the report has the model, its equation or its formula, in a language if it holds words of one."""
        return str((language == "da" and getattr(self, f"{key}_da")) or getattr(self, key))

    @property
    def source(self) -> Source:
        """The table that holds the outcomes."""
        return self.outcome_source or ("background" if self.weeks == "none" else "shares")


def read_models(models: Mapping[str, Any]) -> dict[str, Model]:
    """The tables of models.toml as objects; a table with `like` takes the keys it leaves out from that table.

    Its further_covariates come after those of that table; its reason, purpose and estimand are its own. InputError
    names the table and the key that is unknown or wrong.
    """
    faults, found = Faults(), dict[str, Model]()
    for name in models:
        with faults.part():
            own = {**_complete(name, models), "curve": _curve_of(name, models), "name": name}
            found[name] = convert(own, Model, *file_and_text(models, "models.toml"), _home(models, name))
    faults.stop()
    return found


def _complete(name: str, models: Mapping[str, Any], followed: tuple[str, ...] = ()) -> dict[str, Any]:
    row = dict(models[name])
    other = row.pop("like", None)
    if other is None:
        return row
    if other not in models or other in (name, *followed):
        where = place(models, "models.toml", [name, "like"])
        raise InputError(f"{where}, table [{name}]: like = '{other}' does not lead to another table. Mend the name.")
    base, further = _complete(other, models, (*followed, name)), row.pop("further_covariates", [])
    base = {key: value for key, value in base.items() if key not in OWN}
    return {**base, "covariates": [*base.get("covariates", []), *further], **row}


def _curve_of(name: str, models: Mapping[str, Any], followed: tuple[str, ...] = ()) -> Any:
    """The curve of a table, with what it takes from that of another; a curve is never taken with the other keys."""
    curve = models[name].get("curve")
    if not isinstance(curve, dict) or "like" not in curve:
        return curve
    other = curve["like"]
    if other in (name, *followed) or not isinstance(models.get(other, {}).get("curve"), dict):
        where = place(models, "models.toml", [name, "curve", "like"])
        raise InputError(f"{where}, table [{name}.curve]: like = '{other}' does not lead to a curve. Mend the name.")
    taken = _curve_of(other, models, (*followed, name))
    unknown = [choice for choice in curve.get("without", ()) if choice not in taken.get("choices", {})]
    if unknown:
        where = place(models, "models.toml", [name, "curve", "without"])
        raise InputError(
            f"{where}, table [{name}.curve]: without = {unknown[0]!r} is no choice of [{other}.curve], which has "
            f"{', '.join(taken.get('choices', {}))}. Mend the name."
        )
    return complete_curve(curve, taken)


def _home(models: Mapping[str, Any], name: str) -> Callable[[str | int], tuple[str, ...]]:
    """In which table a key of a model stands: its own, or the one that it takes the key from."""

    def find(key: str | int) -> tuple[str, ...]:
        owner = name
        while key not in models[owner] and "like" in models[owner]:
            owner = models[owner]["like"]
        return (owner,)

    return find


def outcome_names(model: Model, variables: pd.DataFrame) -> list[str]:
    """The outcomes of a model, those named as a group in the order of the dictionary `variables`.

    "risk_factors" are in the order of their numbers.
    """
    if isinstance(model.outcomes, list):
        return list(model.outcomes)
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
