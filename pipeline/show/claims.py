"""How sure each main claim is: sentences made from its p-values by the rule of the settings, never written by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any, Literal, get_args

from pipeline.errors import InputError
from pipeline.settings.exhibits import SETTINGS_FILE, fill, in_language
from pipeline.settings.page import Claim, Method, Robust
from pipeline.show.effects import Telling
from pipeline.show.numbers import POINT, UNITS, write_number
from pipeline.show.tables import Shown
from pipeline.show.texts import Text, join_texts
from pipeline.show.words import AND

Case = Literal["throughout", "chosen", "alone", "partly", "nowhere", "contrary", "unseen", "seen", "unknown"]
NO_BREAK = "\N{NO-BREAK SPACE}"
BELOW_DECIMALS = 2  # of the level of the rule


@dataclass(frozen=True)
class Said:
    """One claim: what is claimed, what survives in a few words, and the sentences that say why.

    case: which rule decided.
    """

    key: str
    claim: str
    case: Case
    headline: str
    sentences: tuple[Text, ...]

    @property
    def is_clear(self) -> bool:
        """Whether the effect that is claimed is found by every method, among its family and over its curve."""
        return self.case == "throughout"


@dataclass(frozen=True)
class Surety:
    """How sure the claims are: heading, how to read it, the claims, and the table and chapter that show them."""

    title: str
    lede: tuple[str, ...]
    claims: tuple[Said, ...]
    exhibit: str
    chapter: int


@dataclass(frozen=True)
class _Numbers:
    """The numbers shown of one claim, and the rule that reads them.

    rows: by '<column>/<statistic>', and by the statistic alone that of the first column that has it.
    """

    telling: Telling
    rule: Robust
    claim: Claim
    rows: Mapping[str, Mapping[Any, Any]]

    def value(self, statistic: str) -> float:
        """The number; NaN where there is none."""
        return float(self.rows[statistic]["value"]) if statistic in self.rows else float("nan")

    def said(self, statistic: str) -> Text:
        """The number as it is shown."""
        return (Shown(self.rows[statistic]["cell_id"], "", self.rows[statistic]["text"]),)

    def p(self, statistic: str) -> Text:
        """'= 0.031', or '< 0.001' of one that is written as zero, on one line."""
        row = self.rows[statistic]
        if any(digit in str(row["text"]) for digit in "123456789"):
            return (f"={NO_BREAK}", *self.said(statistic))
        smallest = f"0{POINT[self.telling.language]}{'1':0>{UNITS['probability'].decimals}}"
        return (f"<{NO_BREAK}", Shown(row["cell_id"], "", smallest))

    def is_below(self, statistic: str) -> bool:
        """Whether a p-value is below the level of the rule."""
        return self.value(statistic) < self.rule.below

    def is_told_from_zero(self, limits: str) -> bool:
        """Whether zero lies outside two limits, 'band' for example."""
        return self.value(f"{limits}_low") > 0 or self.value(f"{limits}_high") < 0

    @property
    def unit(self) -> Text:
        """The unit of the effect behind a blank, if it has a name."""
        own = in_language(UNITS[self.rows["estimate"]["unit"]], "name", self.telling.language)
        name = own or self.telling.word(self.claim, "unit")
        return (f" {name}",) if name else ()

    def range(self, low: str, high: str) -> dict[str, Text]:
        """Two limits and their unit, to be filled in."""
        return {"low": self.said(low), "high": self.said(high), "unit": self.unit}

    @property
    def curve(self) -> str:
        """Where the p-value of the whole curve of specifications is."""
        return f"{self.rule.curve}/p_value"

    @property
    def tried(self) -> list[Method]:
        """The methods that have a p-value here, from the smallest to the largest."""
        known = [method for method in self.rule.methods if isfinite(self.value(method.statistic))]
        return sorted(known, key=lambda method: self.value(method.statistic))

    def say(self, key: str, **parts: Text) -> Text:
        """A sentence of the rule."""
        return self.telling.say(self.rule, key, parts)


def tell_surety(telling: Telling) -> Surety | None:
    """How sure the claims of the page are; None where the settings claim nothing."""
    rule = telling.exhibits.page.robust
    if rule is None:
        return None
    level = {"below": write_number(rule.below, "probability", telling.language, BELOW_DECIMALS)}
    rows: dict[str, dict[str, Mapping[Any, Any]]] = {}
    for row in telling.rows.values():
        if row["exhibit"] == rule.table:
            own = rows.setdefault(row["row"], {})
            own.setdefault(row["statistic"], row)
            own[f"{row['column']}/{row['statistic']}"] = row
    claims = tuple(_tell(_numbers(claim, rows, rule, telling)) for claim in rule.claims)
    lede = tuple(fill(text, {**telling.words, **level}) for text in in_language(rule, "lede", telling.language))
    return Surety(
        title=telling.word(rule, "title"),
        lede=(*_tally(claims, telling, rule), *lede),
        claims=claims,
        exhibit=rule.table,
        chapter=int(rule.table.split("_")[1]),
    )


def _tally(claims: Sequence[Said], telling: Telling, rule: Robust) -> Iterator[str]:
    """How many claims have each verdict, those that hold throughout first, of which none is worth a word too."""
    counts = Counter(claim.case for claim in claims)
    verdicts = [
        f"{telling.word(rule, case)} ({counts[case]})"
        for case in get_args(Case)
        if counts[case] or case == "throughout"
    ]
    text = in_language(rule, "tally", telling.language)
    if text:
        yield fill(text, {**telling.words, "count": str(len(claims)), "verdicts": "; ".join(verdicts)})


def _numbers(
    claim: Claim, rows: Mapping[str, Mapping[str, Mapping[Any, Any]]], rule: Robust, telling: Telling
) -> _Numbers:
    if claim.row not in rows:
        raise InputError(f"{SETTINGS_FILE} [page.robust]: {rule.table} has no row {claim.row} to rest on. Mend it.")
    return _Numbers(telling, rule, claim, rows[claim.row])


def _tell(numbers: _Numbers) -> Said:
    case = case_of(numbers)
    sentences = [
        *_estimated(numbers),
        _by_methods(case, numbers),
        *_together(case, numbers),
        *_over_choices(numbers),
        *_answered(numbers),
        _without(case, numbers),
        *_visible(numbers),
        (numbers.telling.word(numbers.claim, "remark"),),
    ]
    return Said(
        numbers.claim.row,
        numbers.telling.word(numbers.claim, "claim"),
        case,
        numbers.telling.word(numbers.rule, case),
        tuple(sentence for sentence in sentences if any(sentence)),
    )


def case_of(numbers: _Numbers) -> Case:
    """Which rule decides: by how many methods the p-value is below the level, and whether those of its family and of
    its curve of specifications are too; a claim without a family or a curve is not asked about it.
    """
    tried, effect = numbers.tried, numbers.value("estimate")
    if not tried or not isfinite(effect):
        return "unknown"
    found = [method for method in tried if numbers.is_below(method.statistic)]
    if numbers.claim.direction == "none":
        return "seen" if found or numbers.is_below(numbers.curve) else "unseen"
    if found and effect and (effect > 0) != (numbers.claim.direction == "more"):
        return "contrary"
    if len(found) < len(tried):
        return "partly" if found else "nowhere"
    wider: tuple[tuple[Case, str], ...] = (("alone", "stepdown_p"), ("chosen", numbers.curve))
    kept = (case for case, statistic in wider if isfinite(numbers.value(statistic)) and not numbers.is_below(statistic))
    return next(kept, "throughout")


def _estimated(numbers: _Numbers) -> Iterator[Text]:
    """The effect, and the interval that is reported."""
    if not isfinite(numbers.value("estimate")):
        return
    effect = {"effect": numbers.said("estimate"), "unit": numbers.unit}
    reported = next((method for method in numbers.rule.methods if method.statistic == "p_value"), None)
    if reported is None or not isfinite(numbers.value("ci_low") + numbers.value("ci_high")):
        yield numbers.say("estimated", **effect)
        return
    method = numbers.telling.word(numbers.claim, "reported") or numbers.telling.word(reported, "name")
    yield numbers.say("estimated_between", **{**numbers.range("ci_low", "ci_high"), **effect}, method=(method,))


def _by_methods(case: Case, numbers: _Numbers) -> Text:
    """What each method says: how many find the effect, and the p-value that comes closest to saying otherwise."""
    tried = numbers.tried
    if case == "unknown":
        return ()
    found = [method for method in tried if numbers.is_below(method.statistic)]
    if found and len(found) < len(tried):
        rest = [method for method in tried if method not in found]
        return numbers.say("by_some", found=_listed(found, numbers), rest=_listed(rest, numbers))
    nearest = tried[-1] if found else tried[0]
    return numbers.say(
        "by_all" if found else "by_none",
        count=(str(len(tried)),),
        p=numbers.p(nearest.statistic),
        method=(numbers.telling.word(nearest, "name"),),
    )


def _listed(methods: list[Method], numbers: _Numbers) -> Text:
    """'the lot (p = 0.031) and the jackknife (p = 0.046)'."""
    texts: list[Text] = [
        (numbers.telling.word(method, "name"), " (p ", *numbers.p(method.statistic), ")") for method in methods
    ]
    return join_texts(texts, ", ", AND[numbers.telling.language])


def _together(case: Case, numbers: _Numbers) -> Iterator[Text]:
    """What is left when all of the family are looked at; where nothing is claimed, how large an effect can still be."""
    if case == "unseen":
        yield _still(numbers)
    if not isfinite(numbers.value("stepdown_p")):
        return
    parts: dict[str, Text] = {
        "size": numbers.said("family_size"),
        "family": (numbers.telling.word(numbers.claim, "family"),),
    }
    if case in ("throughout", "alone", "chosen", "partly", "seen"):
        key = "among_all" if numbers.is_below("stepdown_p") else "not_among_all"
        yield numbers.say(key, p=numbers.p("stepdown_p"), **parts)
        if numbers.is_below("stepdown_p") and not numbers.is_told_from_zero("band"):
            yield numbers.say("band_wider", **numbers.range("band_low", "band_high"))
    if case != "unknown":
        key = "not_all_zero" if numbers.is_below("joint_p") else "all_zero"
        yield numbers.say(key, p=numbers.p("joint_p"), **parts)


def _still(numbers: _Numbers) -> Text:
    """How large an effect can still be, and by which interval: that of the lot, or the one reported.

    Of one that lacks an end nothing is said: with few teams no draw may reject what lies on a side.
    """
    found = [
        (method, kind)
        for kind, statistic in (("ri", "ri_p"), ("ci", "p_value"))
        for method in numbers.rule.methods
        if method.statistic == statistic and isfinite(numbers.value(f"{kind}_low") + numbers.value(f"{kind}_high"))
    ]
    if not found:
        return ()
    method, kind = found[0]
    own = numbers.telling.word(numbers.claim, "reported") if kind == "ci" else ""
    name = own or numbers.telling.word(method, "name")
    return numbers.say("still", method=(name,), **numbers.range(f"{kind}_low", f"{kind}_high"))


def _over_choices(numbers: _Numbers) -> Iterator[Text]:
    """What all specifications of its curve say together, where it has one."""
    if isfinite(numbers.value(numbers.curve)):
        count = numbers.said(f"{numbers.rule.specifications}/estimate")
        yield numbers.say("all_chosen", count=count, p=numbers.p(numbers.curve))


def _answered(numbers: _Numbers) -> Iterator[Text]:
    """What is left when those who did not answer are allowed for, where the claim rests on answers."""
    weighted, least, most = numbers.rule.weighted, *numbers.rule.bounds
    if not isfinite(numbers.value(f"{weighted}/p_value") + numbers.value(f"{least}/estimate")):
        return
    ends = {"least": numbers.said(f"{least}/ci_low"), "most": numbers.said(f"{most}/ci_high")}
    bounds = numbers.range(f"{least}/estimate", f"{most}/estimate")
    yield numbers.say("answered", p=numbers.p(f"{weighted}/p_value"), **bounds, **ends)


def _visible(numbers: _Numbers) -> Iterator[Text]:
    """The smallest effect that the trial could see, where it is computed."""
    smallest = f"{numbers.rule.power}/estimate"
    if isfinite(numbers.value(smallest)):
        yield numbers.say("visible", size=numbers.said(smallest), unit=numbers.unit)


def _without(case: Case, numbers: _Numbers) -> Text:
    """Whether the sign of the effect rests on one cluster."""
    low, high = (numbers.value(f"without_{end}") for end in ("low", "high"))
    if case in ("unknown", "unseen") or not isfinite(low + high):
        return ()
    key = "rests_on_one" if low <= 0 <= high else "rests_on_none"
    return numbers.say(key, **numbers.range("without_low", "without_high"))
