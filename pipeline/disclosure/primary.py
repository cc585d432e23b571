"""Each number shown judged by itself: how many persons are behind it, and how many of them it would tell of."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from pipeline.disclosure.curves import density_rules, limit_rules, risk_rules, survival_rules
from pipeline.estimate.designs import AGAINST
from pipeline.settings.disclosure import Bounds
from pipeline.show.numbers import as_float

Row = Mapping[Any, Any]
AT_RISK = "at_risk"
COUNTS = ("n", "n_treated", "n_control", AT_RISK)  # statistics that count persons
NO_PERSONS = ("x", "n_clusters", "family_size")  # statistics that are a setting, or count no persons
RANGE = "without_"  # begins the statistics of the range without one cluster
ALLOWANCE = 1e-6  # persons: what a mean times a count may lose in binary arithmetic


class Judged(NamedTuple):
    """The rule that decided of a number, '' where none did, and the number that leaves in its place, if another."""

    rule: str = ""
    value: float = math.nan


@dataclass(frozen=True)
class Behind:
    """What is behind the numbers: estimates by estimate_id, and the name of the estimator of each model.

    yes_or_no: the outcomes that lie between 0 and 1, so that a mean times its persons is how many have it; clusters:
    the outcomes that count clusters and no persons; bounds: those of disclosure.toml; from_zero: the outcomes that
    begin at 0, so that a mean times its persons is at least how many have any.
    """

    estimates: Mapping[str, Row]
    estimators: Mapping[str, str]
    yes_or_no: frozenset[str]
    clusters: frozenset[str]
    bounds: Bounds
    from_zero: frozenset[str] = frozenset()

    def estimator(self, estimate: Row) -> str:
        """The estimator of an estimate, '' of one that no model of the study makes."""
        return self.estimators.get(estimate["model"], "")

    def beside(self, estimate: Row, parameter: str) -> Row | None:
        """The estimate of another parameter of the same problem."""
        head = str(estimate["estimate_id"]).removesuffix(str(estimate["parameter"]))
        return self.estimates.get(f"{head}{parameter}")


def judge_all(rows: Sequence[Row], behind: Behind) -> list[Judged]:
    """The rule that decides of each of the numbers shown, each judged by itself; `rows` are those of shown.parquet."""
    curves = _judge_curves(rows, behind)
    return [curves.get(row["cell_id"]) or judge(row, behind) for row in rows]


def judge(row: Row, behind: Behind) -> Judged:
    """The rule that decides of one number."""
    estimate, statistic, value = behind.estimates[row["estimate_id"]], row["statistic"], float(row["value"])
    estimator = behind.estimator(estimate)
    if math.isnan(value) or statistic in NO_PERSONS or estimator == "printed":
        return Judged()
    if statistic in COUNTS:
        return Judged(_rule_of_part(value, estimate, behind.bounds))
    if row["unit"] == "date" and estimator == "count":
        return Judged(_too_few(estimate["n"], behind.bounds) or "day_of_one")
    if estimator == "count":
        is_person = estimate["outcome"] not in behind.clusters
        return Judged(_rule_of_part(value, estimate, behind.bounds) if is_person else "")
    return Judged(_rule_of_statistic(statistic, estimate, estimator, behind))


def rule_of_count(count: float, bounds: Bounds) -> str:
    """Of a number of persons: few is withheld, nobody is said, any other number is rounded."""
    if 0 < count < bounds.persons:
        return "few_persons"
    return "rounded" if count and bounds.base > 1 else ""


def is_of_few(estimate: Row, bounds: Bounds) -> bool:
    """Whether all persons of an estimate are few: its parts are withheld alike, so no mark tells that one has any."""
    return 0 < as_float(estimate["n"]) < bounds.persons


def _rule_of_part(count: float, estimate: Row, bounds: Bounds) -> str:
    return "few_persons" if is_of_few(estimate, bounds) else rule_of_count(count, bounds)


def _too_few(count: Any, bounds: Bounds) -> str:
    return "few_persons" if as_float(count) < bounds.persons else ""


def _rule_of_statistic(statistic: str, estimate: Row, estimator: str, behind: Behind) -> str:
    parameter, group = str(estimate["parameter"]), str(estimate["parameter"]).partition(":")[2]
    if parameter.startswith("size:"):
        share, size = as_float(estimate["estimate"]), as_float(estimate["n"])
        return _rule_of_share(size, size / share - size if share else 0.0, behind.bounds)
    if estimator == "mean" or parameter.startswith("control_mean"):
        return _rule_of_mean(as_float(estimate["estimate"]), as_float(estimate["n"]), estimate, behind)
    if estimator in ("density", "kaplan_meier", ""):
        return _too_few(estimate["n"], behind.bounds)
    if statistic in ("control_mean", "relative"):
        own = behind.beside(estimate, f"control_mean:{group}") if group else None
        level, n = (own["estimate"], own["n"]) if own else (estimate["control_mean"], estimate["n_control"])
        found = _rule_of_mean(as_float(level), as_float(n), estimate, behind)
        if found or statistic == "control_mean":
            return found
    if statistic.startswith(RANGE) and (found := rule_of_range(estimate, behind.bounds)):
        return found
    return _rule_of_effect(estimate, group, behind)


def rule_of_range(estimate: Row, bounds: Bounds) -> str:
    """Of the range without one cluster: what the cluster at an end adds to the estimate is a sum over its persons."""
    return "" if as_float(estimate.get("without_persons")) >= bounds.persons else "few_persons"


def kind_of_share(statistic: str, estimate: Row, behind: Behind) -> str:
    """Which percentage of persons a number is: 'size' of a group, 'terms' of the estimate itself, 'level' beside it.

    '' of a number that is none. A percentage of the control group's mean tells that mean beside the effect.
    """
    estimator, parameter = behind.estimator(estimate), str(estimate["parameter"])
    if estimator in ("", "printed", "density", "kaplan_meier", "count"):
        return ""
    if parameter.startswith("size:"):
        return "size" if statistic == "estimate" else ""
    if estimate["outcome"] not in behind.yes_or_no:
        return ""
    if statistic == "estimate":
        return "terms" if estimator == "mean" or parameter.startswith("control_mean") else ""
    return "level" if statistic in ("control_mean", "relative") else ""


def _rule_of_share(with_it: float, without: float, bounds: Bounds) -> str:
    """Of a percentage: nobody and everybody are few too, for they tell of each person of the group."""
    return "few_of_a_kind" if min(with_it, without) < bounds.persons - ALLOWANCE else ""


def _rule_of_mean(mean: float, n: float, estimate: Row, behind: Behind) -> str:
    if n < behind.bounds.persons:
        return "few_persons"
    if estimate["outcome"] in behind.yes_or_no:
        return _rule_of_share(mean * n, n - mean * n, behind.bounds)
    return _rule_of_share(mean * n, n, behind.bounds) if estimate["outcome"] in behind.from_zero else ""


def _rule_of_effect(estimate: Row, group: str, behind: Behind) -> str:
    """Of a coefficient, its error and its interval: both arms, those of its group, and the degrees of freedom.

    A difference of two effects is of both their groups: beside the one it tells the other.
    """
    if _is_of_few_trimmed(estimate, group, behind):
        return "few_persons"
    sizes = [behind.beside(estimate, f"size:{side}") for side in group.split(AGAINST)]
    own = [size for size in sizes if size is not None] or [estimate]
    arms = [as_float(each[arm]) for each in own for arm in ("n_treated", "n_control")]
    counted = [arm for arm in arms if arm > 0] or [as_float(each["n"]) for each in own]
    if min(counted) < behind.bounds.persons:
        return "few_persons"
    degrees, clusters = as_float(estimate["df"]), as_float(estimate["n_clusters"])
    known = [number for number in (degrees, clusters - 1) if math.isfinite(number)]
    return "few_degrees" if known and min(known) < behind.bounds.degrees else ""


def _is_of_few_trimmed(estimate: Row, group: str, behind: Behind) -> bool:
    """Whether a bound trims few persons: beside the other bound it would tell how far they lie from the rest."""
    parameter = str(estimate["parameter"]).partition(":")[0]
    start = next(
        (parameter.removesuffix(end) for end in ("lower", "upper", "trimmed") if parameter.endswith(end)), None
    )
    if start is None or behind.estimator(estimate) != "lee_bounds":
        return False
    own = behind.beside(estimate, ":".join(filter(None, (f"{start}trimmed", group))))
    persons = as_float(own["estimate"]) * as_float(own["n"]) if own else 0.0
    return ALLOWANCE < persons < behind.bounds.persons - ALLOWANCE


def _judge_curves(rows: Sequence[Row], behind: Behind) -> dict[str, Judged]:
    """By address the points of survival curves and densities, which are judged together."""
    found: dict[str, Judged] = {}
    for kind, own in _curves(rows, behind):
        estimates = [behind.estimates[row["estimate_id"]] for row in own]
        if kind == "density":
            judged = [Judged(rule) for rule, _ in density_rules(estimates, behind.bounds)]
        else:
            statistic = own[0]["statistic"]
            rules = survival_rules if statistic == "estimate" else risk_rules if statistic == AT_RISK else limit_rules
            judged = [Judged(*each) for each in rules(estimates, behind.bounds)]
        found |= {row["cell_id"]: each for row, each in zip(own, judged, strict=True)}
    return found


def _curves(rows: Sequence[Row], behind: Behind) -> Iterator[tuple[str, list[Row]]]:
    """Each curve of known points, by its estimator: the same statistic of a sample, an outcome and an arm, by week."""
    curves: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        estimate = behind.estimates[row["estimate_id"]]
        kind = behind.estimator(estimate)
        is_at_risk = kind == "kaplan_meier" and row["statistic"] == AT_RISK
        if kind in ("density", "kaplan_meier") and (row["statistic"] not in (*COUNTS, *NO_PERSONS) or is_at_risk):
            place = tuple(row[name] for name in ("exhibit", "panel", "column", "statistic"))
            own = tuple(estimate[name] for name in ("sample", "outcome", "parameter"))
            curves.setdefault((kind, *place, *own), []).append(row)
    for (kind, *_), own_rows in curves.items():
        known = [row for row in own_rows if math.isfinite(row["value"])]
        if known:
            yield kind, sorted(known, key=lambda row: int(behind.estimates[row["estimate_id"]]["week"]))
