"""Exhibits of a study of its own: a trial of reading lessons by lot, in English, without strata, survey or map."""

from __future__ import annotations

import datetime
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pipeline.runner.inputs import load_input
from pipeline.settings.base import convert
from pipeline.settings.described import read_exhibits
from pipeline.settings.extract import Extract, Language
from pipeline.settings.study import Study
from pipeline.show.rows import with_rows
from pipeline.show.shown import find_slots
from pipeline.stages import disclosure as disclosing
from pipeline.stages import figures, report, tables
from pipeline.stages import shown as showing

HORIZON, GRID = 12, 8
SERIES = [{"key": "treated", "label_en": "Lessons"}, {"key": "control", "label_en": "None"}]
CURVES = {"first_week": 1, "page_weeks": [4, 8, 99], "x_en": "Week", "y_en": "Points"}
PANELS = [{"key": "a", "sample": "all", "outcome": "reading", "title_en": "Reading"}]
PANELS += [{"key": "b", "sample": "all", "outcome": "spelling", "title_en": "Spelling"}]
EXHIBITS: dict[str, Any] = {
    "page": {
        "languages": ["en"],
        "title_en": "Reading lessons",
        "chapters": [{"number": 7, "title_en": "Results"}, {"number": 8, "title_en": "An empty chapter"}],
        "findings": [
            {
                "effect": "figure_7_1/all/reading/{horizon}",
                "group_en": "All pupils",
                "finding_en": "in reading",
                "more_en": "{size} words more",
                "less_en": "{size} words fewer",
            }
        ],
    },
    "figure_7_1": {
        "kind": "effect",
        "title_en": "Effect",
        "note_en": "Up to week {horizon}.",
        "estimate": "effect/{sample}/{outcome}/{week}/{series}",
        "unit": "coefficient",
        "statistics": ["estimate", "ci_low", "ci_high"],
        "scale": "own",
        "series": [{"key": "treated", "label_en": "Effect"}],
        "sizes": [{"key": "n", "estimate": "effect/{sample}/{outcome}/{last_week}/treated"}],
        "size_en": "n = {n}",
        "panels": PANELS,
        **CURVES,
    },
    "figure_7_2": {
        "kind": "survival",
        "title_en": "Survival",
        "estimate": "left/{sample}/{outcome}/{week}/{series}",
        "unit": "probability",
        "series": SERIES,
        "at_risk_weeks": [0, 6, 12, 18],
        "panels": PANELS[:1],
        **CURVES,
        "first_week": 0,
    },
    "figure_7_3": {
        "kind": "density",
        "title_en": "Density",
        "estimate": "density/{sample}/{outcome}/{week}/{series}",
        "unit": "density",
        "statistics": ["estimate", "x"],
        "series": SERIES,
        "panels": PANELS[:1],
    },
    "figure_7_4": {
        "kind": "flow",
        "title_en": "Flow",
        "estimate": "flow/{series}/{outcome}//n",
        "unit": "count",
        "series": [{"key": "all", "label_en": "Drawn"}, *SERIES],
        "steps": [
            {"outcome": "randomised", "role": "start"},
            {"outcome": "analysed", "role": "end", "label_en": "Analysed"},
        ],
    },
    "table_7_1": {
        "kind": "table",
        "title_en": "Effects",
        "estimate": "effect/all/{row}/{last_week}/treated",
        "unit": "coefficient",
        "stars": ["*"],
        "lines": [{"statistics": ["estimate", "se"]}, {"statistics": ["n"], "label_en": "n"}],
        "columns": [{"key": "all", "label_en": "All"}],
        "rows": [{"key": "reading", "label_en": "Reading"}, {"key": "spelling", "label_en": "Spelling"}],
    },
}
STUDY = convert(
    {
        "time": {"horizon_weeks": HORIZON},
        "outcomes": {"unknown_weeks": "missing", "hazard_interval_weeks": 1},
        "inference": {"level": 0.9, "stars": {"*": 0.05}},
        "design": {
            "person": "PUPIL",
            "arm": "LOT",
            "treated": {"value": "1", "label_en": "lessons", "label_da": "timer"},
            "control": {"value": "0", "label_en": "none", "label_da": "ingen"},
        },
        "samples": {"all": {"label_en": "All", "label_da": "Alle", "conditions": []}},
    },
    Study,
    "study.toml",
)
VARIABLES = pd.DataFrame(
    columns=["name", "label_en", "label_da", "unit", "decimals", "minimum", "maximum", "risk_factor"]
)
GROUPS = pd.DataFrame(columns=["grouping", "address", "label"], dtype=object)
EXCLUSIONS = pd.DataFrame({"treated": [True, False], "reason": ["analysed", "analysed"]})
CONTROLS = load_input(Path("config/disclosure.toml"))
OUTLINES = pd.DataFrame({"number": ["1"], "outline": ["0,0 0,10 10,10 10,0"]})


@dataclass(frozen=True)
class Made:
    """What the stages make of the study."""

    shown: pd.DataFrame
    tables: dict[str, Any]
    figures: dict[str, Any]
    page: str
    missing: str


def estimates() -> pd.DataFrame:
    """A row for every estimate that an exhibit shows."""
    grid = [f"density/all/reading/{point}/{arm}" for point in range(GRID) for arm in ("treated", "control")]
    exhibits = with_rows(read_exhibits(EXHIBITS), VARIABLES, GROUPS, grid, HORIZON)
    names = list(dict.fromkeys(slot.estimate_id for slot in find_slots(exhibits, STUDY, grid)))
    size = len(names)
    weeks = pd.to_numeric(pd.Series(names).str.split("/").str[3]).fillna(0)
    share = np.linspace(0.1, 0.9, size)
    parts = (
        pd.Series(names)
        .str.split("/", expand=True)
        .set_axis(["model", "sample", "outcome", "week", "parameter"], axis=1)
    )
    parts["week"] = pd.to_numeric(parts["week"]).astype("Int64")
    return parts.assign(estimate_id=names, estimate=share, se=0.1, p_value=0.01, df=39.0).assign(
        ci_low=share - 0.2,
        ci_high=share + 0.2,
        n=40,
        n_treated=20,
        n_control=20,
        n_clusters=40,
        control_mean=weeks,
        note="",
    )


def make(table: pd.DataFrame, exhibits: dict[str, Any] = EXHIBITS, language: str = "en", **facts: Any) -> Made:
    """Everything, from a table of estimates."""
    extract = Extract("lessons", "Reading lessons", False, "weekly_states", datetime.date(2026, 1, 1), {}, **facts)
    common = {"exhibits": exhibits, "groups": GROUPS, "language": Language(language)}
    named = {"variables": VARIABLES, "extract": extract}
    made = showing.run(study=STUDY, effects=table, **named, **common)
    controlled = {"disclosure": CONTROLS, "exclusions": EXCLUSIONS, "language": common["language"], **named}
    judged = disclosing.run(made["shown.parquet"], study=STUDY, effects=table, **controlled)
    shown, common["words"] = judged["released.parquet"], json.loads(made["words.json"])
    drawn = figures.run(shown, outlines=OUTLINES, **common)
    pictures = {name.removesuffix(".svg"): text for name, text in drawn.items() if name.endswith(".svg")}
    reported = report.run(shown, **named, **common, **pictures)
    written = tables.run(shown, variables=VARIABLES, **common)
    return Made(shown, written, drawn, reported["index.html"], reported["missing.txt"])
