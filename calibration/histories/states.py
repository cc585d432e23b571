"""Which weekly states count as work and as sickness benefit: the outcomes of the trial, as the fit counts them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.twin.behaviour import state_codes, state_number
from pipeline.twin.weeks import LAST_KNOWN, MONTH, WEEKS, any_in_month

if TYPE_CHECKING:
    from numpy.typing import NDArray

SHARE_STATES = (
    "sick",
    "partly_fit",
    "job_clarification",
    "resource_scheme",
    "sick_in_flexjob",
    "disability_pension",
    "sheltered_job",
)
EXIT_STATES = SHARE_STATES[:5]  # without disability pension and sheltered job (report section 3, outcome 3)


def worked(states: NDArray[np.int8]) -> NDArray[np.bool_]:
    """Weeks (n, WEEKS) in ordinary employment as the register shows it.

    A wage record covers its month, so a week without benefit in a month in which the person works counts too.
    """
    is_working = states == state_number("employed")
    is_paid = any_in_month(is_working)[:, MONTH]
    is_blank = np.array([code == 0 for code in state_codes().values()])[states]
    return is_blank & is_paid & (np.arange(WEEKS) <= LAST_KNOWN)


def among(states: NDArray[np.int8], names: tuple[str, ...]) -> NDArray[np.bool_]:
    """Whether each state is one of the named."""
    return np.isin(states, [state_number(name) for name in names])
