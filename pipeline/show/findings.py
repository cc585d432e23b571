"""The main results in words made from numbers: the words of every case stand in the settings, the numbers choose."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite

from pipeline.settings.exhibits import exhibit_number, finding_words
from pipeline.settings.page import Finding
from pipeline.show.effect_numbers import LEVELS, SIZES, unit_of
from pipeline.show.effects import Effect, Telling
from pipeline.show.estimands import Lines, estimand_of
from pipeline.show.numbers import POINT, UNITS
from pipeline.show.remarks import gather_remarks
from pipeline.show.texts import Text, fill_text, join_texts
from pipeline.show.words import INTERFACE


@dataclass(frozen=True)
class Result:
    """One main result; `exhibit` is the name of the one that shows it and `number` what a reader calls it.

    is_clear: whether the interval excludes zero. sentence: of what, and the level of the control group; facts:
    interval, p-value and persons; verdict: what the interval says, or why there is none; purpose: what the analysis is
    for and when it was planned; estimand: what it is an effect of.
    """

    is_lead: bool
    is_clear: bool
    exhibit: str
    number: str
    group: str
    headline: Text
    sentence: Text
    facts: Text
    verdict: str
    purpose: str
    estimand: Lines


def build_results(telling: Telling) -> tuple[Result, ...]:
    """The main results of the page."""
    return tuple(_result(finding, telling) for finding in telling.exhibits.page.findings)


def _result(finding: Finding, telling: Telling) -> Result:
    """One main result; a missing effect has no size, and the reason in place of the interval."""
    page, language = telling.exhibits.page, telling.language
    effect = telling.effect(finding.effect, finding.unit, finding.size)
    headline: Text = (INTERFACE[language]["no_estimate"],)
    if effect.direction:
        said = finding_words(page, finding, effect.direction, language)
        headline = fill_text(said, telling.words, {"size": effect.size()})
    state: Text = (telling.word(finding, "state"),)
    sentence = fill_text(finding_words(page, finding, "finding", language), telling.words, {"state": state})
    exhibit = effect.address.split("/")[0]
    return Result(
        is_lead=finding.is_lead,
        is_clear=bool(effect.clear_direction),
        exhibit=exhibit,
        number=exhibit_number(exhibit, language),
        group=telling.word(finding, "group"),
        headline=headline,
        sentence=join_texts([(*sentence, "."), _level(effect)], " "),
        facts=join_texts(_facts(effect), "; ") if effect.direction else (),
        verdict=_verdict(effect),
        purpose=effect.purpose,
        estimand=estimand_of(finding, telling),
    )


def _level(effect: Effect) -> Text:
    """What the control group has, and the effect as a share of it; nothing if that level is not known."""
    if not isfinite(effect.value("control_mean")):
        return ()
    exhibits = effect.telling.exhibits
    is_share = unit_of(exhibits, effect.address, effect.unit) in LEVELS
    level = effect.percent("control_mean") if is_share else effect.said("control_mean")
    has_share = effect.direction in ("more", "less") and isfinite(effect.value("relative"))
    key = f"level_{effect.direction}" if has_share and not effect.is_zero("relative") else "level"
    parts = {"control_level": level, "relative": effect.percent("relative")}
    return effect.telling.say(exhibits.page, key, parts)


def _facts(effect: Effect) -> Iterator[Text]:
    """The interval, the p-value and the persons, those of them that are known."""
    telling = effect.telling
    page, point = telling.exhibits.page, POINT[telling.language]
    if effect.limits:
        ends = {"low": effect.said("ci_low"), "high": effect.said("ci_high")}
        yield telling.say(page, "interval", ends)
    if isfinite(effect.value("p_value")):
        is_tiny = effect.is_zero("p_value")
        smallest = f"0{point}{'1':0>{UNITS['probability'].decimals}}" if is_tiny else ""
        yield telling.say(page, "p_below" if is_tiny else "p_value", {"p_value": effect.said("p_value", smallest)})
    if all(isfinite(effect.value(size)) for size in SIZES):
        yield telling.say(page, "size", {size: effect.said(size) for size in SIZES})


def _verdict(effect: Effect) -> str:
    """What the interval says; without one, why."""
    telling = effect.telling
    if not effect.direction:
        import pandas as pd

        return gather_remarks(pd.DataFrame([effect.row("estimate")]), telling.words, telling.language)
    if not effect.limits:
        return INTERFACE[telling.language]["no_interval"]
    return telling.word(telling.exhibits.page, "significant" if effect.clear_direction else "not_significant")
