"""The definitions of a study: its design, time axis, exclusions, samples, splits and inference."""

import re
from math import floor
from typing import Annotated, Any, Literal

from msgspec import Meta

from pipeline.settings.base import Name, Probability, Settings, Weeks


class Time(Settings, frozen=True):
    """The time axis of the study, in weeks around the week of allocation (week 0)."""

    horizon_weeks: Weeks


class OutcomeRules(Settings, frozen=True):
    """How weekly states become outcomes (report section 3)."""

    unknown_weeks: Literal["missing", "known"]
    hazard_interval_weeks: Weeks


class Inference(Settings, frozen=True):
    """Level of the intervals, marks of significance, and how often the lot is drawn again, from which seed."""

    level: Probability
    stars: dict[str, Probability]
    draws: Annotated[int, Meta(ge=99, le=999_999)] = 9999
    seed: Annotated[int, Meta(ge=0)] = 0


class Arm(Settings, frozen=True):
    """One arm of the lot: how the allocation file writes it, and its name in exhibits."""

    value: str
    label_en: str
    label_da: str = ""


class Grouping(Settings, frozen=True):
    """What persons are grouped by: its name in tables and models, its column in the allocation file, and its words."""

    name: Name
    column: str
    singular_en: str
    plural_en: str
    singular_da: str = ""
    plural_da: str = ""


class Sex(Settings, frozen=True):
    """Where the sex of a person stands: columns of the register and the first survey, and how they write it.

    in_number: whether the last digit of the person's number is even for women and odd for men.
    """

    register: str
    survey: str
    women: list[str]
    men: list[str]
    in_number: bool = False


class Birth(Settings, frozen=True):
    """Where a person's birth stands: a column of dates or months in the register, and of ages in the first survey.

    in_number: whether the person's number begins with day, month and year.
    """

    register: str
    survey_age: str
    in_number: bool = False


class Identity(Settings, frozen=True):
    """What of a person stands in more than one file, by which the checks tell if files are linked to the right one."""

    sex: Sex | None = None
    birth: Birth | None = None

    @property
    def of_register(self) -> list[str]:
        """The columns of the register that it names."""
        return [each.register for each in (self.sex, self.birth) if each]

    @property
    def columns(self) -> list[str]:
        """The columns of the register and of the first survey that it names."""
        sex, birth = self.sex, self.birth
        return ([sex.register, sex.survey] if sex else []) + ([birth.register, birth.survey_age] if birth else [])


class Design(Settings, frozen=True):
    """How persons were allocated, and the columns of the allocation file that say so.

    stratum: the groups that get dummies; cluster: the groups whose members share the course, over which errors are
    clustered; either may be absent. person is the key of the surveys, register_key that of the register where it is
    another. Without a date every week is counted from allocation. answered: the date of an answer in the surveys.
    probability: that of the first arm, where the lot had one and the same for all. identity: what the checks compare.
    public_key: where anybody may know the persons, the key that their numbers are hashed with. drawn_within: the
    stratum or cluster within which the lot was drawn, "" for all at once; without it the cluster, or else the stratum.
    """

    person: str
    arm: str
    treated: Arm
    control: Arm
    register_key: str | None = None
    date: str | None = None
    answered: str | None = None
    consent: str | None = None
    stratum: Grouping | None = None
    cluster: Grouping | None = None
    probability: Probability | None = None
    identity: Identity = Identity()
    public_key: Annotated[str, Meta(pattern="^([0-9a-f]{64})?$")] = ""
    drawn_within: str | None = None

    def __post_init__(self) -> None:
        """ValueError for a lot within what is neither stratum nor cluster."""
        if self.drawn_within and self.drawn_within not in {grouping.name for grouping in self.groupings}:
            raise ValueError(f"drawn_within = '{self.drawn_within}' is neither stratum nor cluster of the design")

    @property
    def lot_group(self) -> Grouping | None:
        """The groups within which the lot was drawn; None if among all."""
        if self.drawn_within is None:
            return self.cluster or self.stratum
        return next((group for group in self.groupings if group.name == self.drawn_within), None)

    @property
    def groupings(self) -> tuple[Grouping, ...]:
        """Stratum and cluster, those that there are."""
        return tuple(grouping for grouping in (self.stratum, self.cluster) if grouping is not None)

    @property
    def key(self) -> str:
        """The column of the allocation file whose values are the keys of the register."""
        return self.register_key or self.person


