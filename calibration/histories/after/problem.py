"""The choice of the histories after allocation as compiled terms; what is not linear is linearised at the choice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from calibration.estimators.linear import HazardFit, fit_hazard
from calibration.histories.after.prognosis import PrognosisRows
from calibration.histories.pools import OutcomePool, TotalsPool
from calibration.histories.register_weeks import HORIZON
from calibration.histories.targets import Design, Target
from calibration.histories.terms import NONLINEAR, compile_terms, own_name
from calibration.search.choice import Terms
from pipeline.twin.courses import Subjects

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]


class Problem:
    """A pool of candidates after allocation with its compiled targets, hazards and Tobit regressions linearised."""

    def __init__(
        self, subjects: Subjects, design: Design, pool: OutcomePool | TotalsPool, targets: list[Target]
    ) -> None:
        self._subjects, self._design, self._pool = subjects, design, pool
        self._hazards = [target for target in targets if target.functional.estimator == "hazard"]
        self.linear = [one for one in targets if one.functional.estimator != "hazard" or one.statistic == "coef"]
        for target in self.linear:
            if target.functional.estimator in NONLINEAR:
                self._pool.extra[own_name(target)] = np.zeros(pool.shape)
        self.terms = compile_terms(design, self._pool, self.linear, self._pool.allowed)
        self.fits: dict[str, HazardFit] = {}
        self._prognoses = {
            outcome: PrognosisRows(design, self._pool, self.linear, outcome)
            for outcome in prognosis_outcomes(self.linear)
        }

    def start(self, terms: Terms, choice: Integers) -> None:
        """Linearise the hazards at the choice, and the Tobit regressions at the coefficients that are printed."""
        self._refit_hazards(terms, choice)
        persons = np.arange(len(choice))
        self.linearise_at_printed(terms, {name: self._pool[name][persons, choice] for name in self._prognoses})

    def linearise_at_printed(self, terms: Terms, shares: Mapping[str, Floats]) -> None:
        """Linearise the Tobit regressions at the printed coefficients, for persons with shares (n,) of each outcome."""
        for outcome, rows in self._prognoses.items():
            rows.linearise_at_printed(terms, shares[outcome])

    def refit(self, terms: Terms, choice: Integers) -> None:
        """Fit hazards and Tobit regressions at the choice and renew what each candidate would add to them, in place."""
        self._refit_hazards(terms, choice)
        for rows in self._prognoses.values():
            rows.refit(terms, choice)

    def _refit_hazards(self, terms: Terms, choice: Integers) -> None:
        persons = np.arange(len(choice))
        for position, target in enumerate(self.linear):
            if target.functional.estimator != "hazard":
                continue
            assert isinstance(self._pool, OutcomePool), "totals have no exits"
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
            self.fits[own_name(target)] = fit

    def standard_errors(self) -> list[tuple[Target, float]]:
        """The printed standard errors of the hazards, which are not targets of the search, with those reached."""
        wanted = [target for target in self._hazards if target.statistic == "se"]
        return [(target, self.fits[own_name(target)].se) for target in wanted]


def prognosis_outcomes(targets: list[Target]) -> list[str]:
    """The outcomes of the Tobit regressions among the targets."""
    return list(dict.fromkeys(one.functional.variable for one in targets if one.functional.estimator == "tobit"))
