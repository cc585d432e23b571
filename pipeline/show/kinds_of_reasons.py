"""The kinds of reasons for which a number is missing, and what a reader is told of each."""

from __future__ import annotations

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


# Why there is no estimate, or no such number: what follows "since".
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
    Remark(r"no effect however large is rejected, for too few draws or clusters",
           "so few {clusters} reject no effect, however large",
           "så få {clusters} ikke forkaster nogen effekt, uanset hvor stor", "whole"),
    Remark(r"no effect however far (?:below|above) is rejected, for too few draws or clusters",
           "so few {clusters} reject no effect on that side, however large",
           "så få {clusters} ikke forkaster nogen effekt til den side, uanset hvor stor", "whole"),
    Remark(r"its errors are not clustered",
           "the standard error is not clustered", "standardfejlen ikke er klynget", "whole"),
    Remark(r"the lot is drawn again for one effect of clustered means only",
           "the lot is drawn again only for one effect of means by {cluster}",
           "der kun trækkes lod igen for én effekt af gennemsnit pr. {cluster}", "whole"),
    Remark(r"weights follow from who answered in which arm, so every lot would have others",
           "the weights follow from who answered in which group, so every lot would have others",
           "vægtene følger af, hvem der svarede i hvilken gruppe, så hvert lod ville have andre", "whole"),
    Remark(r"by the score, which gives no limits",
           "the test is by the score, which gives no limits",
           "testet er et scoretest, som ikke giver grænser", "whole"),
    Remark(r"made of least squares alone",
           "this is made of least squares and not of exits",
           "dette laves for mindste kvadrater og ikke for afgange", "whole"),
    Remark(r"no family of tests is declared",
           "the tests are not declared to be a family", "testene ikke er erklæret som en familie", "whole"),
    Remark(r"without any one cluster there is no estimate",
           "whichever one of the {clusters} is left out, there is no estimate",
           "der intet estimat er, når {clusters} udelades enkeltvis", "whole"),
)  # fmt: skip
