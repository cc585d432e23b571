"""The estimates of every curve of specifications, and the test of each curve as a whole by drawing the lot again."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.estimate import discrete_hazard, group_means, least_squares, stratum_effects
from pipeline.estimate.estimators import checked_models
from pipeline.estimate.forked import forked
from pipeline.estimate.problem import NO_ESTIMATE, Data
from pipeline.estimate.regression import Regression
from pipeline.estimate.resampled import Redrawn, draw_again, linear_of, means_of_persons, strata_of_persons
from pipeline.estimate.specification import Specified, rows, specified
from pipeline.estimate.table import MISSING, Estimate, estimates_table, hash_persons
from pipeline.settings.curves import WHOLE
from pipeline.settings.models import Model
from pipeline.stats.distributions import quantile
from pipeline.stats.draws import Draws
from pipeline.stats.hazard_resampled import redraw_score
from pipeline.stats.linear import IntArray, Linear
from pipeline.stats.ols import FloatArray
from pipeline.stats.randomisation import redraw_signed
from pipeline.stats.randomised_curve import judge_curve, redraw_persons
from pipeline.stats.randomised_means import redraw_means
from pipeline.stats.randomised_strata import redraw_strata

if TYPE_CHECKING:
    import pandas as pd

STATISTICS = ("median", "significant", "largest")  # the numbers of a whole curve, as its parameters
NONE_KNOWN = "no specification has a standard error"


class _Known(NamedTuple):
    """A specification and its row, which has an error."""

    problem: Specified
    row: Estimate


@dataclass(frozen=True)
class _Member:
    """A specification's row with its t as drawn and in every draw of the lot (B,); none where it has no error."""

    row: Estimate
    observed: float = MISSING
    drawn: FloatArray | None = None


def estimate_curves(models: Mapping[str, Any], data: Data) -> pd.DataFrame:
    """The table of all curves of the parsed models.toml: their specifications, and the tests of each as a whole."""
    curves = [model for model in checked_models(models, data.study.design).values() if model.curve]
    problems = {model.name: list(specified(model, data)) for model in curves}
    members = iter(_draw_all([each for own in problems.values() for each in own], draw_again(data)))
    found = list[Estimate]()
    for model in curves:
        own = [member for _ in problems[model.name] for member in next(members)]
        found += [each.row for each in own]
        found += _whole(model, own, data)
    return estimates_table(found)


def _draw_all(problems: list[Specified], again: Redrawn) -> list[list[_Member]]:
    """What each problem is a member with: those of one right-hand side are made together; say how far it is.

    In as many processes as there are cores: what is drawn is drawn before them and does not depend on their number.
    """
    groups: dict[Any, list[int]] = {}
    for place, problem in enumerate(problems):
        groups.setdefault(_key(problem), []).append(place)
    listed, found = list(groups.values()), [list[_Member]() for _ in problems]
    with forked(_draw_group, (problems, again), len(listed)) as spread:
        for number, members in enumerate(spread(listed)):
            for place, own in zip(listed[number], members, strict=True):
                found[place] = own
            _say(number + 1, len(listed))
    return found


def _draw_group(places: list[int], problems: list[Specified], again: Redrawn) -> list[list[_Member]]:
    """What each of some problems of one right-hand side is a member with."""
    made = [rows(problems[place]) for place in places]
    known = [
        _Known(problems[place], row) for place, own in zip(places, made, strict=True) for row in own if _has_error(row)
    ]
    draw = _draw_regressions if isinstance(problems[places[0]].problem, Regression) else _draw_hazard
    drawn = iter(draw(known, again) if known else ())
    return [[_Member(row, *(next(drawn) if _has_error(row) else ())) for row in own] for own in made]


def _has_error(row: Estimate) -> bool:
    return bool(np.isfinite(row.estimate) and np.isfinite(row.se))


def _say(number: int, total: int) -> None:
    if sys.stderr.isatty():
        end = "\n" if number == total else ""
        print(f"\r\x1b[Kspecifications: {number} of {total} designs", end=end, file=sys.stderr, flush=True)


def _key(problem: Specified) -> tuple[Any, ...]:
    """What specifications share whose lot is drawn again together."""
    own = problem.specification
    assert own is not None
    if not isinstance(problem.problem, Regression):
        spells = problem.problem
        return own.model.link, spells.label, spells.sample, spells.persons.tobytes(), spells.covariates.tobytes()
    design = problem.problem.design
    arrays = (design.persons, design.covariates, design.strata, design.groups)
    return own.model.estimator, own.parameter, *(array.tobytes() for array in arrays)


