"""The groups of persons whose numbers leave: who is in each, and which statistics of which estimates count it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pipeline.disclosure.primary import COUNTS
from pipeline.estimate.estimators import ESTIMATORS
from pipeline.estimate.table import parse_address
from pipeline.settings.models import Model

if TYPE_CHECKING:
    from pipeline.estimate.problem import Data

Row = Mapping[Any, Any]
Place = tuple[str, str]  # estimate_id and statistic
BoolArray = npt.NDArray[np.bool_]
NOT_PERSONS = ("discrete_hazard", "group_ols", "printed")  # estimators whose n counts other things than persons


@dataclass(frozen=True)
class Groups:
    """Distinct groups of persons, members (k, persons), and for each the places that count it."""

    members: BoolArray
    places: tuple[frozenset[Place], ...]

    @property
    def sizes(self) -> npt.NDArray[np.int64]:
        """The number of persons of each group, (k,)."""
        return np.asarray(self.members.sum(axis=1), dtype=np.int64)


def gather_groups(
    shown: Iterable[Row], estimates: Mapping[str, Row], models: Mapping[str, Model], data: Data
) -> Groups:
    """The groups whose numbers of persons are among the numbers `shown`, each once, with all the places that count it.

    Estimates of equal hashes have the same persons, so the problem of the first is made anew for all of them; weeks of
    a survival curve, which count those at risk, and counts are groups of their own.
    """
    exclusions = data.tables["exclusions"]
    person, treated = exclusions["person"].to_numpy(), exclusions["treated"].to_numpy() == 1
    at = {number: place for place, number in enumerate(person)}
    known, found = dict[tuple[str, str], BoolArray](), dict[bytes, tuple[BoolArray, set[Place]]]()
    counts = _CountProblems(data)
    for row in shown:
        estimate = estimates[row["estimate_id"]]
        model = models.get(estimate["model"])
        if model is None or model.estimator in NOT_PERSONS:
            continue
        is_count = model.estimator == "count"
        if not (row["statistic"] in COUNTS or (is_count and row["unit"] == "count")):
            continue
        own = estimate["estimate_id"] if is_count or model.estimator == "kaplan_meier" else ""
        key = (str(estimate["sample_hash"]), own)
        if key not in known:
            known[key] = np.zeros(len(at), dtype=bool)
            known[key][[at[int(each)] for each in _persons(estimate, model, data, counts)]] = True
        arm = {"n_treated": treated, "n_control": ~treated}.get(row["statistic"], treated | ~treated)
        members = known[key] & arm
        found.setdefault(members.tobytes(), (members, set()))[1].add((row["estimate_id"], row["statistic"]))
    kept = [(members, frozenset(places)) for members, places in found.values() if members.any()]
    return Groups(np.array([members for members, _ in kept]), tuple(places for _, places in kept))


def _persons(row: Row, model: Model, data: Data, counts: _CountProblems) -> Iterable[int]:
    """The persons that the n of an estimate counts."""
    address, estimator = parse_address(row["estimate_id"]), ESTIMATORS[model.estimator]
    if model.estimator == "count":
        problem = counts.of(model)[address.sample, address.outcome]
        is_of_persons = problem.day is None and len(problem.counted) in _sizes(row)
        return problem.counted["person"] if is_of_persons else []
    problem = next(iter(estimator.problems(model, data, address)))
    persons: Iterable[int] = estimator.counted(problem, address, "n").table["person"].unique()
    return persons


def _sizes(row: Row) -> list[int]:
    return [int(row[name]) for name in ("n", "n_treated", "n_control")]


class _CountProblems:
    """The problems of models that count, which are made all at once."""

    def __init__(self, data: Data) -> None:
        self._data, self._known = data, dict[str, dict[tuple[str, str], Any]]()

    def of(self, model: Model) -> dict[tuple[str, str], Any]:
        """By sample and outcome."""
        if model.name not in self._known:
            problems = ESTIMATORS[model.estimator].problems(model, self._data, None)
            self._known[model.name] = {(problem.sample, problem.outcome): problem for problem in problems}
        return self._known[model.name]
