"""A curve of specifications: one headline estimated by every combination of the choices that could have been made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

from pipeline.settings.base import Name, Settings

BETWEEN = "."  # between the options in the name of a specification
WHOLE = "curve"  # the sample of the numbers that are of the whole curve


class Option(Settings, frozen=True, kw_only=True):
    """One way to decide a choice: the keys of a model that it sets; further_covariates are added to the covariates.

    parameter: the effect that is looked at, where the option has another. beside: the choices with which it is crossed,
    all of them if it does not say; where it is taken every other choice is decided as the report decided it.
    """

    label_en: str
    label_da: str = ""
    set: dict[str, Any] = {}
    further_covariates: tuple[str, ...] = ()
    parameter: str = ""
    beside: tuple[str, ...] | None = None


class Choice(Settings, frozen=True, kw_only=True):
    """What could have been decided otherwise: its options in the order of a figure.

    reported: the option of the report, the first if it does not say.
    """

    label_en: str
    options: dict[Name, Option]
    label_da: str = ""
    reported: Name | None = None

    def __post_init__(self) -> None:
        """ValueError for a choice without an alternative, and for one that is none of its options."""
        if len(self.options) < 2:
            raise ValueError(f"the choice '{self.label_en}' has fewer than two options")
        if self.reference not in self.options:
            raise ValueError(f"the choice '{self.label_en}' has no option {self.reference}")

    @property
    def reference(self) -> str:
        """The option of the report."""
        return self.reported or next(iter(self.options))


class Curve(Settings, frozen=True, kw_only=True):
    """The estimator and the effect of a headline, and its choices by name."""

    estimator: str
    parameter: str
    choices: dict[Name, Choice]

    def __post_init__(self) -> None:
        """ValueError for an option beside a choice that is not there."""
        named = {
            name for choice in self.choices.values() for each in choice.options.values() for name in each.beside or ()
        }
        if named - set(self.choices):
            raise ValueError(f"beside: {', '.join(sorted(named - set(self.choices)))} is no choice of the curve")

    @property
    def reference(self) -> str:
        """The specification of the report."""
        return BETWEEN.join(self._reference.values())

    @property
    def _reference(self) -> dict[str, str]:
        return {name: choice.reference for name, choice in self.choices.items()}

    def combinations(self) -> Iterator[dict[str, str]]:
        """The option of each choice, of every specification of the curve."""
        reference = self._reference
        for options in product(*(choice.options for choice in self.choices.values())):
            chosen = dict(zip(self.choices, options, strict=True))
            moved = {name for name, option in chosen.items() if option != reference[name]}
            if all(self._goes_with(name, chosen[name], moved) for name in moved):
                yield chosen

    def _goes_with(self, choice: str, option: str, moved: set[str]) -> bool:
        beside = self.choices[choice].options[option].beside
        return beside is None or moved <= {choice, *beside}


def complete_curve(own: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """A curve with what it takes from the `other` that it is like: choices, options and keys that it does not say.

    `without` are the choices of the other that it does not take.
    """
    left = {name: choice for name, choice in other["choices"].items() if name not in own.get("without", ())}
    rest = {key: value for key, value in own.items() if key not in ("like", "without")}
    return {**other, **rest, "choices": _over(left, own.get("choices", {}), depth=3)}


def _over(other: Any, own: Any, depth: int) -> Any:
    """`own` keys over those of another table, and so in their tables to a depth: choices, options, keys."""
    if depth < 0 or not (isinstance(other, dict) and isinstance(own, dict)):
        return own
    return {**other, **{key: _over(other.get(key), value, depth - 1) for key, value in own.items()}}
