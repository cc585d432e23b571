"""Exit rates, person-weeks written out: the score of treatment with the lot drawn again, the linearised jackknife.

The hazard without treatment is statsmodels'; its observed information and scores are written out here. The jackknife is
one step from the maximum without each cluster (MacKinnon, Nielsen and Webb's CV3L, without their factor), with t(G-1).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from pipeline.verify.packages.exits import _fits, _person_weeks, _spells
from pipeline.verify.packages.redrawn import p_value
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
        if long["cluster_"].nunique() == 1:  # whose sums are nothing beside each other
            continue
        found = _jackknife(long, names, ends[""][0].params, model["link"], trial)
        null = _fits(long, names[1:], model["link"], dropped)[""][0].params
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
    predictor = design @ coefficients
    if link == "logit":
        p = 1 / (1 + np.exp(-predictor))
        return design, exits * (1 - p) - stays * p, (exits + stays) * p * (1 - p)
    rate = np.exp(predictor)
    leaving = rate / np.expm1(rate)
    return design, exits * leaving - stays * rate, exits * leaving * (rate / -np.expm1(-rate) - 1) + stays * rate


def _jackknife(
    long: pd.DataFrame, names: list[str], coefficients: np.ndarray, link: str, trial: Trial
) -> dict[str, float]:
    from scipy.stats import t

    design, scores, information = _written_out(long, names, coefficients, link)
    scale = np.sqrt(information @ design**2)
    x, without = design / scale, []
    of_all = x.T @ (information[:, None] * x)
    for cluster in sorted(set(long["cluster_"])):
        own = (long["cluster_"] == cluster).to_numpy()
        of_left = of_all - x[own].T @ (information[own, None] * x[own])
        inverse = np.linalg.pinv(of_left, rcond=1e-10, hermitian=True)
        without.append(coefficients[0] + (inverse @ (x[~own].T @ scores[~own]))[0] / scale[0])
    sizes = [long.loc[long["cluster_"] == cluster, "person"].nunique() for cluster in sorted(set(long["cluster_"]))]
    ends = int(np.argmin(without)), int(np.argmax(without))
    error = float(np.sqrt(((np.array(without) - coefficients[0]) ** 2).sum()))
    df = len(without) - 1
    width = t.ppf(0.5 + trial.definitions.level / 2, df) * error
    return {
        "jackknife_se": error, "jackknife_p": float(2 * t.sf(abs(coefficients[0] / error), df)),
        "jackknife_low": coefficients[0] - width, "jackknife_high": coefficients[0] + width,
        "without_low": min(without), "without_high": max(without),
        "without_persons": float(min(sizes[end] for end in ends)),
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

    def statistics(drawn: np.ndarray) -> np.ndarray:
        parts = inside @ (residuals[:, None] * drawn) - leans @ (slopes @ drawn)
        return np.asarray(np.abs(parts.sum(axis=0)) / np.sqrt(factor * (parts**2).sum(axis=0)))

    drawn = lots.loc[persons].to_numpy()
    blocks = [statistics(drawn[:, at : at + BLOCK].astype(float)) for at in range(0, drawn.shape[1], BLOCK)]
    return p_value(np.concatenate(blocks), float(statistics(treated[:, None])[0]))
