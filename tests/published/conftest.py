"""The printed numbers of the project set beside invented estimates."""

from functools import cache
from pathlib import Path

import pandas as pd

from pipeline.names import slug
from pipeline.published.comparison import Comparison, compare_all
from pipeline.published.errata import read_errata
from pipeline.published.locations import Locator, Place, read_printed
from pipeline.runner.inputs import load_input
from pipeline.stages import published
from tests.show.conftest import CONFIG, GROUPS, given, invent_estimates, make_shown

STORED = [Path(f"data_raw/published/{name}.csv") for name in ("tables", "errata")]
STORED += [Path(f"config/{name}") for name in ("published.toml", "published_rows.csv", "published_columns.csv")]
PRINTED = {path.stem: load_input(path) for path in STORED}
TEAMS = [name for name in dict.fromkeys(PRINTED["tables"].query("exhibit == 'table_2_1'")["row"]) if name != "I alt"]
PRINTED_GROUPS = pd.DataFrame([("team", slug(name), name) for name in TEAMS], columns=GROUPS.columns)
EVERY_GROUP = pd.concat([GROUPS.query("grouping != 'team'"), PRINTED_GROUPS], ignore_index=True)


def numbers_with(places: list[Place], role: str = "target") -> pd.DataFrame:
    """Targets as an extract declares them."""
    table = pd.DataFrame([[*place, role] for place in places], columns=[*Place._fields, "role"])
    table.attrs["path"] = "targets.csv"
    return table


@cache
def invented() -> pd.DataFrame:
    """An invented estimate for every number that any exhibit shows of the teams that are printed."""
    return invent_estimates(EVERY_GROUP)


@cache
def shown_of_invented(language: str) -> pd.DataFrame:
    """What is shown of them."""
    return make_shown(language, invented(), groups=EVERY_GROUP)


@cache
def comparisons() -> list[Comparison]:
    """Every printed number beside an invented one."""
    return compare_all(
        read_printed(PRINTED["tables"].to_dict("records")),
        Locator(PRINTED["published_rows"].to_dict("records"), PRINTED["published_columns"].to_dict("records")),
        published.index_rebuilt(shown_of_invented("en"), invented(), "en"),
        read_errata(PRINTED["errata"].to_dict("records")),
        {},
        CONFIG["study"].inference.stars,
    )


def make(
    language: str,
    synthetic: bool = False,
    targets: pd.DataFrame | None = None,
    estimates: pd.DataFrame | None = None,
    groups: pd.DataFrame = EVERY_GROUP,
) -> dict[str, str]:
    """What the stage makes of invented estimates."""
    if estimates is None and groups is EVERY_GROUP:
        taken, shown = invented(), shown_of_invented(language)
    else:
        taken = invent_estimates(groups) if estimates is None else estimates
        shown = make_shown(language, taken, groups=groups)
    common = given(
        language, synthetic, {**PRINTED, "groups": groups, "released": shown, "behind": taken}, "variables", "extract"
    )
    return published.run(**common, targets=targets)
