"""What each candidate course of activation would give: who is in guidance or in a workplace in a week."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from calibration.histories.pools import window
from calibration.histories.states import among
from pipeline.twin.behaviour import state_number
from pipeline.twin.courses import BEFORE, Subjects, draw_activation

if TYPE_CHECKING:
    from numpy.typing import NDArray

ACTIVATED_STATES = ("sick", "job_clarification", "resource_scheme")
WORKPLACE = ("trial_private", "trial_public", "subsidised_private", "subsidised_public")


class ActivationPool:
    """Activation of the candidates, arrays (persons, candidates) named guidance/t and workplace/t for week t."""

    def __init__(self, subjects: Subjects, states: NDArray[np.int8], candidates: int, horizon: int) -> None:
        copies = subjects.repeat(candidates)
        active = draw_activation(copies, np.tile(np.arange(candidates), len(subjects.person)))
        active = active[:, BEFORE + 1 : BEFORE + 1 + horizon]
        eligible = window(among(states, ACTIVATED_STATES), subjects.week, 1, horizon)
        eligible = np.repeat(eligible, candidates, axis=0)
        self.shape = (len(subjects.person), candidates)
        self._weekly = {
            "guidance": eligible & (active == state_number("guidance")),
            "workplace": eligible & among(active, WORKPLACE),
        }

    def __getitem__(self, name: str) -> NDArray[np.float64]:
        kind, _, week = name.partition("/")
        return self._weekly[kind][:, int(week) - 1].reshape(self.shape).astype(float)
