"""The rows of Table 6.3 in a problem: Tobit coefficients of one outcome, linearised in the choice."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from calibration.estimators.tobit import TobitPoint, influence, maximise, standardise, stated_point

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from calibration.histories.targets import Design, Target
    from calibration.histories.terms import Pool
    from calibration.search.choice import Terms

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

DEVIATION = "deviation"  # in the place of a covariate: that of the latent share


class PrognosisRows:
    """The Tobit regression of one outcome on the covariates of Table 6.3, among the controls who have them all.

    Its targets are the coefficients in the order of the table, and the deviation.
    """

    def __init__(self, design: Design, pool: Pool, targets: list[Target], outcome: str) -> None:
        own = [
            (position, target)
            for position, target in enumerate(targets)
            if target.functional.estimator == "tobit" and target.functional.variable == outcome
        ]
        own.sort(key=lambda one: one[1].functional.groups == DEVIATION)
        self._positions = np.array([position for position, _ in own])
        complete, covariates = design.cases(replace(own[0][1].functional, groups=""))
        self._members = np.flatnonzero(complete)
        self._columns, deviations = standardise(np.stack(covariates, axis=1)[complete])
        self._unit = np.append(deviations, 1.0)
        self._shares = np.asarray(pool[outcome])[self._members]
        self._printed = np.array([(target.low + target.high) / 2 for _, target in own]) * self._unit
        self.point: TobitPoint | None = None

    def linearise_at_printed(self, terms: Terms, share: Floats) -> None:
        """Linearise at the printed coefficients, for persons with shares (n,) far from them."""
        chosen = share[self._members]
        self.point = self._stated(chosen)
        self._write(terms, influence(self._columns, self.point, chosen, self._shares), None)

    def refit(self, terms: Terms, choice: Integers) -> None:
        """Linearise at the coefficients of the choice."""
        chosen = self._chosen(choice)
        self.point = maximise(self._columns, chosen, self.point or self._stated(chosen))
        self._write(terms, influence(self._columns, self.point, chosen, self._shares), choice)

    def _stated(self, chosen: Floats) -> TobitPoint:
        return stated_point(self._columns, self._printed[:-1], self._printed[-1], float(chosen.mean()))

    def _chosen(self, choice: Integers) -> Floats:
        return np.asarray(self._shares[np.arange(len(self._members)), choice[self._members]])

    def _write(self, terms: Terms, added: Floats, choice: Integers | None) -> None:
        """Write what each candidate adds to the coefficients; at a choice that is fitted the additions cancel out."""
        assert self.point is not None
        row = terms.row[self._positions]
        added = added / self._unit
        terms.features[self._members[:, None], :, terms.column[row]] = added.transpose(0, 2, 1)
        terms.offset[row] = self.point.parameters / self._unit
        if choice is not None:
            members = np.arange(len(self._members))
            terms.offset[row] -= added[members, choice[self._members]].sum(axis=0)
