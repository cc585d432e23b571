"""What one register cell says: the weekly states, with unknown as a state of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.config import OutcomeDefinitions, State
from pipeline.errors import InputError
from pipeline.register.codes import check_code_table

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    Codes = NDArray[np.int16]
    States = NDArray[np.int8]

UNKNOWN = -1


def classify_weeks(
    codes: Codes, wages: States, definitions: OutcomeDefinitions, benefit_codes: pd.DataFrame
) -> dict[str, States]:
    """Every state of config/outcomes.toml for each cell: 1 in the state, 0 not, -1 unknown.

    codes: benefit codes, any shape, 0 = none, -1 = outside the extract. wages: 1 or 0 for a wage record in the week's
    month, -1 for a month that is not in the extract; same shape.
    """
    check_code_table(benefit_codes)
    _require_known(definitions, benefit_codes)
    resident = ~np.isin(codes, codes_of(benefit_codes, groups=definitions.unknown_groups)) & (codes != UNKNOWN)
    return {
        name: np.where(resident, _classify(codes, wages, state, benefit_codes), UNKNOWN).astype(np.int8)
        for name, state in definitions.states.items()
    }


def codes_of(
    benefit_codes: pd.DataFrame, groups: list[str] | None = None, activation: list[str] | None = None
) -> list[int]:
    """The codes of the given groups, of the given types of activation, or of both."""
    return [
        int(row["code"])
        for row in benefit_codes.to_dict("records")
        if (groups is None or row["group"] in groups) and (activation is None or row["activation"] in activation)
    ]


def _require_known(definitions: OutcomeDefinitions, benefit_codes: pd.DataFrame) -> None:
    """Raise InputError for a group or activation type that no benefit code has: a misspelling would empty the state."""
    named = [("groups", "unknown_groups", definitions.unknown_groups)]
    named += [("groups", name, state.groups) for name, state in definitions.states.items()]
    named += [("activation", name, state.activation) for name, state in definitions.states.items()]
    for key, name, values in named:
        known = set(benefit_codes["group" if key == "groups" else "activation"])
        wrong = [value for value in values if value not in known]
        if wrong:
            raise InputError(
                f"config/outcomes.toml, {name}, {key}: {', '.join(wrong)} ({len(wrong)} values) is on no code of "
                f"config/benefit_codes.csv. Known: {', '.join(sorted(known))}."
            )


def _classify(codes: Codes, wages: States, state: State, benefit_codes: pd.DataFrame) -> States:
    if state.kind == "no_code_and_wage":
        return np.where(codes != 0, 0, wages).astype(np.int8)
    if state.kind == "groups":
        return np.isin(codes, codes_of(benefit_codes, groups=state.groups)).astype(np.int8)
    inside = np.isin(codes, codes_of(benefit_codes, state.groups, state.activation))
    hidden = np.isin(codes, codes_of(benefit_codes, state.groups, ["not_observable"]))
    return np.where(hidden, UNKNOWN, inside).astype(np.int8)
