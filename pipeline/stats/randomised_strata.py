"""The lot drawn again where each stratum has an effect of its own: the average effect, studentised with HC2."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.stats.draws import Draws
from pipeline.stats.linear import inverse_of
from pipeline.stats.ols import RANK_TOLERANCE, FloatArray, deviations

BLOCK = 2**19  # numbers of a block of draws


@dataclass(frozen=True)
class Stratified:
    """Outcomes (n, m) given covariates (n, q), of full rank within cells of stratum and arm; strata: (n,) from 0."""

    outcomes: FloatArray
    covariates: FloatArray
    treated: npt.NDArray[np.bool_]
    strata: npt.NDArray[np.intp]


def redraw_strata(problem: Stratified, draws: npt.NDArray[np.bool_], estimates: FloatArray) -> Draws:
    """What the average effect and its HC2 error would be, had the lot given `draws` (B, n); `estimates` (m,) as drawn.

    As `fit_contrast` estimates it: strata in which a draw leaves one arm are left out of the average, and their persons
    are a cell that the covariates' common coefficients rest on. A draw with one person in an arm has no error.
    """
    count = int(problem.strata.max()) + 1
    order = np.argsort(problem.strata, kind="stable")
    strata = problem.strata[order]
    own = np.column_stack([problem.outcomes, problem.treated, problem.covariates])[order]
    m, q = problem.outcomes.shape[1], problem.covariates.shape[1]
    centred = deviations(own, strata, count)
    starts = np.searchsorted(strata, np.arange(count))
    v = m + 1  # outcomes and the shift
    crossed = np.hstack(
        [centred[:, :v] ** 2, centred * centred[:, [m]], *(centred * x[:, None] for x in centred.T[v:])]
    )
    width = max(8, BLOCK // max(2 * count * own.shape[1], 8 * len(own)))
    parts = []
    for start in range(0, len(draws), width):
        treated = np.asarray(draws[start : start + width][:, order], dtype=float)
        parts.append(_block(centred, crossed, treated, strata, starts, q))
    values, products = (
        np.concatenate([part[item] for part in parts]) for item in range(2)
    )  # (B, m + 1), (B, m + 1, 2)
    b, c = values[:, :m].T, values[:, m]
    yy, yd, dd = products[:, :m, 0].T, products[:, :m, 1].T, products[:, m, 1]
    at = estimates[:, None]
    return Draws(b - at * c, c, yy - 2 * at * yd + at**2 * dd, yd - at * dd, dd)


def _block(
    known: FloatArray, crossed: FloatArray, treated: FloatArray, strata: npt.NDArray[np.intp],
    starts: npt.NDArray[np.intp], q: int,
) -> tuple[FloatArray, FloatArray]:  # fmt: skip
    """Of draws `treated` (b, n): effects (b, v) of the outcomes and the shift, and HC2's products with them and it.

    known: (n, v + q), the shift before the covariates; crossed: the squares of the v, then all times the shift, then
    all times each covariate. A cell is an arm of a stratum, (b, 2s): controls first.
    """
    v, sizes = known.shape[1] - q, np.diff([*starts, len(strata)])
    ends = [*starts[1:].tolist(), len(strata)]
    rows = [slice(start, end) for start, end in zip(starts.tolist(), ends, strict=True)]
    counts = np.add.reduceat(treated, starts, axis=1)
    both = (counts > 0) & (counts < sizes)
    sums = np.stack([treated[:, at] @ known[at] for at in rows], axis=1)  # (b, s, v + q)
    cells = np.concatenate([sizes - counts, counts], axis=1)
    means = np.concatenate([-sums, sums], axis=1) / np.where(cells > 0, cells, 1.0)[:, :, None]
    shares = np.where(both, sizes, 0.0) / np.maximum((both * sizes).sum(axis=1), 1.0)[:, None]
    contrast = np.concatenate([-shares, shares], axis=1)
    effects = np.einsum("bc,bcv->bv", contrast, means)
    lost = ~both.any(axis=1)
    coefficients = np.zeros((len(treated), q, v))
    inverse = np.zeros((len(treated), q, q))
    if q:
        weighted = means[:, :, v:] * cells[:, :, None]
        x = known[:, v:]
        gram = (x.T @ x)[:, :, None] - np.einsum("bcq,bcr->qrb", weighted, means[:, :, v:])
        inverses, singular = inverse_of(gram, np.broadcast_to((x**2).sum(axis=0)[:, None], gram.shape[1:]))
        lost |= singular
        inverse = inverses.transpose(2, 0, 1)
        coefficients = inverse @ (x.T @ known[:, :v] - weighted.transpose(0, 2, 1) @ means[:, :, :v])
        values = effects[:, :v] - np.einsum("bq,bqv->bv", effects[:, v:], coefficients)
    else:
        values = effects
    squares, alone = _squares(
        known, crossed, treated, strata, rows, cells, means, contrast, effects, inverse, coefficients
    )
    lost |= alone
    values[lost] = np.nan
    return values, squares


def _squares(
    known: FloatArray, crossed: FloatArray, treated: FloatArray, strata: npt.NDArray[np.intp], rows: list[slice],
    cells: FloatArray, means: FloatArray, contrast: FloatArray, effects: FloatArray, inverse: FloatArray,
    coefficients: FloatArray,
) -> tuple[FloatArray, npt.NDArray[np.bool_]]:  # fmt: skip
    """HC2 products (b, v, 2) of each outcome with itself and with the shift, and which draws have leverage one.

    The squared residuals' sum, weighted with `omega`, is written out in sums over cells: a residual is y - x'd - level
    of its cell, level = mean y - mean x'd.
    """
    v = known.shape[1] - inverse.shape[1]
    is_treated = treated > 0.5
    omega, alone = _omega(known[:, v:], is_treated, strata, cells, means[:, :, v:], contrast, effects[:, v:], inverse)
    arms, starts = (omega * ~is_treated, omega * is_treated), [at.start for at in rows]
    cell_known = np.stack([arm[:, at] @ known[at] for arm in arms for at in rows], axis=1)
    cell_weight = np.concatenate([np.add.reduceat(arm, starts, axis=1) for arm in arms], 1)
    level = means[:, :, :v] - means[:, :, v:] @ coefficients
    lean = cell_known[:, :, :v] - cell_known[:, :, v:] @ coefficients  # sums of weight x (y - x'd) by cell
    return _products(omega @ crossed, coefficients, level, lean, cell_weight), alone


def _omega(
    x: FloatArray, is_treated: npt.NDArray[np.bool_], strata: npt.NDArray[np.intp], cells: FloatArray,
    means: FloatArray, contrast: FloatArray, effects: FloatArray, inverse: FloatArray,
) -> tuple[FloatArray, npt.NDArray[np.bool_]]:  # fmt: skip
    """What weighs the squared residuals (b, n) of persons with covariates x (n, q), and which draws have leverage one.

    A person's weight in the estimate is contrast over size of the cell less what the covariates, with their own
    `effects` (b, q), take; omega is its square over one less the leverage. means: (b, 2s, q), of the cells.
    """
    count = cells.shape[1] // 2

    def of_persons(values: FloatArray) -> FloatArray:
        """`values` (b, 2s) of the cell of each person (b, n)."""
        return np.where(is_treated, values[:, count:].take(strata, axis=1), values[:, :count].take(strata, axis=1))

    leverage = of_persons(1.0 / np.where(cells > 0, cells, 1.0))
    weights = of_persons(contrast) * leverage
    moved = np.einsum("bq,bqr->br", effects, inverse)
    deviations_of = [column - of_persons(means[:, :, i]) for i, column in enumerate(x.T)]
    for i, deviation in enumerate(deviations_of):
        weights -= moved[:, [i]] * deviation
        for j in range(i + 1):
            leverage += (1 + (i != j)) * inverse[:, i, j, None] * deviation * deviations_of[j]
    whole = 1.0 - leverage < RANK_TOLERANCE
    alone = np.asarray((whole & (np.abs(weights) > RANK_TOLERANCE)).any(axis=1))
    return np.where(whole, 0.0, weights**2 / np.where(whole, 1.0, 1.0 - leverage)), alone


def _products(
    sums: FloatArray, coefficients: FloatArray, level: FloatArray, lean: FloatArray, cell_weight: FloatArray
) -> FloatArray:
    """The weighted products of residuals (b, v, 2), with themselves and with those of the shift, the last of the v.

    sums: those of `crossed`, weighted; level and lean: (b, 2s, v), by cell.
    """
    b, q, v = coefficients.shape
    with_shift, with_x = sums[:, v : 2 * v + q], sums[:, 2 * v + q :].reshape(b, q, v + q)
    shift = slice(v - 1, v)
    weighed = cell_weight[:, :, None] * level
    inside = (np.einsum("bcv,bcv->bv", weighed, level), (weighed[:, :, shift].transpose(0, 2, 1) @ level)[:, 0])
    across = (
        2.0 * np.einsum("bcv,bcv->bv", level, lean),
        (lean[:, :, shift].transpose(0, 2, 1) @ level + level[:, :, shift].transpose(0, 2, 1) @ lean)[:, 0],
    )
    found = np.empty((b, v, 2))
    for item, (right, total) in enumerate(((slice(0, v), sums[:, :v]), (shift, with_shift[:, :v]))):
        own = coefficients[:, :, right]
        total = total - (coefficients * with_x[:, :, right]).sum(axis=1) - (own * with_x[:, :, :v]).sum(axis=1)
        total += (coefficients * (with_x[:, :, v:] @ own)).sum(axis=1)
        found[:, :, item] = total - across[item] + inside[item]
    return found
