"""Bounds on the effects among those who would answer whether or not they were treated (Lee 2009), group by group.

Of each outcome and group the lower and the upper bound, with an error each and the interval of the pair; the share of
answers that is trimmed; the difference of all answers; and where the model has strata the bounds within them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.estimate.bounding import TIGHT, Bounding, Found, find, problems
from pipeline.estimate.problem import BoolArray, Estimator, FloatArray, Words, left_out, missing_rows
from pipeline.estimate.regression import IDENTITY, NO_VARIANCE_NOTE, ONE_CLUSTER_NOTE, WHAT, count_of
from pipeline.estimate.table import MISSING, Address, Estimate, hash_persons
from pipeline.estimate.terms import Evidence, Squares, Terms, sum_of_ones
from pipeline.stats.bounds import Bound, clustered_error, imbens_manski
from pipeline.stats.distributions import infer

BOUNDS, TRIMMED, DIFFERENCE = ("lower", "upper"), "trimmed", "difference"
# Of the largest answer: an error below it is rounding noise, a real one far above.
NOISE = 1e-9
FORMULA = "w one over the probability of the own arm, made to add up to one in each arm, and none of who is trimmed"
SCORE = "score(i) = what the person moves the bound by, by the answer and by having answered or not"


def rows(problem: Bounding) -> list[Estimate]:
    """The bounds of each outcome in each group, the share of the answers that is trimmed, and the plain difference."""
    listed = list[Estimate]()
    for place, label in enumerate(problem.labels):
        for group, found in find(problem, place):
            for prefix, reason in zip(("", TIGHT) if problem.model.strata else ("",), found.reasons, strict=False):
                own = _Telling(problem, place, group, found, prefix)
                if found.bound(f"{prefix}{BOUNDS[0]}") is None:
                    names = [own.parameter(name) for name in (*BOUNDS, TRIMMED, *([] if prefix else [DIFFERENCE]))]
                    listed += missing_rows(problem.model, problem.part.name, [label], names, reason, problem.notes)
                else:
                    listed += own.rows()
    return listed


@dataclass(frozen=True)
class _Telling:
    """What is told of one outcome, by its place, in one group, with the prefix of what is tightened by strata."""

    problem: Bounding
    place: int
    group: str
    found: Found
    prefix: str

    def parameter(self, name: str) -> str:
        """How a number of the group is addressed."""
        return f"{self.prefix}{name}:{self.group}" if len(self.problem.design.group_names) > 1 else self.prefix + name

    def rows(self) -> Iterator[Estimate]:
        """Its rows: bounds have the interval of the pair."""
        numbers = {name: self._number(self.found.bound(f"{self.prefix}{name}")) for name in BOUNDS}
        df, level = float(self.n_clusters - 1), self.problem.study.inference.level
        (low, low_error), (high, high_error) = numbers.values()
        limits = imbens_manski(low, low_error, high, high_error, df, level)
        shared = self._shared(self.answered, self.n_clusters)
        for name, (estimate, error) in numbers.items():
            yield Estimate(parameter=self.parameter(name), estimate=estimate, se=error, df=df,
                           ci_low=float(limits[0]), ci_high=float(limits[1]),
                           **self._noted(shared, low_error + high_error))  # fmt: skip
        trimmed, counted = _trimmed(self.problem, self.place, self.found, self.prefix)
        yield Estimate(parameter=self.parameter(TRIMMED), estimate=float(trimmed.sum()), **self._shared(counted, None))
        if not self.prefix:
            estimate, error = self._number(self.found.bound(DIFFERENCE))
            tested = infer(estimate, error, df, level)
            yield Estimate(parameter=self.parameter(DIFFERENCE), estimate=estimate, se=error, df=df,
                           p_value=float(tested.p_values), ci_low=float(tested.ci_low), ci_high=float(tested.ci_high),
                           **self._noted(shared, error))  # fmt: skip

    @property
    def answered(self) -> BoolArray:
        """Who answered, (n,)."""
        return _answered(self.problem, self.place, self.found, self.prefix)

    @property
    def n_clusters(self) -> int:
        """The clusters of everybody in the group, whether or not they answered: both move the bounds."""
        return len(np.unique(_clusters(self.problem)[self.found.whose(self.prefix)]))

    def _number(self, bound: Bound | None) -> tuple[float, float]:
        """A bound and its error, which is missing where it is rounding noise."""
        assert bound is not None, "what is missing has a reason and no number"
        whose = self.found.whose(self.prefix)
        error, _ = clustered_error(bound.scores[whose], _clusters(self.problem)[whose])
        largest = np.abs(self.problem.outcomes[self.answered, self.place]).max()
        return bound.estimate, error if error > NOISE * largest else MISSING

    def _noted(self, shared: Mapping[str, Any], error: float) -> dict[str, Any]:
        exact = NO_VARIANCE_NOTE if self.n_clusters > 1 else ONE_CLUSTER_NOTE
        return {**shared, "note": "; ".join(filter(None, [exact if np.isnan(error) else "", shared["note"]]))}

    def _shared(self, counted: BoolArray, n_clusters: int | None) -> dict[str, Any]:
        """What the rows have in common: the address, who is counted, and the notes."""
        problem = self.problem
        treated, persons = problem.design.treated[counted], problem.design.persons[counted]
        return {
            "model": problem.model.name,
            "sample": problem.part.name,
            "spec_hash": problem.spec_hash,
            "outcome": problem.labels[self.place].outcome,
            "week": problem.labels[self.place].week,
            "n": len(persons),
            "n_treated": int(treated.sum()),
            "n_control": int((~treated).sum()),
            "n_clusters": n_clusters,
            "note": "; ".join(filter(None, [*problem.notes, *_directions(problem, self.found, self.prefix)])),
            "sample_hash": _hash(persons.tobytes()),
        }


@lru_cache(maxsize=1024)
def _hash(persons: bytes) -> str:
    """The hash of persons, kept since outcomes of one survey have the same."""
    return hash_persons(np.frombuffer(persons, dtype=np.int64))


def _directions(problem: Bounding, found: Found, prefix: str) -> Iterator[str]:
    """Which arm answered more, in the group or in each of its strata: the one whose answers are trimmed."""
    if not prefix and found.plain is not None:
        share, arm = found.plain.trimmed.sum(), "treated" if found.plain.of_treated else "controls"
        yield f"more of the {arm} answered, so theirs are trimmed" if share else "as many answered in both arms"
    if prefix and found.tight is not None:
        names = [problem.strata_names[number] for number in np.unique(problem.strata[found.used])]
        for sign, arm in ((1, "treated"), (-1, "controls")):
            own = (name for name, its in zip(names, found.tight.signs, strict=True) if its == sign)
            yield from (f"more of the {arm} answered in {name}" for name in own)
        left = int((found.members & ~found.used).sum())
        yield left_out(left, "without the variables of the strata")


def _clusters(problem: Bounding) -> npt.NDArray[np.intp]:
    """The number of each person's cluster (n,); everybody is one in a model without."""
    return problem.design.clusters if problem.model.cluster != "none" else np.arange(len(problem.design.persons))


