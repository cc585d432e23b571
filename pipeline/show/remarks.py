"""What the notes of the estimates say, gathered for the note of the exhibit that shows them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.settings.exhibits import fill
from pipeline.show.numbers import ABSENT

if TYPE_CHECKING:
    import pandas as pd

SEPARATOR = "; "  # between the parts of a note
MISSING = re.compile(r"no estimate|no standard error")  # a part that says why a number is missing
NAMED = 3  # names in a list before it is cut short


@dataclass(frozen=True)
class Remark:
    """One kind of note: its pattern, and the words for the estimates that have it; no words, no remark.

    {estimates} is how many they are, "2 estimates"; {size} that of the pattern's first group over them, of a list its
    length and of a number the number; {names} what the group is. {stratum} and the like are the study's words.
    """

    pattern: str
    words_en: str
    words_da: str


REMARKS = (
    Remark(
        r"one arm only, so no comparison, in (.+)",
        "{strata} with one arm only, which say nothing about the effect: {size}, in {estimates}.",
        "{strata} med kun den ene gruppe, som intet siger om effekten: {size}, i {estimates}.",
    ),
    Remark(
        r"left out of the average, one arm only: (.+)",
        "{strata} with one arm only, which are left out of the average: {size}, in {estimates}.",
        "{strata} med kun den ene gruppe, som er udeladt af gennemsnittet: {size}, i {estimates}.",
    ),
    Remark(
        r"one arm only, so one mean, in (\d+) .+",
        "In {estimates} {size} {clusters} have one arm only, and so one mean.",
        "I {estimates} har {size} {clusters} kun den ene gruppe og dermed ét gennemsnit.",
    ),
    Remark(
        r"left out the answers of (\d+) persons who are not analysed",
        "The answers of {size} persons who are not analysed are left out.",
        "Svar fra {size} personer, der ikke er analyseret, er udeladt.",
    ),
    Remark(
        r"left out (\d+) persons whose outcome is unknown",
        "From {estimates} {size} persons whose outcome is unknown are left out.",
        "Fra {estimates} er {size} personer med ukendt udfald udeladt.",
    ),
    Remark(
        r"left out (\d+) persons without every covariate",
        "From {estimates} {size} persons without every covariate are left out.",
        "Fra {estimates} er {size} personer, som ikke har alle kovariater, udeladt.",
    ),
    Remark(
        r"left out (\d+) persons without the variable that makes the groups",
        "From {estimates} {size} persons without the variable that makes the groups are left out.",
        "Fra {estimates} er {size} personer uden den variabel, der danner grupperne, udeladt.",
    ),
    Remark(
        r"left out (\d+) persons without a known week at risk",
        "From {estimates} {size} persons without a known week at risk are left out.",
        "Fra {estimates} er {size} personer uden en kendt uge i risiko udeladt.",
    ),
    Remark(
        r"followed (\d+) persons for fewer weeks, to one that is unknown",
        "In {estimates} {size} persons are followed for fewer weeks than the others, since a later one is unknown.",
        "I {estimates} er {size} personer fulgt i færre uger end de andre, da en senere er ukendt.",
    ),
    Remark(
        r"left out (\d+) persons of whose .+ nobody else has the variable",
        "From {estimates} {size} persons are left out, because nobody else in the {cluster} has the variable.",
        "Fra {estimates} er {size} personer udeladt, fordi ingen andre fra samme {cluster} har variablen.",
    ),
    Remark(
        r"left out the covariate (\S+), which the split determines",
        "From {estimates} the covariate that makes the groups is left out.",
        "Fra {estimates} er den kovariat, der danner grupperne, udeladt.",
    ),
    Remark(
        r"left out the covariate (\S+), which the others determine",
        "From {estimates} a covariate that the others determine is left out ({names}).",
        "Fra {estimates} er en kovariat, som de andre bestemmer, udeladt ({names}).",
    ),
    Remark(
        r"dropped .+ \(person-weeks: (\d+).*\)",
        "From {estimates} {size} person-weeks are dropped with an indicator that predicts perfectly.",
        "Fra {estimates} udgår {size} personuger med en indikator, der forudsiger perfekt.",
    ),
    Remark(
        r"the outcome is fitted exactly: no standard error",
        "The outcome is fitted exactly, so there is no standard error: {estimates}.",
        "Udfaldet rammes præcist, så der er ingen standardfejl: {estimates}.",
    ),
    Remark(
        r"what the effect rests on does not vary between clusters: no standard error",
        "What the effect rests on does not vary between {clusters}, so there is no standard error: {estimates}.",
        "Det, effekten hviler på, varierer ikke mellem {clusters}, så der er ingen standardfejl: {estimates}.",
    ),
    Remark(
        r"a single person in an arm of (.+): no standard error",
        "A single person in an arm, so there is no standard error: {size} {strata}, {estimates}.",
        "En enkelt person i en gruppe, så der er ingen standardfejl: {size} {strata}, {estimates}.",
    ),
    Remark(
        r"fewer than two clusters: no standard error",
        "Fewer than two {clusters}, so there is no standard error: {estimates}.",
        "Færre end to {clusters}, så der er ingen standardfejl: {estimates}.",
    ),
    Remark(r"printed in (.+)", "As printed in {names}: {estimates}.", "Som trykt i {names}: {estimates}."),
    Remark(r"bandwidth \S+", "", ""),
)
# Why there is no estimate: what follows "since".
REASONS = (
    Remark(r"nobody is in the sample", "nobody is in the sample", "ingen er i stikprøven"),
    Remark(r"nobody in the group .+", "nobody is in the group", "ingen er i gruppen"),
    Remark(r"no control is in the group", "no control is in the group", "ingen kontroldeltager er i gruppen"),
    Remark(r"nobody has a known outcome and every covariate",
           "nobody has a known outcome and every covariate", "ingen har et kendt udfald og alle kovariater"),
    Remark(r"nobody (?:in the arm )?has the variable (\S+)",
           "nobody has the variable ({names})", "ingen har variablen ({names})"),
    Remark(r"nobody is at risk", "nobody is at risk", "ingen er i risiko"),
    Remark(r"nobody is counted", "nobody is counted", "ingen tælles"),
    Remark(r"fewer than (\d+) persons",
           "fewer than {size} persons are not shown", "færre end {size} personer ikke vises"),
    Remark(r"the allocations have no date", "the allocations have no date", "allokeringerne ingen dato har"),
    Remark(r"one arm only(?: in the group .+)?", "there is one arm only", "der kun er den ene gruppe"),
    Remark(r"no .+ has both arms(?: in the group .+)?",
           "no {stratum} has both arms", "{strata} med begge grupper ikke findes"),
    Remark(r"(\d+) observations are too few for .+",
           "{size} observations are too few for the coefficients",
           "{size} observationer er for få til koefficienterne"),
    Remark(r"the column (.+) is determined by the others",
           "a column of the model is determined by the others ({names})",
           "en kolonne i modellen er bestemt af de andre ({names})"),
    Remark(r"fewer than two clusters", "there are fewer than two {clusters}", "der er færre end to {clusters}"),
    Remark(r"the likelihood has no maximum",
           "the likelihood has no maximum", "likelihoodfunktionen intet maksimum har"),
    Remark(r"nobody of the .+ group is at risk",
           "nobody of one of the arms is at risk", "ingen fra en af grupperne er i risiko"),
    Remark(r"nobody leaves in the \d+ person-weeks of the .+ group",
           "in one of the arms nobody leaves", "ingen forlader tilstanden i en af grupperne"),
    Remark(r"everybody leaves in the first week of the .+ group",
           "in one of the arms everybody leaves in the first week", "alle i en af grupperne afgår i den første uge"),
    Remark(r"nobody or everybody leaves in every interval or stratum of the (\d+) person-weeks",
           "in every interval or {stratum} nobody or everybody leaves",
           "ingen eller alle afgår i hvert interval eller {stratum}"),
    Remark(r"all values are equal", "all values are equal", "alle værdier er ens"),
    Remark(r"all \d+ outcomes lie at the limits .+",
           "all outcomes lie at the limits", "alle udfald ligger på grænserne"),
    Remark(r"(\d+) outcomes lie outside the limits .+",
           "{size} outcomes lie outside the limits", "{size} udfald ligger uden for grænserne"),
)  # fmt: skip
NO_ESTIMATE = "no estimate: "
SINCE = {"en": f"{ABSENT} no estimate, since {{}}: {{}}.", "da": f"{ABSENT} intet estimat, da {{}}: {{}}."}
OTHERWISE = {"en": f"{ABSENT} not defined: {{}}.", "da": f"{ABSENT} ikke defineret: {{}}."}
ESTIMATES = {"en": ("estimate", "estimates"), "da": ("estimat", "estimater")}


def gather_remarks(shown: pd.DataFrame, words: Mapping[str, str], language: str) -> str:
    """What is to be said of the estimates behind numbers shown, '' if nothing; an unknown note is said as it is.

    A reason for a missing estimate comes last, behind the dash that stands in its place; of one with no reason it is
    said that it is not defined. `words` are the study's.
    """
    notes = [note.split(SEPARATOR) for note in shown.drop_duplicates("estimate_id")["note"]]
    reasons = [[part.removeprefix(NO_ESTIMATE) for part in note if part.startswith(NO_ESTIMATE)] for note in notes]
    others = [[part for part in note if part and not part.startswith(NO_ESTIMATE)] for note in notes]
    unexplained = shown[shown["value"].isna() & ~shown["note"].str.contains(MISSING)]["estimate_id"].nunique()
    said = [
        *(text for text, _ in _say(others, REMARKS, words, language)),
        *(SINCE[language].format(text, count) for text, count in _say(reasons, REASONS, words, language)),
        *([OTHERWISE[language].format(_count(unexplained, language))] if unexplained else []),
    ]
    return " ".join(said)


def reason_of(note: str) -> tuple[str, str]:
    """The kind of the first reason in a note for which a number is missing, and the reason as it is written there."""
    reason = next((part for part in note.split(SEPARATOR) if MISSING.search(part)), "not defined")
    bare = reason.removeprefix(NO_ESTIMATE)
    known = (remark.pattern for remark in (*REASONS, *REMARKS) if re.fullmatch(remark.pattern, bare))
    return next(known, reason), reason


def _say(
    notes: Sequence[Sequence[str]], remarks: Sequence[Remark], words: Mapping[str, str], language: str
) -> Iterator[tuple[str, str]]:
    """The text of each kind among the parts of notes, and how many estimates have it; then those of no known kind."""
    for remark in remarks:
        found = [[match for part in note if (match := re.fullmatch(remark.pattern, part))] for note in notes]
        matches = [own for own in found if own]
        text = {"en": remark.words_en, "da": remark.words_da}[language]
        if matches and text:
            count = _count(len(matches), language)
            filled = fill(text, {**words, **_sizes(matches), "estimates": count})
            yield (filled[0].upper() + filled[1:] if remark in REMARKS else filled), count
    parts = [part for note in notes for part in set(note)]
    for part in sorted(set(parts)):
        if not any(re.fullmatch(remark.pattern, part) for remark in remarks):
            yield part, _count(parts.count(part), language)


def _sizes(matches: Sequence[Sequence[re.Match[str]]]) -> dict[str, str]:
    """The least and greatest size of an estimate, the sum over the parts of its note, and the names in any of them."""
    groups = [[match[1] for match in own if match.re.groups] for own in matches]
    sizes = [sum(int(name) if name.isdigit() else len(name.split(", ")) for name in own) for own in groups]
    low, high = min(sizes, default=0), max(sizes, default=0)
    names = list(dict.fromkeys(name for own in groups for name in own))
    return {
        "size": str(low) if low == high else f"{low}\N{EN DASH}{high}",
        "names": ", ".join([*names[:NAMED], *(["…"] if len(names) > NAMED else [])]),
    }


def _count(number: int, language: str) -> str:
    return f"{number} {ESTIMATES[language][number != 1]}"
