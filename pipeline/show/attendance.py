"""What the effects mean, by whether the extract tells who came."""

from __future__ import annotations

from pipeline.settings.extract import Extract

NOT_TOLD = {
    "en": "Who came is not in the data: of the effect of coming nothing is estimated. If fewer than all came, and the "
    "offer changed nothing for the others, the effect of coming on those who came because of it is larger than that of "
    "the offer, by one over the difference in attendance between the two groups.",
    "da": "Data fortæller ikke, hvem der kom: effekten af at komme er ikke estimeret. Kom færre end alle, og ændrede "
    "tilbuddet intet for de andre, er effekten af at komme for dem, der kom på grund af det, større end effekten af "
    "tilbuddet, nemlig divideret med forskellen i fremmøde mellem de to grupper.",
}
TOLD = {
    "en": "Who came is in the data: the effect of coming, on those who came because of the offer, is estimated where "
    "the offer moved any to come.",
    "da": "Data fortæller, hvem der kom: effekten af at komme for dem, der kom på grund af tilbuddet, er estimeret, "
    "hvor tilbuddet fik nogen til at komme.",
}


def say_attendance(extract: Extract, language: str) -> str:
    """What the effect of the offer says of that of coming, in a language."""
    return (TOLD if extract.attended else NOT_TOLD)[language]
