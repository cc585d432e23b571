"""From the counts to the estimates that the exhibits show, in the one form that every estimate has."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pipeline.estimate.table import MISSING, Estimate, estimates_table, hash_persons
from pipeline.population.cells import MEN, WOMEN
from pipeline.population.definitions import ARMS, Definitions
from pipeline.population.persons import EVERYBODY
from pipeline.population.register import Counts
from pipeline.show.places import find_places

if TYPE_CHECKING:
    import pandas as pd

CONTROL = ARMS[0]
ALL = "all"
TRIAL = "trial"  # the analysed persons of both arms
SUMMED = ["n", "share", "share_squared", "known", "inside"]
NOBODY = "no estimate: no person of this group"
COMPUTED = hash_persons([])  # the estimates are of a register, not of listed persons


def build_estimates(
    counts: Counts, definitions: Definitions, groups: pd.DataFrame, municipalities: pd.DataFrame | None
) -> pd.DataFrame:
    """The table of estimates: shares by week, who was recruited, and the control group less everybody.

    The groups are everybody ("all"), each sex, group of age, and stratum whose municipalities are known. A share of
    nobody is missing with the reason.
    """
    weeks, history, persons = map(_with_trial, counts)
    told = _by_rule(weeks, definitions, weeks["week"])
    before = _by_rule(history, definitions, definitions.history.weeks)
    rows: list[Estimate] = []
    for name, (column, values) in _samples(definitions, groups, municipalities).items():
        own, past, people = (
            table if not column else table[table[column].isin(values)] for table in (told, before, persons)
        )
        rows += _shares(name, own.groupby(["series", "outcome", "week"])[SUMMED].sum(), definitions)
        of_history = past.groupby(["series", "state"])[["n", "share"]].sum()
        rows += _recruited(name, people.groupby("series").sum(numeric_only=True), of_history, persons, definitions)
    return estimates_table(rows)


def _with_trial(counts: pd.DataFrame) -> pd.DataFrame:
    """The counts, and once more those of the arms as the series of the whole trial."""
    import pandas as pd

    return pd.concat([counts, counts[counts["series"] != EVERYBODY].assign(series=TRIAL)], ignore_index=True)


def _by_rule(counts: pd.DataFrame, definitions: Definitions, weeks: pd.Series | int) -> pd.DataFrame:
    """The counts with n and sums of the shares that are known: of all the weeks, or by the rule "known" of any."""
    of = counts["known_weeks"]
    is_known = of == weeks if definitions.study.outcomes.unknown_weeks == "missing" else of > 0
    of = of.where(is_known, 1)
    squares = counts.get("squares", 0)
    return counts.assign(
        n=counts["n"].where(is_known, 0),
        share=(counts["total"] / of).where(is_known, 0.0),
        share_squared=(squares / of**2).where(is_known, 0.0),
    )


def _samples(
    definitions: Definitions, groups: pd.DataFrame, municipalities: pd.DataFrame | None
) -> dict[str, tuple[str, list[str]]]:
    """By the name of a group the column of the counts that tells it, and its values there."""
    population, stratum = definitions.population, definitions.study.design.stratum
    found: dict[str, tuple[str, list[str]]] = {ALL: ("", [])}
    found |= {sex: ("sex", [sex]) for sex in (WOMEN, MEN)}
    found |= {f"age_{bound}": ("age", [f"age_{bound}"]) for bound in population.ages}
    if municipalities is not None and stratum is not None:
        strata = groups[groups["grouping"] == stratum.name]
        places = find_places(dict(zip(strata["address"], strata["label"], strict=True)), municipalities)
        found |= {name: ("place", [str(n) for n in place.numbers]) for name, place in places.items() if place.numbers}
    return found


def _shares(sample: str, summed: pd.DataFrame, definitions: Definitions) -> Iterator[Estimate]:
    """The mean share of weeks 1..week of each series, and at the horizon the control group less everybody."""
    counts = {key: tuple(float(value) for value in row) for key, *row in summed.itertuples()}
    horizon, state = definitions.study.time.horizon_weeks, definitions.population.state
    for outcome in definitions.outcomes.shares:
        found = {}
        for series in (EVERYBODY, TRIAL, *ARMS.values()):
            for week in range(1, horizon + 1):
                n, total, squares, known, inside = counts.get((series, outcome, week), (0.0,) * len(SUMMED))
                mean, se = _mean(n, total, squares)
                found[series, week] = (mean, se, int(n))
                yield _estimate("population", sample, outcome, week, series, mean, int(n), state, se)
                share = inside / known if known else MISSING
                yield _estimate("population_week", sample, outcome, week, series, share, int(known), state)
        (control, se, n), (everybody, _, _) = found[CONTROL, horizon], found[EVERYBODY, horizon]
        yield _estimate("population", sample, outcome, horizon, "difference", control - everybody, n, state, se)


def _mean(n: float, total: float, squares: float) -> tuple[float, float]:
    """The mean of n shares and its standard error, from their sum and the sum of their squares; NaN where too few."""
    if n == 0:
        return MISSING, MISSING
    variance = max(0.0, squares - total * total / n) / (n - 1) if n > 1 else MISSING
    return total / n, math.sqrt(variance / n)


def _recruited(
    sample: str, summed: pd.DataFrame, history: pd.DataFrame, persons: pd.DataFrame, definitions: Definitions
) -> Iterator[Estimate]:
    """How many of each series are of a group, their share of the series, their mean age, and their history."""
    whole, state = persons.groupby("series")["persons"].sum(), definitions.population.state
    past = {key: (int(n), float(total)) for key, n, total in history.itertuples()}
    for series in (EVERYBODY, TRIAL, *ARMS.values()):
        row = summed.loc[series] if series in summed.index else 0 * summed.sum()
        n, of = int(row.get("persons", 0)), int(whole.get(series, 0))
        share = n / of if of else MISSING
        yield _estimate("recruited", series, sample, None, "share", share, n, state)
        others = float(row["others"]) / n if n else MISSING
        yield _estimate("recruited", series, sample, None, "others", others, n, state)
        aged = int(row.get("aged", 0))
        age = float(row["ages"]) / aged if aged else MISSING
        yield _estimate("recruited", series, sample, None, "age", age, aged, state)
        for name in definitions.history.states:
            known, total = past.get((series, name), (0, 0.0))
            mean = total / known if known else MISSING
            yield _estimate("recruited", series, sample, None, f"{name}_pre_share", mean, known, state)


def _estimate(
    model: str, sample: str, outcome: str, week: int | None, parameter: str, value: float, n: int, spec: str,
    se: float = MISSING,
) -> Estimate:  # fmt: skip
    return Estimate(
        model=model,
        sample=sample,
        outcome=outcome,
        week=week,
        parameter=parameter,
        estimate=value,
        se=se,
        n=n,
        note=NOBODY if math.isnan(value) else "",
        sample_hash=COMPUTED,
        spec_hash=spec,
    )