class Exclusion(Settings, frozen=True):
    """One reason for leaving randomised persons out; exactly one rule is given.

    listed: their stratum or cluster is named under [excluded] in extract.toml; absent: they have no row in that file;
    withdrawn: the allocation file says that they withdrew consent.
    """

    reason: Name
    listed: Name | None = None
    absent: Literal["register", "baseline_survey"] | None = None
    withdrawn: bool = False


class Condition(Settings, frozen=True):
    """A bound on one variable; exactly one of the bounds is given."""

    variable: str
    below: float | None = None
    at_most: float | None = None
    at_least: float | None = None
    above: float | None = None
    equals: float | None = None


class Sample(Settings, frozen=True):
    """A subset of the analysed persons that models refer to by name."""

    label_en: str
    conditions: tuple[Condition, ...]
    label_da: str = ""


class Side(Settings, frozen=True):
    """One side of a split as a sample: its name and its labels."""

    name: Name
    label_en: str
    label_da: str = ""


class Split(Settings, frozen=True):
    """Two groups by one variable: low where the bound holds, high where it does not; exactly one bound is given.

    "median" is that of the persons of the model's sample who have the variable. With a numeric bound the sides may be
    samples too, so that a bound that divides everybody stands in one place. With whole_points the high side begins, as
    a sample, at the next whole point: a score between two points, from a scale with an unanswered item, is in neither.
    """

    variable: str
    below: float | Literal["median"] | None = None
    at_most: float | Literal["median"] | None = None
    low: Side | None = None
    high: Side | None = None
    whole_points: bool = False


class Estimand(Settings, frozen=True):
    """What an effect is an effect of, beyond what all of the study share: outcome, intercurrent events, summary.

    Templates: {sample} and {outcome} are labels, {weeks} the weeks of the number. Source: ICH E9 (R1).
    """

    outcome_en: str
    events_en: str
    summary_en: str
    outcome_da: str = ""
    events_da: str = ""
    summary_da: str = ""


class Estimands(Settings, frozen=True):
    """The estimands by name, and what they share: who is meant, and which treatment is set against which."""

    population_en: str
    treatment_en: str
    of: dict[Name, Estimand]
    population_da: str = ""
    treatment_da: str = ""


class Peers(Settings, frozen=True):
    """When the rest of a cluster counts as low: the share of its other members below a bound exceeds another.

    "median" is that over clusters of the share among all members.
    """

    variable: str
    below: float
    exceeds: float | Literal["median"]


class History(Settings, frozen=True):
    """The weeks before allocation that are background: shares of the states in windows and as a whole."""

    weeks: Weeks
    window_weeks: Weeks
    states: tuple[str, ...]

    @property
    def windows(self) -> dict[str, tuple[str, int, int]]:
        """Variable -> the state it is the share of, its first and its last week; week 0 is that of allocation.

        The windows are counted back from week -1; where they do not fill the weeks the earliest is shorter.
        """
        found = {}
        for state in self.states:
            ends = range(1, self.weeks + 1, self.window_weeks)
            for end in reversed(ends):
                start = min(end + self.window_weeks - 1, self.weeks)
                found[f"{state}_pre_{start}_{end}"] = (state, -start, -end)
            found[f"{state}_pre_share"] = (state, -self.weeks, -1)
        return found


class Population(Settings, frozen=True):
    """Everybody in the register beside the trial: their state of entry, and by what they are counted.

    state: that of outcomes.toml in which a person is when entering. municipality: the column of the register of each
    year, {year} standing for its four digits; ages: the lower bounds of the groups of age, ascending. smallest_group:
    the fewest persons of whom a number is shown.
    """

    state: Name
    municipality: str
    ages: tuple[Annotated[int, Meta(ge=0)], ...]
    smallest_group: Annotated[int, Meta(ge=1)]

    def __post_init__(self) -> None:
        """ValueError for groups of age that do not begin at 0 or are not ascending, and columns that are of no year."""
        if self.ages[:1] != (0,) or list(self.ages) != sorted(set(self.ages)):
            raise ValueError("ages begin at 0 and ascend")
        if "{year}" not in self.municipality:
            raise ValueError("municipality names a column a year: {year} stands for the year")

    def year(self, column: str) -> int:
        """The year whose municipality a column has; 0 if it is another column."""
        start, _, end = self.municipality.partition("{year}")
        found = re.fullmatch(f"{re.escape(start)}([0-9]{{4}}){re.escape(end)}", column, re.IGNORECASE)
        return int(found.group(1)) if found else 0


