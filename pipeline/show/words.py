"""What fills the placeholders of titles, notes and the page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import ceil, floor
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import field

from pipeline.settings.base import Settings, SettingsType, convert
from pipeline.settings.exhibits import Exhibits, fill, in_language
from pipeline.settings.extract import Extract
from pipeline.settings.outcomes import OutcomeDefinitions
from pipeline.settings.study import OPPOSITE, Design, Peers, Study, given_bound
from pipeline.show.attendance import say_attendance
from pipeline.show.curve_words import CurveWords, gather_curves
from pipeline.show.model_words import ModelWords, gather_models
from pipeline.show.numbers import POINT, star_legend, write_percent

if TYPE_CHECKING:
    import pandas as pd

INTERFACE = {
    "en": {
        "analysed": "Analysed",
        "apart": "The two curves are nowhere more than {distance} apart.",
        "at_risk": "At risk",
        "band_low": "Lower limit, whole curve",
        "band_high": "Upper limit, whole curve",
        "basis": "The effects and intervals that this rests on",
        "ci_low": "Lower limit",
        "checks": "Checks of the data",
        "checks_passed": "{passed} of {rules} rules looked at the data and found nothing to ask about.",
        "ci_high": "Upper limit",
        "claims": "The main claims",
        "claims_page": "All of this on a page of its own.",
        "claims_table": "The numbers behind it.",
        "coincide": "The two curves coincide: they are nowhere more than {distance} apart.",
        "column": "column",
        "contents": "Contents",
        "curve_counts": "{above} of {all} intervals above zero, {below} below: p = {significant_p}. Median: "
        "p = {median_p}. Distinct: {distinct}",
        "data": "Data",
        "download": "Download",
        "editions": "This report as",
        "estimand": "What it is an effect of",
        "estimands": "What the effects are effects of",
        "excluded": "Left out",
        "for_want_of": "needs",
        "head": "Head of the chain of records",
        "head_says": "It stands for every received file, setting, table and figure of this page and the code that made "
        "them. Who keeps it elsewhere can tell later whether any of them was changed: the same files give the same "
        "head on any machine. What it cannot show: whoever has this machine can change all of it together, with "
        "another head.",
        "judged": "Disclosure control",
        "judged_applied": "Of the {shown} numbers shown {fail} are withheld, and {review} leave coarser than they are; "
        "the notes say why. Numbers of persons are rounded.",
        "judged_marked": "The data are synthetic, so everything is shown. Of a real extract {fail} of the {shown} "
        "numbers would be withheld, and {review} would leave coarser than they are: in tables they have a dotted line "
        "below.",
        "judged_read": "What was decided of each number",
        "language": "English",
        "left_out": "Left out of the analysis",
        "message": "Main results",
        "missing": "What is missing",
        "missing_none": "Nothing: all {shown} numbers shown are estimated.",
        "missing_some": "{missing} of the {shown} numbers shown have no estimate, and the notes say why: {exhibits}.",
        "no_estimate": "No estimate",
        "no_interval": "There is no standard error, and so no interval.",
        "none": "none analysed",
        "note": "Note",
        "not_looked_at": "Rules that could not look",
        "nothing_known": "Nothing is known of {group}: there is no interval.",
        "nothing": "No estimate could be made. The note says why.",
        "numbers": "Numbers behind the figure",
        "page_of": "Page {page} of {pages}",
        "population": "The population behind the trial",
        "published": "The report's own numbers beside these",
        "report": "The report",
        "reading": "How to read the results",
        "scroll": "Wider than the screen: scroll sideways",
        "show": "Show the address of every number",
        "skip": "Skip to the text",
        "sources": "Sources",
        "terms": "Words and models",
        "total": "Total",
        "trace": "How to trace a number",
        "trial": "The trial",
        "unplaced": "No place on the map is known for {places}.",
        "week": "week",
        "workbook": "All tables in one workbook",
    },
    "da": {
        "analysed": "Analyseret",
        "apart": "De to kurver er intetsteds mere end {distance} fra hinanden.",
        "at_risk": "I risiko",
        "band_low": "Nedre grænse, hele kurven",
        "band_high": "Øvre grænse, hele kurven",
        "basis": "Effekterne og intervallerne, det bygger på",
        "ci_low": "Nedre grænse",
        "checks": "Kontrol af data",
        "checks_passed": "{passed} af {rules} regler har set på data uden at finde noget at spørge til.",
        "ci_high": "Øvre grænse",
        "claims": "Hovedpåstandene",
        "claims_page": "Det hele på en side for sig.",
        "claims_table": "Tallene bag.",
        "coincide": "De to kurver falder sammen: de er intetsteds mere end {distance} fra hinanden.",
        "column": "kolonne",
        "contents": "Indhold",
        "curve_counts": "{above} af {all} intervaller over nul, {below} under: p = {significant_p}. Median: "
        "p = {median_p}. Forskellige: {distinct}",
        "data": "Data",
        "download": "Hent",
        "editions": "Denne rapport som",
        "estimand": "Hvad det er en effekt af",
        "estimands": "Hvad effekterne er effekter af",
        "excluded": "Udgået",
        "for_want_of": "kræver",
        "head": "Hoved for kæden af kørsler",
        "head_says": "Det står for hver modtaget fil, indstilling, tabel og figur på denne side og koden, der lavede "
        "dem. Den, der gemmer det et andet sted, kan senere se, om noget af det er ændret: de samme filer giver samme "
        "hoved på enhver maskine. Hvad det ikke kan vise: Den, der råder over denne maskine, kan ændre det hele på én "
        "gang, med et andet hoved.",
        "judged": "Diskretionskontrol",
        "judged_applied": "Af de {shown} viste tal er {fail} udeladt, og {review} frigives grovere, end de er; noterne "
        "siger hvorfor. Antal personer er afrundet.",
        "judged_marked": "Data er syntetiske, så alt vises. Af et rigtigt udtræk ville {fail} af de {shown} tal være "
        "udeladt, og {review} ville frigives grovere, end de er: i tabellerne har de en prikket linje under sig.",
        "judged_read": "Hvad der er afgjort om hvert tal",
        "language": "Dansk",
        "left_out": "Udgået",
        "message": "Hovedresultater",
        "missing": "Hvad der mangler",
        "missing_none": "Intet: alle {shown} viste tal er estimeret.",
        "missing_some": "{missing} af de {shown} viste tal har intet estimat, og noterne siger hvorfor: {exhibits}.",
        "no_estimate": "Intet estimat",
        "no_interval": "Der er ingen standardfejl og derfor intet interval.",
        "none": "ingen analyseret",
        "note": "Note",
        "not_looked_at": "Regler, der ikke kunne se på noget",
        "nothing_known": "Intet vides om {group}: der er intet interval.",
        "nothing": "Intet estimat kunne laves. Noten siger hvorfor.",
        "numbers": "Tallene bag figuren",
        "page_of": "Side {page} af {pages}",
        "population": "Befolkningen bag forsøget",
        "published": "Rapportens egne tal ved siden af disse",
        "report": "Rapporten",
        "reading": "Sådan læses resultaterne",
        "scroll": "Bredere end skærmen: rul sidelæns",
        "show": "Vis adressen på hvert tal",
        "skip": "Gå til teksten",
        "sources": "Kilder",
        "terms": "Ord og modeller",
        "total": "I alt",
        "trace": "Sådan spores et tal",
        "trial": "Forsøget",
        "unplaced": "Der kendes intet sted på kortet for {places}.",
        "week": "uge",
        "workbook": "Alle tabeller i ét regneark",
    },
}
BOUND_WORDS = {
    "en": {"below": "less than", "at_most": "at most", "at_least": "at least", "above": "more than", "equals": ""},
    "da": {"below": "mindre end", "at_most": "højst", "at_least": "mindst", "above": "mere end", "equals": ""},
}
PERCENT = {"en": "%", "da": "\N{NO-BREAK SPACE}%"}
AND = {"en": " and ", "da": " og "}
WEEKS = {"en": ("week", "weeks"), "da": ("uge", "uger")}
FIRST_WEEK = {"en": "the first week", "da": "den første uge"}
FIRST_OF_RUN = {"en": "the first of at least {weeks} in a row", "da": "den første af mindst {weeks} i træk"}
NO_YES = {"en": ("no", "yes"), "da": ("nej", "ja")}
MEDIAN = {"en": "the median", "da": "medianen"}
MEDIAN_CLUSTER = {
    "en": "more of its other members than in the median {cluster}",
    "da": "en større andel af de andre medlemmer end medianen over {clusters}",
}
GROUP = {"en": ("group", "groups"), "da": ("gruppe", "grupper")}  # where the design has no stratum, or no cluster
# The weeks that a share is of, by the rule for unknown weeks: every one of them is known, or those that are.
SHARE_WEEKS = {
    "missing": {
        "en": {
            "share_weeks": "weeks 1 to {horizon}",
            "weeks_since": "the weeks since allocation",
            "the_weeks": "the {horizon} weeks",
        },
        "da": {
            "share_weeks": "uge 1 til {horizon}",
            "weeks_since": "ugerne siden allokering",
            "the_weeks": "de {horizon} uger",
        },
    },
    "known": {
        "en": {
            "share_weeks": "the known of weeks 1 to {horizon}",
            "weeks_since": "the known weeks since allocation",
            "the_weeks": "the known of the {horizon} weeks",
        },
        "da": {
            "share_weeks": "de kendte af uge 1 til {horizon}",
            "weeks_since": "de kendte uger siden allokering",
            "the_weeks": "de kendte af de {horizon} uger",
        },
    },
}


class Words(Settings, frozen=True):
    """What exhibits say of the study and the extract, in one language.

    horizon_weeks: the last week shown; stars: the levels that marks stand for; texts: of the placeholders that every
    text may hold, settings of the study, the source, and the word synthetic or ''; models: the models by name;
    curves: the choices of the curves of specifications.
    """

    horizon_weeks: int
    stars: dict[str, float]
    texts: dict[str, str]
    models: dict[str, ModelWords] = field(default_factory=dict)
    curves: dict[str, CurveWords] = field(default_factory=dict)

    def with_legend(self, marks: Iterable[str], language: str) -> dict[str, str]:
        """The texts, and the legend of the marks that one exhibit uses."""
        return {**self.texts, "stars": star_legend(self.stars, marks, language)}


def gather_words(
    exhibits: Exhibits,
    study: Study,
    outcomes: OutcomeDefinitions | None,
    extract: Extract,
    variables: pd.DataFrame,
    language: str,
    models: Mapping[str, Any] | None = None,
) -> Words:
    """The words of a study, an extract and a language; `models` is the parsed models.toml, if numbers are of models."""
    page, kind = exhibits.page, "source_synthetic" if extract.synthetic else "source"
    texts = {
        "level": write_percent(study.inference.level, language),
        "source": in_language(page, kind, language),
        "synthetic": in_language(page, "synthetic", language) if extract.synthetic else "",
        "attendance": say_attendance(extract, language),
        "extract": (extract.label_da if language == "da" else "") or extract.label,
        **_scale_words(variables, language),
        **{f"{entry['name']}_label": entry[f"label_{language}"] for entry in variables.to_dict("records")},
        **study_words(study, outcomes, language),
    }
    texts |= side_labels(study, texts, language)
    for name, phrase in in_language(page, "phrases", language).items():  # one may use those above it
        texts[name] = fill(phrase, texts)
    told = gather_models(models, study, language) if models else {}
    curves = gather_curves(models, language) if models else {}
    return Words(study.time.horizon_weeks, study.inference.stars, texts, told, curves)


def write_words(words: Words) -> str:
    """words.json."""
    return msgspec.json.format(msgspec.json.encode(words, order="sorted"), indent=1).decode() + "\n"


def read_words(content: Mapping[str, Any]) -> Words:
    """The words that words.json holds."""
    return convert(content, Words, "words.json")


def study_words(study: Study, outcomes: OutcomeDefinitions | None, language: str) -> dict[str, str]:
    """The numbers of study.toml in words: 'less than 7' for a bound, 'more than the median' for a group."""
    horizon, exits = {"horizon": str(study.time.horizon_weeks)}, outcomes.exits if outcomes else {}
    share_weeks = SHARE_WEEKS[study.outcomes.unknown_weeks][language]
    words = {
        **horizon,
        **{name: fill(text, horizon) for name, text in share_weeks.items()},
        **({"pre_weeks": str(study.history.weeks)} if study.history else {}),
        **({"smallest_group": str(study.population.smallest_group)} if study.population else {}),
        **{f"{name}_run": _run(exit_.run_weeks, language) for name, exit_ in exits.items()},
        "hazard_interval": _weeks(study.outcomes.hazard_interval_weeks, language),
        **_design_words(study.design, language),
    }
    if study.peers:
        words |= {"peers_bound": f"{study.peers.below:g}", "peers_share": _peers_share(study.peers, words, language)}
    for name, sample in study.samples.items():
        if len(sample.conditions) == 1:
            kind, bound = given_bound(sample.conditions[0])
            words |= {f"{name}_range": _range(kind, bound, language), f"{name}_bound": _number(bound, language)}
            words |= _ends(name, kind, bound)
    for name, split in study.splits.items():
        kind, bound = given_bound(split)
        words |= {f"{name}_low": _range(kind, bound, language), f"{name}_high": _range(OPPOSITE[kind], bound, language)}
        words |= _ends(name, kind, bound) | _ends(name, OPPOSITE[kind], bound)
    return words


def side_labels(study: Study, texts: Mapping[str, str], language: str) -> dict[str, str]:
    """What the sides of each split are called: their own label, else the variable's with its bound."""
    found = {}
    for name, split in study.splits.items():
        for side, own in (("low", split.low), ("high", split.high)):
            variable = texts.get(f"{split.variable}_label", split.variable)
            is_share = (texts.get(f"{split.variable}_minimum"), texts.get(f"{split.variable}_maximum")) == ("0", "1")
            bound = NO_YES[language][side == "high"] if is_share and split.at_most == 0 else texts[f"{name}_{side}"]
            found[f"{name}_{side}_label"] = str(in_language(own, "label", language)) if own else f"{variable}: {bound}"
    return found


