"""What the register histories are calibrated to: rows of data, each a functional of the outcomes with its bounds."""

from __future__ import annotations

import operator
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from calibration.estimators.linear import (
    Coefficient,
    least_squares,
    mean_weights,
    place_effect_weights,
    team_mean_weights,
)
from calibration.printed.targets import TABLES, interval, variable_of_label
from pipeline.twin.stored import read_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

HERE = Path(__file__).parent
COVARIATES = ("bipq_treatment_control", "expected_time_to_return", "ordinary_job", "sickness_benefit_pre_share")
CONDITION = re.compile(r"^(\w+)(<=|>=|<|>|=)(.+)$")
COMPARISONS = {"<=": operator.le, ">=": operator.ge, "<": operator.lt, ">": operator.gt}
SMALL_PLACE = 9  # persons of a municipality up to which a sample may come out without exits by chance
PROGNOSES = ("table_6_3",)  # tables of Tobit regressions
FIXED = ("count", "size")  # estimators of what no outcome changes
LATE_INTERVALS = tuple(f"{first}-{first + 3 if first < 77 else 81}" for first in range(33, 81, 4))


@dataclass(frozen=True)
class Functional:
    """How a number is computed: by 'mean', 'sum', 'contrast', 'least_squares', 'hazard', 'tobit', 'count' or 'size'.

    'team_means' and 'place_effects' are models (7) and (6), and an estimator with '-main' after it is its distance from
    model (2). sample: conditions joined by '&'. variable: name in a pool. covariates: 'none', or names joined by '&'
    ('x' for the four of model (2)); of a tobit the table whose rows they are. groups: conditions separated by '|' that
    split treatment (models (3) and (4)), each joined by '&'; the dummies are split by the first condition of a group
    alone; of a tobit the covariate. part: which group's coefficient is meant.
    """

    estimator: str
    sample: str
    variable: str
    covariates: str
    groups: str
    part: int


@dataclass(frozen=True)
class Target:
    """A printed or stated number: its functional, the statistic of it ('coef', 'se' or 't' for |coef/se|), its bounds.

    printed: as in the report, or '' for a statement in words. priority: weight of a miss; 0 is reported only.
    """

    name: str
    functional: Functional
    statistic: str
    low: float
    high: float
    printed: str
    priority: float

    @property
    def unit(self) -> float:
        """Half the width of the interval, or a twentieth of the bound if one side is open."""
        if np.isfinite(self.low) and np.isfinite(self.high):
            return (self.high - self.low) / 2
        return max(abs(self.low if np.isfinite(self.low) else self.high) / 20, 1e-6)


@dataclass
class Design:
    """Columns of the analysed persons by name, each (n,), with NaN where unknown; places and clusters as numbers."""

    columns: dict[str, NDArray]
    place: NDArray[np.int64]
    cluster: NDArray[np.int64]
    _memory: dict[tuple, Coefficient] = field(default_factory=dict)

    def satisfies(self, conditions: str) -> NDArray[np.bool_]:
        """Persons for whom all conditions hold; an unknown value does not."""
        holds = np.ones(len(self.place), dtype=bool)
        for text in filter(None, conditions.split("&")):
            name, relation, value = CONDITION.match(text).groups()  # type: ignore[union-attr]
            column = self.columns[name]
            if relation == "=":
                holds &= column.astype(str) == value if column.dtype.kind in "US" else column == float(value)
            else:
                bound = float(np.nanmedian(column)) if value == "median" else float(value)
                holds &= COMPARISONS[relation](column, bound)
        return holds

    def covariates(self, names: str) -> list[Floats]:
        """The named covariates."""
        if names == "none":
            return []
        if names in PROGNOSES:
            return [self.columns[name] for name in prognosis_covariates(names)]
        expanded = names.replace("x", "&".join(COVARIATES), 1) if names.startswith("x") else names
        return [self.columns[name] for name in expanded.split("&")]

    def cases(self, functional: Functional) -> tuple[NDArray[np.bool_], list[Floats]]:
        """The persons (n,) of the sample and one of the groups who have every covariate, and the covariates."""
        extra = self.covariates(functional.covariates)
        groups = np.logical_or.reduce([self.satisfies(text) for text in functional.groups.split("|")])
        known = np.all([np.isfinite(one) for one in [self.columns["treated"], *extra]], axis=0)
        return self.satisfies(functional.sample) & groups & known, extra

    def coefficient(self, functional: Functional) -> Coefficient:
        """Weights and loadings of a least-squares coefficient; one solution serves all outcomes."""
        key = (functional.sample, functional.covariates, functional.groups, functional.part)
        if key not in self._memory:
            sample, extra = self.cases(functional)
            texts = functional.groups.split("|")
            arms = [self.satisfies(text) * self.columns["treated"] for text in texts]
            regressors = np.nan_to_num(np.stack([*arms, *extra], axis=1).astype(float))
            split = [self.satisfies(text) for text in dict.fromkeys(text.split("&")[0] for text in texts)]
            cell = self.place * len(split) + np.argmax(split, axis=0)
            self._memory[key] = least_squares(sample, regressors, cell, self.cluster, functional.part)
        return self._memory[key]

    def fixed(self, functional: Functional) -> float:
        """A number that no outcome changes: the persons of a regression, or one group's share of them."""
        sample, _ = self.cases(functional)
        if functional.estimator == "count":
            return float(sample.sum())
        return float(self.satisfies(functional.groups.split("|")[functional.part])[sample].mean())

    def weights(self, functional: Functional) -> Floats:
        """Weights (n,) of a functional that is linear in its variable."""
        if functional.estimator.endswith("-main"):
            own = replace(functional, estimator=functional.estimator.removesuffix("-main"))
            main = replace(functional, estimator="least_squares", covariates="x")
            return self.weights(own) - self.weights(main)
        if functional.estimator == "least_squares":
            return self.coefficient(functional).weights
        sample, extra = self.cases(functional)
        if functional.estimator == "team_means":
            return team_mean_weights(sample, self.columns["treated"], extra, self.place, self.cluster)
        if functional.estimator == "place_effects":
            return place_effect_weights(sample, self.columns["treated"], extra, self.place)
        if functional.estimator == "mean":
            return mean_weights(sample)
        if functional.estimator == "contrast":
            treated = self.columns["treated"] == 1
            return mean_weights(sample & treated) - mean_weights(sample & ~treated)
        return sample.astype(float)


