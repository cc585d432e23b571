"""Discrete-time hazard of a single exit, by maximum likelihood on cells of person-weeks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import special

from pipeline.stats.errors import NoEstimateError
from pipeline.stats.ols import PERFECT_FIT, require_full_rank
from pipeline.stats.person_weeks import Cells, Drop, drop_perfect_prediction

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Link = Literal["logit", "cloglog"]

# Newton's method doubles the correct digits a step: a step of 1e-10 leaves an error at rounding.
STEP_TOLERANCE = 1e-10
# A logit or cloglog likelihood with a maximum takes 5 to 10 steps; one without it moves by about 1 a step for ever.
MAXIMUM_STEPS = 50
# Least eigenvalue of the information with a unit diagonal: rounding leaves 1e-16 to 1e-14, a real design over 1e-6.
REGULAR = 1e-11


class NotIdentifiedError(NoEstimateError):
    """The effect of treatment has no finite maximum-likelihood estimate in these person-weeks."""


@dataclass(frozen=True)
class HazardFit:
    """The coefficients of a hazard, and what they rest on.

    coefficients, standard_errors, clustered_errors: (k,) in the order of columns, the last of which are the covariates
    and 'treated'; on the scale of the link; standard errors from the observed information, clustered ones with the
    scores summed by cluster and the factor G/(G-1); all missing unless converged, clustered ones also with one cluster
    and where the scores cancel within every cluster. n counts person-weeks, after the
    drops; cells are those that are left.
    """

    coefficients: FloatArray
    standard_errors: FloatArray
    clustered_errors: FloatArray
    columns: tuple[str, ...]
    log_likelihood: float
    n: int
    exits: int
    control_hazard: float
    n_clusters: int
    converged: bool
    drops: tuple[Drop, ...]
    cells: Cells

    def place(self, column: str = "treated") -> int:
        """The number of a column."""
        return self.columns.index(column)


def fit_hazard(cells: Cells, link: Link) -> HazardFit:
    """Fit link(hazard) = interval + stratum + covariates + beta * treated by Newton's method on the likelihood.

    Report section 3.1, model (1) and footnote 11. Both errors use the observed information, as Stata's `logit` and
    `cloglog` do; the clustered one has the factor G/(G-1) alone, G counted after the drops; the reference is normal.
    NotIdentifiedError if an arm is absent or nobody or everybody in it exits; RankDeficiencyError if columns are not
    separate. A likelihood without a maximum gives `converged` False and missing estimates, never a number.

    Other packages: statsmodels multiplies the clustered variance by (N-1)/(N-K) too, with N the rows it is given (on
    cells their number, which is wrong), and its GLM, like R's glm and sandwich, uses the expected information for the
    cloglog unless fitted by method="newton". Neither drops perfect predictors, and statsmodels' GLM says it converged.
    """
    _require_both_outcomes(cells)
    whole = int(cells.at_risk.sum())
    cells, drops = drop_perfect_prediction(cells)
    if not len(cells.at_risk):
        raise NotIdentifiedError(f"nobody or everybody leaves in every interval or stratum of the {whole} person-weeks")
    _require_both_outcomes(cells)
    design, columns = design_of(cells)
    require_full_rank(design, columns)
    coefficients, converged = maximise(design, cells, link)
    log_likelihood, scores, weights = derivatives(design @ coefficients, cells.at_risk, cells.exits, link)
    errors, clustered_errors, count = _standard_errors(design, scores, weights, cells.cluster, converged)
    control = ~cells.treated
    return HazardFit(
        coefficients=coefficients if converged else np.full(len(columns), np.nan),
        standard_errors=errors,
        clustered_errors=clustered_errors,
        columns=columns,
        log_likelihood=log_likelihood,
        n=int(cells.at_risk.sum()),
        exits=int(cells.exits.sum()),
        control_hazard=float(cells.exits[control].sum() / cells.at_risk[control].sum()),
        n_clusters=count,
        converged=converged,
        drops=drops,
        cells=cells,
    )


def _require_both_outcomes(cells: Cells) -> None:
    """Raise NotIdentifiedError unless both arms have person-weeks with and without an exit."""
    for arm, members in (("treated", cells.treated), ("control", ~cells.treated)):
        exits, at_risk = int(cells.exits[members].sum()), int(cells.at_risk[members].sum())
        if not at_risk:
            raise NotIdentifiedError(f"nobody of the {arm} group is at risk")
        if not exits:
            raise NotIdentifiedError(f"nobody leaves in the {at_risk} person-weeks of the {arm} group")
        if exits == at_risk:
            raise NotIdentifiedError(f"everybody leaves in the first week of the {arm} group")


def design_of(cells: Cells) -> tuple[FloatArray, tuple[str, ...]]:
    """Dummies for every interval and every stratum but the first, the covariates, and treatment as the last column."""
    blocks: list[FloatArray] = []
    columns: list[str] = []
    for factor, reference_levels in ((cells.interval, 0), (cells.stratum, 1)):
        present = np.unique(factor.codes)[reference_levels:]
        blocks.append((factor.codes[:, None] == present).astype(float))
        columns += [f"{factor.name}:{factor.levels[code]}" for code in present]
    blocks += [cells.covariates, cells.treated[:, None].astype(float)]
    return np.hstack(blocks), (*columns, *cells.names, "treated")


def maximise(design: FloatArray, cells: Cells, link: Link) -> tuple[FloatArray, bool]:
    """Coefficients, and whether they are a maximum; a step that loses likelihood is halved."""
    coefficients = _start(design, cells, link)
    value, scores, weights = derivatives(design @ coefficients, cells.at_risk, cells.exits, link)
    for _ in range(MAXIMUM_STEPS):
        information = design.T @ (weights[:, None] * design)
        if not _is_regular(information):
            return coefficients, False
        step = np.linalg.solve(information, design.T @ scores)
        for _ in range(MAXIMUM_STEPS):
            trial = derivatives(design @ (coefficients + step), cells.at_risk, cells.exits, link)
            # Near the maximum the gain is below the rounding of the sum.
            if trial[0] >= value - 1e-12 * abs(value):
                break
            step = step / 2.0
        coefficients, (value, scores, weights) = coefficients + step, trial
        if np.abs(step).max() < STEP_TOLERANCE:
            return coefficients, True
    return coefficients, False


def _is_regular(information: FloatArray) -> bool:
    """Whether the likelihood bends down in every direction: far along a flat one, only rounding stops the steps."""
    scale = np.sqrt(np.diag(information))
    return bool((scale > 0.0).all() and np.linalg.eigvalsh(information / np.outer(scale, scale))[0] > REGULAR)


def _start(design: FloatArray, cells: Cells, link: Link) -> FloatArray:
    """The hazard of each interval, and no difference between strata, arms and values of the covariates."""
    intervals = len(np.unique(cells.interval.codes))
    dummies = design[:, :intervals]
    rates = (dummies.T @ cells.exits) / (dummies.T @ cells.at_risk)
    start = np.zeros(design.shape[1])
    start[:intervals] = special.logit(rates) if link == "logit" else np.log(-np.log1p(-rates))
    return start


def derivatives(
    predictor: FloatArray, at_risk: IntArray, exits: IntArray, link: Link
) -> tuple[float, FloatArray, FloatArray]:
    """Log-likelihood, and per cell its first and minus its second derivative in the linear predictor.

    logit: exits - at_risk p and at_risk p (1 - p). cloglog, with u = exp(predictor) and r = u / (exp(u) - 1):
    exits r - (at_risk - exits) u and (at_risk - exits) u - exits r (1 - u / (1 - exp(-u))).
    """
    if link == "logit":
        hazard = special.expit(predictor)
        value = exits * predictor - at_risk * np.logaddexp(0.0, predictor)
        return float(value.sum()), exits - at_risk * hazard, at_risk * hazard * special.expit(-predictor)
    stays = at_risk - exits
    # A trial step may overshoot: the infinite likelihood it gives is refused, and the step halved.
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        u = np.exp(predictor)
        hazard = -np.expm1(-u)
        ratio = u * np.exp(-u) / hazard
        value = np.where(exits > 0, exits * np.log(hazard), 0.0) - stays * u
        scores = exits * ratio - stays * u
        return float(value.sum()), scores, stays * u - exits * ratio * (1.0 - u / hazard)


def _standard_errors(
    design: FloatArray, scores: FloatArray, weights: FloatArray, cluster: IntArray, converged: bool
) -> tuple[FloatArray, FloatArray, int]:
    """Standard errors (k,), the same clustered, and the number of clusters.

    One cluster has no clustered errors, nor has a coefficient whose scores cancel in every cluster, up to rounding.
    """
    clusters, codes = np.unique(cluster, return_inverse=True)
    count, unknown = len(clusters), np.full(design.shape[1], np.nan)
    if not converged:
        return unknown, unknown, count
    inverse = np.linalg.inv(design.T @ (weights[:, None] * design))
    order = np.argsort(codes, kind="stable")
    starts = np.searchsorted(codes[order], np.arange(count))
    rows = design @ inverse
    squares = (np.add.reduceat((rows * scores[:, None])[order], starts, axis=0) ** 2).sum(axis=0)
    # The scores of a cell are a difference of numbers of the size of its information.
    is_known = (squares > PERFECT_FIT * ((rows * weights[:, None]) ** 2).sum(axis=0)) & (count > 1)
    clustered = np.where(is_known, np.sqrt(count / max(count - 1, 1) * squares), np.nan)
    return np.sqrt(np.diag(inverse)), clustered, count
