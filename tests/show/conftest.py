"""Exhibits drawn from invented estimates: one for every number that exhibits.toml asks for."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipeline.estimate.inference import STATISTICS
from pipeline.runner.inputs import load_input
from pipeline.settings.described import read_exhibits
from pipeline.settings.extract import Extract, Language
from pipeline.settings.models import read_models
from pipeline.settings.specifications import specifications
from pipeline.settings.study import Study
from pipeline.show.rows import with_rows
from pipeline.show.shown import find_slots
from pipeline.show.words import Words, gather_words, write_words
from pipeline.stages import disclosure as disclosing
from pipeline.stages import documents, figures, report, tables
from pipeline.stages import shown as showing

CONFIG = {name: load_input(Path(f"config/{name}{end}")) for name, end in [("exhibits", ".toml"), ("study", ".toml")]}
MODELS = load_input(Path("config/models.toml"))
CONFIG["variables"] = load_input(Path("config/variables.csv"))
OUTCOMES = load_input(Path("config/outcomes.toml"))
MUNICIPALITIES = load_input(Path("config/municipalities.csv"))
CONTROLS = load_input(Path("config/disclosure.toml"))
OUTLINES = load_input(Path("pipeline/show/map/outlines.csv"))
LANGUAGES = ["en", "da"]
FIGURES = list(read_exhibits(CONFIG["exhibits"]).figures)
TABLES = list(read_exhibits(CONFIG["exhibits"]).tables)
WORD_TABLES = list(read_exhibits(CONFIG["exhibits"]).dictionaries)
ONE_OF_EACH_KIND = [
    "figure_2_1",
    "figure_2_2",
    "figure_2_3",
    "figure_3_1",
    "figure_3_2",
    "figure_3_3",
]  # 3.2 and 3.3 share a scale
DENSITY_POINTS = 12
# Names as another extract may have them: strata and clusters, by their addresses.
MUNICIPAL = {
    "gladsaxe_og_lyngby_taarbaek": "Gladsaxe og Lyngby-Taarbæk",
    "koege": "Køge",
    "vesthimmerland": "Vesthimmerland",
}
TEAMS = {"aabenraa": "Aabenraa", "koege_10": "Køge 10", "koege_2": "Køge 2", "aeroe": "Ærø", "odense": "Odense"}
GROUPS = pd.DataFrame(
    [("municipality", *named) for named in MUNICIPAL.items()] + [("team", *named) for named in TEAMS.items()],
    columns=["grouping", "address", "label"],
)
EXCLUSIONS = pd.DataFrame(
    {
        "treated": [True, True, False, False, True, False, True],
        "reason": ["analysed", "analysed", "analysed", "no_baseline", "withdrawn", "analysed", "analysed"],
    }
)
PLACES = [*MUNICIPAL, "total"]
ADDRESS = ["model", "sample", "outcome", "week", "parameter"]


def extract(synthetic: bool = True, **changed: Any) -> Extract:
    given = {
        "name": "twin",
        "label": "a trial for tests",
        "label_da": "et forsøg til test",
        "synthetic": synthetic,
        "format": "dream_wide",
    }
    given |= {"received": datetime.date(2026, 1, 1), "files": {}, "register_version": "201708", "published": True}
    return Extract(**{**given, **changed})


def chapter(number: int) -> dict[str, Any]:
    """exhibits.toml with one chapter, with the main results that it shows, and with the table of the claims."""
    kept, page = in_chapter(number), CONFIG["exhibits"]["page"]
    table = page["robust"]["table"]
    numbers = (number, int(table.split("_")[1]))
    page = page | {"chapters": [own for own in page["chapters"] if own["number"] in numbers]}
    page["findings"] = [own for own in page["findings"] if own["effect"].split("/")[0] in kept]
    texts = {key: [] for key in page if key.startswith(("trial_", "trace_"))}
    return {"page": {**page, **texts}, **kept, table: CONFIG["exhibits"][table]}


def in_chapter(number: int) -> dict[str, Any]:
    """The exhibits of one chapter."""
    return {name: value for name, value in CONFIG["exhibits"].items() if name.split("_")[1:2] == [str(number)]}


def alone(number: int) -> dict[str, Any]:
    """The same without what is said of the numbers of other chapters, so that its own are all that is shown."""
    page = {key: value for key, value in chapter(number)["page"].items() if key != "robust"}
    chapters = [own for own in page["chapters"] if own["number"] == number]
    return {"page": {**page, "comparisons": [], "chapters": chapters}, **in_chapter(number)}


def invent_estimates(groups: pd.DataFrame = GROUPS) -> pd.DataFrame:
    """A row for every estimate that an exhibit names, with numbers of a plausible size."""
    return invented().copy() if groups is GROUPS else draw_estimates(groups)


@cache
def invented() -> pd.DataFrame:
    return draw_estimates(GROUPS)


def draw_estimates(groups: pd.DataFrame) -> pd.DataFrame:
    rng = np.random.default_rng(20141031)
    points = [
        f"density/all/{outcome}/{point}/{arm}"
        for outcome in ("wait_days", "self_efficacy")
        for point in range(DENSITY_POINTS)
        for arm in ("treated", "control")
    ]
    points += [f"municipality/{place}/{number}//n" for place in PLACES for number in ("teams", "persons")]
    points += list(invent_specifications())
    points += [f"team/{team}/total//n" for team in groups.query("grouping == 'team'")["address"]]
    described = with_rows(
        read_exhibits(CONFIG["exhibits"]), CONFIG["variables"], groups, points, CONFIG["study"].time.horizon_weeks
    )
    slots = find_slots(described, CONFIG["study"], points)
    names = list(dict.fromkeys([*(slot.estimate_id for slot in slots), *points]))
    frame = pd.DataFrame(
        [name.split("/") for name in names], columns=["model", "sample", "outcome", "week", "parameter"]
    )
    weeks = pd.to_numeric(frame["week"])
    effect, error = rng.normal(0, 0.06, len(names)), rng.uniform(0.01, 0.05, len(names))
    estimate = np.where(
        frame["model"].isin(["team", "flow", "municipality"]), rng.integers(16400, 16800, len(names)), effect
    )
    estimate = np.where(frame["model"] == "kaplan_meier", 1 - weeks / 100, estimate)
    persons = pd.Series(rng.integers(1000, 40000, len(names)), dtype="Int64")
    resampled = {name: rng.uniform(0, 0.2, len(names)) for name in STATISTICS}
    resampled |= {"family_size": 81.0, "band_low": effect - 3 * error, "band_high": effect + 3 * error}
    return frame.assign(
        **resampled,
        estimate_id=names,
        estimate=np.where(frame["model"] == "density", abs(effect), estimate),
        se=error,
        p_value=rng.uniform(0, 0.2, len(names)),
        ci_low=effect - 2 * error,
        ci_high=effect + 2 * error,
        n=persons,
        n_treated=persons // 2,
        n_control=persons - persons // 2,
        week=pd.to_numeric(frame["week"]).astype("Int64"),
        df=42.0,
        n_clusters=43,
        sample_hash="",
        control_mean=np.where(frame["model"] == "density", weeks, 0.4),
        note="",
    )


def invent_specifications() -> Iterator[str]:
    """The estimates of every curve of specifications of the settings, by address."""
    horizon = CONFIG["study"].time.horizon_weeks
    for model in read_models(MODELS).values():
        for name, each in specifications(model).items() if model.curve else ():
            week = "" if each.model.weeks == "none" else horizon
            yield f"{model.name}/{name}/{each.model.outcomes[0]}/{week}/{each.parameter}"


@dataclass(frozen=True)
class Made:
    """What the four stages make in one language: all figures in English, one of each kind in Danish."""

    language: str

    @cached_property
    def shown(self) -> pd.DataFrame:
        return left_in(self.language)["released.parquet"]

    @cached_property
    def tables(self) -> dict[str, Any]:
        return write(self.language, self.shown)

    @cached_property
    def figures(self) -> dict[str, Any]:
        return draw(self.language, self.shown, FIGURES if self.language == "en" else ONE_OF_EACH_KIND)

    @cached_property
    def pictures(self) -> dict[str, str]:
        """The figures as SVG, where there is none in the language the English one."""
        return {**(made_in("en").pictures if self.language != "en" else {}), **pictures_of(self.figures)}

    @cached_property
    def pages(self) -> dict[str, str]:
        return reported(self.language, self.shown, self.pictures)

    @property
    def page(self) -> str:
        return self.pages["index.html"]

    def cells_of(self, exhibit: str) -> pd.DataFrame:
        """The numbers of an exhibit, without those that the main results say beside them, which stand at the end."""
        own = self.shown[self.shown["exhibit"] == exhibit]
        return own[own.index - own.index[0] == np.arange(len(own))]

    @cached_property
    def texts(self) -> dict[str, str]:
        return dict(zip(self.shown["cell_id"], self.shown["text"], strict=True))


def make_shown(language: str, estimates: pd.DataFrame | None = None, **changed: Any) -> pd.DataFrame:
    return leaving(language, estimates, **changed)["released.parquet"]


@cache
def left_in(language: str) -> dict[str, Any]:
    """The same of the invented estimates."""
    return leaving(language)


def leaving(language: str, estimates: pd.DataFrame | None = None, **changed: Any) -> dict[str, Any]:
    """What leaves of the numbers shown of a table of estimates."""
    table = invent_estimates() if estimates is None else estimates
    given = {**CONFIG, "groups": GROUPS, "extract": extract(), "outcomes": OUTCOMES, **changed}
    made = showing.run(**given, language=Language(language), estimates=table)
    facts = {name: given[name] for name in ("variables", "study", "extract", "models") if name in given}
    facts = {
        "models": MODELS,
        "disclosure": CONTROLS,
        "exclusions": EXCLUSIONS,
        "language": Language(language),
        **facts,
    }
    return disclosing.run(made["shown.parquet"], **facts, estimates=table)


def words(
    language: str,
    synthetic: bool = True,
    study: Study = CONFIG["study"],
    outcomes: Any = OUTCOMES,
    variables: pd.DataFrame = CONFIG["variables"],
    **facts: Any,
) -> Words:
    exhibits = read_exhibits(CONFIG["exhibits"])
    return gather_words(exhibits, study, outcomes, extract(synthetic, **facts), variables, language, MODELS)


def given(language: str, synthetic: bool, changed: dict[str, Any], *further: str) -> dict[str, Any]:
    """What a stage that shows numbers takes: what all take, and what this one takes `further`, `changed` or not."""
    of_words = {name: changed.pop(name) for name in ("study", "outcomes") if name in changed}
    own = {"variables": CONFIG["variables"], "extract": extract(synthetic), "groups": GROUPS, **changed}
    said = write_words(words(language, synthetic, variables=own["variables"], **of_words))
    taken = {"variables", "extract"} - set(further)
    common = {"exhibits": CONFIG["exhibits"], "words": json.loads(said), "language": Language(language)}
    return common | {name: value for name, value in own.items() if name not in taken}


def draw(
    language: str, shown: pd.DataFrame, names: list[str], synthetic: bool = True, **changed: Any
) -> dict[str, Any]:
    wanted = {f"{name}.{end}" for name in names for end in ("svg", "png", "csv")}
    mapped = {"municipalities": MUNICIPALITIES, "outlines": OUTLINES, **changed}
    return figures.run(shown, **given(language, synthetic, mapped), wanted=wanted)


def write(language: str, shown: pd.DataFrame, synthetic: bool = True, **changed: Any) -> dict[str, Any]:
    return tables.run(shown, **given(language, synthetic, changed, "variables"))


def mapped_to(language: str, synthetic: bool, changed: dict[str, Any]) -> dict[str, Any]:
    """What a stage takes that shows every exhibit, a map among them."""
    return given(language, synthetic, {"municipalities": MUNICIPALITIES, **changed}, "variables", "extract")


def reported(
    language: str, shown: pd.DataFrame, pictures: dict[str, str], synthetic: bool = True, **changed: Any
) -> dict[str, str]:
    return report.run(shown, **mapped_to(language, synthetic, changed), **pictures)


def page_with(
    language: str, shown: pd.DataFrame, pictures: dict[str, str], synthetic: bool = True, **changed: Any
) -> str:
    return reported(language, shown, pictures, synthetic, **changed)["index.html"]


def document(
    language: str, shown: pd.DataFrame, pictures: dict[str, str], synthetic: bool = True, **changed: Any
) -> dict[str, bytes]:
    return documents.run(shown, **mapped_to(language, synthetic, changed), **pictures)


def pictures_of(drawn: dict[str, Any]) -> dict[str, str]:
    return {name.removesuffix(".svg"): text for name, text in drawn.items() if name.endswith(".svg")}


@cache
def made_in(language: str) -> Made:
    return Made(language)


@pytest.fixture(scope="session", params=LANGUAGES)
def made(request: pytest.FixtureRequest) -> Made:
    return made_in(request.param)