def prognosis_covariates(exhibit: str) -> list[str]:
    """The covariates of the Tobit regressions: the rows of their table, in its order."""
    rows = [row for row in read_rows(TABLES) if row["exhibit"] == exhibit and row["statistic"] == "coef"]
    return list(dict.fromkeys(variable_of_label(row["row"]) for row in rows))


def _bounds(row: dict[str, str]) -> tuple[float, float]:
    low, high = interval(row["value"], int(row["decimals"]))
    in_percent = row["statistic"] == "pct" or (row["exhibit"] == "table_2_2" and row["statistic"] == "mean")
    scale = 0.01 if in_percent else 1.0
    return float(low) * scale, float(high) * scale


def _functional(row: dict[str, str], **known: str) -> Functional:
    return Functional(
        estimator=row["estimator"],
        sample=row["sample"].format(**known),
        variable=row["variable"].format(**known),
        covariates=row["covariates"],
        groups=row["groups"].format(**known),
        part=int(row["part"]),
    )


def printed_rows(tables: Path = TABLES) -> Iterator[tuple[dict[str, str], dict[str, str]]]:
    """Each printed number that a rule of tables.csv is about, with the rule."""
    rules = read_rows(HERE / "tables.csv")
    for row in read_rows(tables):
        for rule in rules:
            if _applies(rule, row):
                yield row, rule


def table_targets(tables: Path = TABLES) -> list[Target]:
    """Targets among the printed tables, by the rules of tables.csv, with rows re-labelled as in errata."""
    relabelled = read_rows(HERE / "relabelled.csv")
    moved = {(row["exhibit"], row["panel"], row["row"]): row["used"] for row in relabelled}
    targets = []
    for row, rule in printed_rows(tables):
        # Table 4.1 has control means and sizes in the wrong order of table 3.3, and its coefficients in the right one.
        order = "table_3_3" if row["statistic"] in ("control_mean", "pct") else row["exhibit"]
        label = moved.get((order, row["panel"], row["row"]), row["row"])
        variable = variable_of_label(row["row"]) if rule["estimator"] == "tobit" else row["name"]
        functional = _functional(rule, name=variable, column=row["column"], c=_cut(label, row["panel"]))
        parts = (row["exhibit"], row["panel"], row["name"] or label, row["column"], row["statistic"])
        name = "/".join(part for part in parts if part)
        statistic = "se" if row["statistic"] == "se" else "coef"
        low, high = _bounds(row)
        targets.append(Target(name, functional, statistic, low, high, row["printed"], float(rule["priority"])))
    return targets


def _applies(rule: dict[str, str], row: dict[str, str]) -> bool:
    """Whether a rule is about a printed number: same exhibit and panel; column, statistic and label by pattern."""
    return (
        rule["exhibit"] == row["exhibit"]
        and rule["panel"] == row["panel"]
        and re.fullmatch(rule["column"], row["column"]) is not None
        and re.fullmatch(rule["statistic"], row["statistic"]) is not None
        and re.search(rule["row"], row["name"] or row["row"]) is not None
    )


def _cut(label: str, panel: str) -> str:
    """Upper end of the low group named by '0-7' or, in the high panel, by '8-24'."""
    ends = re.match(r"^(\d+)-(\d+)$", label)
    if not ends:
        return ""
    return str(int(ends[1]) - 1) if panel == "high" else ends[2]


def stated_targets() -> list[Target]:
    """Targets stated in the report's text and figures, from statements.csv."""
    return [
        Target(
            name=row["name"],
            functional=_functional(row),
            statistic=row["statistic"],
            low=float(row["low"] or "-inf"),
            high=float(row["high"] or "inf"),
            printed=row["printed"],
            priority=float(row["priority"]),
        )
        for row in read_rows(HERE / "statements.csv")
    ]


def identification_targets(design: Design, targets: list[Target]) -> list[Target]:
    """That each dummy of the hazards has an exit in its sample, so that none predicts perfectly but those meant to.

    Small municipalities and the later intervals of the split samples need it; what `targets` hold already is left out.
    """
    stated = {target.functional for target in targets}
    needed = []
    for outcome in ("employment_exit", "sickness_benefit_exit"):
        for sample in ("", "wait_days<7", "wait_days>=7"):
            places, sizes = np.unique(design.columns["municipality"][design.satisfies(sample)], return_counts=True)
            cells = [(f"municipality={place}", "1-81") for place in places[sizes <= SMALL_PLACE]]
            cells += [("", weeks) for weeks in LATE_INTERVALS] if sample else []
            for condition, weeks in cells:
                joined = "&".join(filter(None, [sample, condition]))
                functional = Functional("sum", joined, f"{outcome}/left/{weeks}", "none", "", 0)
                if functional not in stated:
                    name = f"identified/{outcome}/{joined}/{weeks}"
                    needed.append(Target(name, functional, "coef", 1.0, np.inf, "", 2.0))
    return needed
