"""Of a hazard, what does not rest on many clusters: its score drawn again with the lot, the linearised jackknife."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.stats.draws import varying
from pipeline.stats.hazard import FloatArray, HazardFit, Link, derivatives, design_of, maximise
from pipeline.stats.jackknife import IDENTIFIED
from pipeline.stats.ols import RANK_TOLERANCE
from pipeline.stats.person_weeks import Cells


@dataclass(frozen=True)
class ScoreTest:
    """The studentised score of treatment with its sign, as drawn and of each draw (B,); missing where none varies."""

    observed: float
    statistics: FloatArray


def redraw_score(cells: Cells, link: Link, clusters: npt.NDArray[np.intp], draws: npt.NDArray[np.bool_]) -> ScoreTest:
    """The score test of no effect of treatment on a hazard, had the lot given `draws` (B, n).

    `cells` are those that are left of n persons, each a cluster of its own (numbered 0..n-1); `clusters` (n,) are the
    clusters of the model. The hazard is fitted once without treatment, whose score is the sum of the treated persons'
    residuals; it is less what the other columns explain of treatment, weighted with the information, and studentised
    by its sums over clusters with the factor G/(G-1). Under no effect on anybody residuals and risk sets do not depend
    on the lot, so the test is exact.
    """
    design, _ = design_of(cells)
    nuisance, treated = design[:, :-1], design[:, -1]
    coefficients, _ = maximise(nuisance, cells, link)
    _, scores, information = derivatives(nuisance @ coefficients, cells.at_risk, cells.exits, link)
    n, person = len(clusters), cells.cluster
    residual = np.bincount(person, scores, n)
    leans, by_cluster = np.zeros((n, nuisance.shape[1])), np.zeros((int(clusters.max()) + 1, nuisance.shape[1]))
    np.add.at(leans, person, information[:, None] * nuisance)
    np.add.at(by_cluster, clusters[person], scores[:, None] * nuisance)
    explained = np.linalg.solve(nuisance.T @ (information[:, None] * nuisance), leans.T)  # (k, n)
    parts = -by_cluster @ explained  # (G, n): what a treated person adds to the score of each cluster
    parts[clusters, np.arange(n)] += residual
    own = np.zeros(n, dtype=bool)
    own[person[treated > 0.5]] = True
    g = len(np.unique(clusters[np.unique(person)]))
    every = np.vstack([own, draws])
    sums, squares = np.empty(len(every)), np.empty(len(every))
    for start in range(0, len(every), 512):
        of_cluster = parts @ np.asarray(every[start : start + 512].T, dtype=float)
        sums[start : start + 512], squares[start : start + 512] = of_cluster.sum(axis=0), (of_cluster**2).sum(axis=0)
    values = sums / np.sqrt(g / max(g - 1, 1) * varying(squares, squares))
    return ScoreTest(float(values[0]), values[1:])


def linearised_jackknife(fit: HazardFit, link: Link, place: int) -> tuple[float, FloatArray, npt.NDArray[np.bool_]]:
    """The jackknife error of coefficient `place`, what it is without each cluster (G,), by one Newton step, and whether
    the others identify it (G,); else it is nothing there, as in least squares, and where none do there is no error.

    Without cluster g the coefficients move by -(H - H_g)^- s_g, with H the observed information, s_g the scores of the
    cluster and ^- the generalised inverse (MacKinnon, Nielsen and Webb 2024, arXiv 2406.00650, CV3L). As for least
    squares, and unlike there, the squares have no factor (G-1)/G.
    """
    cells = fit.cells
    design, _ = design_of(cells)
    _, scores, information = derivatives(design @ fit.coefficients, cells.at_risk, cells.exits, link)
    levels, codes = np.unique(cells.cluster, return_inverse=True)
    whole = design.T @ (information[:, None] * design)
    scale = np.sqrt(np.diag(whole))
    moves, exists = np.full(len(levels), -fit.coefficients[place]), np.zeros(len(levels), dtype=bool)
    for number in range(len(levels)):
        own = codes == number
        left = (whole - design[own].T @ (information[own, None] * design[own])) / np.outer(scale, scale)
        inverse = np.linalg.pinv(left, rcond=RANK_TOLERANCE, hermitian=True)
        lost = inverse[place] @ left - np.eye(len(left))[place]
        exists[number] = np.abs(lost).max() <= IDENTIFIED
        if exists[number]:
            moves[number] = -(inverse[place] @ ((design[own].T @ scores[own]) / scale)) / scale[place]
    error = float(np.sqrt((moves**2).sum())) if exists.any() else np.nan
    return error, fit.coefficients[place] + moves, exists
