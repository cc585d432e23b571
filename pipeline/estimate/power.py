"""What the trial could see: the smallest effects that a model finds with given chances, and the chances of others.

Everything follows from the clustered standard error of an effect and its reference, as if the error were known: not
from the effect that was found. Parameters, with the group behind a colon in a split: 'mde_80' is found with a chance of
80 per cent, 'ratio_80' the same as a ratio to the mean of the control group; 'power_0.05' is the chance that an effect
of 0.05 is found, 'power_ratio_1.16' that of a ratio of 1.16; 'design_effect' is what clustering multiplies the variance
by. A difference of two groups has no ratios. Effects on exits are logarithms of ratios of odds, or of hazards with the
link cloglog.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from pipeline.errors import InputError
from pipeline.estimate import discrete_hazard, least_squares
from pipeline.estimate.designs import AGAINST
from pipeline.estimate.problem import NO_ESTIMATE, Estimator, Words
from pipeline.estimate.regression import counted_in
from pipeline.estimate.table import MISSING, Address, Estimate
from pipeline.estimate.terms import Squares, Terms
from pipeline.settings.models import Model, Targets
from pipeline.stats.power import TwoSided, distance, power

DESIGN_EFFECT = "design_effect"
NO_LEVEL = "the mean of the control group is zero or not known"
# Every number here is a function of the error, so that it is the error times what it is of it.
IDENTITY = (
    "the number is {ratio:.9g} standard errors of the effect, and the error is the sum of score(i) x what its "
    "{cluster} adds up to x {factor} / error"
)


@dataclass(frozen=True)
class Behind:
    """The estimator whose effects are meant.

    ending: of the parameter that has the clustered error; is_ratio: whether its effects are logarithms of ratios.
    plain: the problem, and the ending, that give the same effect with an error that knows of no clusters.
    """

    estimator: Estimator
    is_ratio: bool
    ending: Callable[[Model], str]
    plain: Callable[[Any], tuple[Any, str]]


@dataclass(frozen=True)
class Effect:
    """The row of an effect of one outcome, its clustered error, and the one without clusters; group: '' of all."""

    row: Estimate
    error: float
    plain: float
    group: str


def rows(behind: Behind, problem: Any) -> list[Estimate]:
    """What could be seen of each effect of a problem."""
    return [row for effect in _effects(behind, problem) for row in _rows(behind, problem, effect)]


def _targets(model: Model) -> Targets:
    if model.power is None:
        raise InputError(f"models.toml, table [{model.name}]: no power. Add the chances, effects and ratios meant.")
    return model.power


def _effects(behind: Behind, problem: Any) -> Iterator[Effect]:
    """The effects with both errors, of a split that of each group and their differences."""
    (other, plain), ending, every = behind.plain(problem), behind.ending(problem.model), behind.estimator.rows(problem)
    without = _by_place(every if other is problem else behind.estimator.rows(other))
    for row in every:
        group = row.parameter.partition(":")[2]
        if row.parameter != f"{_name(problem.model, group)}{ending}":
            continue
        beside = without[row.outcome, row.week, f"{_name(problem.model, group)}{plain}"]
        yield Effect(_of_group(problem, row, group), row.se, beside.se, group)


def _name(model: Model, group: str) -> str:
    return f"{model.treatment}:{group}" if group else model.treatment


def _by_place(found: list[Estimate]) -> Mapping[tuple[str, int | None, str], Estimate]:
    return {(row.outcome, row.week, row.parameter): row for row in found}


def _of_group(problem: Any, row: Estimate, group: str) -> Estimate:
    """The row with the persons of its group, of whom it is."""
    if not group or not row.converged:
        return row
    design = problem.design
    own = design.members(group)
    level = MISSING if AGAINST in group else row.control_mean
    treated = int((own & design.treated).sum())
    return replace(row, n=int(own.sum()), n_treated=treated, n_control=int(own.sum()) - treated, control_mean=level)


def _rows(behind: Behind, problem: Any, effect: Effect) -> Iterator[Estimate]:
    """The rows of one effect: without its error all are missing, as its own row says; without a level the ratios."""
    row, end = effect.row, f":{effect.group}" if effect.group else ""
    for name, value in _numbers(behind, problem, effect):
        is_known = not math.isnan(value)
        reason = "" if is_known or math.isnan(effect.error) else NO_ESTIMATE + NO_LEVEL
        yield replace(
            row, parameter=f"{name}{end}", estimate=value, se=MISSING, p_value=MISSING, ci_low=MISSING, ci_high=MISSING,
            converged=is_known, note="; ".join(filter(None, [reason, row.note])),
        )  # fmt: skip


def _numbers(behind: Behind, problem: Any, effect: Effect) -> Iterator[tuple[str, float]]:
    """The parameters of an effect and their values, those that need the mean of the controls missing without one."""
    targets, error, df = _targets(problem.model), effect.error, effect.row.df
    test = TwoSided(1.0 - problem.study.inference.level, None if math.isnan(df) else df)
    yield DESIGN_EFFECT, (error / effect.plain) ** 2
    # Without an error there may be no degrees of freedom either, and so no test whose power there could be.
    smallest = {
        f"{100.0 * chance:g}": MISSING if math.isnan(error) else error * distance(chance, test)
        for chance in targets.chances
    }
    yield from ((f"mde_{chance}", size) for chance, size in smallest.items())
    yield from ((f"power_{size:g}", float(power(size / error, test))) for size in targets.effects)
    if AGAINST in effect.group:  # a difference has no level
        return
    level = effect.row.control_mean if effect.row.control_mean > 0.0 else MISSING
    for chance, size in smallest.items():
        yield f"ratio_{chance}", math.exp(size) if behind.is_ratio else 1.0 + size / level
    for ratio in targets.ratios:
        size = math.log(ratio) if behind.is_ratio else (ratio - 1.0) * level
        yield f"power_ratio_{ratio:g}", float(power(size / error, test))


def terms(behind: Behind, problem: Any, address: Address) -> Terms:
    """Every number as its multiple of the error, and the error as a sum: the root of a sum of squares is the sum over
    its scores of score x what the cluster adds up to x factor / root.
    """
    squares, value = _squares(behind, problem, address), _value(behind, problem, address)
    error, table = _root(squares), squares.table
    sums = table.groupby("cluster", sort=False)["score"].transform("sum").to_numpy()
    weights = sums * (squares.factor / error) * (value / error)
    kept = [name for name in table if name not in ("cluster", "score")]
    evidence = tuple(_weighted(part, weights) for part in squares.evidence)
    identity = IDENTITY.format(ratio=value / error, cluster=squares.cluster, factor=squares.factor_words)
    return Terms(
        f"{identity}; {squares.identity}",
        table[kept].assign(weight=weights, outcome=table["score"]),
        evidence,
        unit=squares.unit,
    )


def _weighted(part: Any, weights: np.ndarray) -> Any:
    by = {name: getattr(part, name) for name in ("direct", "evenly") if getattr(part, name) is not None}
    return replace(part, clusters=None, **{name: values * weights for name, values in by.items()})


def _value(behind: Behind, problem: Any, address: Address) -> float:
    found = {row.parameter: row.estimate for row in rows(behind, problem)}
    return found[address.parameter]


def _root(squares: Squares) -> float:
    scores = squares.table.groupby("cluster")["score"].sum()
    return math.sqrt(squares.factor * math.fsum(scores**2))


def _squares(behind: Behind, problem: Any, address: Address) -> Squares:
    """The squares of the effect that a number is of."""
    of, group = behind.estimator.squares, address.parameter.partition(":")[2]
    if of is None:
        raise InputError(f"trace: the estimator of {address.model} does not say of what squares its error is the root.")
    return of(problem, replace(address, parameter=f"{_name(problem.model, group)}{behind.ending(problem.model)}"))


def level(behind: Behind, problem: Any, address: Address) -> Terms:
    """The mean of the controls among whom the effect is."""
    if behind.estimator.level is None:
        raise InputError(f"trace: the estimator of {address.model} does not say what its control mean is the sum of.")
    group = address.parameter.partition(":")[2]
    return behind.estimator.level(problem, replace(address, parameter=_name(problem.model, group)))


def counted(behind: Behind, problem: Any, address: Address, statistic: str) -> Terms:
    """The persons, person-weeks or clusters that the effect is of."""
    group = address.parameter.partition(":")[2]
    parameter = f"{_name(problem.model, group)}{behind.ending(problem.model)}"
    if group and AGAINST not in group and statistic != "n_clusters":
        return counted_in(problem, replace(address, parameter=f"size:{group}"), statistic)
    return behind.estimator.counted(problem, replace(address, parameter=parameter), statistic)


def _estimator(behind: Behind, words: Words) -> Estimator:
    own = behind.estimator
    return Estimator(
        possible={**own.possible, "power": None},
        words=words,
        problems=own.problems,
        rows=partial(rows, behind),
        terms=partial(terms, behind),
        counted=partial(counted, behind),
        level=None if own.level is None else partial(level, behind),
        is_iterated=own.is_iterated,
        held=own.held,
    )


def _without_clusters(problem: Any) -> Any:
    import msgspec

    return replace(problem, model=msgspec.structs.replace(problem.model, cluster="none"))


SENTENCE = "the standard error is taken as known, and both tails of the test count."
LEAST_SQUARES = _estimator(
    Behind(least_squares.ESTIMATOR, False, lambda _: "", lambda problem: (_without_clusters(problem), "")),
    Words(
        r"\Pr\left(|t_{G-1}(\delta/\hat\sigma)| > t_{G-1,1-\alpha/2}\right) = 1 - \beta",
        "t(G − 1)",
        f"t(d) is noncentral t, δ the effect and σ its clustered standard error: {SENTENCE}",
    ),
)
HAZARD = _estimator(
    Behind(
        discrete_hazard.ESTIMATOR,
        True,
        lambda model: discrete_hazard.CLUSTERED if model.cluster != "none" else "",
        lambda problem: (problem, ""),
    ),
    Words(
        r"\Pr\left(|Z + \delta/\hat\sigma| > z_{1-\alpha/2}\right) = 1 - \beta",
        "normal",
        f"Z is standard normal, δ the logarithm of the ratio and σ its clustered standard error: {SENTENCE}",
    ),
)
