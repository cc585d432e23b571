"""The effect on those who take a treatment because it was offered: the offer as instrument, errors clustered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.stats.errors import NoEstimateError
from pipeline.stats.ols import PERFECT_FIT, OLSFit, fit_cluster_ols

FloatArray = npt.NDArray[np.float64]
# Of the sum of squares of the weights: what rounding leaves of a first stage that is zero.
NO_FIRST_STAGE = 1e-12


@dataclass(frozen=True)
class ComplierFit:
    """Two-stage least squares of m outcomes with one treatment and one instrument, and what it is made of.

    effects, standard_errors: (m,). weights: (n,), effects = weights @ outcomes; residuals: (n, m), of the structural
    equation. offers, offer_errors: (m,), the effects of the offer (reduced form); first_stage, first_error: that of the
    offer on the treatment, without error where that follows the offer exactly; offer_weights: (n,), of both;
    treatment_residuals: (n,), of the first stage. covariances: (m,), of offers and first stage. df: of t, clusters less
    one. factor: of every variance.
    """

    effects: FloatArray
    standard_errors: FloatArray
    weights: FloatArray
    residuals: FloatArray
    offers: FloatArray
    offer_errors: FloatArray
    first_stage: float
    first_error: float
    offer_weights: FloatArray
    treatment_residuals: FloatArray
    covariances: FloatArray
    df: int
    n: int
    n_clusters: int
    factor: float


def fit_compliers(
    outcomes: npt.ArrayLike,
    taken: npt.ArrayLike,
    offered: npt.ArrayLike,
    covariates: npt.ArrayLike,
    clusters: npt.ArrayLike,
    strata: npt.ArrayLike,
    columns: Sequence[str] | None = None,
) -> ComplierFit:
    """The effects of `taken` (n,) on `outcomes` (n, m) with `offered` (n,) as its instrument, and the same design.

    Beside both stand `covariates` (n, q), named by `columns`, and a dummy for each of `strata` (n,). With one
    instrument the estimate is the effect of the offer on the outcome over its effect on the treatment (Wald), and its
    variance the sandwich of the structural residuals times G/(G-1) (N-1)/(N-K): Stata's ivregress with small,
    linearmodels' IV2SLS with debiased. It is that of compliers if the offer works through the treatment alone
    (exclusion) and keeps nobody from it (monotonicity): Imbens and Angrist 1994. Raises as `fit_cluster_ols`, and
    NoEstimateError without a first stage.
    """
    y, d = np.asarray(outcomes, dtype=float), np.asarray(taken, dtype=float)
    others = np.asarray(covariates, dtype=float).reshape(len(d), -1)
    design = np.column_stack([others, np.asarray(offered, dtype=float)])
    names = [*(columns or [str(place) for place in range(others.shape[1])]), "offered"]
    found = fit_cluster_ols(np.column_stack([y, d]), design, clusters, names, strata)
    w = found.weights[-1]
    if float(w @ d) ** 2 <= NO_FIRST_STAGE * float(w @ w) * float(d @ d):
        raise NoEstimateError("the treatment does not differ between those who were offered it and the others")
    return _divide(found, y, w @ y, float(w @ d), np.unique(np.asarray(clusters), return_inverse=True)[1])


def _divide(
    found: OLSFit, y: FloatArray, offers: FloatArray, first: float, clusters: npt.NDArray[np.intp]
) -> ComplierFit:
    """The effects of the offer over the first stage, both regressions `found` side by side, the first stage last."""
    w, effects = found.weights[-1], offers / first
    of_taken = found.residuals[:, -1]
    structural = found.residuals[:, :-1] - of_taken[:, None] * effects
    scores = np.array([np.bincount(clusters, w * column) for column in found.residuals.T])
    squares = found.factor * (scores @ scores.T)
    own, beside = np.diag(squares)[:-1], squares[:-1, -1]
    last = 0.0 if found.perfect_fit[-1] else float(squares[-1, -1])
    variances = np.maximum(own - 2 * effects * beside + effects**2 * last, 0.0) / first**2
    exact = (structural**2).sum(axis=0) <= PERFECT_FIT * (y**2).sum(axis=0)
    return ComplierFit(
        effects=effects,
        standard_errors=np.where(exact | (found.n_clusters < 2), np.nan, np.sqrt(variances)),
        weights=w / first,
        residuals=structural,
        offers=offers,
        offer_errors=np.sqrt(own),
        first_stage=first,
        first_error=float(np.sqrt(last)),
        offer_weights=w,
        treatment_residuals=of_taken,
        covariances=beside,
        df=found.df,
        n=found.n,
        n_clusters=found.n_clusters,
        factor=found.factor,
    )


def anderson_rubin(fit: ComplierFit, critical: float) -> tuple[FloatArray, FloatArray]:
    """The limits (m,), (m,) of the effects that the data do not reject, with a `critical` value of t; NaN if none is.

    An effect b is rejected if the offer has an effect on outcome - b x treatment (Anderson and Rubin 1949): that test
    has its level however weak the first stage. Where the first stage itself is not told from zero the set has no two
    limits.
    """
    c = critical**2
    square = fit.first_stage**2 - c * fit.first_error**2
    middle = fit.offers * fit.first_stage - c * fit.covariances
    rest = fit.offers**2 - c * fit.offer_errors**2
    root = np.sqrt(np.maximum(middle**2 - square * rest, 0.0))
    if square <= 0.0:
        return np.full(len(middle), np.nan), np.full(len(middle), np.nan)
    return (middle - root) / square, (middle + root) / square
