"""Counts of persons: the flow from randomised to analysed, and of each stratum or cluster (report section 2.6).

Of a cluster also its first and last allocation, in days since 1970-01-01, and of a stratum its clusters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipeline.errors import InputError
from pipeline.estimate.mean import POSSIBLE
from pipeline.estimate.problem import NO_ESTIMATE, Data, Estimator, Words
from pipeline.estimate.regression import count_of
from pipeline.estimate.table import MISSING, Address, Estimate, hash_persons
from pipeline.estimate.terms import Evidence, Terms, sum_of_ones
from pipeline.names import slug
from pipeline.people.samples import select_sample
from pipeline.settings.models import Model
from pipeline.stats.distributions import two_sided_p

if TYPE_CHECKING:
    import pandas as pd

TOTAL, RANDOMISED, NOBODY, UNDATED = "total", "randomised", "nobody is counted", "the allocations have no date"
DOUBTFUL = 0.001  # a lot gives arms as uneven as this once in a thousand


@dataclass(frozen=True)
class Count:
    """One number: the persons counted, each in full; or of an instant the one person whose allocation it is.

    members: the persons it is about; counted: those that count, a row each, None for an instant at `day`.
    """

    model: Model
    sample: str
    outcome: str
    members: pd.DataFrame
    counted: pd.DataFrame
    cluster: str
    day: float | None = None
    note: str = ""


def problems(model: Model, data: Data, address: Address | None = None) -> Iterator[Count]:
    """The counts of a model: of each stratum or cluster and of all, or of the flow in each sample."""
    found = _flow(model, data) if isinstance(model.samples, list) else _groups(model, data, model.samples)
    for count in found:
        if address is None or (address.sample, address.outcome) == (count.sample, count.outcome):
            yield count


def _flow(model: Model, data: Data) -> Iterator[Count]:
    """Persons randomised, excluded for each reason and analysed."""
    exclusions = data.tables["exclusions"]
    unknown = sorted(set(exclusions["reason"]) - set(model.outcomes))
    if unknown:
        raise InputError(
            f"models.toml, table [{model.name}]: its outcomes do not list the reasons {', '.join(unknown)}, for which "
            "persons are left out. Add them."
        )
    for sample in model.samples:
        chosen = select_sample(exclusions, sample, data.study)
        for reason in model.outcomes:
            members = chosen if reason == RANDOMISED else chosen[chosen["reason"] == reason]
            is_whole = reason == RANDOMISED and len(chosen) == len(exclusions)
            note = _doubt(members["treated"], data.study.design.probability) if is_whole else ""
            yield Count(model, sample, reason, members, members, "person", note=note)


def _doubt(treated: pd.Series, probability: float | None) -> str:
    """What is said if the arms are not what a lot of this probability gives, by the normal approximation; else ''."""
    if probability is None or not len(treated):
        return ""
    count, expected = int((treated == 1).sum()), probability * len(treated)
    p_value = float(two_sided_p((count - expected) / np.sqrt(expected * (1 - probability)), None))
    if p_value >= DOUBTFUL:
        return ""
    return f"{count} of {len(treated)} are treated, where a lot of probability {probability:g} gives {expected:g}"


def _groups(model: Model, data: Data, grouping: str) -> Iterator[Count]:
    """The numbers of each stratum or cluster where persons were randomised, zero where nobody is analysed; of all."""
    known = {known.name for known in data.study.design.groupings}
    if grouping not in known:
        raise InputError(
            f"models.toml, table [{model.name}]: samples = '{grouping}' is neither stratum nor cluster of the design. "
            f"Those are: {', '.join(sorted(known)) or 'none'}."
        )
    cluster = data.study.design.cluster
    by = cluster.name if cluster else "person"
    people = data.people
    own = set(people[grouping])
    if cluster is None or grouping != cluster.name:
        own |= set(data.tables["exclusions"][f"{grouping}_name"].map(slug))
    # The clusters of a stratum may be asked for by their own name: its teams.
    numbers = {**NUMBERS, **({cluster.plural_en: NUMBERS["clusters"]} if cluster else {})}
    unknown = [name for name in model.outcomes if name not in numbers]
    if unknown:
        raise InputError(
            f"models.toml, table [{model.name}]: a {grouping} has no {', '.join(unknown)}. It has {', '.join(numbers)}."
        )
    for name in [*sorted(own), TOTAL]:
        members = people if name == TOTAL else people[people[grouping] == name]
        for outcome in model.outcomes:
            day = _day(members, outcome)
            yield Count(model, name, outcome, members, numbers[outcome](members, by), by, day)


def _day(members: pd.DataFrame, outcome: str) -> float | None:
    """The first or last allocation of the members, if the number is one."""
    if outcome not in INSTANTS:
        return None
    if "allocation_day" not in members or members.empty:
        return MISSING
    return float(INSTANTS[outcome](members["allocation_day"]))


INSTANTS: Mapping[str, Callable[[pd.Series], float]] = {
    "recruitment_start": lambda days: days.min(), "recruitment_end": lambda days: days.max(),
}  # fmt: skip
# What a stratum or cluster can be asked for, as the rows that count; `by` is the column of the clusters.
NUMBERS: Mapping[str, Callable[[pd.DataFrame, str], pd.DataFrame]] = {
    "recruitment_start": lambda members, by: members,
    "recruitment_end": lambda members, by: members,
    "control": lambda members, by: members[members["treated"] == 0],
    "treated": lambda members, by: members[members["treated"] == 1],
    "total": lambda members, by: members,
    "persons": lambda members, by: members,
    "clusters": lambda members, by: members.drop_duplicates(by),
}


def rows(problem: Count) -> list[Estimate]:
    """The one number."""
    treated = int((problem.members["treated"] == 1).sum())
    value = float(len(problem.counted)) if problem.day is None else problem.day
    is_known = bool(np.isfinite(value))
    return [
        Estimate(
            model=problem.model.name,
            sample=problem.sample,
            outcome=problem.outcome,
            parameter="n",
            estimate=value,
            n=len(problem.members),
            n_treated=treated,
            n_control=len(problem.members) - treated,
            converged=is_known,
            note=problem.note if is_known else NO_ESTIMATE + (NOBODY if problem.members.empty else UNDATED),
            sample_hash=hash_persons(problem.members["person"]),
            spec_hash=problem.model.spec_hash,
        )
    ]


def terms(problem: Count, address: Address) -> Terms:
    """A count is a sum of ones over rows of the allocation file, and an instant the row of one person."""
    import pandas as pd

    persons = problem.counted["person"].to_numpy(dtype=np.int64)
    if problem.day is None:
        return sum_of_ones("count = sum of one for every row counted", persons)
    at = np.flatnonzero(problem.counted["allocation_day"].to_numpy() == problem.day)[:1]
    return Terms(
        "the first (last) draw of the group, in days since 1970-01-01",
        pd.DataFrame({"person": persons[at], "weight": 1.0, "outcome": problem.day}),
        (Evidence("draw", persons[at], direct=np.full(1, problem.day)),),
    )


def counted(problem: Count, address: Address, statistic: str) -> Terms:
    """The persons that a number is about."""
    members = problem.members
    clusters = members[problem.cluster] if problem.cluster in members else members["person"]
    persons, treated = members["person"].to_numpy(dtype=np.int64), members["treated"].to_numpy() == 1
    return count_of(persons, treated, clusters.to_numpy(), statistic)


ESTIMATOR = Estimator(
    possible={**POSSIBLE, "treatment": ("treated",)},
    words=Words("", "none", "A count: no interval."),
    problems=problems,
    held=lambda model: "exclusions" if isinstance(model.samples, list) else "sample",
    rows=rows,
    terms=terms,
    counted=counted,
)
