"""The targets compiled for a pool of candidates: what the search methods work on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from calibration.search.choice import STATISTICS, Terms, shares

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from calibration.histories.targets import Design, Target

    Floats = NDArray[np.float64]

NONLINEAR = ("hazard", "tobit")  # estimators linearised at a choice, whose additions are written into the pool


class Pool(Protocol):
    """Outcomes of candidates by name, each (persons, candidates)."""

    def __getitem__(self, name: str) -> Floats:
        """The outcome `name` of every candidate, (persons, candidates)."""
        ...


def own_name(target: Target) -> str:
    """Name in a pool of what a candidate adds to a coefficient that is not linear in the outcomes."""
    functional = target.functional
    return f"{functional.estimator}/{functional.variable}/{functional.sample}/{functional.groups}"


def compile_terms(
    design: Design, pool: Pool | Mapping[str, Floats], targets: list[Target], allowed: NDArray[np.bool_]
) -> Terms:
    """Stack what the targets need: each variable, linear row and spread once."""
    names: dict[str, int] = {}
    rows: dict[object, int] = {}
    spreads: dict[object, int] = {}
    weights: list[Floats] = []
    loadings: list[Floats] = []
    column, spread_column = [], []
    for target in targets:
        functional = target.functional
        is_added = functional.estimator in NONLINEAR
        variable = names.setdefault(own_name(target) if is_added else functional.variable, len(names))
        if functional not in rows:
            rows[functional] = len(rows)
            weights.append(
                design.satisfies(functional.sample).astype(float) if is_added else design.weights(functional)
            )
            column.append(variable)
        if target.statistic != "coef" and functional not in spreads:
            spreads[functional] = len(spreads)
            loadings.append(design.coefficient(functional).loadings)
            spread_column.append(variable)
    stacked = np.stack(loadings or [np.zeros((1, len(design.place)))]).transpose(2, 0, 1).copy()
    unit = np.array([target.unit for target in targets])
    terms = Terms(
        features=np.stack([pool[name] for name in names], axis=2),
        weights=np.stack(weights, axis=1),
        column=np.array(column),
        offset=np.zeros(len(rows)),
        loadings=stacked,
        norms=(stacked**2).sum(axis=2),
        spread_column=np.array(spread_column or [0]),
        kind=np.array([STATISTICS.index(target.statistic) for target in targets]),
        row=np.array([rows[target.functional] for target in targets]),
        spread=np.array([spreads.get(target.functional, 0) for target in targets]),
        low=np.array([target.low for target in targets]),
        high=np.array([target.high for target in targets]),
        unit=unit,
        scale=unit.copy(),
        priority=np.array([target.priority for target in targets]),
        allowed=allowed,
    )
    terms.shares = shares(terms)
    return terms
