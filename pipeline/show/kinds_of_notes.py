"""The kinds of notes that estimates carry, and what a reader is told of each."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Remark:
    """One kind of note: its pattern, and the words for the estimates that have it; no words, no remark.

    {estimates} is how many of those shown they are; {size} that of the pattern's first group over them, of a list its
    length and of a number the number; {persons}, {in_strata} and {in_clusters} the same with what is counted; {names}
    what the group is. {stratum} and the like are the study's words.

    leaves: what disclosure control makes of it. "whole": it is of no persons, or of nobody, and leaves as it is;
    "rounded": its number of persons leaves rounded; "few": it tells of single persons, of one arm, or what all of a
    group have, so that it says no more than FEW does. That is what a kind is unless it says otherwise.
    """

    pattern: str
    words_en: str
    words_da: str
    leaves: Literal["whole", "rounded", "few"] = "few"


SEPARATOR = "; "  # between the parts of a note
NO_ESTIMATE = "no estimate: "  # how a part begins that says why there is none
FEW = "some groups have fewer than {persons} persons of a kind"  # what leaves in the place of a note that tells of few
NO_ERROR = ": no standard error"  # how a part ends that says why an estimate has none


REMARKS = (
    Remark(
        r"one arm only, so no comparison, in (.+)",
        "In {in_strata} only one of the two groups was left, so nothing about the effect comes from there{estimates}.",
        "I {in_strata} var kun den ene af de to grupper tilbage, så derfra kommer intet om effekten{estimates}.",
    ),
    Remark(
        r"left out of the average, one arm only: (.+)",
        "The average leaves out {in_strata} where only one of the two groups was left{estimates}.",
        "Gennemsnittet er uden {in_strata}, hvor kun den ene af de to grupper var tilbage{estimates}.",
    ),
    Remark(
        r"one arm only, so one mean, in (\d+) .+",
        "In {in_clusters} only one of the two groups was left: one mean and not two{estimates}.",
        "I {in_clusters} var kun den ene af de to grupper tilbage: ét gennemsnit og ikke to{estimates}.",
    ),
    Remark(
        r"left out the answers of (<?\d+) persons who are not analysed",
        "The answers of {persons} who are not analysed are left out.",
        "Svar fra {persons}, der ikke er analyseret, er udeladt.",
        "rounded",
    ),
    Remark(
        r"left out (<?\d+) persons whose outcome is unknown",
        "Left out, since the outcome is unknown: {persons}{estimates}.",
        "Udeladt, da udfaldet er ukendt: {persons}{estimates}.",
        "rounded",
    ),
    Remark(
        r"left out (<?\d+) persons without every covariate",
        "Left out, since a background variable of the model is unknown: {persons}{estimates}.",
        "Udeladt, da en af modellens baggrundsvariable er ukendt: {persons}{estimates}.",
        "rounded",
    ),
    Remark(
        r"left out (<?\d+) persons without the variable that makes the groups",
        "Left out, since it is unknown to which of the groups they belong: {persons}{estimates}.",
        "Udeladt, da det er ukendt, hvilken af grupperne de hører til: {persons}{estimates}.",
        "rounded",
    ),
    Remark(
        r"left out (<?\d+) persons without a known week at risk",
        "Left out, since no week is known in which they could leave: {persons}{estimates}.",
        "Udeladt, da ingen uge kendes, hvor de kunne afgå: {persons}{estimates}.",
        "rounded",
    ),
    Remark(
        r"followed (<?\d+) persons for fewer weeks, to one that is unknown",
        "Followed for fewer weeks than the others, up to one that is unknown: {persons}{estimates}.",
        "Fulgt i færre uger end de andre, indtil en der er ukendt: {persons}{estimates}.",
        "rounded",
    ),
    Remark(
        r"left out (<?\d+) persons of whose .+ nobody else has the variable",
        "Left out, since nobody else in the {cluster} has the variable: {persons}{estimates}.",
        "Udeladt, da ingen andre fra samme {cluster} har variablen: {persons}{estimates}.",
    ),
    Remark(
        r"left out (<?\d+) persons of whose .+ all are of one arm",
        "Left out, since all of their {block} are in one of the two groups: {persons}{estimates}.",
        "Udeladt, da alle fra samme {block} er i den ene af de to grupper: {persons}{estimates}.",
    ),
    Remark(
        r"left out (<?\d+) persons without the variables of the strata",
        "Left out of the tightened bounds, since it is unknown to which stratum they belong: {persons}{estimates}.",
        "Udeladt af de strammede grænser, da det er ukendt, hvilket stratum de hører til: {persons}{estimates}.",
        "rounded",
    ),
    Remark(
        r"more of the treated answered, so theirs are trimmed",
        "More of those offered the course answered, so that it is their answers that are trimmed{estimates}.",
        "Flere af dem med tilbud om kurset svarede, så det er deres svar, der skæres fra{estimates}.",
        "whole",
    ),
    Remark(
        r"more of the controls answered, so theirs are trimmed",
        "More of the controls answered, so that it is their answers that are trimmed{estimates}.",
        "Flere i kontrolgruppen svarede, så det er deres svar, der skæres fra{estimates}.",
        "whole",
    ),
    Remark(
        r"as many answered in both arms",
        "As many answered in both groups, so that nothing is trimmed{estimates}.",
        "Lige mange svarede i begge grupper, så intet skæres fra{estimates}.",
        "whole",
    ),
    Remark(
        r"more of the treated answered in (.+)",
        "More of those offered the course answered in these strata: {names}{estimates}.",
        "Flere af dem med tilbud om kurset svarede i disse strata: {names}{estimates}.",
        "whole",
    ),
    Remark(
        r"more of the controls answered in (.+)",
        "More of the controls answered in these strata: {names}{estimates}.",
        "Flere i kontrolgruppen svarede i disse strata: {names}{estimates}.",
        "whole",
    ),
    Remark(
        r"weighted, as precise as (<?\d+) persons",
        "Weighted, the answers are as precise as those of {persons} who all weigh alike{estimates}.",
        "Vægtet er svarene så præcise som svar fra {persons}, der alle vejer lige meget{estimates}.",
        "rounded",
    ),
    Remark(
        r"left out the covariate (\S+), which the split determines",
        "The variable that makes the groups is not among the background variables too{estimates}.",
        "Den variabel, der danner grupperne, er ikke også blandt baggrundsvariablene{estimates}.",
        "whole",
    ),
    Remark(
        r"left out the covariate (\S+), which the others determine",
        "A background variable that follows from the others is left out: {names}{estimates}.",
        "En baggrundsvariabel, der følger af de andre, er udeladt: {names}{estimates}.",
        "whole",
    ),
    Remark(
        r"dropped .+ \(person-weeks: (\d+).*\)",
        "Left out: {size} person-weeks of periods or {strata} in which nobody or everybody left, which say nothing "
        "about the effect{estimates}.",
        "Udeladt: {size} personuger fra perioder eller {strata}, hvor ingen eller alle afgik, og som intet siger om "
        "effekten{estimates}.",
    ),
    Remark(
        r"left out (\d+) specifications without a standard error",
        "Specifications without a standard error, and so not in the numbers of all together: {size}.",
        "Specifikationer uden standardfejl, og derfor ikke med i tallene for alle tilsammen: {size}.",
        "whole",
    ),
    Remark(
        r"the outcome is fitted exactly: no standard error",
        "The model hits the outcome exactly, so no standard error can be computed{estimates}.",
        "Modellen rammer udfaldet præcist, så der kan ikke beregnes en standardfejl{estimates}.",
    ),
    Remark(
        r"what the effect rests on does not vary between clusters: no standard error",
        "What the effect rests on is the same for all {clusters}, so no standard error can be computed{estimates}.",
        "Det, effekten hviler på, er ens for alle {clusters}, så der kan ikke beregnes en standardfejl{estimates}.",
    ),
    Remark(
        r"a single person in an arm of (.+): no standard error",
        "In {in_strata} one of the groups is a single person, so no standard error can be computed{estimates}.",
        "I {in_strata} er den ene gruppe en enkelt person, så der kan ikke beregnes en standardfejl{estimates}.",
    ),
    Remark(
        r"fewer than two clusters: no standard error",
        "There are fewer than two {clusters}, so no standard error can be computed{estimates}.",
        "Der er færre end to {clusters}, så der kan ikke beregnes en standardfejl{estimates}.",
        "whole",
    ),
    Remark(
        r"some groups have fewer than (\d+) persons of a kind",
        "Some groups have fewer than {size} persons of a kind that the estimate needs{estimates}.",
        "Nogle grupper har færre end {size} personer af en slags, som estimatet kræver{estimates}.",
        "whole",
    ),
    Remark(
        r"some groups have fewer than (\d+) persons of a kind: no standard error",
        "Some groups have fewer than {size} persons of a kind, so no standard error can be computed{estimates}.",
        "Nogle grupper har færre end {size} personer af en slags, så der kan ikke beregnes en standardfejl{estimates}.",
        "whole",
    ),
    Remark(
        r"(<?\d+) of \d+ are treated, where a lot of probability \S+ gives \S+",
        "By the lot another number would be treated than {persons}{estimates}.",
        "Efter lodtrækningen ville et andet antal få indsatsen end {persons}{estimates}.",
        "rounded",
    ),
    Remark(
        r"weak first stage: hold to the Anderson-Rubin limits",
        "The offer moved few to come, so the usual interval may mislead: hold to the Anderson-Rubin limits{estimates}.",
        "Tilbuddet fik få til at komme, så det sædvanlige interval kan vildlede: brug Anderson-Rubin-grænserne"
        "{estimates}.",
        "whole",
    ),
    Remark(r"printed in (.+)", "As printed in {names}{estimates}.", "Som trykt i {names}{estimates}.", "whole"),
    Remark(r"bandwidth \S+", "", "", "rounded"),
)
# Why there is no estimate: what follows "since".
REASONS = (
    Remark(r"some groups have fewer than (\d+) persons of a kind",
           "some groups have fewer than {size} persons of a kind that the estimate needs",
           "nogle grupper har færre end {size} personer af en slags, som estimatet kræver", "whole"),
    Remark(r"nobody is in the sample", "nobody is in the sample", "ingen er i stikprøven", "whole"),
    Remark(r"nobody in the group .+", "nobody is in the group", "ingen er i gruppen", "whole"),
    Remark(r"no control is in the group", "no control is in the group", "ingen kontroldeltager er i gruppen"),
    Remark(r"nobody has a known outcome and every covariate",
           "nobody has a known outcome and every background variable",
           "ingen har et kendt udfald og alle baggrundsvariable", "whole"),
    Remark(r"nobody (?:in the arm )?has the variable (\S+)",
           "nobody has the variable ({names})", "ingen har variablen ({names})", "whole"),
    Remark(r"nobody is at risk", "nobody is at risk", "ingen er i risiko", "whole"),
    Remark(r"nobody is counted", "nobody is counted", "ingen tælles", "whole"),
    Remark(r"fewer than (\d+) persons",
           "fewer than {size} persons are not shown", "færre end {size} personer ikke vises", "whole"),
    Remark(r"the allocations have no date", "the allocations have no date", "allokeringerne ingen dato har", "whole"),
    Remark(r"one arm only(?: in the group .+)?",
           "only one of the two groups is left", "kun den ene af de to grupper er tilbage"),
    Remark(r"one arm only in a stratum",
           "in a stratum only one of the two groups is left", "kun den ene af de to grupper er tilbage i et stratum"),
    Remark(r"no stratum has answers in both arms",
           "no stratum has answers in both groups", "intet stratum har svar i begge grupper"),
    Remark(r"no .+ has both arms(?: in the group .+)?",
           "no {stratum} has both groups", "ingen {stratum} har begge grupper"),
    Remark(r"(\d+) observations are too few for .+",
           "{size} observations are too few for the model",
           "{size} observationer er for få til modellen"),
    Remark(r"the column (.+) is determined by the others",
           "a variable of the model follows from the others ({names})",
           "en variabel i modellen følger af de andre ({names})", "whole"),
    Remark(r"fewer than two clusters",
           "there are fewer than two {clusters}", "der er færre end to {clusters}", "whole"),
    Remark(r"no specification has a standard error",
           "no specification has a standard error", "ingen specifikation har en standardfejl", "whole"),
    Remark(r"the likelihood has no maximum",
           "no value fits the data best", "ingen værdi passer bedst til data", "whole"),
    Remark(r"nobody of the .+ group is at risk",
           "in one of the groups nobody is at risk", "ingen i den ene gruppe er i risiko"),
    Remark(r"nobody leaves in the \d+ person-weeks of the .+ group",
           "in one of the groups nobody leaves", "ingen i den ene gruppe afgår"),
    Remark(r"everybody leaves in the first week of the .+ group",
           "in one of the groups everybody leaves in the first week", "alle i den ene gruppe afgår i den første uge"),
    Remark(r"nobody or everybody leaves in every interval or stratum of the (\d+) person-weeks",
           "in every period or {stratum} nobody or everybody leaves",
           "ingen eller alle afgår i hver periode eller {stratum}"),
    Remark(r"all values are equal", "all values are equal", "alle værdier er ens"),
    Remark(r"all \d+ outcomes lie at the limits .+",
           "every outcome lies at an end of the scale", "alle udfald ligger i en ende af skalaen"),
    Remark(r"(\d+) outcomes lie outside the limits .+",
           "{size} outcomes lie outside the scale", "{size} udfald ligger uden for skalaen"),
    Remark(r"the mean of the control group is zero or not known",
           "the control group's mean is zero or not known", "kontrolgruppens gennemsnit er nul eller ukendt"),
    Remark(r"the treatment does not differ between those who were offered it and the others",
           "as many came without the offer as with it", "lige så mange kom uden tilbuddet som med det"),
    Remark(r"the offer's effect on attendance is not told from zero, .+",
           "it is not shown that the offer made anybody come, so the Anderson-Rubin limits do not exist",
           "det ikke er vist, at tilbuddet fik nogen til at komme, så Anderson-Rubin-grænserne findes ikke", "whole"),
    Remark(r"who attended is not in the extract",
           "who came is not in the data", "hvem der kom, er ikke i data", "whole"),
    Remark(r"attendance follows the offer exactly",
           "attendance follows the offer exactly", "deltagelsen følger tilbuddet præcist"),
)  # fmt: skip
KINDS = (*REASONS, *REMARKS)


def kind_of(part: str) -> Remark | None:
    """The kind of a part of a note; None of one that no kind knows."""
    return next((kind for kind in KINDS if re.fullmatch(kind.pattern, part)), None)