def _answered(problem: Bounding, place: int, found: Found, name: str) -> BoolArray:
    """Who answered (n,) of those behind a name."""
    return np.isfinite(problem.outcomes[:, place]) & found.whose(name)


def _trimmed(problem: Bounding, place: int, found: Found, prefix: str) -> tuple[FloatArray, BoolArray]:
    """What is trimmed of whom (n,), and those whose answers it is a share of: of an arm, or with strata of both."""
    answered = _answered(problem, place, found, prefix)
    if prefix and found.tight is not None:
        return found.tight.trimmed, answered
    assert found.plain is not None, "who is not bounded is not trimmed"
    return found.plain.trimmed, answered & (problem.design.treated == found.plain.of_treated)


def pair(address: Address) -> Address | None:
    """The other of two bounds, with which it has one interval; None of what is no bound."""
    name, colon, group = address.parameter.partition(":")
    for one, other in (BOUNDS, BOUNDS[::-1]):
        if name.removeprefix(TIGHT) == one:
            return replace(address, parameter=f"{name.removesuffix(one)}{other}{colon}{group}")
    return None


def terms(problem: Bounding, address: Address) -> Terms:
    """A bound is a weighted sum of the answers that are not trimmed; the share trimmed one of those that are."""
    import pandas as pd

    name, found = _asked(problem, address)
    persons, y = problem.design.persons, problem.outcomes[:, 0]
    if name.endswith(TRIMMED):
        trimmed = _trimmed(problem, 0, found, name.removesuffix(TRIMMED))[0]
        out = trimmed != 0.0
        return sum_of_ones("share = sum over those trimmed of their part of the answers", persons[out], trimmed[out])
    bound = found.bound(name)
    assert bound is not None, "a number that is missing has no terms"
    kept = bound.weights != 0.0
    weights = bound.weights[kept]
    return Terms(
        IDENTITY.format(what=WHAT.get(problem.model.source, "value"), formula=FORMULA),
        pd.DataFrame({"person": persons[kept], "weight": weights, "outcome": y[kept]}),
        (Evidence("outcome", persons[kept], address.outcome, address.week, problem.model.source, direct=weights),),
    )


