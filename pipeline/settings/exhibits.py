"""The exhibits as exhibits.toml describes them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from msgspec import field

from pipeline.errors import InputError
from pipeline.settings.base import Settings
from pipeline.settings.page import Finding, Page, UnitName

SETTINGS_FILE = "exhibits.toml"
RISK_FACTORS = "risk_factors"
Statistic = Literal[
    "estimate", "se", "ci_low", "ci_high", "p_value", "df", "n", "n_treated", "n_control", "n_clusters", "control_mean",
    "relative", "at_risk", "x", "ri_p", "ri_low", "ri_high", "wild_p", "wild_low", "wild_high", "jackknife_se",
    "jackknife_p", "jackknife_low", "jackknife_high", "cr2_se", "cr2_df", "cr2_p", "cr2_low", "cr2_high", "without_low",
    "without_high", "stepdown_p", "joint_p", "band_p", "band_low", "band_high", "family_size",
]  # fmt: skip


class Panel(Settings, frozen=True, kw_only=True):
    """A panel of a figure or a block of rows of a table; `sample` and `outcome` fill the template of the estimate.

    values: of a table whose panels have some, every row that names no panel is repeated in each of them with these.
    """

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
    values: dict[str, str] = field(default_factory=dict)


class Series(Settings, frozen=True, kw_only=True):
    """One curve of every panel, or one arm of the flow; with its own `estimate` if it comes from another model."""

    key: str
    label_en: str = ""
    label_da: str = ""
    estimate: str = ""


class Size(Settings, frozen=True, kw_only=True):
    """A number of observations written on a panel; `n_<key of a series>` stands beside the name of that series.

    Of a curve of specifications it is any number of the whole curve, in a unit of its own.
    """

    key: str
    estimate: str
    statistic: Statistic = "n"
    unit: UnitName = "count"


class Step(Settings, frozen=True, kw_only=True):
    """A box of the flow of the sample."""

    outcome: str
    role: Literal["start", "exclusion", "end"]
    label_en: str = ""
    label_da: str = ""


class Figure(Settings, frozen=True, kw_only=True):
    """A figure: what is drawn, from which estimates, over which points."""

    kind: Literal["effect", "survival", "density", "flow", "map", "specification"]
    estimate: str
    unit: UnitName
    title_en: str = ""
    title_da: str = ""
    note_en: str = ""
    note_da: str = ""
    panels: tuple[Panel, ...] = ()
    series: tuple[Series, ...] = ()
    sizes: tuple[Size, ...] = ()
    size_en: str = ""
    size_da: str = ""
    test_en: str = ""
    test_da: str = ""
    steps: tuple[Step, ...] = ()
    statistics: tuple[Statistic, ...] = ("estimate",)
    at_risk_weeks: tuple[int, ...] = ()
    first_week: int | None = None
    page_weeks: tuple[int, ...] = ()
    x_en: str = ""
    x_da: str = ""
    y_en: str = ""
    y_da: str = ""
    scale: str = ""
    mark_last: bool = True
    panel_columns: int = 1
    words_en: dict[str, str] = field(default_factory=dict)
    words_da: dict[str, str] = field(default_factory=dict)


class Column(Settings, frozen=True, kw_only=True):
    """A column of a table; columns of one `group` stand under a common heading.

    statistics: what stands in the row's one line. lines: what stands in each of the table's lines, where columns differ
    in it; '' where nothing does.
    """

    key: str
    label_en: str = ""
    label_da: str = ""
    group_en: str = ""
    group_da: str = ""
    estimate: str = ""
    statistics: tuple[Statistic, ...] = ()
    lines: tuple[Statistic | Literal[""], ...] = ()
    unit: UnitName | Literal[""] = ""
    values: dict[str, str] = field(default_factory=dict)


class Row(Settings, frozen=True, kw_only=True):
    """A row of a table; the label comes from the dictionary if it is left out.

    without: the columns that are not defined for it, by key; their cells are empty.
    """

    key: str
    label_en: str = ""
    label_da: str = ""
    panel: str = ""
    estimate: str = ""
    statistics: tuple[Statistic, ...] = ()
    unit: UnitName | Literal[""] = ""
    decimals: int | None = None
    without: tuple[str, ...] = ()
    values: dict[str, str] = field(default_factory=dict)


class Follow(Settings, frozen=True, kw_only=True):
    """Rows that follow the data: one for each stratum or cluster, by its name in the design, that has the estimate."""

    follow: str


class Line(Settings, frozen=True, kw_only=True):
    """What a row shows: statistics of its estimate, one below the other; a line with a label is a row of its own."""

    statistics: tuple[Statistic, ...] = ()
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
    unit: UnitName | Literal[""] = ""
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


def finding_words(page: Page, finding: Finding, key: str, language: str) -> str:
    """The words of a finding, or the page's for all findings."""
    return str(in_language(finding, key, language) or in_language(page, key, language))


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
