"""What one register cell says: the weekly states, with unknown as a state of its own."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipeline.errors import InputError
from pipeline.register.codes import NO_CODE, check_code_table
from pipeline.settings.outcomes import OutcomeDefinitions, State

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    Codes = NDArray[np.int16]
    States = NDArray[np.int8]

UNKNOWN = -1


@dataclass(frozen=True)
class Catalogue:
    """What each code of the register stands for: its group, and its type of activation."""

    groups: Mapping[str, str]
    activation: Mapping[str, str]

    def codes(self, groups: Collection[str] | None = None, activation: Collection[str] | None = None) -> list[str]:
        """The codes of the given groups, of the given types of activation, or of both."""
        return [
            code
            for code, group in self.groups.items()
            if (groups is None or group in groups) and (activation is None or self.activation[code] in activation)
        ]


def read_catalogue(benefit_codes: pd.DataFrame | None, names: Iterable[str]) -> Catalogue:
    """The catalogue of a table of benefit codes; without one every state among `names` is a group of its own."""
    if benefit_codes is None:
        states = {name: name for name in names if name != NO_CODE}
        return Catalogue(states, dict.fromkeys(states, "none"))
    check_code_table(benefit_codes)
    columns = [dict(zip(benefit_codes["code"], benefit_codes[name], strict=True)) for name in ("group", "activation")]
    return Catalogue(*columns)


def classify_weeks(
    codes: Codes, names: Sequence[str], wages: States, definitions: OutcomeDefinitions, catalogue: Catalogue
) -> dict[str, States]:
    """Every state of outcomes.toml for each cell: 1 in the state, 0 not, -1 unknown.

    codes: numbers into `names`, any shape, -1 = not observed; the name '' is no code. wages: 1 or 0 for a wage record
    in the week's month, -1 for a month that is not in the extract; same shape.
    """
    _require_known(definitions, catalogue)
    number = {name: place for place, name in enumerate(names)}

    def among(chosen: Iterable[str]) -> NDArray[np.bool_]:
        return np.isin(codes, [number[code] for code in chosen if code in number])

    known = ~among(catalogue.codes(groups=definitions.unknown_groups)) & (codes != UNKNOWN)
    return {
        name: np.where(known, _classify(codes, number.get(NO_CODE), wages, state, catalogue, among), UNKNOWN).astype(
            np.int8
        )
        for name, state in definitions.states.items()
    }


def _require_known(definitions: OutcomeDefinitions, catalogue: Catalogue) -> None:
    """Raise InputError for a group or activation type that no code has: a misspelling would empty the state."""
    lists = ("unknown_groups", "terminal_groups", "lasting_groups")
    named = [("groups", name, getattr(definitions, name)) for name in lists]
    named += [("groups", name, state.groups) for name, state in definitions.states.items()]
    named += [("activation", name, state.activation) for name, state in definitions.states.items()]
    for key, name, values in named:
        known = set((catalogue.groups if key == "groups" else catalogue.activation).values())
        wrong = [value for value in values if value not in known]
        if wrong:
            raise InputError(
                f"outcomes.toml, {name}, {key}: {', '.join(wrong)} ({len(wrong)} values) is on no code of "
                f"benefit_codes.csv, or of the register if there is none. Known: {', '.join(sorted(known))}."
            )


def _classify(
    codes: Codes,
    blank: int | None,
    wages: States,
    state: State,
    catalogue: Catalogue,
    among: Callable[[Iterable[str]], NDArray[np.bool_]],
) -> States:
    if state.kind == "no_code_and_wage":
        return np.where(codes != blank, 0, wages).astype(np.int8)
    if state.kind == "no_code":
        return np.asarray(codes == blank, dtype=np.int8)
    if state.kind == "groups":
        return among(catalogue.codes(groups=state.groups)).astype(np.int8)
    inside = among(catalogue.codes(state.groups, state.activation))
    hidden = among(catalogue.codes(state.groups, ["not_observable"]))
    return np.where(hidden, UNKNOWN, inside).astype(np.int8)
