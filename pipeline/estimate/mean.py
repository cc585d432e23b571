"""Means of variables in a sample, or in the sides of a split of one: report section 2.6, Table 2.2."""

from __future__ import annotations

from typing import Any

import numpy as np

from pipeline.estimate.problem import NOBODY, NOBODY_IN_SAMPLE, Estimator, Words, missing_rows
from pipeline.estimate.regression import columns_by_pattern, count_of
from pipeline.estimate.table import Address, Estimate, hash_persons
from pipeline.estimate.terms import Evidence, Terms
from pipeline.estimate.values import Values, values

PARAMETER = "mean"
# What a description cannot have: another value would be ignored.
POSSIBLE: dict[str, tuple[object, ...] | None] = {
    "link": (None,), "grid": (None,), "limits": (None,), "printed": ((),), "splits": ((),), "peers": ("none",),
    "cluster": ("none",), "fixed_effects": ("none",), "covariates": ([],), "outcome_source": (None,),
    "weeks": ("none",),
}  # fmt: skip


def rows(problem: Values) -> list[Estimate]:
    """The mean of each variable over the persons who have it."""
    found: list[Estimate] = []
    parameter = f"{PARAMETER}:{problem.group}" if problem.group else PARAMETER
    for members in columns_by_pattern(np.isfinite(problem.values)):
        known = problem.take(np.isfinite(problem.values[:, members[0]]))
        labels = [problem.labels[place] for place in members]
        if not len(known.persons):
            for label in labels:
                reason = f"{NOBODY} has the variable {label.outcome}" if len(problem.persons) else NOBODY_IN_SAMPLE
                found += missing_rows(problem.model, problem.sample, [label], [parameter], reason)
            continue
        shared: dict[str, Any] = {
            "model": problem.model.name,
            "sample": problem.sample,
            "n": len(known.persons),
            "n_treated": int(known.treated.sum()),
            "n_control": int((~known.treated).sum()),
            "sample_hash": hash_persons(known.persons),
            "spec_hash": problem.model.spec_hash,
        }
        found += [
            Estimate(
                outcome=label.outcome, parameter=parameter, estimate=float(known.values[:, place].mean()), **shared
            )
            for label, place in zip(labels, members, strict=True)
        ]
    return found


def _known(problem: Values) -> Values:
    return problem.take(np.isfinite(problem.values[:, 0]))


def terms(problem: Values, address: Address) -> Terms:
    """A mean weighs every person alike."""
    import pandas as pd

    known = _known(problem)
    weights = np.full(len(known.persons), 1 / len(known.persons))
    return Terms(
        "mean = sum over persons of 1/n x value(i)",
        pd.DataFrame({"person": known.persons, "weight": weights, "outcome": known.values[:, 0]}),
        (Evidence("outcome", known.persons, address.outcome, direct=weights),),
    )


def counted(problem: Values, address: Address, statistic: str) -> Terms:
    """The persons who have the variable."""
    known = _known(problem)
    return count_of(known.persons, known.treated, known.clusters, statistic)


ESTIMATOR = Estimator(
    possible={**POSSIBLE, "treatment": ("none",), "splits": None, "outcome_source": (None, "sample")},
    words=Words("", "none", "A description: no interval."),
    problems=values,
    rows=rows,
    terms=terms,
    counted=counted,
)
