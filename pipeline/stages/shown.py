"""Every number that a figure or table shows, with its address, its estimate and its text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pipeline.errors import InputError
from pipeline.settings.described import read_exhibits, require_language
from pipeline.settings.exhibits import SETTINGS_FILE
from pipeline.settings.extract import Extract, Language
from pipeline.settings.outcomes import OutcomeDefinitions
from pipeline.settings.study import Study
from pipeline.show.rows import with_rows
from pipeline.show.shown import COLUMNS, find_slots, require_complete, require_estimates, show_number
from pipeline.show.shown_with import index_estimates
from pipeline.show.words import gather_words, write_words

if TYPE_CHECKING:
    import pandas as pd


def run(
    exhibits: Mapping[str, Any],
    variables: pd.DataFrame,
    study: Study,
    language: Language,
    extract: Extract,
    groups: pd.DataFrame,
    outcomes: OutcomeDefinitions | None = None,
    models: Mapping[str, Any] | None = None,
    inference: pd.DataFrame | None = None,
    **estimates: pd.DataFrame,
) -> dict[str, Any]:
    """shown.parquet: one row per shown number, in the order of exhibits.toml; words.json: what is said around them.

    Figures and tables are drawn from these two alone, so what is done to a row here or after, such as disclosure
    control, is done to every place that shows it. `groups` are the strata and clusters that tables follow;
    `inference` what resampling says of estimates; every further input is a table of estimates; `models` is the
    parsed models.toml that they are of. InputError if a template names an estimate that does not exist, and for a
    language in which the study has no words.
    """
    import pandas as pd

    index = index_estimates(estimates.values(), inference)
    described = with_rows(read_exhibits(exhibits), variables, groups, index, study.time.horizon_weeks)
    require_language(described, language.language)
    slots = list(find_slots(described, study, index))
    require_estimates(slots, index)
    require_complete(described, slots, index, study.time.horizon_weeks)
    rows = [show_number(slot, index[slot.estimate_id], study.inference.stars, language.language) for slot in slots]
    shown = pd.DataFrame(rows, columns=COLUMNS)
    repeated = shown.loc[shown["cell_id"].duplicated(), "cell_id"]
    if len(repeated):
        raise InputError(f"{SETTINGS_FILE}: {len(repeated)} addresses occur twice, the first {repeated.iloc[0]}.")
    words = gather_words(described, study, outcomes, extract, variables, language.language, models)
    return {"shown.parquet": shown, "words.json": write_words(words)}
