"""What percentages tell of the persons who have a property: a share beside its persons is their number.

A mean of weeks is between two such shares: of those who were ever in the state, and of those who always were.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from pipeline.disclosure.behind import decimals_of
from pipeline.disclosure.groups import NOT_PERSONS, OF_PERSONS, BoolArray, Gathering, Place, Told
from pipeline.disclosure.primary import ALLOWANCE, Behind, Judged, kind_of_share
from pipeline.disclosure.release import shown_value
from pipeline.estimate.estimators import ESTIMATORS
from pipeline.estimate.table import parse_address
from pipeline.settings.models import Model

if TYPE_CHECKING:
    from pipeline.estimate.problem import Data

Row = Mapping[Any, Any]
FEW = "few_of_a_kind"


class Part(NamedTuple):
    """Who a share is of, (n,) each: the whole, who has the property of the name at all, and who has it wholly."""

    property: str
    whole: BoolArray
    ever: BoolArray
    always: BoolArray


class Share(NamedTuple):
    """A part of a whole, what the text says of it (nothing where it is withheld, being of few), and its place."""

    part: Part
    low: float
    high: float
    is_few: bool
    place: Place


def tell_shares(
    found: Gathering,
    shown: Sequence[Row],
    judged: Sequence[Judged],
    behind: Behind,
    models: Mapping[str, Model],
    data: Data,
    language: str,
) -> None:
    """Add what the percentages among the numbers `shown` tell of groups, and of those whose percentage is withheld.

    Properties of which no percentage is withheld have nobody to tell of, and are left out, but for those that exclude
    one that has: the categories of a question add up.
    """
    are_few = any(own.rule == FEW for own in judged)
    parts, shares = dict[tuple[str, str], Part | None](), list[Share]()
    for row, own in zip(shown, judged, strict=True):
        estimate = behind.estimates[row["estimate_id"]]
        kind = kind_of_share(row["statistic"], estimate, behind)
        if own.rule not in ("", FEW) or not (kind == "size" or (kind and are_few)):
            continue
        key = (row["estimate_id"], kind)
        if key not in parts:
            parts[key] = _part(estimate, kind, found, models.get(estimate["model"]), data)
        if (part := parts[key]) is not None:
            low, high = _said(row, own, language)
            shares.append(Share(part, low, high, own.rule == FEW, (row["estimate_id"], row["statistic"])))
    for share in _concerned(shares):
        _tell(found, share, behind.bounds.persons)


def _part(estimate: Row, kind: str, found: Gathering, model: Model | None, data: Data) -> Part | None:
    """Who a share of an estimate is of; None of one that is not of persons."""
    if model is None or model.estimator in NOT_PERSONS:
        return None
    address, estimator = parse_address(estimate["estimate_id"]), ESTIMATORS[model.estimator]
    problem = next(iter(estimator.problems(model, data, address)))
    sums = estimator.level if kind == "level" else estimator.terms
    if sums is None:
        return None
    table = sums(problem, address).table
    weight, outcome, persons = (table[name].to_numpy() for name in ("weight", "outcome", "person"))
    is_used = weight > ALLOWANCE / len(found.persons)
    everybody = persons[is_used]
    if kind == "size":
        everybody = estimator.counted(problem, replace(address, parameter=""), "n").table["person"].to_numpy()
    return Part(
        OF_PERSONS if kind == "size" else estimate["outcome"],
        found.of(everybody),
        found.of(persons[is_used & (outcome > 0)]),
        found.of(persons[is_used & (outcome >= 1 - ALLOWANCE)]),
    )


def _said(row: Row, own: Judged, language: str) -> tuple[float, float]:
    """Between which shares the text says that a number is; a part of the level tells that beside the effect."""
    if own.rule or row["statistic"] == "relative":
        return 0.0, 1.0
    value, half = (
        shown_value(row["text"], row["unit"], language),
        0.5 * 10.0 ** -decimals_of(row["text"], row["unit"], language),
    )
    return max(0.0, value - half), min(1.0, value + half)


def _concerned(shares: Sequence[Share]) -> list[Share]:
    """Those of groups that are counted, of properties with a share withheld, and of what these exclude."""
    have = dict[str, BoolArray]()
    for own in (share.part for share in shares):
        have[own.property] = have.get(own.property, own.ever) | own.ever
    few = {share.part.property for share in shares if share.is_few}
    names = {OF_PERSONS, *few} | {
        name for name, own in have.items() if any(not (own & have[other]).any() for other in few)
    }
    return [share for share in shares if share.part.property in names]


def _tell(found: Gathering, share: Share, fewest: int) -> None:
    part, places = share.part, frozenset({share.place})
    whole, ever, always = (found.group(each, part.property) for each in (part.whole, part.ever, part.always))
    if not share.is_few:
        found.tell(Told(ever, share.low, float("inf"), whole, places))
        found.tell(Told(always, float("-inf"), share.high, whole, places))
    elif part.always.sum() < fewest:
        found.tell(Told(always, 0.0, fewest - 1.0))
    else:
        found.tell(Told(found.group(part.whole & ~part.ever, part.property), 0.0, fewest - 1.0))
