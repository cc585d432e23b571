"""Each model in words and in symbols, from models.toml."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from pipeline.documents.markdown import GENERATED, code_list, formula, table
from pipeline.estimate.estimators import ESTIMATORS
from pipeline.settings.exhibits import Exhibits, exhibit_number
from pipeline.settings.models import Model
from pipeline.settings.study import Study
from pipeline.show.addresses import table_slots
from pipeline.show.purposes import PURPOSES, REASONS
from pipeline.show.rows import with_rows

if TYPE_CHECKING:
    import pandas as pd

SYMBOLS = [
    ["i, h, k", "person, cluster, stratum"],
    ["t", "week since allocation; week 0 is the ISO week of the draw"],
    ["T", "1 if allocated to the offer, 0 if to the control group"],
    ["Y", "share of weeks 1 to t in the state, or the outcome named; A the state in the week, 0 or 1"],
    ["X, δ", "covariates and their coefficients"],
    ["μ", "coefficient of the dummy of a stratum, one for each group where there are groups"],
    ["τ, α, β", "effect of allocation"],
    ["g, p", "group of a split; whether the rest of the cluster is low or high"],
    ["j(t)", "interval of weeks of the baseline hazard"],
    ["N, K, G", "observations, columns of the design, clusters, all of the one estimate"],
]


def write_models(models: Mapping[str, Model], exhibits: Exhibits, study: Study, variables: pd.DataFrame) -> str:
    """docs/models.md: every model with its words, symbols, samples, inference and exhibits."""
    shown = models_by_exhibit(exhibits, study, variables)
    lines = [
        "# The models",
        "",
        GENERATED.format(sources="`models.toml`, `study.toml` and `exhibits.toml`"),
        "",
        "Everything is by intention to treat. Complete cases are taken once for each estimate.",
        "",
        *table(["Symbol", "Meaning"], SYMBOLS),
    ]
    for name, model in models.items():
        lines += _model(model, study, [exhibit for exhibit, names in shown.items() if name in names])
    return "\n".join(lines).rstrip() + "\n"


def models_by_exhibit(exhibits: Exhibits, study: Study, variables: pd.DataFrame) -> dict[str, set[str]]:
    """The models whose estimates each exhibit shows."""
    horizon = study.time.horizon_weeks
    listed = with_rows(exhibits, variables, None, (), horizon)
    found = {}
    for name in exhibits.order:
        if name in listed.tables:
            templates = [slot.estimate_id for slot in table_slots(name, listed.tables[name], horizon)]
        elif name in exhibits.figures:
            figure = exhibits.figures[name]
            own = [series.estimate or figure.estimate for series in figure.series]
            templates = [*own, *(size.estimate for size in figure.sizes)]
        else:
            templates = []
        found[name] = {template.split("/")[0] for template in templates}
    return found


def _model(model: Model, study: Study, shown: list[str]) -> Iterator[str]:
    own = ESTIMATORS[model.estimator].words
    errors, reference, words = own.formula, own.reference, own.sentence
    yield from (f"## {model.name_en} (`{model.name}`)", "", f"Report: {model.report}. {model.words_en}", "")
    yield from formula(model.formula)
    if errors:
        yield from formula(errors)
    yield from (f"{words}", "")
    yield from table(["", ""], _facts(model, study, reference, shown))


def describe_purposes(model: Model) -> str:
    """What a model is for, sample by sample where they differ."""
    if isinstance(model.purpose, str):
        return PURPOSES["en"][model.purpose]
    return ", ".join(f"`{sample}`: {PURPOSES['en'][purpose]}" for sample, purpose in model.purpose.items())


def _facts(model: Model, study: Study, reference: str, shown: list[str]) -> Iterator[list[str]]:
    outcomes = model.outcomes if isinstance(model.outcomes, str) else code_list(model.outcomes)
    yield ["Outcomes", outcomes.replace("_", " ") if isinstance(model.outcomes, str) else outcomes]
    weeks = {"all": f"1 to {study.time.horizon_weeks}", "last": str(study.time.horizon_weeks), "none": "none"}
    yield ["Weeks", weeks[model.weeks] if isinstance(model.weeks, str) else ", ".join(map(str, model.weeks))]
    yield ["Samples", model.samples if isinstance(model.samples, str) else code_list(model.samples)]
    if model.splits:
        yield ["Groups", code_list(model.splits)]
    yield ["Covariates X", code_list(model.covariates)]
    if model.response:
        yield ["Response by", code_list(model.response)]
    if model.strata:
        yield ["Tightened by", code_list(model.strata)]
    yield ["Fixed effects", model.fixed_effects]
    yield ["Clusters of the errors", model.cluster]
    yield ["Planned or found", REASONS["en"][model.reason]]
    yield ["Purpose", describe_purposes(model)]
    yield ["Reference distribution", reference]
    yield ["Exhibits", ", ".join(exhibit_number(name, "en") for name in shown) or "none"]