class Study(Settings, frozen=True):
    """study.toml."""

    time: Time
    outcomes: OutcomeRules
    inference: Inference
    design: Design
    samples: dict[str, Sample]
    splits: dict[str, Split] = {}
    exclusions: tuple[Exclusion, ...] = ()
    peers: Peers | None = None
    history: History | None = None
    population: Population | None = None
    estimands: Estimands | None = None

    def __post_init__(self) -> None:
        """Make the named sides of the splits samples; ValueError for what contradicts itself."""
        _require_rules(self)
        named = [side.name for split in self.splits.values() for side in (split.low, split.high) if side]
        twice = sorted({name for name in named if named.count(name) > 1})
        if twice:
            raise ValueError(f"splits: {', '.join(twice)} is the name of more than one side: a sample stands once")
        for name, split in self.splits.items():
            for side, sample in _sides(name, split).items():
                if sample in self.samples.values():
                    continue
                if side in self.samples:
                    raise ValueError(f"the sample '{side}' is declared twice, under samples and as a side of '{name}'")
                self.samples[side] = sample

    @property
    def windows(self) -> dict[str, tuple[str, int, int]]:
        """The windows of the history before allocation; none without one."""
        return self.history.windows if self.history else {}

    @property
    def reasons(self) -> tuple[str, ...]:
        """The reasons for exclusions in their order."""
        return tuple(exclusion.reason for exclusion in self.exclusions)


OPPOSITE = {"below": "at_least", "at_most": "above", "at_least": "below", "above": "at_most"}


def given_bound(limits: Condition | Split) -> tuple[str, float | Literal["median"]]:
    """The kind of the one bound that is given, and the bound; ValueError unless it is one."""
    kinds = [kind for kind in (*OPPOSITE, "equals") if getattr(limits, kind, None) is not None]
    if len(kinds) != 1:
        raise ValueError(f"on '{limits.variable}' there are {len(kinds)} bounds: give exactly one")
    return kinds[0], getattr(limits, kinds[0])


def _sides(name: str, split: Split) -> dict[str, Sample]:
    """The samples that the named sides of a split are."""
    kind, bound = given_bound(split)
    if (split.low or split.high) and isinstance(bound, str):
        raise ValueError(f"splits.{name}: a side of a median is no sample: its bound depends on the persons")
    low: dict[str, Any] = {kind: bound}
    high: dict[str, Any] = {OPPOSITE[kind]: bound}
    if split.whole_points and kind == "at_most" and not isinstance(bound, str):
        high = {"at_least": floor(bound) + 1}
    named = [(split.low, low), (split.high, high)]
    return {
        side.name: Sample(side.label_en, (Condition(split.variable, **limits),), side.label_da)
        for side, limits in named
        if side is not None
    }


def _require_rules(study: Study) -> None:
    for sample in study.samples.values():
        for condition in sample.conditions:
            given_bound(condition)
    for exclusion in study.exclusions:
        rules = [bool(exclusion.listed), bool(exclusion.absent), exclusion.withdrawn]
        if sum(rules) != 1:
            raise ValueError(f"exclusions: '{exclusion.reason}' has {sum(rules)} rules: give one of listed, absent, "
                             "withdrawn")  # fmt: skip
        if exclusion.listed and exclusion.listed not in {grouping.name for grouping in study.design.groupings}:
            raise ValueError(f"exclusions: '{exclusion.reason}' lists by '{exclusion.listed}', which is neither "
                             "stratum nor cluster of the design")  # fmt: skip
        if exclusion.withdrawn and study.design.consent is None:
            raise ValueError(f"exclusions: '{exclusion.reason}' needs the column of consent in the design")
