"""Weekly life courses in work and on benefits: a semi-Markov model with latent types, drawn for many persons at once.

The tables in data/ hold the model: the states with their benefit codes, the weekly hazards by weeks spent in the state,
and the types that scale them. Only comparisons and the four rules of arithmetic touch a draw, so that a life course is
the same on every machine.
"""

from __future__ import annotations

import csv
import functools
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pipeline.twin.randomness import generator

if TYPE_CHECKING:
    from numpy.typing import NDArray

DATA = Path(__file__).parent / "data"
LONGEST = 60  # hazards are constant from this week of a spell on
DRAWS = 4  # uniforms of a course beside one a week: type, length of sick leave, first state, waiting for the course


@dataclass(frozen=True)
class Model:
    """Hazards of one phase ('before' or 'after' allocation).

    names: states in the order of states.csv; total: (types, states, weeks) chance of leaving; cumulative:
    (types, states, weeks, states) its split over destinations; type_shares: (2, types) cumulative shares of the types
    among persons without and with a job before the sick leave.
    """

    names: tuple[str, ...]
    total: NDArray[np.float64]
    cumulative: NDArray[np.float64]
    type_shares: NDArray[np.float64]


def read_rows(name: str) -> list[dict[str, str]]:
    """Rows of a table of the model, as text."""
    with (DATA / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@functools.cache
def state_codes() -> dict[str, int]:
    """Benefit code of each state; 0 where no benefit is paid."""
    return {row["state"]: int(row["code"]) for row in read_rows("states.csv")}


@functools.cache
def state_number(name: str) -> int:
    """Position of a state in states.csv."""
    return list(state_codes()).index(name)


@functools.cache
def read_model(phase: str) -> Model:
    """Read the hazards of a phase, scaled for each type."""
    names = tuple(state_codes())
    families = {row["state"]: row["family"] for row in read_rows("states.csv")}
    types = [row for row in read_rows("life_course_types.csv") if row["phase"] == phase]
    hazards = np.zeros((len(types), len(names), LONGEST + 1, len(names)))
    for row in read_rows("transitions.csv"):
        if row["phase"] != phase:
            continue
        first, last = int(row["first_week"]), int(row["last_week"] or LONGEST)
        origin, destination = names.index(row["origin"]), names.index(row["destination"])
        for number, kind in enumerate(types):
            scale = _scale(kind, row["origin"], row["destination"], families)
            hazards[number, origin, first : last + 1, destination] += float(row["hazard"]) * scale
    cumulative = np.cumsum(hazards, axis=-1)
    weights = [[float(row[column]) for row in types] for column in ("weight_without_job", "weight")]
    return Model(names, cumulative[..., -1], cumulative, np.cumsum(weights, axis=1))


def _scale(kind: dict[str, str], origin: str, destination: str, families: dict[str, str]) -> float:
    """Factor of a type on one transition: by where it starts and where it leads."""
    scale = 1.0
    if destination in ("employed", "partly_fit"):
        scale *= float(kind["into_work"])
    if origin == "employed":
        scale *= float(kind["out_of_work"])
    if families[destination] == "sickness" and families[origin] != "sickness":
        scale *= float(kind["into_sickness"])
    if families[origin] == "sickness" and families[destination] == "outside":
        scale *= float(kind["off_benefit"])
    return scale


def draw_uniforms(use: str, person: NDArray[np.int64], candidate: NDArray[np.int64], weeks: int) -> NDArray[np.float64]:
    """Uniforms of the life courses, shape (n, DRAWS + weeks): one generator for each person and candidate."""
    return np.stack(
        [
            generator(f"{use}/{one}/{number}").random(DRAWS + weeks)
            for one, number in zip(person, candidate, strict=True)
        ]
    )


def pick(shares: NDArray[np.float64], uniform: NDArray[np.float64]) -> NDArray[np.int64]:
    """Category of each uniform (n,) under cumulative shares ([n,] categories); the last takes the rest."""
    return (shares[..., :-1] <= uniform[:, None]).sum(axis=-1)


def simulate(
    model: Model,
    kind: NDArray[np.int64],
    state: NDArray[np.int64],
    elapsed: NDArray[np.int64],
    uniforms: NDArray[np.float64],
    barred: dict[str, NDArray[np.int64]],
) -> NDArray[np.int8]:
    """States of n life courses over the weeks of `uniforms` (n, weeks), from `state` held for `elapsed` weeks.

    `barred` names destinations that are closed until a week, given for each life course: the move does not happen.
    """
    closed = np.zeros((len(model.names), len(kind)), dtype=np.int64)
    for name, until in barred.items():
        closed[model.names.index(name)] = until
    state, elapsed = state.astype(np.int64), elapsed.astype(np.int64)
    path = np.empty(uniforms.shape, dtype=np.int8)
    for week in range(uniforms.shape[1]):
        elapsed = np.minimum(elapsed + 1, LONGEST)
        moving = np.flatnonzero(uniforms[:, week] < model.total[kind, state, elapsed])
        if moving.size:
            odds = model.cumulative[kind[moving], state[moving], elapsed[moving]]
            destination = (odds <= uniforms[moving, week][:, None]).sum(axis=1)
            is_open = closed[destination, moving] <= week
            moving, destination = moving[is_open], destination[is_open]
            state[moving] = destination
            elapsed[moving] = 0
        path[:, week] = state
    return path
