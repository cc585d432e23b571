"""What may leave of the numbers shown: the last stage that reads estimates, before anything is drawn or written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.disclosure.behind import release_behind
from pipeline.disclosure.earlier import everybody, read_protected, tell_earlier, write_told
from pipeline.disclosure.flow import count_flow
from pipeline.disclosure.groups import Gathering, Groups, tell_counts
from pipeline.disclosure.primary import Behind, Judged, judge_all
from pipeline.disclosure.release import release
from pipeline.disclosure.review import say_control, sum_up, write_judged, write_review
from pipeline.disclosure.secondary import NOTHING, protect, with_protection
from pipeline.disclosure.shares import tell_shares
from pipeline.errors import InputError
from pipeline.estimate.problem import Data, gather_data
from pipeline.settings.disclosure import Asked, Disclosure
from pipeline.settings.extract import Extract, Language
from pipeline.settings.models import Model, read_models
from pipeline.settings.study import Study
from pipeline.show.shown_with import index_estimates

if TYPE_CHECKING:
    import pandas as pd


def run(
    shown: pd.DataFrame,
    disclosure: Disclosure,
    variables: pd.DataFrame,
    study: Study,
    extract: Extract,
    language: Language,
    exclusions: pd.DataFrame,
    models: Mapping[str, Any] | None = None,
    asked: Asked | None = None,
    sample: pd.DataFrame | None = None,
    background: pd.DataFrame | None = None,
    shares: pd.DataFrame | None = None,
    weekly: pd.DataFrame | None = None,
    durations: pd.DataFrame | None = None,
    followup: pd.DataFrame | None = None,
    earlier: list[Mapping[str, Any]] | None = None,
    told: Mapping[str, Any] | None = None,
    inference: pd.DataFrame | None = None,
    **estimates: pd.DataFrame,
) -> dict[str, Any]:
    """released.parquet: the numbers shown as they leave, which is all that is drawn and written from here on.

    behind.parquet: what leaves of the estimates behind them; judged.json: what was decided, in numbers;
    disclosure.html: the page for who signs; told.json: what is told of which persons, for a later release. `asked`
    says whether who builds asked for control; to an extract that is not synthetic it is always applied, and to ask for
    it off is an InputError. Where it is applied the derived tables of persons tell who is in which group, and an
    attacker is tried on everything that leaves, with what left `earlier`; or was, of the first language, as `told`
    says. `inference` is what resampling says of estimates.
    """
    is_applied = require_control(extract, asked)
    index = index_estimates(estimates.values(), inference)
    known = read_models(models or {})
    behind = describe_behind(index, known, variables, study, disclosure)
    rows: list[dict[Any, Any]] = shown.to_dict("records")
    judged = judge_all(rows, behind)
    tables = {"sample": sample, "background": background, "shares": shares, "weekly": weekly}
    tables |= {"durations": durations, "followup": followup, "exclusions": exclusions}
    tongue, protected, left = language.language, None, write_told(extract.name, NOBODY, NOTHING)
    if is_applied and told is not None:
        protected = read_protected(told)
    elif is_applied and sample is not None:
        data = gather_data({name: table for name, table in tables.items() if table is not None}, study, variables)
        groups = _gather(rows, judged, behind, known, data, tongue, earlier or [])
        protected = protect(groups, disclosure.bounds)
        left = write_told(extract.name, groups, protected)
    if protected is not None:
        judged = with_protection(rows, judged, protected)
    attacked = protected.counts() if protected is not None else {}
    released = release(shown, judged, disclosure, tongue, is_applied)
    facts = sum_up(released, disclosure, extract, is_applied, attacked)
    if is_applied and told is None:
        print(say_control(facts))
    return {
        "released.parquet": released,
        "behind.parquet": release_behind(
            released, judged, index, disclosure, study.inference.stars, tongue, is_applied
        ),
        "judged.json": write_judged({**facts, "flow": count_flow(exclusions, study, disclosure, is_applied)}),
        "told.json": left,
        "disclosure.html": write_review(released, facts, disclosure, extract, tongue),
    }


def describe_behind(
    estimates: Mapping[str, Mapping[Any, Any]],
    models: Mapping[str, Model],
    variables: pd.DataFrame,
    study: Study,
    settings: Disclosure,
) -> Behind:
    """What is behind numbers of these estimates, by estimate_id, with what the dictionary says of their outcomes."""
    from_zero = variables["minimum"] == "0"
    return Behind(
        estimates,
        {name: model.estimator for name, model in models.items()},
        frozenset(variables.loc[from_zero & (variables["maximum"] == "1"), "name"]),
        _clusters(study),
        settings.bounds,
        frozenset(variables.loc[from_zero, "name"]),
    )


NOBODY = Groups(np.zeros(0, dtype=np.int64), np.zeros((0, 0), dtype=bool), (), ())


def _gather(
    rows: Sequence[Mapping[Any, Any]],
    judged: Sequence[Judged],
    behind: Behind,
    models: Mapping[str, Model],
    data: Data,
    language: str,
    earlier: list[Mapping[str, Any]],
) -> Groups:
    """Every group of persons that a number tells of: this build's, and those of archives that left before."""
    found = Gathering(everybody(data.tables["exclusions"]["person"].to_numpy(), earlier))
    tell_counts(found, rows, behind, models, data)
    tell_shares(found, rows, judged, behind, models, data, language)
    tell_earlier(found, earlier)
    return found.groups()


def require_control(extract: Extract, asked: Asked | None) -> bool:
    """Whether control is applied; InputError where it is asked off for an extract that is not synthetic."""
    wish = asked.asked if asked else ""
    if wish == "off" and not extract.synthetic:
        raise InputError(
            f"DISCLOSURE=off: the extract {extract.name} is not synthetic, so what leaves of it is always controlled. "
            "Say make all DISCLOSURE=on, and read its disclosure.html."
        )
    return wish == "on" or not extract.synthetic


def _clusters(study: Study) -> frozenset[str]:
    """What models call the number of clusters of a stratum."""
    cluster = study.design.cluster
    return frozenset({"clusters", *([cluster.plural_en] if cluster else [])})
