"""Non-response by other means: weights by statsmodels' logit, and bounds as the greatest value of a plain function.

A mean of the lowest share q of some answers is the greatest value over v of v - mean of (v - y)+ / q. The error of a
bound is that of the infinitesimal jackknife in numbers: every cluster's weights a little up and a little down, and all
of the bound made again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from pipeline.verify.packages.least_squares import (
    Case,
    Row,
    cases,
    group_rows,
    is_exact,
    is_noise,
    is_one,
    regression_of,
)
from pipeline.verify.packages.trial import Trial, labels_of

STEP = 1e-5  # of the differences, whose error is its square
NOISE = 1e-9  # of the largest answer: an error below it is rounding
CERTAIN = 1e-8  # a chance to answer that is no further from none, or from one, has no maximum behind it
NOBODYS = -1  # the stratum of who has not the variables of the strata


def weighted(model: Mapping[str, Any], trial: Trial) -> Iterator[Row]:
    """Effects of weighted least squares among those who answered, and the control mean and size of the groups."""
    for case in cases(model, trial):
        if not len(case.people):
            continue
        chances = probabilities(case)
        if chances is not None:
            for outcome, week in labels_of(case.outcomes):
                yield from _weighted(case, 1 / chances, (outcome, week), trial.definitions.level)
        if model.get("splits"):
            yield from group_rows(case)


def _weighted(case: Case, weights: np.ndarray, label: tuple[str, int | None], level: float) -> Iterator[Row]:
    import statsmodels.api as sm

    (design, tests), y = regression_of(case.people, case.covariates, case.groups), case.outcomes[label].to_numpy()
    if tests.empty:
        return
    clusters, treated = case.people["cluster_"].to_numpy(), case.people["treated"].to_numpy() == 1
    model = sm.WLS(y, design.to_numpy(), weights=weights)
    options: dict[str, Any] = {"cov_type": "cluster", "cov_kwds": {"groups": clusters}}
    fit = model.fit(use_t=True, **({} if is_one(clusters) else options))
    count = len(np.unique(clusters))
    exact = is_one(clusters) or is_exact(float(((y - fit.fittedvalues) ** 2).sum()), y)
    scaled = np.sqrt(weights)
    moved = tests.to_numpy() @ np.linalg.pinv(scaled[:, None] * design.to_numpy()) * scaled
    test, groups = fit.t_test(tests.to_numpy()), case.people["group_"].to_numpy()
    intervals, noise = test.conf_int(alpha=1 - level), is_noise(test.sd.ravel(), moved, y)
    for at, name in enumerate(tests.index):
        tested = {"se": test.sd.ravel()[at], "p_value": np.atleast_1d(test.pvalue)[at], "ci_low": intervals[at, 0],
                  "ci_high": intervals[at, 1]}  # fmt: skip
        own = np.isin(groups, name.partition(":")[2].split("-"))
        yield {
            "sample": case.name, "outcome": label[0], "week": label[1], "parameter": name,
            "estimate": test.effect[at], "df": float(count - 1), "n": len(y), "n_treated": int(treated.sum()),
            "n_control": int((~treated).sum()), "n_clusters": count, "control_mean": y[~treated & own].mean(),
            **(dict.fromkeys(tested, np.nan) if exact or noise[at] else tested),
        }  # fmt: skip


def probabilities(case: Case) -> np.ndarray | None:
    """Of who answered the probability, by one logit with every product written out.

    None if the covariates tell somebody who answered from others of an arm for certain: there is no maximum then.
    """
    import statsmodels.api as sm

    everybody = case.everybody
    arm, answered = everybody["treated"].astype(float), everybody.index.isin(case.people.index)
    known = everybody[case.model["response"]].astype(float)
    known = (known - known.mean()) / known.std().replace(0.0, 1.0)
    design = pd.concat([arm.rename("arm_"), known, known.mul(arm, axis=0).add_prefix("arm x ")], axis=1)
    design = sm.add_constant(design, has_constant="add")
    fit = sm.GLM(answered.astype(float), design.to_numpy(), sm.families.Binomial()).fit(tol=1e-14, maxiter=100)
    told, treated = np.asarray(fit.predict()), arm.to_numpy() == 1
    parts = [told[own] for own in (treated, ~treated) if own.any() and not answered[own].all()]
    is_told_apart = any(part.min() < CERTAIN or part.max() > 1 - CERTAIN for part in parts)
    return None if is_told_apart else told[answered]


def bounded(model: Mapping[str, Any], trial: Trial) -> Iterator[Row]:
    """The bounds of each group, as they are and tightened, the shares trimmed, and the difference of the means."""
    share = trial.people.groupby(trial.blocks(trial.people))["treated"].transform("mean")
    lot = 1 / share.where(trial.people["treated"] == 1, 1 - share).where(share.between(0, 1, inclusive="neither"))
    sides = pd.Series("", trial.people.index)
    for split in model.get("strata", []):
        sides = sides + trial.sides(trial.sample(model["samples"][0]), split).reindex(trial.people.index)
    for case in cases(model, trial):
        for label in labels_of(case.outcomes):
            for group in case.groups:
                people = case.everybody[(case.everybody["group_"] == group) & lot[case.everybody.index].notna()]
                y = case.outcomes[label].reindex(people.index).to_numpy()
                own = _Group(case, label, group, people, y, lot[people.index].to_numpy(), trial.definitions.level)
                yield from own.rows("", np.zeros(len(people), dtype=int))
                if model.get("strata"):
                    yield from own.rows("tight_", pd.factorize(sides[people.index])[0])


class _Group:
    """One outcome of the persons of one group."""

    def __init__(
        self, case: Case, label: tuple[str, int | None], group: str, people: pd.DataFrame, y: np.ndarray,
        lot: np.ndarray, level: float,
    ) -> None:  # fmt: skip
        self.address = {"sample": case.name, "outcome": label[0], "week": label[1]}
        self.suffix, self.level = (f":{group}" if group else ""), level
        self.treated, self.y, self.lot = people["treated"].to_numpy() == 1, y, lot
        self.is_clustered = case.model["cluster"] != "none"
        self.clusters = people["cluster_"].to_numpy() if self.is_clustered else np.arange(len(people))

    def rows(self, prefix: str, strata: np.ndarray) -> Iterator[Row]:
        """The rows of the bounds with the strata (n,)."""
        used = strata != NOBODYS
        y, treated, lot, own = self.y[used], self.treated[used], self.lot[used], strata[used]
        answered = np.isfinite(y)
        if not (answered & treated).any() or not (answered & ~treated).any():
            return
        if any(treated[own == stratum].all() or not treated[own == stratum].any() for stratum in np.unique(own)):
            return  # which compares nobody
        numbers, clusters = np.unique(self.clusters[used], return_inverse=True)
        steps = np.vstack([np.zeros(len(numbers)), STEP * np.eye(len(numbers)), -STEP * np.eye(len(numbers))])
        weights = lot * (1 + steps[:, clusters])
        largest = float(np.abs(y[answered]).max())
        low, high, difference, trimmed, of_treated = bounds(y, treated, weights, own)
        df, both = float(len(numbers) - 1), [_with_error(each, largest) for each in (low, high)]
        limits = interval(both[0], both[1], df, self.level)
        counts = self._counts(answered, treated) | {"n_clusters": len(numbers)}
        for name, (estimate, error) in zip(("lower", "upper"), both, strict=True):
            found = {"estimate": estimate, "se": error, "df": df, "ci_low": limits[0], "ci_high": limits[1]}
            yield {**self.address, "parameter": f"{prefix}{name}{self.suffix}", **found, **counts}
        whose = answered if prefix else answered & (treated == of_treated)
        yield {
            **self.address, "parameter": f"{prefix}trimmed{self.suffix}", "estimate": trimmed / whose.sum(),
            **self._counts(whose, treated),
        }  # fmt: skip
        if not prefix:
            yield self._difference(*_with_error(difference, largest), df, counts)

    def _difference(self, estimate: float, error: float, df: float, counts: Row) -> Row:
        from scipy.stats import t

        width = t.ppf(0.5 + self.level / 2, df) * error
        tested = {
            "p_value": 2 * t.sf(abs(estimate / error), df),
            "ci_low": estimate - width,
            "ci_high": estimate + width,
        }
        parameter = f"difference{self.suffix}"
        return {**self.address, "parameter": parameter, "estimate": estimate, "se": error, "df": df, **tested, **counts}

    @staticmethod
    def _counts(whose: np.ndarray, treated: np.ndarray) -> Row:
        n, of_treated = int(whose.sum()), int((whose & treated).sum())
        return {"n": n, "n_treated": of_treated, "n_control": n - of_treated}


def bounds(
    y: np.ndarray, treated: np.ndarray, weights: np.ndarray, strata: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, float, bool]:
    """Lower and upper bound and difference by row of weights (w, n), persons trimmed, and of which arm in the last."""
    lows, highs, differences, sizes = (list[np.ndarray]() for _ in range(4))
    trimmed, of_treated = 0.0, True
    for stratum in np.unique(strata):
        mine = strata == stratum
        own, arm, value = weights[:, mine], treated[mine], y[mine]
        answered = np.isfinite(value)
        rates = [own[:, answered & side].sum(axis=1) / own[:, side].sum(axis=1) for side in (arm, ~arm)]
        of_treated = bool(rates[0][0] >= rates[1][0])
        less, more = (rates[1], rates[0]) if of_treated else rates
        is_less = ~treated if of_treated else treated
        sizes.append(own[:, answered & is_less[mine]].sum(axis=1) / weights[:, is_less].sum(axis=1))
        if not less[0]:
            for each in (lows, highs, differences):
                each.append(np.zeros(len(weights)))
            continue
        groups = [(value[answered & side], own[:, answered & side]) for side in (arm, ~arm)]
        means = [(values * each).sum(axis=1) / each.sum(axis=1) for values, each in groups]
        which = 0 if of_treated else 1
        kept = np.minimum(1.0, less / more)
        least, most = lowest_mean(*groups[which], kept), -lowest_mean(-groups[which][0], groups[which][1], kept)
        lows.append(least - means[1] if of_treated else means[0] - most)
        highs.append(most - means[1] if of_treated else means[0] - least)
        differences.append(means[0] - means[1])
        trimmed += (1 - kept[0]) * len(groups[which][0])
    shares = np.array(sizes) / np.sum(sizes, axis=0)
    low, high, difference = ((np.array(each) * shares).sum(axis=0) for each in (lows, highs, differences))
    return low, high, difference, trimmed, of_treated


def lowest_mean(values: np.ndarray, weights: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """The mean of the lowest share `kept` (w,) of the values (n,) by each row of weights (w, n)."""
    at = np.unique(values)
    short = np.maximum(at[None, :] - values[:, None], 0.0)
    means = weights @ short / weights.sum(axis=1)[:, None]
    return np.asarray((at[None, :] - means / kept[:, None]).max(axis=1))


def _with_error(by_weights: np.ndarray, largest: float) -> tuple[float, float]:
    """The number by the weights as they are, and its error by those of each cluster up, then down.

    None with one cluster, nor where it is noise beside the `largest` answer.
    """
    count = (len(by_weights) - 1) // 2
    up, down = by_weights[1 : count + 1], by_weights[count + 1 :]
    scores = (up - down) / (2 * STEP)
    error = float(np.sqrt(count / (count - 1) * (scores**2).sum())) if count > 1 else np.nan
    return float(by_weights[0]), error if error > NOISE * largest else np.nan


def interval(low: tuple[float, float], high: tuple[float, float], df: float, level: float) -> tuple[float, float]:
    """Imbens and Manski's, with the critical value that scipy finds."""
    from scipy.optimize import brentq
    from scipy.stats import t

    if np.isnan([low[1], high[1]]).any():
        return np.nan, np.nan
    width = (high[0] - low[0]) / max(low[1], high[1])
    critical = brentq(lambda c: t.cdf(c + width, df) - t.cdf(-c, df) - level, 0.0, 100.0, xtol=1e-13)
    return low[0] - critical * low[1], high[0] + critical * high[1]
