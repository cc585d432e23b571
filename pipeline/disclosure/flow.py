"""The way from randomised to analysed, in numbers of persons as they leave."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.disclosure.primary import rule_of_count
from pipeline.disclosure.release import round_count
from pipeline.settings.disclosure import Disclosure
from pipeline.settings.study import Study

if TYPE_CHECKING:
    import pandas as pd

RANDOMISED, ANALYSED = "randomised", "analysed"


def count_flow(
    exclusions: pd.DataFrame, study: Study, settings: Disclosure, is_applied: bool
) -> dict[str, list[int | None]]:
    """By step the persons of the control arm, of the treated and of both; None of few where control is applied."""
    treated, reasons = exclusions["treated"].to_numpy(dtype=bool), exclusions["reason"].to_numpy()
    steps = {RANDOMISED: reasons == reasons} | {reason: reasons == reason for reason in (*study.reasons, ANALYSED)}
    return {
        name: [
            _leaves(int((held & arm).sum()), settings, is_applied) for arm in (~treated, treated, treated | ~treated)
        ]
        for name, held in steps.items()
    }


def _leaves(count: int, settings: Disclosure, is_applied: bool) -> int | None:
    if not is_applied:
        return count
    return None if rule_of_count(count, settings.bounds) == "few_persons" else round_count(count, settings)
