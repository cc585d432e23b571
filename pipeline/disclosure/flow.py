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
    arms = (~treated, treated, treated | ~treated)
    return {
        name: _leave([int((held & arm).sum()) for arm in arms], settings, is_applied) for name, held in steps.items()
    }


def _leave(counts: list[int], settings: Disclosure, is_applied: bool) -> list[int | None]:
    """Those of the arms and of both, the last, as they leave; where both are few none does, not even nobody."""
    if not is_applied:
        return list(counts)
    few = [rule_of_count(count, settings.bounds) == "few_persons" for count in counts]
    return [
        None if is_few or few[-1] else round_count(count, settings) for count, is_few in zip(counts, few, strict=True)
    ]
