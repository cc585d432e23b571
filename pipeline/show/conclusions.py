"""What is concluded from effects in two groups: whom the course is for, as far as the intervals say it.

A group gains where its whole interval lies on the better side of zero, and loses where it lies on the other. The
effects of the two groups differ where the interval of their difference excludes zero. Where no difference is shown they
differ where their intervals do not overlap: the error of a difference is never larger than the sum of the two errors,
however they are correlated, so the difference then excludes zero at the same level.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pipeline.settings.page import Comparison
from pipeline.show.effects import Effect, Telling
from pipeline.show.texts import Text, fill_text, join_texts
from pipeline.show.words import AND, INTERFACE

Case = Literal["gain", "loss", "mixed", "unclear"]


@dataclass(frozen=True)
class Conclusion:
    """What is concluded from one comparison: a headline, the sentences it rests on, and the intervals these rest on."""

    title: str
    headline: str
    sentences: tuple[Text, ...]
    basis: tuple[Text, ...]
    purpose: str


def build_conclusions(telling: Telling) -> tuple[Conclusion, ...]:
    """The conclusions of the page."""
    return tuple(_conclude(comparison, telling) for comparison in telling.exhibits.page.comparisons)


def _conclude(comparison: Comparison, telling: Telling) -> Conclusion:
    sides = [
        [telling.effect(getattr(pair, side), comparison.unit) for pair in comparison.pairs]
        for side in ("first", "second")
    ]
    names = [telling.word(comparison, side) for side in ("first", "second")]
    cases = [case_of(effects, comparison.better) for effects in sides]
    sentences = [_of_group(*each, comparison) for each in zip(cases, names, sides, strict=True)]
    between = [telling.effect(pair.difference) if pair.difference else None for pair in comparison.pairs]
    sentences.append(_of_both(list(zip(*sides, between, strict=True)), comparison, telling))
    sentences.append(telling.say(comparison, "remark", {"pairs": (str(len(comparison.pairs)),)}))
    return Conclusion(
        title=telling.word(comparison, "title"),
        headline=_headline(cases, names, telling),
        sentences=tuple(sentence for sentence in sentences if sentence),
        basis=tuple(
            join_texts([(*_labelled(effect), *_interval(effect)) for effect in pair if effect], "; ")
            for pair in zip(*sides, between, strict=True)
        ),
        purpose="; ".join(dict.fromkeys(effect.purpose for effects in sides for effect in effects)).capitalize(),
    )


def case_of(effects: Sequence[Effect], better: str) -> Case | None:
    """Whether the effects of a group show a gain, a loss, both or neither; None if none has an interval."""
    if not any(effect.limits for effect in effects):
        return None
    clear = {effect.clear_direction for effect in effects} - {""}
    if len(clear) == 2:
        return "mixed"
    return "unclear" if not clear else "gain" if better in clear else "loss"


def are_apart(first: Effect, second: Effect, difference: Effect | None = None) -> bool:
    """Whether the interval of a difference excludes zero; without one, whether those of the effects do not overlap."""
    if difference is not None:
        return bool(difference.clear_direction)
    if first.limits is None or second.limits is None:
        return False
    return first.limits[0] > second.limits[1] or second.limits[0] > first.limits[1]


def _of_group(case: Case | None, name: str, effects: Sequence[Effect], comparison: Comparison) -> Text:
    """What the effects of one group show, and where."""
    telling = effects[0].telling
    if case is None:
        return fill_text(INTERFACE[telling.language]["nothing_known"], telling.words, {"group": (name,)})
    clear = [effect for effect in effects if effect.clear_direction]
    known = [effect for effect in effects if effect.limits]
    counts: dict[str, Text] = {"count": (str(len(clear)),), "pairs": (str(len(known)),)}
    return telling.say(comparison, case, {"group": (name,), "where": _where(clear or known), **counts})


def _of_both(pairs: Sequence[tuple[Effect, Effect, Effect | None]], comparison: Comparison, telling: Telling) -> Text:
    """Whether the effects of the two groups differ; nothing where no pair has both, or their difference."""
    known = [pair for pair in pairs if all(effect.limits for effect in pair if effect)]
    apart = [pair for pair in known if are_apart(*pair)]
    counts: dict[str, Text] = {"count": (str(len(apart)),), "pairs": (str(len(known)),)}
    return telling.say(comparison, "apart" if apart else "alike", counts) if known else ()


def _where(effects: Sequence[Effect]) -> Text:
    """The effects with the rows that show them: '0–6: 11.83 and 0–7: 12.21'."""
    return join_texts(map(_labelled, effects), ", ", AND[effects[0].telling.language])


def _labelled(effect: Effect) -> Text:
    """An effect behind the name of its row, if it stands in a table that lists its rows."""
    name, row = effect.address.split("/")[:2]
    table = effect.telling.exhibits.tables.get(name)
    rows = table.rows if table and isinstance(table.rows, tuple) else ()
    labels = [effect.telling.word(each, "label") for each in rows if each.key == row]
    return (*(f"{label}: " for label in labels), *effect.said())


def _interval(effect: Effect) -> Text:
    """The interval of an effect in brackets, or nothing."""
    if effect.limits is None:
        return ()
    telling = effect.telling
    ends = {"low": effect.said("ci_low"), "high": effect.said("ci_high")}
    return (" (", *telling.say(telling.exhibits.page, "interval", ends), ")")


def _headline(cases: Sequence[Case | None], names: Sequence[str], telling: Telling) -> str:
    """For whom, and for whom not."""
    page, between = telling.exhibits.page, AND[telling.language]

    def said(key: str, case: Case) -> str:
        groups = [name for name, own in zip(names, cases, strict=True) if own == case]
        return "".join(map(str, telling.say(page, key, {"groups": (between.join(groups),)}))) if groups else ""

    helped = said("helped", "gain") or telling.word(page, "not_helped")
    return "; ".join(filter(None, [helped, said("harmed", "loss")]))
