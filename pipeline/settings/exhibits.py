"""The exhibits as exhibits.toml describes them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from msgspec import field

from pipeline.errors import InputError
from pipeline.settings.base import Settings, convert

SETTINGS_FILE = "exhibits.toml"
TITLED = ("Figure", "Table", "Dictionary", "Page", "Chapter")  # what must have a title
RISK_FACTORS = "risk_factors"


class Panel(Settings, frozen=True, kw_only=True):
    """A panel of a figure or a block of rows of a table; `sample` and `outcome` fill the template of the estimate."""

    key: str
    title_en: str = ""
    title_da: str = ""
    sample: str = ""
    outcome: str = ""
    x_en: str = ""
    x_da: str = ""
    y_en: str = ""
    y_da: str = ""
    x_step: float | None = None


class Series(Settings, frozen=True, kw_only=True):
    """One curve of every panel, or one arm of the flow; with its own `estimate` if it comes from another model."""

    key: str
    label_en: str = ""
    label_da: str = ""
    estimate: str = ""


class Size(Settings, frozen=True, kw_only=True):
    """A number of observations written on a panel; `n_<key of a series>` stands beside the name of that series."""

    key: str
    estimate: str
    statistic: str = "n"


class Step(Settings, frozen=True, kw_only=True):
    """A box of the flow of the sample."""

    outcome: str
    role: Literal["start", "exclusion", "end"]
    label_en: str = ""
    label_da: str = ""


class Figure(Settings, frozen=True, kw_only=True):
    """A figure: what is drawn, from which estimates, over which points."""

    kind: Literal["effect", "survival", "density", "flow", "map"]
    estimate: str
    unit: str
    title_en: str = ""
    title_da: str = ""
    note_en: str = ""
    note_da: str = ""
    panels: tuple[Panel, ...] = ()
    series: tuple[Series, ...] = ()
    sizes: tuple[Size, ...] = ()
    size_en: str = ""
    size_da: str = ""
    steps: tuple[Step, ...] = ()
    statistics: tuple[str, ...] = ("estimate",)
    at_risk_weeks: tuple[int, ...] = ()
    first_week: int | None = None
    page_weeks: tuple[int, ...] = ()
    x_en: str = ""
    x_da: str = ""
    y_en: str = ""
    y_da: str = ""
    scale: str = ""
    panel_columns: int = 1
    words_en: dict[str, str] = field(default_factory=dict)
    words_da: dict[str, str] = field(default_factory=dict)


class Column(Settings, frozen=True, kw_only=True):
    """A column of a table; columns of one `group` stand under a common heading."""

    key: str
    label_en: str = ""
    label_da: str = ""
    group_en: str = ""
    group_da: str = ""
    estimate: str = ""
    statistics: tuple[str, ...] = ()
    unit: str = ""
    values: dict[str, str] = field(default_factory=dict)


class Row(Settings, frozen=True, kw_only=True):
    """A row of a table; the label comes from the dictionary if it is left out."""

    key: str
    label_en: str = ""
    label_da: str = ""
    panel: str = ""
    estimate: str = ""
    statistics: tuple[str, ...] = ()
    unit: str = ""
    decimals: int | None = None
    values: dict[str, str] = field(default_factory=dict)


class Follow(Settings, frozen=True, kw_only=True):
    """Rows that follow the data: one for each stratum or cluster, by its name in the design, that has the estimate."""

    follow: str


class Line(Settings, frozen=True, kw_only=True):
    """What a row shows: statistics of its estimate, one below the other; a line with a label is a row of its own."""

    statistics: tuple[str, ...]
    label_en: str = ""
    label_da: str = ""


class Table(Settings, frozen=True, kw_only=True):
    """A table: its columns, its rows, and the template of the estimate behind each number.

    rows: a list, what they follow, or "risk_factors" for those that variables.csv numbers. is_complete: every estimate
    that fits the template must be shown, so that a new outcome or covariate cannot lose its row unseen.
    """

    kind: Literal["table"]
    estimate: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...] | Follow | Literal["risk_factors"]
    title_en: str = ""
    title_da: str = ""
    note_en: str = ""
    note_da: str = ""
    stub_en: str = ""
    stub_da: str = ""
    panels: tuple[Panel, ...] = ()
    foot: tuple[Row, ...] = ()
    lines: tuple[Line, ...] = (Line(statistics=("estimate",)),)
    stars: tuple[str, ...] = ()
    unit: str = ""
    show_units: bool = False
    is_complete: bool = False


class Dictionary(Settings, frozen=True, kw_only=True):
    """A table of words from variables.csv; `panels` are its sections, `words` the names of the sources."""

    kind: Literal["dictionary"]
    columns: tuple[Column, ...]
    panels: tuple[Panel, ...]
    title_en: str = ""
    title_da: str = ""
    note_en: str = ""
    note_da: str = ""
    stub_en: str = ""
    stub_da: str = ""
    words_en: dict[str, str] = field(default_factory=dict)
    words_da: dict[str, str] = field(default_factory=dict)


class Finding(Settings, frozen=True, kw_only=True):
    """One main result: the address of an effect, and the words that go around it; the page's where it has none."""

    effect: str
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


class Chapter(Settings, frozen=True, kw_only=True):
    """A heading of the page; its exhibits are those whose number begins with `number`."""

    number: int
    title_en: str = ""
    title_da: str = ""


