"""disclosure.toml: what may leave, by which rule, and in which words a reader is told."""

from typing import Annotated, Literal

from msgspec import Meta

from pipeline.settings.base import Settings
from pipeline.settings.exhibits import fill, in_language

Status = Literal["pass", "review", "fail"]


class Bounds(Settings, frozen=True):
    """The bounds of disclosure control.

    persons: fewest behind a number; fewer than 3 would let one of two persons tell the other. base: counts of persons
    leave as its nearest multiple; curve_base: those who have left a survival curve, and who are at risk. degrees:
    fewest degrees of freedom behind an estimate. density_decimals: of the height of a density. density_spacing:
    fewest bandwidths between two of its points. uncertainty: within how many persons, at the closest, the numbers
    that leave may tell one that does not.
    """

    persons: Annotated[int, Meta(ge=3, le=100)]
    base: Annotated[int, Meta(ge=1, le=100)]
    curve_base: Annotated[int, Meta(ge=1, le=100)]
    degrees: Annotated[int, Meta(ge=1, le=1000)]
    density_decimals: Annotated[int, Meta(ge=1, le=5)]
    density_spacing: Annotated[float, Meta(ge=0.5, le=10)]
    uncertainty: Annotated[int, Meta(ge=1, le=100)]


class Rule(Settings, frozen=True):
    """What a rule does with a number, what an exhibit says of it in half a sentence, and why, for who signs."""

    status: Status
    says_en: str
    why_en: str
    says_da: str = ""
    why_da: str = ""


class Rules(Settings, frozen=True):
    """The rules, each a name that a number carries that it decided."""

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