def squares(problem: Bounding, address: Address) -> Squares:
    """The clustered error: of who answered a score by the outcome, of who did not one by not answering, the draw's."""
    import pandas as pd

    name, found = _asked(problem, address)
    bound, whose, y = found.bound(name), found.whose(name), problem.outcomes[:, 0]
    assert bound is not None, "a number that is missing has no error"
    is_clustered, cluster = problem.model.cluster != "none", problem.study.design.cluster
    persons, design = problem.design.persons, problem.design
    names = np.array(design.cluster_names)[design.clusters] if is_clustered else persons
    count = clustered_error(bound.scores[whose], _clusters(problem)[whose])[1]
    answered, silent = whose & np.isfinite(y), whose & ~np.isfinite(y)
    weights = bound.weights[answered]
    rest = bound.scores[answered] - weights * y[answered]
    table = {"person": persons[whose], "cluster": names[whose], "score": bound.scores[whose]}
    grouped = cluster if is_clustered else None
    return Squares(
        f"{SCORE}{', summed by cluster' if grouped else ', every person a cluster'}",
        count / (count - 1),
        f"G/(G-1) = {count}/{count - 1}",
        pd.DataFrame(table),
        (
            Evidence("outcome", persons[answered], address.outcome, address.week, problem.model.source,
                     direct=weights, evenly=rest, clusters=names[answered]),
            Evidence("draw", persons[silent], direct=bound.scores[silent], clusters=names[silent]),
        ),
        cluster=grouped.singular_en if grouped else "person",
        is_listed=grouped is not None,
    )  # fmt: skip


def counted(problem: Bounding, address: Address, statistic: str) -> Terms:
    """Who answered; of clusters those of everybody in the group, who are in the error; of a share whose it is."""
    name, found = _asked(problem, address)
    used = found.whose(name) if statistic == "n_clusters" else _answered(problem, 0, found, name)
    if name.endswith(TRIMMED) and found.bound(name.replace(TRIMMED, BOUNDS[0])) is not None:
        used = _trimmed(problem, 0, found, name.removesuffix(TRIMMED))[1]
    return count_of(problem.design.persons[used], problem.design.treated[used], _clusters(problem)[used], statistic)


def _asked(problem: Bounding, address: Address) -> tuple[str, Found]:
    """The name of a parameter without its group, and what was found in that."""
    name, _, group = address.parameter.partition(":")
    return name, dict(find(problem, 0))[group or problem.design.group_names[0]]


ESTIMATOR = Estimator(
    possible={
        "link": (None,), "grid": (None,), "limits": (None,), "printed": ((),), "treatment": ("treated",),
        "fixed_effects": ("none",), "peers": ("none",), "strata": None,
    },
    words=Words(
        r"\hat V = \frac{G}{G-1} \sum_h \Big(\sum_{i \in h} s_i\Big)^2, \quad "
        r"F\Big(c + \frac{U - L}{\max(\sigma_L, \sigma_U)}\Big) - F(-c) = 0.95",
        "t(G − 1)",
        "s(i) is the influence of person i on the bound, by the answer and by having answered; h the G clusters. The "
        "interval of Imbens and Manski (2004) goes from L − c σ(L) to U + c σ(U), F being t(G − 1).",
    ),
    problems=problems,
    rows=rows,
    terms=terms,
    counted=counted,
    squares=squares,
    pair=pair,
)  # fmt: skip
