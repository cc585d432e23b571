"""What variables describe, and whether they may be shown where they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.errors import Faults, InputError
from pipeline.settings.sensitivity import LEVELS, may_enter, sensitivity_of


def check_sensitivity(known: Mapping[str, Any], own: Sequence[Mapping[str, str]]) -> None:
    """Raise InputError for a sensitivity that is none, and for strata and clusters that are a person's.

    Their names stand in errors and exhibits. A group that is declared nowhere is a person's.
    """
    variables, study, faults = known.get("variables"), known.get("study"), Faults()
    if variables is None:
        return
    rows = [*variables.to_dict("records"), *own]
    for row in (row for row in rows if row["sensitivity"] not in LEVELS):
        with faults.part():
            raise InputError(
                f"variables.csv: the sensitivity of {row['name']} is none of {', '.join(sorted(LEVELS))}. Say person "
                "if it describes one."
            )
    groupings = [] if study is None else [grouping.name for grouping in study.design.groupings]
    for name in groupings:
        with faults.part():
            if not all(may_enter(place, sensitivity_of(name, rows)) for place in ("report", "error")):
                raise InputError(
                    f"variables.csv: {name} is a stratum or cluster, whose names stand in exhibits and errors, and its "
                    "sensitivity is that of a person. Say group, if the names are of groups."
                )
    faults.stop()
