"""The choice of the histories after allocation as compiled terms, with the hazards linearised at the present choice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.twin.choice import Terms, compile_terms, hazard_name
from pipeline.twin.courses import Subjects
from pipeline.twin.history_targets import Design, Target
from pipeline.twin.linear import HazardFit, fit_hazard
from pipeline.twin.pools import HORIZON, OutcomePool

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Integers = NDArray[np.int64]


class Problem:
    """A pool of candidates after allocation with its compiled targets; hazards are linearised at the present choice."""

    def __init__(
        self, subjects: Subjects, design: Design, course: NDArray[np.int8], targets: list[Target], numbers: Integers
    ) -> None:
        self._subjects, self._design = subjects, design
        self._pool = OutcomePool(subjects, course, numbers)
        self._hazards = [target for target in targets if target.functional.estimator == "hazard"]
        self.linear = [one for one in targets if one.functional.estimator != "hazard" or one.statistic == "coef"]
        for target in self._hazards:
            self._pool.extra[hazard_name(target)] = np.zeros(numbers.shape)
        self.terms = compile_terms(design, self._pool, self.linear, self._pool.allowed)
        self.fits: dict[str, HazardFit] = {}

    def refit(self, terms: Terms, choice: Integers) -> None:
        """Fit the hazards at the choice and renew what each candidate would add to their coefficients, in place."""
        persons = np.arange(len(choice))
        for position, target in enumerate(self.linear):
            if target.functional.estimator != "hazard":
                continue
            weeks = self._pool.weeks[target.functional.variable]
            exited = np.asarray(self._pool.exited[target.functional.variable])
            fit = fit_hazard(
                self._design.satisfies(target.functional.sample),
                self._subjects.treated,
                self._design.place,
                weeks[persons, choice],
                exited[persons, choice],
                HORIZON,
            )
            row = terms.row[position]
            added = fit.influence[persons[:, None], weeks - 1, exited.astype(np.int64)]
            terms.features[:, :, terms.column[row]] = added
            terms.offset[row] = fit.coefficient - added[persons, choice].sum()
            self.fits[hazard_name(target)] = fit

    def standard_errors(self) -> list[tuple[Target, float]]:
        """The printed standard errors of the hazards, which are not targets of the search, with those reached."""
        wanted = [target for target in self._hazards if target.statistic == "se"]
        return [(target, self.fits[hazard_name(target)].se) for target in wanted]
