"""Exit rates, person-weeks written out: the score of treatment with the lot drawn again, the linearised jackknife.

The hazard without treatment is statsmodels'; its observed information and scores are written out here. The jackknife is
one step from the maximum without each cluster (MacKinnon, Nielsen and Webb's CV3L, without their factor), with t(G-1).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from pipeline.verify.packages.exits import _fits, _person_weeks, _spells, derivatives
from pipeline.verify.packages.redrawn import is_something, p_value
from pipeline.verify.packages.refits import range_of
from pipeline.verify.packages.trial import Trial

BLOCK = 1024  # draws


def resampled(model: Mapping[str, Any], trial: Trial, lots: pd.DataFrame) -> Iterator[tuple[str, dict[str, float]]]:
    """By estimate_id the statistics of the effect of treatment, the same beside its clustered error.

    Of the first and the last of the model's rates.
    """
    every = list(_spells(model, trial))
    for address, spells in [every[place] for place in sorted({0, len(every) - 1})]:
        long, dropped = _person_weeks(spells, trial)
        names = ["treated", *model["covariates"]]
        ends = _fits(long, names, model["link"], dropped)
        if not ends or long["cluster_"].nunique() == 1:  # whose sums are nothing beside each other
            continue
        found = _jackknife(long, names, ends[""][0], model["link"], trial)
        null = _fits(long, names[1:], model["link"], dropped)[""][0]
        found["ri_p"] = _score_test(long, names[1:], null, model["link"], lots)
        for end in ends if model["cluster"] != "none" else [""]:
            yield f"{model['name']}/{address['sample']}/{address['outcome']}//treated{end}", found


def _written_out(
    long: pd.DataFrame, names: list[str], coefficients: np.ndarray, link: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Design (n, k), scores and observed information (n,) of a row a person and interval."""
    dummies = [pd.get_dummies(long["interval_"], dtype=float)]
    if long["stratum_"].nunique() > 1:
        dummies.append(pd.get_dummies(long["stratum_"], drop_first=True, dtype=float))
    design = pd.concat([long[names].astype(float), *dummies], axis=1).to_numpy()
    exits, stays = long["exits"].to_numpy(), (long["at_risk"] - long["exits"]).to_numpy()
    return design, *derivatives(design @ coefficients, exits, stays, link)


def _jackknife(
    long: pd.DataFrame, names: list[str], coefficients: np.ndarray, link: str, trial: Trial
) -> dict[str, float]:
    from scipy.stats import t

    design, scores, information = _written_out(long, names, coefficients, link)
    scale = np.sqrt(information @ design**2)
    x, names_of = design / scale, sorted(set(long["cluster_"]))
    moved, of_all, known = np.full(len(names_of), -coefficients[0]), x.T @ (information[:, None] * x), []
    for place, cluster in enumerate(names_of):
        own = (long["cluster_"] == cluster).to_numpy()
        of_left = of_all - x[own].T @ (information[own, None] * x[own])
        inverse = np.linalg.pinv(of_left, rcond=1e-10, hermitian=True)
        known.append(bool(np.abs(inverse[0] @ of_left - np.eye(len(of_left))[0]).max() <= 1e-6))
        if known[-1]:
            moved[place] = (inverse @ (x[~own].T @ scores[~own]))[0] / scale[0]
    sizes = long.groupby("cluster_")["person"].nunique().loc[names_of].to_numpy(dtype=float)
    error, df = float(np.sqrt((moved**2).sum())) if any(known) else np.nan, len(moved) - 1
    width = t.ppf(0.5 + trial.definitions.level / 2, df) * error
    left = np.where(known, coefficients[0] + moved, np.nan)
    ends = range_of(left[:, None, None], sizes[None])
    return {
        "jackknife_se": error, "jackknife_p": float(2 * t.sf(abs(coefficients[0] / error), df)),
        "jackknife_low": coefficients[0] - width, "jackknife_high": coefficients[0] + width,
        **{name: float(values[0, 0]) for name, values in ends.items()},
    }  # fmt: skip


def _score_test(long: pd.DataFrame, names: list[str], coefficients: np.ndarray, link: str, lots: pd.DataFrame) -> float:
    design, scores, information = _written_out(long, names, coefficients, link)
    persons = long["person"].unique()
    rows = (long["person"].to_numpy() == persons[:, None]).astype(float)  # (n, person-weeks)
    clusters = long.groupby("person", sort=False)["cluster_"].first().loc[persons].to_numpy()
    inside = (clusters == np.unique(clusters)[:, None]).astype(float)
    weighted = information[:, None] * design
    slopes = np.linalg.solve(design.T @ weighted, (rows @ weighted).T)  # (k, n): of treatment on the others, by person
    residuals, leans = rows @ scores, inside @ (rows @ (scores[:, None] * design))
    treated = long.groupby("person", sort=False)["treated"].first().loc[persons].to_numpy(dtype=float)
    factor = len(inside) / (len(inside) - 1)

    def sums(drawn: np.ndarray) -> np.ndarray:
        parts = inside @ (residuals[:, None] * drawn) - leans @ (slopes @ drawn)
        return np.array([parts.sum(axis=0), (parts**2).sum(axis=0)])

    drawn = np.column_stack([treated, lots.loc[persons].to_numpy()])
    blocks = [sums(drawn[:, at : at + BLOCK].astype(float)) for at in range(0, drawn.shape[1], BLOCK)]
    total, squares = np.concatenate(blocks, axis=1)
    values = np.abs(total) / np.sqrt(factor * np.where(is_something(squares, squares), squares, np.nan))
    return p_value(values[1:], float(values[0])) if np.isfinite(values[0]) else np.nan
