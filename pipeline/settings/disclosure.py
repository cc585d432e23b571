"""disclosure.toml: what may leave, by which rule, and in which words a reader is told."""

from collections.abc import Mapping
from typing import Annotated, Literal

from msgspec import Meta

from pipeline.settings.base import Settings
from pipeline.settings.exhibits import fill, in_language

Status = Literal["pass", "review", "fail"]
# What a rule does with a number is its meaning, and no setting: no word in a file lets out what fails.
STATUS: Mapping[str, Status] = {
    "few_persons": "fail",
    "few_of_a_kind": "fail",
    "few_degrees": "fail",
    "few_beyond": "fail",
    "close_points": "fail",
    "told_by_others": "fail",
    "day_of_one": "review",
    "coarse_curve": "review",
    "coarse_height": "review",
    "rounded": "pass",
}


class Bounds(Settings, frozen=True):
    """The bounds of disclosure control.

    persons: fewest behind a number; fewer than 3 would let one of two persons tell the other. base: counts of persons
    leave as its nearest multiple, which is no more than `persons`: else some that are shown would be 0. curve_base:
    who has left a survival curve, and who is at risk, the same. degrees: fewest degrees of freedom behind an estimate.
    density_decimals: of the height of a density. density_spacing: fewest bandwidths between two of its points.
    uncertainty: within how many persons, at the closest, the numbers that leave may tell one that does not; the mark
    itself tells 1 to persons - 1.
    """

    persons: Annotated[int, Meta(ge=3, le=100)]
    base: Annotated[int, Meta(ge=1, le=100)]
    curve_base: Annotated[int, Meta(ge=6, le=200)]
    degrees: Annotated[int, Meta(ge=5, le=1000)]
    density_decimals: Annotated[int, Meta(ge=1, le=3)]
    density_spacing: Annotated[float, Meta(ge=1, le=10)]
    uncertainty: Annotated[int, Meta(ge=1, le=100)]

    def __post_init__(self) -> None:
        if self.base > self.persons:
            raise ValueError(
                f"base = {self.base} is more than persons = {self.persons}, so numbers of persons that are shown could "
                f"leave as 0: give base 1 to {self.persons}"
            )
        if self.curve_base < 2 * self.persons:
            raise ValueError(
                f"curve_base = {self.curve_base} is less than twice persons = {self.persons}, so curves of groups set "
                f"against the curve of all could tell of few: give curve_base {2 * self.persons} or more"
            )
        widest = self.persons - 2
        if not min(2, widest) <= self.uncertainty <= widest:
            raise ValueError(
                f"uncertainty = {self.uncertainty} does not fit persons = {self.persons}, whose mark says 1 to "
                f"{self.persons - 1}: give uncertainty {min(2, widest)} to {widest}, or more persons"
            )


class Rule(Settings, frozen=True):
    """What an exhibit says of a number that a rule decided, in half a sentence, and why, for who signs."""

    says_en: str
    why_en: str
    says_da: str = ""
    why_da: str = ""


class Rules(Settings, frozen=True):
    """The rules, each a name that a number carries that it decided; `STATUS` says what becomes of the number."""

    few_persons: Rule
    few_of_a_kind: Rule
    few_degrees: Rule
    few_beyond: Rule
    close_points: Rule
    told_by_others: Rule
    day_of_one: Rule
    coarse_curve: Rule
    coarse_height: Rule
    rounded: Rule

    def named(self, name: str) -> Rule:
        """The rule of a name."""
        rule: Rule = getattr(self, name)
        return rule


class Disclosure(Settings, frozen=True):
    """disclosure.toml: the bounds, the rules, and what stands in the place of a number that is withheld."""

    mark: Annotated[str, Meta(pattern=r"^[^\d\s#*()\u2212\u2013-]{1,5}$")]
    bounds: Bounds
    rules: Rules

    def says(self, rule: str, language: str, kind: str = "says") -> str:
        """The words of a rule, its bounds filled in."""
        bounds = {name: str(getattr(self.bounds, name)) for name in self.bounds.__struct_fields__}
        return fill(in_language(self.rules.named(rule), kind, language), bounds)


class Asked(Settings, frozen=True):
    """Whether who builds asked for disclosure control: 'on', 'off', or '' for what the extract says."""

    asked: Literal["on", "off", ""]
