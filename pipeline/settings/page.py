"""The report page as exhibits.toml describes it: its words, its main results and what is concluded from them."""

from typing import Literal

from msgspec import field

from pipeline.settings.base import Probability, Settings

UnitName = Literal[
    "coefficient", "count", "date", "days", "density", "percent", "percentage_points", "points", "probability", "share",
    "years",
]  # fmt: skip
Direction = Literal["more", "less"]


class Finding(Settings, frozen=True, kw_only=True):
    """One main result: the address of an effect, and the words that go around it; the page's where it has none.

    unit: in which the effect is said, if its exhibit has it in another. size: address of the number whose persons are
    counted, if those of the effect are more, as in a model of several groups.
    """

    effect: str
    size: str = ""
    unit: UnitName | Literal[""] = ""
    is_lead: bool = True
    group_en: str = ""
    group_da: str = ""
    state_en: str = ""
    state_da: str = ""
    finding_en: str = ""
    finding_da: str = ""
    more_en: str = ""
    more_da: str = ""
    less_en: str = ""
    less_da: str = ""
    none_en: str = ""
    none_da: str = ""


class Pair(Settings, frozen=True, kw_only=True):
    """The addresses of the effects in the two groups of one comparison, and of their difference where one is shown."""

    first: str
    second: str
    difference: str = ""


class Comparison(Settings, frozen=True, kw_only=True):
    """What is concluded from effects in two groups, at one division of the persons or at several.

    better: the sign that is the better one. first, second: what the groups are called. Every other word is a sentence
    of one of the cases: gain, loss, mixed and unclear of a group; apart and alike of the two.
    """

    pairs: tuple[Pair, ...]
    better: Direction
    unit: UnitName | Literal[""] = ""
    title_en: str = ""
    title_da: str = ""
    first_en: str = ""
    first_da: str = ""
    second_en: str = ""
    second_da: str = ""
    gain_en: str = ""
    gain_da: str = ""
    loss_en: str = ""
    loss_da: str = ""
    mixed_en: str = ""
    mixed_da: str = ""
    unclear_en: str = ""
    unclear_da: str = ""
    apart_en: str = ""
    apart_da: str = ""
    alike_en: str = ""
    alike_da: str = ""
    remark_en: str = ""
    remark_da: str = ""


class Method(Settings, frozen=True, kw_only=True):
    """One way to a p-value of a claim: the statistic, and what sentences call the method."""

    statistic: Literal["p_value", "ri_p", "wild_p", "jackknife_p", "cr2_p"]
    name_en: str = ""
    name_da: str = ""


class Claim(Settings, frozen=True, kw_only=True):
    """One main claim: the row of the table that has its numbers, what is claimed, and what its family is called.

    direction: the sign that is claimed, or "none" where it is claimed that there is no effect. unit: of the effect,
    where the unit of the row has no name. reported: what is said of the interval reported, where the lot has none.
    remark: a sentence at the end.
    """

    row: str
    direction: Literal["more", "less", "none"]
    claim_en: str = ""
    claim_da: str = ""
    family_en: str = ""
    family_da: str = ""
    unit_en: str = ""
    unit_da: str = ""
    reported_en: str = ""
    reported_da: str = ""
    remark_en: str = ""
    remark_da: str = ""


class Robust(Settings, frozen=True, kw_only=True):
    """How sure the claims are: the table of their numbers, and the rule that makes sentences of them.

    A claim holds by a method whose p-value is less than `below`. The headlines of the cases: throughout (by all
    methods, among its family and over its curve of specifications, as far as it has these), alone (by all, not among
    its family), chosen (by all and among its family, not over its curve), partly, nowhere, contrary (a method finds
    an effect of the other sign), unseen and seen (of a claim that there is none), unknown. The others are sentences.

    Columns of the table by key: curve has the p-value of a whole curve, specifications their number, power the smallest
    effect that could be seen, weighted the effect weighted for non-response, bounds those on it.
    """

    table: str
    below: Probability
    methods: tuple[Method, ...]
    claims: tuple[Claim, ...]
    curve: str = ""
    specifications: str = ""
    power: str = ""
    weighted: str = ""
    bounds: tuple[str, str] = ("", "")
    title_en: str = ""
    title_da: str = ""
    lede_en: tuple[str, ...] = ()
    lede_da: tuple[str, ...] = ()
    tally_en: str = ""
    tally_da: str = ""
    throughout_en: str = ""
    throughout_da: str = ""
    alone_en: str = ""
    alone_da: str = ""
    chosen_en: str = ""
    chosen_da: str = ""
    partly_en: str = ""
    partly_da: str = ""
    nowhere_en: str = ""
    nowhere_da: str = ""
    contrary_en: str = ""
    contrary_da: str = ""
    unseen_en: str = ""
    unseen_da: str = ""
    seen_en: str = ""
    seen_da: str = ""
    unknown_en: str = ""
    unknown_da: str = ""
    estimated_en: str = ""
    estimated_da: str = ""
    estimated_between_en: str = ""
    estimated_between_da: str = ""
    by_all_en: str = ""
    by_all_da: str = ""
    by_some_en: str = ""
    by_some_da: str = ""
    by_none_en: str = ""
    by_none_da: str = ""
    among_all_en: str = ""
    among_all_da: str = ""
    not_among_all_en: str = ""
    not_among_all_da: str = ""
    band_wider_en: str = ""
    band_wider_da: str = ""
    all_zero_en: str = ""
    all_zero_da: str = ""
    not_all_zero_en: str = ""
    not_all_zero_da: str = ""
    still_en: str = ""
    still_da: str = ""
    all_chosen_en: str = ""
    all_chosen_da: str = ""
    visible_en: str = ""
    visible_da: str = ""
    answered_en: str = ""
    answered_da: str = ""
    rests_on_none_en: str = ""
    rests_on_none_da: str = ""
    rests_on_one_en: str = ""
    rests_on_one_da: str = ""


