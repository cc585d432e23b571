"""What the audit panels of the report page say of every number shown."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pipeline.settings.described import read_exhibits
from pipeline.settings.disclosure import Disclosure
from pipeline.settings.exhibits import in_language
from pipeline.settings.extract import Extract, Language
from pipeline.settings.models import Model, read_models
from pipeline.settings.outcomes import OutcomeDefinitions
from pipeline.settings.study import Study
from pipeline.show.numbers import ABSENT
from pipeline.show.panel_models import (
    Glossary,
    describe_estimands,
    describe_flow,
    describe_models,
    describe_parts,
    describe_variables,
)
from pipeline.show.panel_printed import describe_printed
from pipeline.show.panel_words import number_signs, panel_words, statistic_names
from pipeline.show.panels import Numbers, describe_exhibits, describe_notes, describe_numbers
from pipeline.show.rows import with_rows
from pipeline.show.shown import find_slots
from pipeline.show.words import INTERFACE, SHARE_WEEKS, Words, read_words

if TYPE_CHECKING:
    import pandas as pd


def run(
    released: pd.DataFrame,
    behind: pd.DataFrame,
    judged: Mapping[str, Any],
    disclosure: Disclosure,
    exhibits: Mapping[str, Any],
    variables: pd.DataFrame,
    words: Mapping[str, Any],
    study: Study,
    extract: Extract,
    language: Language,
    groups: pd.DataFrame,
    outcomes: OutcomeDefinitions | None = None,
    models: Mapping[str, Any] | None = None,
    table_published: pd.DataFrame | None = None,
    errata: pd.DataFrame | None = None,
) -> dict[str, str]:
    """panels.json: aggregates only, what the page needs to say where each number comes from.

    With the comparison `table_published` and its `errata` a number has the printed one beside it. A number whose model
    is not in models.toml has no words of it.
    """
    known, tongue, made = read_words(words), language.language, set(released["estimate_id"])
    described = with_rows(read_exhibits(exhibits), variables, groups, made, known.horizon_weeks)
    index = {row["estimate_id"]: row for row in behind.to_dict("records")}
    slots = {slot.cell_id: slot for slot in find_slots(described, study, index)}
    rows = released.to_dict("records")
    numbers = Numbers(rows, [slots[row["cell_id"]] for row in rows], index, tongue, disclosure.bounds.persons)
    texts = {**known.with_legend([], tongue), "total": INTERFACE[tongue]["total"]}
    glossary = Glossary(
        study,
        outcomes or OutcomeDefinitions({}),
        {entry["name"]: entry for entry in variables.to_dict("records")},
        {**dict(zip(groups["address"], groups["label"], strict=True)), "total": texts["total"]},
        texts,
        tongue,
    )
    content = {
        "extract": extract.name,
        **number_signs(tongue),
        "ui": _interface(known, study, extract, _example(numbers, glossary), tongue, disclosure.bounds.persons),
        "names": statistic_names(known.texts, tongue),
        "exhibits": describe_exhibits(described, variables, groups, texts, tongue, _specifications(released, known)),
        **describe_numbers(numbers),
        **_behind(numbers, read_models(models or {}), glossary),
        "flow": describe_flow(judged["flow"], described, tongue, disclosure.bounds.persons),
        "rules": {rule: disclosure.says(rule, tongue, "why") for rule in judged["rules"]},
        "notes": describe_notes(released, texts, tongue),
        "printed": describe_printed(table_published, errata, tongue),
    }
    return {"panels.json": json.dumps(content, ensure_ascii=False, separators=(",", ":")) + "\n"}


def _specifications(released: pd.DataFrame, words: Words) -> dict[str, dict[str, str]]:
    """By exhibit the specifications that its rows are, in words."""
    found: dict[str, dict[str, str]] = {}
    for exhibit, row, estimate in released[["exhibit", "row", "estimate_id"]].itertuples(index=False):
        model, sample = estimate.split("/")[:2]
        curve = words.curves.get(model)
        if curve and row == sample:  # a row of a table may show a number of a whole curve
            found.setdefault(exhibit, {})[row] = curve.label(row)
    return found


def _example(numbers: Numbers, glossary: Glossary) -> str:
    """Words that find a number: outcome, week and sample of one amid the curves of a share, else its exhibit."""
    named, samples = [estimate_id.split("/") for estimate_id in numbers.estimate_ids], glossary.study.samples
    curves = [parts for parts in named if parts[2] in glossary.outcomes.shares and parts[3] and parts[1] in samples]
    if not curves:
        return numbers.slots[0].exhibit.replace("_", " ")
    _, sample, outcome, week, _ = curves[len(curves) // 2]
    return f"{glossary.variable(outcome)} {week} {in_language(samples[sample], 'label', glossary.language)}".lower()


def _interface(
    words: Words, study: Study, extract: Extract, example: str, language: str, fewest: int
) -> dict[str, str]:
    """The words of the panel in a language: those of the house, and those of the study that it needs."""
    known = {**words.texts, "example": example, "extract_name": extract.name, "fewest": str(fewest)}
    arms = {arm: words.texts[arm] for arm in ("treated", "control")}
    weeks = SHARE_WEEKS[study.outcomes.unknown_weeks][language]["share_weeks"].replace("{horizon}", "{week}")
    return {**panel_words(known, language), **arms, "share_weeks": weeks, "dash": ABSENT}


def _behind(numbers: Numbers, models: Mapping[str, Model], glossary: Glossary) -> dict[str, Any]:
    """The models, samples, parameters and variables behind the numbers, in words."""
    ids = numbers.estimate_ids
    used = {estimate_id.split("/")[0] for estimate_id in ids}
    named = [estimate_id.split("/")[2] for estimate_id in ids]
    named += [name for model in models.values() if model.name in used for name in (*model.covariates,)]
    splits = [glossary.study.splits[name].variable for model in models.values() for name in model.splits]
    return {
        "models": describe_models(models, used, glossary),
        "estimands": describe_estimands(glossary),
        "splits": {name: split.variable for name, split in glossary.study.splits.items()},
        **describe_parts(ids, models, glossary),
        "variables": describe_variables([*named, *splits, "share"], glossary),
    }
