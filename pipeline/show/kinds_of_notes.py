"""The kinds of notes that estimates carry, and what a reader is told of each."""

from __future__ import annotations

import re

from pipeline.show.kinds_of_reasons import REASONS, Remark

SEPARATOR = "; "  # between the parts of a note
NO_ESTIMATE = "no estimate: "  # how a part begins that says why there is none
NO_NUMBER = "no number: "  # the same of what resampling says of an estimate
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
        r"left out (<?\d+) persons whose attendance is not known",
        "Left out, since it is not known whether they came: {persons}{estimates}.",
        "Udeladt, da det ikke vides, om de kom: {persons}{estimates}.",
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
KINDS = (*REASONS, *REMARKS)


def kind_of(part: str) -> Remark | None:
    """The kind of a part of a note; None of one that no kind knows."""
    return next((kind for kind in KINDS if re.fullmatch(kind.pattern, part)), None)


def reason_of_missing(statistic: str, note: str) -> str:
    """What the note of a row of inference says of a missing statistic; '' if nothing.

    A part of it is the names of statistics, or what they begin with, a colon, and the reason.
    """
    for part in filter(None, note.split(SEPARATOR)):
        names, _, reason = part.partition(": ")
        if any(statistic == name or statistic.startswith(f"{name}_") for name in names.split(", ")):
            return reason
    return ""