def _design_words(design: Design, language: str) -> dict[str, str]:
    """What the study calls its arms, strata, clusters, and the blocks of its lot."""
    words = {arm: in_language(getattr(design, arm), "label", language) for arm in ("treated", "control")}
    groupings = (
        ("stratum", "strata", design.stratum),
        ("cluster", "clusters", design.cluster),
        ("block", "blocks", design.lot_group),
    )
    for one, many, grouping in groupings:
        forms = ("singular", "plural")
        named = [str(in_language(grouping, form, language)) for form in forms] if grouping else GROUP[language]
        words |= dict(zip((one, many), named, strict=True))
    return words


def _scale_words(variables: pd.DataFrame, language: str) -> dict[str, str]:
    """The ends of every scale in the dictionary: {age_minimum} and {age_maximum}."""
    return {
        f"{entry['name']}_{end}": entry[end].replace(".", POINT[language])
        for entry in variables.to_dict("records")
        for end in ("minimum", "maximum")
        if entry[end]
    }


def fill_words(settings: SettingsType, words: Mapping[str, str]) -> SettingsType:
    """An exhibit with the placeholders of its titles, labels and notes filled in, and those of its parts.

    The lines of sizes and of a test on a panel wait for their numbers.
    """
    filled: dict[str, Any] = {}
    for name in settings.__struct_fields__:
        value = getattr(settings, name)
        if isinstance(value, str) and name.endswith(("_en", "_da")) and not name.startswith(("size_", "test_")):
            filled[name] = fill(value, words)
        elif isinstance(value, list | tuple):
            parts = [fill_words(part, words) if isinstance(part, Settings) else part for part in value]
            filled[name] = type(value)(parts)
        elif isinstance(value, dict) and name.startswith("words_"):
            filled[name] = {key: fill(word, words) for key, word in value.items()}
    return msgspec.structs.replace(settings, **filled)