def _draw_regressions(members: list[_Known], again: Redrawn) -> list[tuple[float, FloatArray]]:
    """The t of least-squares specifications of one design: those of equal outcomes and errors once."""
    problem = members[0].problem.problem
    outcomes, place = np.unique(
        np.hstack([each.problem.problem.outcomes for each in members]), axis=1, return_inverse=True
    )
    whole = replace(problem, outcomes=outcomes, labels=(problem.labels[0],) * outcomes.shape[1])
    estimator = problem.model.estimator
    errors = list(dict.fromkeys(each.problem.problem.model.cluster for each in members))
    if estimator == "ols":
        drawn = _of_persons(whole, members, errors, again)
    else:
        drawn = [_averaged(whole, again.of(problem.design.persons))]
    return [
        (each.row.estimate / each.row.se, drawn[errors.index(each.problem.problem.model.cluster)][column])
        for each, column in zip(members, place.ravel().tolist(), strict=True)
    ]


def _of_persons(whole: Regression, members: list[_Known], errors: list[str], again: Redrawn) -> list[FloatArray]:
    """The t (m, B) of least squares on persons, by what errors are clustered on."""
    linear, places, order = linear_of(whole, least_squares.fit(whole))
    specification = members[0].problem.specification
    assert specification is not None
    row = places.index(whole.design.parameters.index(specification.parameter))
    chosen = replace(linear, contrasts=linear.contrasts[[row]])
    codes = {each.problem.problem.model.cluster: each.problem.problem.design.clusters[order] for each in members}
    rows_of_draws = again.rows(whole.design.persons)[order]
    return [
        redraw_persons(chosen, again.draws[rows_of_draws])
        if name == "none"
        else _of_clusters(chosen, codes[name], again.draws, rows_of_draws)
        for name in errors
    ]


def _of_clusters(problem: Linear, codes: IntArray, draws: npt.NDArray[np.bool_], rows_of_draws: IntArray) -> FloatArray:
    """The t (m, B) of a problem whose errors are clustered by `codes` (n,)."""
    own, order = problem.clustered(codes)
    return redraw_signed(own, draws, rows_of_draws[order])


def _averaged(whole: Regression, draws: npt.NDArray[np.bool_]) -> FloatArray:
    """The t (m, B) of means by cluster and arm, or of the average effect of strata."""
    if whole.model.estimator == "group_ols":
        found = group_means.fit(whole)
        return _signed(redraw_means(means_of_persons(whole, found), draws, found.effects[0]), found.effects[0])
    found = stratum_effects.fit(whole)
    return _signed(redraw_strata(strata_of_persons(whole, found), draws, found.effects[0]), found.effects[0])


def _signed(drawn: Draws, estimates: FloatArray) -> FloatArray:
    """The t (m, B) of draws with their signs, if there is no effect on anybody."""
    signs = np.sign(drawn.numerators + estimates[:, None] * drawn.slopes)
    return np.where(signs < 0, -1.0, 1.0) * drawn.statistics(-estimates)


def _draw_hazard(members: list[_Known], again: Redrawn) -> list[tuple[float, FloatArray]]:
    """The studentised score of a hazard, which the two errors of its effect share."""
    problem = members[0].problem.problem
    found = discrete_hazard.fit(problem)
    cells, clusters = discrete_hazard.cells_of_persons(problem, found)
    test = redraw_score(cells, problem.model.link or "logit", clusters, again.of(problem.persons))
    return [(test.observed, test.statistics)] * len(members)


def _whole(model: Model, members: list[_Member], data: Data) -> list[Estimate]:
    """The numbers of a whole curve: median effect, share significant and largest |t|, each with its p-value."""
    known = [each for each in members if each.drawn is not None]
    reference = next(each.row for each in members if model.curve and each.row.sample == model.curve.reference)
    shared: dict[str, Any] = {
        "model": model.name, "sample": WHOLE, "outcome": reference.outcome, "week": reference.week,
        "sample_hash": hash_persons([]), "spec_hash": model.spec_hash,
    }  # fmt: skip
    left = len(members) - len(known)
    note = f"left out {left} specifications without a standard error" if left else ""
    counted = Estimate(**shared, parameter="specifications", estimate=float(len(members)), note=note)
    if not known:
        missing = {**shared, "estimate": MISSING, "converged": False, "note": f"{NO_ESTIMATE}{NONE_KNOWN}"}
        return [*(Estimate(**missing, parameter=name) for name in STATISTICS), counted]
    level = data.study.inference.level
    critical = np.array([quantile(0.5 + level / 2, None if np.isnan(each.row.df) else each.row.df) for each in known])
    test = judge_curve(np.array([each.observed for each in known]), np.array([each.drawn for each in known]), critical)
    effect = float(np.median([each.row.estimate for each in known]))
    values = (effect, *test.observed[1:].tolist())
    return [
        Estimate(**shared, parameter=name, estimate=value, p_value=float(p), note=note)
        for name, value, p in zip(STATISTICS, values, test.p_values, strict=True)
    ] + [counted]
