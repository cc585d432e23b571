"""The exhibits as exhibits.toml describes them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from msgspec import field

from pipeline.errors import InputError
from pipeline.settings.base import Settings, convert

SETTINGS_FILE = "exhibits.toml"


class Panel(Settings, frozen=True):
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
    x_minimum: float | None = None
    x_maximum: float | None = None
    x_step: float | None = None


class Series(Settings, frozen=True):
    """One curve of every panel, or one arm of the flow; with its own `estimate` if it comes from another model."""

    key: str
    label_en: str
    label_da: str
    estimate: str = ""


class Size(Settings, frozen=True):
    """A number of observations written on a panel; `n_<key of a series>` stands beside the name of that series."""

    key: str
    estimate: str
    statistic: str = "n"


class Step(Settings, frozen=True):
    """A box of the flow of the sample."""

    outcome: str
    role: Literal["start", "exclusion", "end"]
    label_en: str
    label_da: str


class Figure(Settings, frozen=True):
    """A figure: what is drawn, from which estimates, over which points."""

    kind: Literal["effect", "survival", "density", "flow", "map"]
    title_en: str
    title_da: str
    note_en: str
    note_da: str
    estimate: str
    unit: str
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


class Column(Settings, frozen=True):
    """A column of a table; columns of one `group` stand under a common heading."""

    key: str
    label_en: str
    label_da: str
    group_en: str = ""
    group_da: str = ""
    estimate: str = ""
    statistics: tuple[str, ...] = ()
    unit: str = ""
    values: dict[str, str] = field(default_factory=dict)


class Row(Settings, frozen=True):
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


class Line(Settings, frozen=True):
    """What a row shows: statistics of its estimate, one below the other; a line with a label is a row of its own."""

    statistics: list[str]
    label_en: str = ""
    label_da: str = ""


class Table(Settings, frozen=True):
    """A table: its columns, its rows or the word risk_factors, and the template of the estimate behind each cell.

    is_complete: every estimate that fits the template must be shown, so that a new extract cannot lose a row unseen.
    """

    kind: Literal["table"]
    title_en: str
    title_da: str
    note_en: str
    note_da: str
    stub_en: str
    stub_da: str
    estimate: str
    columns: list[Column]
    rows: list[Row] | Literal["risk_factors"]
    panels: tuple[Panel, ...] = ()
    foot: tuple[Row, ...] = ()
    lines: tuple[Line, ...] = (Line(["estimate"]),)
    stars: tuple[str, ...] = ()
    unit: str = ""
    show_units: bool = False
    is_complete: bool = False


class Dictionary(Settings, frozen=True):
    """A table of words from variables.csv; `panels` are its sections, `words` the names of the sources."""

    kind: Literal["dictionary"]
    title_en: str
    title_da: str
    note_en: str
    note_da: str
    stub_en: str
    stub_da: str
    columns: list[Column]
    panels: tuple[Panel, ...]
    words_en: dict[str, str]
    words_da: dict[str, str]


class Finding(Settings, frozen=True):
    """One main result: an effect, and the words that go around it."""

    effect: str
    is_lead: bool
    group_en: str
    group_da: str
    state_en: str
    state_da: str


class Chapter(Settings, frozen=True):
    """A heading of the page; its exhibits are those whose number begins with `number`."""

    number: int
    title_en: str
    title_da: str


class Page(Settings, frozen=True):
    """The words of the report page."""

    title_en: str
    title_da: str
    lede_en: str
    lede_da: str
    trial_en: list[str]
    trial_da: list[str]
    finding_en: str
    finding_da: str
    more_en: str
    more_da: str
    less_en: str
    less_da: str
    interval_en: str
    interval_da: str
    significant_en: str
    significant_da: str
    not_significant_en: str
    not_significant_da: str
    reading_en: list[str]
    reading_da: list[str]
    trace_en: list[str]
    trace_da: list[str]
    source_en: str
    source_da: str
    source_synthetic_en: str
    source_synthetic_da: str
    synthetic_en: str
    synthetic_da: str
    chapters: list[Chapter]
    findings: list[Finding]


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
    return Exhibits(
        page=page,
        figures={n: convert(full[n], Figure, f"{SETTINGS_FILE} [{n}]") for n in order if n.startswith("figure")},
        tables={n: convert(full[n], Table, f"{SETTINGS_FILE} [{n}]") for n in numbers},
        dictionaries={n: convert(full[n], Dictionary, f"{SETTINGS_FILE} [{n}]") for n in words},
        order=order,
    )


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


def fill(text: str, words: Mapping[str, str]) -> str:
    """Replace every {placeholder} of `text`; InputError naming the placeholder that `words` does not have."""

    def replace(match: re.Match[str]) -> str:
        if match[1] not in words:
            raise InputError(
                f"{SETTINGS_FILE}: nothing is known to fill in for {match[0]} in: {text[:80]}. Mend the word."
            )
        return words[match[1]]

    return re.sub(r"\{([^{}]+)\}", replace, text)