def _weeks(number: int, language: str) -> str:
    return f"{number} {WEEKS[language][number != 1]}"


def _run(number: int, language: str) -> str:
    return FIRST_WEEK[language] if number == 1 else FIRST_OF_RUN[language].format(weeks=_weeks(number, language))


def _range(kind: str, bound: float | str, language: str) -> str:
    return f"{BOUND_WORDS[language][kind]} {_number(bound, language)}".strip()


def _number(bound: float | str, language: str) -> str:
    return MEDIAN[language] if isinstance(bound, str) else f"{bound:g}".replace(".", POINT[language])


def _ends(name: str, kind: str, bound: float | str) -> dict[str, str]:
    """The last whole point under a bound, or the first above it: 'at most 8' ends at 8, 'below 8' at 7."""
    if isinstance(bound, str) or kind == "equals":
        return {}
    if kind in ("below", "at_most"):
        return {f"{name}_last": str(ceil(bound) - 1 if kind == "below" else floor(bound))}
    return {f"{name}_first": str(ceil(bound) if kind == "at_least" else floor(bound) + 1)}


def _peers_share(peers: Peers, words: Mapping[str, str], language: str) -> str:
    if isinstance(peers.exceeds, str):
        return fill(MEDIAN_CLUSTER[language], words)
    share = write_percent(peers.exceeds, language)
    return {"en": f"more than {share} of its other members", "da": f"mere end {share} af de andre medlemmer"}[language]
