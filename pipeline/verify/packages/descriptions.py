"""Means by pandas, densities by scipy, counts of persons, and numbers that are printed elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from pipeline.verify.packages.least_squares import Row
from pipeline.verify.packages.trial import Trial

EPOCH = pd.Timestamp("1970-01-01")


def means(model: Mapping[str, Any], trial: Trial) -> Iterator[Row]:
    """The mean of each variable over those of the sample, or of a side of a split of it, who have it."""
    for sample in model["samples"]:
        everybody = trial.sample(sample)
        groups = [(sample, "mean", everybody)]
        if model.get("splits"):
            sides = {split: trial.sides(everybody, split) for split in model["splits"]}
            groups = [(s, f"mean:{side}", everybody[sides[s] == side]) for s in sides for side in ("low", "high")]
        for place, parameter, people in groups:
            for name in trial.definitions.outcome_names(model):
                known = people[people[name].notna()]
                yield {
                    "sample": place, "outcome": name, "week": None, "parameter": parameter,
                    "estimate": known[name].astype(float).mean(), **_counts(known),
                }  # fmt: skip


def _counts(people: pd.DataFrame) -> Row:
    treated = int((people["treated"] == 1).sum())
    return {"n": len(people), "n_treated": treated, "n_control": len(people) - treated}


def densities(model: Mapping[str, Any], trial: Trial) -> Iterator[Row]:
    """scipy's Gaussian kernel density of each arm, with Silverman's bandwidth of his equation 3.31."""
    from scipy.stats import gaussian_kde, iqr

    for sample in model["samples"]:
        people = trial.sample(sample)
        for name in trial.definitions.outcome_names(model):
            grid = model["grid"][name]
            points = np.arange(grid["first"], grid["last"] + grid["step"] / 2, grid["step"])
            for arm, parameter in ((0, "control"), (1, "treated")):
                own = people[(people["treated"] == arm) & people[name].notna()]
                x = own[name].to_numpy(dtype=float)
                if not len(x) or x.min() == x.max():
                    continue
                spread = min(x.std(ddof=1), iqr(x) / 1.34) if iqr(x) else x.std(ddof=1)
                curve = gaussian_kde(x, bw_method=0.9 * spread * len(x) ** -0.2 / x.std(ddof=1))
                for number, (point, height) in enumerate(zip(points, curve(points), strict=True)):
                    yield {
                        "sample": sample, "outcome": name, "week": number, "parameter": parameter,
                        "estimate": height, "control_mean": point, **_counts(own),
                    }  # fmt: skip


def counts(model: Mapping[str, Any], trial: Trial) -> Iterator[Row]:
    """Persons of the flow, or those of each stratum or cluster with their first and last draw."""
    if isinstance(model["samples"], list):
        yield from _flow(model, trial)
        return
    grouping, groups = model["samples"], trial.tables["groups"]
    known = groups.loc[groups["grouping"] == grouping, "address"]
    names = sorted(trial.people[grouping].unique()) if grouping == trial.definitions.grouping("cluster") else known
    cluster = trial.definitions.grouping("cluster")
    for name in [*names, "total"]:
        own = trial.people if name == "total" else trial.people[trial.people[grouping] == name]
        days = (own["allocation_date"] - EPOCH).dt.days if "allocation_date" in own else pd.Series(dtype=float)
        numbers = {
            "recruitment_start": days.min(), "recruitment_end": days.max(), "total": len(own), "persons": len(own),
            "treated": int((own["treated"] == 1).sum()), "control": int((own["treated"] == 0).sum()),
        }  # fmt: skip
        for outcome in model["outcomes"]:
            if outcome not in numbers:  # the clusters of a stratum, by their own name
                numbers[outcome] = own[cluster].nunique() if cluster else len(own)
            yield _number(name, outcome, numbers[outcome], own)


def _flow(model: Mapping[str, Any], trial: Trial) -> Iterator[Row]:
    """Of everybody randomised; conditions on what is known before exclusions, the arm."""
    exclusions = trial.tables["exclusions"]
    for sample in model["samples"]:
        chosen = exclusions
        for variable, _, bound in trial.definitions.conditions(sample):
            is_low = trial.definitions.conditions(sample)[0][1] in ("below", "at_most")
            chosen = chosen[(chosen[variable] <= bound) if is_low else (chosen[variable] > bound)]
        for outcome in model["outcomes"]:
            members = chosen if outcome == "randomised" else chosen[chosen["reason"] == outcome]
            yield _number(sample, outcome, len(members), members)


def _number(sample: str, outcome: str, value: float, members: pd.DataFrame) -> Row:
    return {
        "sample": sample, "outcome": outcome, "week": None, "parameter": "n", "estimate": value, **_counts(members)
    }  # fmt: skip


def printed(model: Mapping[str, Any], trial: Trial) -> Iterator[Row]:
    """What models.toml says was printed, of each sample."""
    for sample in model["samples"]:
        for number in model["printed"]:
            yield {
                "sample": sample, "outcome": number["outcome"], "week": None, "parameter": number["parameter"],
                "estimate": number["estimate"], "se": number.get("se"), "p_value": number.get("p_value"),
                "n": number.get("n"),
            }  # fmt: skip