class Term(Settings, frozen=True, kw_only=True):
    """A word that a reader may not know: what it means, or the model whose words say it.

    forms: other ways in which texts mention it, by language.
    """

    key: str
    model: str = ""
    term_en: str = ""
    term_da: str = ""
    words_en: str = ""
    words_da: str = ""
    forms: dict[str, tuple[str, ...]] = field(default_factory=dict)


class Chapter(Settings, frozen=True, kw_only=True):
    """A heading of the page; its exhibits are those whose number begins with `number`."""

    number: int
    title_en: str = ""
    title_da: str = ""


class Page(Settings, frozen=True, kw_only=True):
    """The words of the report page; languages are those in which the study has its exhibits.

    is_annex: a page in a folder of its own beside the report, to which it leads back. phrases: placeholders of the
    study's own, for what several texts say.
    """

    languages: tuple[Literal["en", "da"], ...] = ("en", "da")
    is_annex: bool = False
    title_en: str = ""
    title_da: str = ""
    lede_en: str = ""
    lede_da: str = ""
    trial_en: tuple[str, ...] = ()
    trial_da: tuple[str, ...] = ()
    reading_en: tuple[str, ...] = ()
    reading_da: tuple[str, ...] = ()
    trace_en: tuple[str, ...] = ()
    trace_da: tuple[str, ...] = ()
    finding_en: str = ""
    finding_da: str = ""
    more_en: str = ""
    more_da: str = ""
    less_en: str = ""
    less_da: str = ""
    none_en: str = "No difference"
    none_da: str = "Ingen forskel"
    level_en: str = "The control group had {control_level}."
    level_da: str = "Kontrolgruppen havde {control_level}."
    level_more_en: str = "The control group had {control_level}, so this is {relative} more."
    level_more_da: str = "Kontrolgruppen havde {control_level}, så det er {relative} mere."
    level_less_en: str = "The control group had {control_level}, so this is {relative} less."
    level_less_da: str = "Kontrolgruppen havde {control_level}, så det er {relative} mindre."
    interval_en: str = "{level} confidence interval {low} to {high}"
    interval_da: str = "{level} konfidensinterval {low} til {high}"
    p_value_en: str = "p = {p_value}"
    p_value_da: str = "p = {p_value}"
    p_below_en: str = "p < {p_value}"
    p_below_da: str = "p < {p_value}"
    size_en: str = "n = {n}: {n_treated} {treated}, {n_control} {control}"
    size_da: str = "n = {n}: {n_treated} {treated}, {n_control} {control}"
    significant_en: str = "The interval excludes zero."
    significant_da: str = "Intervallet udelukker nul."
    not_significant_en: str = "The interval includes zero: the data agree with no effect."
    not_significant_da: str = "Intervallet omfatter nul: data er forenelige med ingen effekt."
    source_en: str = "Own calculations."
    source_da: str = "Egne beregninger."
    source_synthetic_en: str = "Own calculations on synthetic data: invented persons."
    source_synthetic_da: str = "Egne beregninger på syntetiske data: opdigtede personer."
    synthetic_en: str = "Synthetic data"
    synthetic_da: str = "Syntetiske data"
    chapters: tuple[Chapter, ...] = ()
    findings: tuple[Finding, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    robust: Robust | None = None
    terms: tuple[Term, ...] = ()
    phrases_en: dict[str, str] = field(default_factory=dict)
    phrases_da: dict[str, str] = field(default_factory=dict)
    helped_en: str = "A gain is shown for {groups}"
    helped_da: str = "Der er vist en gevinst for {groups}"
    harmed_en: str = "a loss for {groups}"
    harmed_da: str = "et tab for {groups}"
    not_helped_en: str = "No gain is shown for any group"
    not_helped_da: str = "Der er ikke vist en gevinst for nogen gruppe"
