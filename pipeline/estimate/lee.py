"""Bounds on the effects among those who would answer whether or not they were treated (Lee 2009), group by group.

No covariate is held fixed: they say only which persons are compared, the same as in the model that is bounded. What
makes arms comparable is the lot, whose probability differed from cluster to cluster: a person weighs one over the
probability of the own arm, the share of the arm among the analysed persons of the cluster.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.estimate.designs import Design, Part, parts_of
from pipeline.estimate.outcomes import labels_of, outcome_values
from pipeline.estimate.problem import (
    NOBODY_IN_SAMPLE,
    NOBODY_KNOWN,
    BoolArray,
    Data,
    Estimator,
    FloatArray,
    Label,
    Words,
    left_out,
    missing_rows,
    wanted,
)
from pipeline.estimate.regression import IDENTITY, WHAT, count_of, outsiders
from pipeline.estimate.table import Address, Estimate, hash_persons
from pipeline.estimate.terms import Evidence, Squares, Terms, sum_of_ones
from pipeline.people.samples import select_sample
from pipeline.people.splits import NEITHER, split_people
from pipeline.settings.models import Model
from pipeline.settings.study import Study
from pipeline.stats.bounds import Bound, LeeBounds, TightBounds, clustered_error, imbens_manski, lee_bounds, tight_bounds
from pipeline.stats.distributions import infer
from pipeline.stats.errors import NoEstimateError

TIGHT = "tight_"
BOUNDS, TRIMMED, DIFFERENCE = ("lower", "upper"), "trimmed", "difference"
PLAIN = (*BOUNDS, TRIMMED, DIFFERENCE)
TIGHTER = tuple(f"{TIGHT}{name}" for name in (*BOUNDS, TRIMMED))
NO_STRATUM, AND = -1, " and "
FORMULA = "w one over the probability of the own arm, made to add up to one in each arm, and none of who is trimmed"
SCORE = "score(i) = what the person moves the bound by, by the answer and by having answered or not"


@dataclass(frozen=True)
class Bounding:
    """Outcomes (n, m), one column per label and NaN of who did not answer, of the n persons of a part.

    lot: (n,), one over the probability of the own arm; strata: (n,) numbers into strata_names, -1 of who is in none.
    """

    model: Model
    part: Part
    labels: tuple[Label, ...]
    outcomes: FloatArray
    lot: FloatArray
    strata: npt.NDArray[np.intp]
    strata_names: tuple[str, ...]
    notes: tuple[str, ...]
    spec_hash: str
    study: Study

    @property
    def design(self) -> Design:
        """The persons of the part."""
        return self.part.design


@dataclass(frozen=True)
class Found:
    """The bounds of one outcome in one group: those of `members` (n,), of whom `used` are in the tightened ones."""

    members: BoolArray
    used: BoolArray
    plain: LeeBounds | None
    tight: TightBounds | None
    reasons: tuple[str, str]

    def bound(self, name: str) -> Bound | None:
        """The bound of a name, by whether it is tightened."""
        own = self.tight if name.startswith(TIGHT) else self.plain
        return None if own is None else getattr(own, name.removeprefix(TIGHT))

    def whose(self, name: str) -> BoolArray:
        """The persons (n,) behind a name."""
        return self.used if name.startswith(TIGHT) else self.members


def problems(model: Model, data: Data, address: Address | None = None) -> Iterator[Bounding]:
    """The problems of a model: each sample or split, with every outcome or the one at the address."""
    labels = tuple(wanted(labels_of(model, data), address))
    if not labels:
        return
    values, lot, note = outcome_values(model, labels, data), lot_weights(data), outsiders(model, data)
    grouping = data.study.design.cluster or data.study.design.stratum
    lone = f"of whose {grouping.singular_en} all are of one arm" if grouping else "of one arm"
    spec_hash = model.spec_hash
    for part in parts_of(model, data, address.sample if address else None):
        strata, names = _strata(model, part, data)
        own = lot[part.rows]
        alone = left_out(int(np.isnan(own).sum()), lone)
        notes = (part.design.note, note, alone)
        yield Bounding(
            model, part, labels, values[part.rows], np.nan_to_num(own), strata, names, notes, spec_hash, data.study
        )


def lot_weights(data: Data) -> FloatArray:
    """One over the probability of the own arm, (n,) of all analysed persons: the arm's share in the cluster.

    Without clusters the lot was drawn within strata, and without these among all. NaN of who is in a cluster with one
    arm, where nobody compares.
    """
    design, treated = data.study.design, data.people["treated"].to_numpy(dtype=float)
    grouping = design.cluster or design.stratum
    names = np.zeros(len(treated)) if grouping is None else data.people[grouping.name].to_numpy(dtype=str)
    codes = np.unique(names, return_inverse=True)[1]
    share = (np.bincount(codes, treated) / np.bincount(codes))[codes]
    has_both = (share > 0.0) & (share < 1.0)
    own = np.where(treated == 1.0, share, 1.0 - share)
    return np.divide(1.0, own, out=np.full(len(own), np.nan), where=has_both)


def _strata(model: Model, part: Part, data: Data) -> tuple[npt.NDArray[np.intp], tuple[str, ...]]:
    """The stratum (n,) of each person of a part, the sides of all splits together, and the names of those there are."""
    chosen = select_sample(data.people, model.samples[0] if model.splits else part.name, data.study)
    sides = [split_people(chosen, split, data.study) for split in model.strata]
    known = np.all([side != NEITHER for side in sides], axis=0) if sides else np.zeros(len(chosen), dtype=bool)
    names = [
        AND.join(f"{split}_{side}" for split, side in zip(model.strata, own, strict=True))
        for own in zip(*sides, strict=True)
    ] or [""] * len(chosen)
    at = chosen.index.get_indexer(part.rows)
    own_names, is_known = np.array(names, dtype=str)[at], known[at]
    levels = np.unique(own_names[is_known])
    return np.where(is_known, np.searchsorted(levels, own_names), NO_STRATUM), tuple(levels.tolist())


def find(problem: Bounding, place: int) -> Iterator[tuple[str, Found]]:
    """The bounds of one outcome in each group, by its name."""
    y, design = problem.outcomes[:, place], problem.design
    for group in design.group_names:
        members = design.members(group) & (problem.lot > 0.0)
        used = members & (problem.strata != NO_STRATUM)
        reasons = ["", ""]
        plain = tight = None
        try:
            _require_somebody(problem, np.isfinite(y) & members)
            plain = lee_bounds(y, design.treated, np.where(members, problem.lot, 0.0))
        except NoEstimateError as error:
            reasons = [str(error), str(error)]
        try:
            if problem.model.strata and plain is not None:
                tight = _tighten(problem, y, used)
        except NoEstimateError as error:
            reasons[1] = str(error)
        yield group, Found(members, used, plain, tight, (reasons[0], reasons[1]))


def _require_somebody(problem: Bounding, answered: BoolArray) -> None:
    if not answered.any():
        raise NoEstimateError(NOBODY_KNOWN if problem.part.size else NOBODY_IN_SAMPLE)


def _tighten(problem: Bounding, y: FloatArray, used: BoolArray) -> TightBounds:
    """The bounds within strata; a stratum is one of those that the group has."""
    levels, codes = np.unique(problem.strata[used], return_inverse=True)
    if not len(levels):
        raise NoEstimateError(NOBODY_KNOWN)
    treated, lot = problem.design.treated[used], problem.lot[used]
    found = tight_bounds(y[used], treated, lot, codes)

    def everybody(own: FloatArray) -> FloatArray:
        whole = np.zeros(len(used))
        whole[used] = own
        return whole

    lower, upper = (Bound(b.estimate, everybody(b.weights), everybody(b.scores)) for b in (found.lower, found.upper))
    return TightBounds(lower, upper, everybody(found.trimmed), found.signs)


def rows(problem: Bounding) -> list[Estimate]:
    """The bounds of each outcome in each group, the share of the answers that is trimmed, and the plain difference."""
    found = list[Estimate]()
    for place, label in enumerate(problem.labels):
        for group, own in find(problem, place):
            for prefix, bounds, reason in (("", own.plain, own.reasons[0]), (TIGHT, own.tight, own.reasons[1])):
                names = PLAIN if not prefix else TIGHTER
                if prefix and not problem.model.strata:
                    continue
                if bounds is None:
                    parameters = [_parameter(problem, name, group) for name in names]
                    found += missing_rows(problem.model, problem.part.name, [label], parameters, reason, problem.notes)
                else:
                    found += _rows(problem, place, group, own, prefix)
    return found


def _rows(problem: Bounding, place: int, group: str, found: Found, prefix: str) -> Iterator[Estimate]:
    """The rows of the bounds, tightened or not, of an outcome in a group."""
    clusters = _clusters(problem)
    pair = [found.bound(f"{prefix}{name}") for name in BOUNDS]
    whose = found.whose(prefix)
    errors = [_error(bound, clusters, whose) for bound in pair if bound is not None]
    (low, low_error), (high, high_error) = [
        (bound.estimate, error) for bound, (error, _) in zip(filter(None, pair), errors, strict=True)
    ]
    df, level = float(errors[0][1] - 1), problem.study.inference.level
    limits = imbens_manski(low, low_error, high, high_error, df, level)
    interval = {"ci_low": float(limits[0]), "ci_high": float(limits[1])}
    shared = _shared(problem, place, found, prefix, errors[0][1])
    for name, estimate, error in zip(BOUNDS, (low, high), (low_error, high_error), strict=True):
        yield Estimate(parameter=_parameter(problem, f"{prefix}{name}", group), estimate=estimate, se=error, df=df,
                       **interval, **shared)  # fmt: skip
    trimmed, counted = _trimmed(problem, place, found, prefix)
    yield Estimate(parameter=_parameter(problem, f"{prefix}{TRIMMED}", group), estimate=float(trimmed.sum()),
                   **_shared(problem, place, found, prefix, None, counted))  # fmt: skip
    if not prefix and found.plain is not None:
        difference = found.plain.difference
        error = _error(difference, clusters, whose)[0]
        tested = infer(difference.estimate, error, df, level)
        yield Estimate(parameter=_parameter(problem, DIFFERENCE, group), estimate=difference.estimate, se=error, df=df,
                       p_value=float(tested.p_values), ci_low=float(tested.ci_low), ci_high=float(tested.ci_high),
                       **shared)  # fmt: skip


def _shared(
    problem: Bounding, place: int, found: Found, prefix: str, n_clusters: int | None, counted: BoolArray | None = None
) -> dict[str, Any]:
    """What the rows of a group have in common: the outcome, who answered, and the notes."""
    used = _answered(problem, place, found, prefix) if counted is None else counted
    treated, persons = problem.design.treated[used], problem.design.persons[used]
    return {
        "model": problem.model.name,
        "sample": problem.part.name,
        "spec_hash": problem.spec_hash,
        "outcome": problem.labels[place].outcome,
        "week": problem.labels[place].week,
        "n": len(persons),
        "n_treated": int(treated.sum()),
        "n_control": int((~treated).sum()),
        "n_clusters": n_clusters,
        "note": "; ".join(filter(None, [*problem.notes, *_directions(problem, found, prefix)])),
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


def _parameter(problem: Bounding, name: str, group: str) -> str:
    return f"{name}:{group}" if len(problem.design.group_names) > 1 else name


def _clusters(problem: Bounding) -> npt.NDArray[np.intp]:
    """The number of each person's cluster (n,); everybody is one in a model without."""
    return problem.design.clusters if problem.model.cluster != "none" else np.arange(len(problem.design.persons))


def _error(bound: Bound, clusters: npt.NDArray[np.intp], whose: BoolArray) -> tuple[float, int]:
    return clustered_error(bound.scores[whose], clusters[whose])


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
