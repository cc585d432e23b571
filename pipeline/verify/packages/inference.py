"""The statistics of resampling by a second route: of which estimates, and each by estimate_id.

Not everything is made again, for it would take minutes. Of every model the first and the last regression have their
clusters left out, and one family has its draws made again: that of the fewest regressions, of these the last. A family
of several regressions is made again of the first model alone whose families reach over samples; of the others, and of
models without families, the last regression. The p-values and limits are those of the first and last outcome of each.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from pipeline.verify.packages import redrawn, redrawn_exits, redrawn_otherwise, refits
from pipeline.verify.packages.again import Drawn
from pipeline.verify.packages.least_squares import Case, Regression, cases, interacted, is_one, regression_of
from pipeline.verify.packages.nonresponse import probabilities
from pipeline.verify.packages.refits import Problem, errors_of, hc2_of, problem_of
from pipeline.verify.packages.together import Member, judged
from pipeline.verify.packages.trial import Trial, labels_of

REDRAWN = 9  # regressions of a family at most
Found = dict[str, dict[str, float]]


class Written(NamedTuple):
    """A case with the covariates that are left, and its regression: the names of its tests, and of the clusters."""

    case: Case
    problem: Problem
    tests: list[str]
    names: list[str]

    def address(self, test: int, outcome: int) -> str:
        """The estimate_id of a test and a column of the outcomes."""
        label, week = labels_of(self.case.outcomes)[outcome]
        return "/".join(
            [self.case.model["name"], self.case.name, label, "" if week is None else str(week), self.tests[test]]
        )

    def each(self) -> list[tuple[int, int]]:
        """Every test and outcome."""
        return list(product(range(len(self.tests)), range(self.problem.outcomes.shape[1])))


def is_resampled(model: Mapping[str, Any]) -> bool:
    """Whether draws say something of a model."""
    known = ("ols", "weighted_ols", "group_ols", "stratum_effects", "discrete_hazard")
    return model["treatment"] != "none" and model["estimator"] in known


def resample(model: Mapping[str, Any], trial: Trial, drawn: Drawn, known: Collection[str]) -> Found:
    """The statistics by estimate_id of those of the estimates `known` to have an error that are made again."""
    found = Found()
    if model["estimator"] == "discrete_hazard":
        found.update(redrawn_exits.resampled(model, trial, drawn.lots))
    elif every := [written for case in cases(model, trial) if (written := _written_out(case, trial)) is not None]:
        for written in _ends(every):
            _merge(found, _refitted(written))
        tested = [written.case for written in every]
        family, is_whole = _family(model, tested, model["name"] == trial.definitions.first_across)
        members = [
            member for case, columns in family for member in _drawn_again(found, case, columns, trial, drawn, known)
        ]
        kinds = [
            [member for member in members if ("-" in member.estimate_id) == is_difference] for is_difference in (0, 1)
        ]
        for kind in kinds if is_whole else ():
            _merge(found, judged(kind, trial) if kind else {})
    return {name: row for name, row in found.items() if name in known}


def _merge(found: Found, further: Found) -> None:
    for name, row in further.items():
        found.setdefault(name, {}).update(row)


def _ends(items: Sequence[Any]) -> list[Any]:
    """The first and the last."""
    return [items[place] for place in sorted({0, len(items) - 1})]


def _written_out(case: Case, trial: Trial) -> Written | None:
    """The regression of a case, on persons or on means by cluster and arm.

    None if it tells of no effect, or of none with an error, as in one cluster.
    """
    if not len(case.people) or (case.model["cluster"] != "none" and is_one(case.people["cluster_"])):
        return None
    people, outcomes = case.people.assign(name_=trial.cluster_names(case.people)), case.outcomes
    if case.model["estimator"] == "stratum_effects":
        averaged = interacted(case)
        if averaged is None:
            return None
        design, contrast = averaged
        tests = pd.DataFrame([contrast], ["treated"], design.columns)
    else:
        if case.model["estimator"] == "group_ols":
            keys = [people[name] for name in ("cluster_", "stratum_", "treated", "name_")]
            outcomes = outcomes.groupby(keys).mean()
            people = people[case.covariates].astype(float).groupby(keys).mean().reset_index().assign(group_="")
        design, tests = regression_of(people, case.covariates, case.groups)
    chances = probabilities(case) if case.model["estimator"] == "weighted_ols" else np.ones(len(design))
    if tests.empty or chances is None:
        return None
    # Least squares with weights is that of rows times the roots of them.
    outcomes, design = (table.mul(1 / np.sqrt(chances), axis=0) for table in (outcomes, design))
    is_clustered = case.model["cluster"] != "none"
    own = trial.cluster_names(case.people) if is_clustered else case.people.index.astype(str)
    persons = [case.people["group_"].isin(name.partition(":")[2].split("-")).to_numpy() for name in tests.index]
    names, clusters = np.unique(people["name_"] if is_clustered else people.index.astype(str), return_inverse=True)
    sizes = np.array([[(own[part] == name).sum() for name in names] for part in persons], dtype=float)
    problem = problem_of(case, people, outcomes, Regression(design, tests), clusters, sizes, trial.definitions.level)
    kept = [name for name in case.covariates if name in design]  # in the draws too the others are not taken
    return Written(replace(case, covariates=kept), problem, tests.index.tolist(), names.tolist())


def _refitted(written: Written) -> Found:
    """Jackknife, range and CR2 of every estimate of a regression."""
    columns = {**refits.left_out(written.problem), **refits.bias_reduced(written.problem)}
    if written.case.model["estimator"] == "stratum_effects":
        columns |= _range_of_average(written.case)
    return {written.address(*at): refits.rows_of(columns, *at) for at in written.each()}


def _range_of_average(case: Case) -> refits.Columns:
    """The average effect without each cluster, of the strata that are left."""
    found, sizes = [], []
    for cluster in case.people["cluster_"].unique():
        left = (case.people["cluster_"] != cluster).to_numpy()
        sizes.append(float((~left).sum()))
        own = replace(case, people=case.people[left], outcomes=case.outcomes[left])
        values, averaged = own.outcomes.to_numpy(dtype=float), interacted(own) if left.any() else None
        nothing = np.full(values.shape[1], np.nan)
        found.append(nothing if averaged is None else averaged[1] @ np.linalg.pinv(averaged[0].to_numpy()) @ values)
    return refits.range_of(np.array(found)[:, None], np.array([sizes]))


def _family(
    model: Mapping[str, Any], every: Sequence[Case], may_be_several: bool
) -> tuple[list[tuple[Case, list[int]]], bool]:
    """The regressions whose draws are made again and their columns, and whether these are a whole family."""
    families: dict[tuple[Any, ...], list[tuple[Case, list[int]]]] = {}
    for case in every:
        own: dict[tuple[Any, ...], list[int]] = {}
        for column, (outcome, week) in enumerate(labels_of(case.outcomes)):
            parts = {"sample": case.name, "outcome": outcome, "week": week}
            own.setdefault(tuple(parts[part] for part in model.get("family") or ()), []).append(column)
        for key, columns in own.items():
            families.setdefault(key, []).append((case, columns))
    fewest = min(reversed(families.values()), key=len)
    if model.get("family") is None or len(fewest) > (REDRAWN if may_be_several else 1):
        return [(every[-1], list(range(every[-1].outcomes.shape[1])))], False
    return fewest, model["estimator"] == "ols"


def _drawn_again(
    found: Found, case: Case, columns: Sequence[int], trial: Trial, drawn: Drawn, known: Collection[str]
) -> Iterator[Member]:
    """The members that some columns of a case are of their family; of SHOWN columns p-values and limits are `found`."""
    written = _written_out(replace(case, outcomes=case.outcomes.iloc[:, list(columns)]), trial)
    assert written is not None, "a case of a family is tested"
    is_by_stratum, is_weighted = (case.model["estimator"] == name for name in ("stratum_effects", "weighted_ols"))
    estimates, errors, scores = (hc2_of if is_by_stratum else errors_of)(written.problem)
    lots, forms = drawn.lots.loc[case.people.index].to_numpy(), list[list[redrawn.Forms]]()
    shown = _ends(range(len(columns)))
    level, model = trial.definitions.level, case.model
    if model["estimator"] == "ols":
        forms = redrawn.randomised(written.problem, lots, estimates)
    for test, j in written.each():
        address = written.address(test, j)
        if address not in known:
            continue
        at, error, own = float(estimates[test, j]), float(errors[test, j]), None
        if forms:
            own = forms[test][j]
        elif j in shown[-1:] and not is_weighted:
            otherwise = {"group_ols": redrawn_otherwise.of_means, "stratum_effects": redrawn_otherwise.of_strata}
            values = written.case.outcomes.iloc[:, j].to_numpy(dtype=float)
            own = otherwise[model["estimator"]](written.case, values, lots, at)
        if j in shown and model["cluster"] != "none" and (is_weighted or own is not None):
            signed = redrawn.wild(written.problem, drawn.signs.loc[written.names].to_numpy(), test)[j]
            _merge(found, {address: redrawn.tested("wild", signed, at, error, level)})
        if own is None:
            continue
        if j in shown:
            _merge(found, {address: redrawn.tested("ri", own, at, error, level)})
        by_name = dict(zip(written.names, scores[test, :, j].tolist(), strict=True))
        yield Member(address, at, error, written.problem.df, own.statistics(-at), by_name)
