"""From the counts to the estimates that the exhibits show, in the one form that every estimate has."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from pipeline.estimate.table import MISSING, Estimate, estimates_table, hash_persons
from pipeline.population.cells import MEN, WOMEN
from pipeline.population.definitions import ARMS, Definitions
from pipeline.population.persons import EVERYBODY, TRIAL
from pipeline.population.register import Counts
from pipeline.population.small import NOBODY, say_why, with_trial
from pipeline.show.kinds_of_notes import NO_ESTIMATE
from pipeline.show.places import find_places

if TYPE_CHECKING:
    import pandas as pd

CONTROL = ARMS[0]
ALL = "all"
SUMMED = ["n", "share", "share_squared", "known", "inside"]
COMPUTED = hash_persons([])  # the estimates are of a register, not of listed persons


def build_estimates(
    counts: Counts, definitions: Definitions, groups: pd.DataFrame, municipalities: pd.DataFrame | None
) -> pd.DataFrame:
    """The table of estimates: shares by week, who was recruited, and the control group less everybody.

    The groups are everybody ("all"), each sex, group of age, and stratum whose municipalities are known. What is of
    nobody, or of fewer persons than the smallest group that is shown, is missing with the reason.
    """
    weeks, history, persons = map(with_trial, (counts.weeks, counts.history, counts.persons))
    told = _by_rule(weeks, definitions, weeks["week"])
    before = _by_rule(history, definitions, definitions.history.weeks)
    rows: list[Estimate] = []
    for name, (column, values) in _samples(definitions, groups, municipalities).items():
        own, past, people = (
            table if not column else table[table[column].isin(values)] for table in (told, before, persons)
        )
        rows += _shares(name, own.groupby(["series", "outcome", "week"])[SUMMED].sum(), definitions)
        of_history = past.groupby(["series", "state"])[["n", "share"]].sum()
        ages = counts.ages[(counts.ages["by"] == column) & (counts.ages["value"].isin(values) | (column == ""))]
        of_ages = ages.groupby("series")[["aged", "ages"]].agg(_sum_known)
        of_persons = people.groupby("series").sum(numeric_only=True).join(of_ages, how="left")
        rows += _recruited(name, of_persons, of_history, persons, definitions)
    return estimates_table(rows)


def _sum_known(numbers: pd.Series) -> Any:
    """The sum; missing if one of the numbers is."""
    return numbers.sum(skipna=False)


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
    horizon, tell = definitions.study.time.horizon_weeks, _teller(definitions)
    for outcome in definitions.outcomes.shares:
        found = {}
        for series in (EVERYBODY, TRIAL, *ARMS.values()):
            for week in range(1, horizon + 1):
                n, total, squares, known, inside = counts.get((series, outcome, week), (0.0,) * len(SUMMED))
                mean, se = _mean(n, total, squares)
                found[series, week] = (mean, se, int(n))
                yield tell("population", sample, outcome, week, series, mean, int(n), se=se)
                share = inside / known if known else MISSING
                yield tell("population_week", sample, outcome, week, series, share, int(known))
        (control, se, n), (everybody, _, of) = found[CONTROL, horizon], found[EVERYBODY, horizon]
        difference = control - everybody
        yield tell("population", sample, outcome, horizon, "difference", difference, n, persons=min(n, of), se=se)


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
    whole, tell = persons.groupby("series")["persons"].sum(), _teller(definitions)
    past = {key: (int(n), float(total)) for key, n, total in history.itertuples()}
    bound = definitions.population.smallest_group
    for series in (EVERYBODY, TRIAL, *ARMS.values()):
        row = summed.loc[series].fillna(0) if series in summed.index else 0 * summed.sum()
        n, others, aged = (int(row[name]) for name in ("persons", "others", "aged"))
        of = int(whole.get(series, 0))
        yield tell("recruited", series, sample, None, "share", n / of if of else MISSING, n)
        yield tell("recruited", series, sample, None, "others", others / n if n else MISSING, others, persons=n)
        # Where too few have an age it is not counted how many.
        age, few = (float(row["ages"]) / aged, None) if aged else (MISSING, min(n, bound - 1))
        yield tell("recruited", series, sample, None, "age", age, aged, persons=few)
        for name in definitions.history.states:
            known, total = past.get((series, name), (0, 0.0))
            mean = total / known if known else MISSING
            yield tell("recruited", series, sample, None, f"{name}_pre_share", mean, known)


def _teller(definitions: Definitions) -> Callable[..., Estimate]:
    """A function that makes an estimate of n persons, missing with the reason where they, or `persons`, are too few."""
    bound, state = definitions.population.smallest_group, definitions.population.state

    def tell(
        model: str, sample: str, outcome: str, week: int | None, parameter: str, value: float, n: int,
        persons: int | None = None, se: float = MISSING,
    ) -> Estimate:  # fmt: skip
        why = say_why(n if persons is None else persons, bound)
        return Estimate(
            model=model,
            sample=sample,
            outcome=outcome,
            week=week,
            parameter=parameter,
            estimate=MISSING if why else value,
            se=MISSING if why else se,
            n=None if why and why != NOBODY else n,
            note=why and NO_ESTIMATE + why,
            sample_hash=COMPUTED,
            spec_hash=state,
        )

    return tell