class Page(Settings, frozen=True, kw_only=True):
    """The words of the report page; languages are those in which the study has its exhibits.

    is_annex: a page in a folder of its own beside the report, to which it leads back.
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
    interval_en: str = "{level} confidence interval {low} to {high}."
    interval_da: str = "{level} konfidensinterval {low} til {high}."
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


@dataclass(frozen=True)
class Exhibits:
    """All of exhibits.toml, in the order of the file."""

    page: Page
    figures: dict[str, Figure]
    tables: dict[str, Table]
    dictionaries: dict[str, Dictionary]
    order: tuple[str, ...]

    @property
    def every_table(self) -> list[str]:
        """The names of the tables, of numbers and of words, in the order of the file."""
        return [name for name in self.order if name not in self.figures]


def read_exhibits(data: Mapping[str, Any]) -> Exhibits:
    """Validate the parsed file; an exhibit with `like` takes every key it leaves out from the one it names.

    InputError names the exhibit and the key that does not fit.
    """
    order = tuple(name for name in data if name != "page")
    odd = [name for name in order if not re.fullmatch(r"(figure|table)_\d+_\d+", name)]
    if odd or "page" not in data:
        raise InputError(
            f"{SETTINGS_FILE}: [{', '.join(odd) or 'page'}] {'does not fit' if odd else 'is missing'}. "
            "The tables of the file are [page] and the exhibits, such as [figure_1_2] and [table_1_2]."
        )
    full = {name: _inherit(data, name) for name in order}
    page = convert(data["page"], Page, f"{SETTINGS_FILE} [page]")
    homeless = [name for name in order if int(name.split("_")[1]) not in {chapter.number for chapter in page.chapters}]
    if homeless:
        raise InputError(f"{SETTINGS_FILE} [page]: no chapter for {', '.join(homeless)}. Add its number to `chapters`.")
    words = [name for name in order if full[name].get("kind") == "dictionary"]
    numbers = [name for name in order if name.startswith("table") and name not in words]
    exhibits = Exhibits(
        page=page,
        figures={n: convert(full[n], Figure, f"{SETTINGS_FILE} [{n}]") for n in order if n.startswith("figure")},
        tables={n: convert(full[n], Table, f"{SETTINGS_FILE} [{n}]") for n in numbers},
        dictionaries={n: convert(full[n], Dictionary, f"{SETTINGS_FILE} [{n}]") for n in words},
        order=order,
    )
    for name, part in {"page": page, **exhibits.figures, **exhibits.tables, **exhibits.dictionaries}.items():
        _require_words(part, name, page.languages)
    _require_sentences(page)
    return exhibits


def require_language(exhibits: Exhibits, language: str) -> None:
    """Raise InputError for a language in which the study has no words."""
    if language not in exhibits.page.languages:
        known = exhibits.page.languages
        raise InputError(
            f"{SETTINGS_FILE} [page]: languages = {list(known)}, so there are no exhibits in '{language}'. Say "
            f"LANGUAGE={known[0]}, or write the words and add the language."
        )


def _require_words(part: Settings, name: str, languages: tuple[str, ...]) -> None:
    """Raise InputError for words that are there in one language of the study and not in another, and for no title."""
    for key in part.__struct_fields__:
        value = getattr(part, key)
        if key.endswith("_en"):
            given = [language for language in languages if in_language(part, key[:-3], language)]
            is_needed = key == "title_en" and type(part).__name__ in TITLED
            absent = [f"{key[:-3]}_{language}" for language in languages if language not in given]
            if absent and (given or is_needed):
                raise InputError(
                    f"{SETTINGS_FILE} [{name}]: {absent[0]} is missing. Add the words, or say in [page] which "
                    "languages the study has."
                )
        for inner in value if isinstance(value, tuple) else ():
            if isinstance(inner, Settings):
                _require_words(inner, name, languages)


def _require_sentences(page: Page) -> None:
    """Raise InputError for a finding for which there are no words."""
    for finding in page.findings:
        absent = [
            key for key in ("finding", "more", "less") if not finding_words(page, finding, key, page.languages[0])
        ]
        if absent:
            raise InputError(
                f"{SETTINGS_FILE} [page]: the finding {finding.effect} has no words for {', '.join(absent)}. Give "
                f"{absent[0]}_en to the finding or to [page]."
            )


def finding_words(page: Page, finding: Finding, key: str, language: str) -> str:
    """The words of a finding, or the page's for all findings."""
    return str(in_language(finding, key, language) or in_language(page, key, language))


def _inherit(data: Mapping[str, Any], name: str) -> dict[str, Any]:
    own = dict(data[name])
    model = own.pop("like", None)
    if model is None:
        return own
    if model not in data or "like" in data[model]:
        raise InputError(f'{SETTINGS_FILE} [{name}]: like = "{model}" must name an exhibit that has no `like` itself.')
    return {**data[model], **own}


def in_language(settings: object, name: str, language: str) -> Any:
    """The field `name` of `settings` in a language: in_language(figure, "title", "da") is figure.title_da."""
    return getattr(settings, f"{name}_{language}")


def exhibit_number(name: str, language: str) -> str:
    """'figure_3_2' is 'Figure 3.2' or 'Figur 3.2'."""
    kind, chapter, number = name.split("_")
    word = {"figure": {"en": "Figure", "da": "Figur"}, "table": {"en": "Table", "da": "Tabel"}}[kind][language]
    return f"{word} {chapter}.{number}"


def fill(text: str, words: Mapping[str, str], file: str = SETTINGS_FILE) -> str:
    """Replace every {placeholder} of `text`; InputError naming the placeholder of `file` that `words` does not have."""

    def replace(match: re.Match[str]) -> str:
        if match[1] not in words:
            raise InputError(f"{file}: nothing is known to fill in for {match[0]} in: {text[:80]}. Mend the word.")
        return words[match[1]]

    return re.sub(r"\{([^{}]+)\}", replace, text)
