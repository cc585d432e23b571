"""In how many digits what other packages tell agrees with the project, given the same draws."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks.inference.ours import booted, jackknifed, redrawn, reduced, stepped
from benchmarks.inference.problem import FEW, Batch
from pipeline.stats.ols import FloatArray

Told = Mapping[str, Any]
MOST = 15  # digits of a number


def of_lot(batch: Batch, told: Told) -> str:
    """The |t| of the first outcome in each draw; or the estimate, and how many draws reach it."""
    few = replace(batch, draws=batch.draws[:, :FEW])
    drawn, shift = redrawn(few), -batch.solved.estimates[0]
    if "statistics" in told:
        return digits(drawn.statistics(shift)[0], np.abs(told["statistics"]))
    if "reached" not in told:
        return "other draws"
    effects = drawn.numerators[0] - shift[0] * drawn.slopes
    same = told["reached"] == (np.abs(effects) >= abs(shift[0])).sum()
    return f"{digits(-shift[:1], np.array([told['estimate']]))}; {'the same' if same else 'another'} p"


def of_signs(batch: Batch, told: Told) -> str:
    """The |t| of the first outcome with the package's own signs."""
    if "statistics" not in told:
        return ""
    drawn = booted(with_signs_of(batch))
    return digits(
        drawn.statistics(-batch.solved.estimates[0])[0, : len(told["statistics"])], np.abs(told["statistics"])
    )


def with_signs_of(batch: Batch) -> Batch:
    """The problem with the signs that wildboottest draws from seed 1, clusters by draws."""
    shape = batch.signs.shape
    drawn = np.random.default_rng(1).choice([-1, 1], size=shape[0] * shape[1], replace=True)
    return replace(batch, signs=np.ascontiguousarray(drawn.reshape(shape).astype(float)))


def of_jackknife(batch: Batch, told: Told) -> str:
    """Errors; pyfixest multiplies Hansen's square by G/(G-1) * (N-1)/(N-K)."""
    own = jackknifed(batch)
    if "errors_g" in told:
        return digits(own[: len(told["errors_g"])] * np.sqrt(batch.linear.factor), np.array(told["errors_g"]))
    return digits(own[: len(told["errors"])], np.array(told["errors"]))


def of_reduced(batch: Batch, told: Told) -> str:
    """Errors and degrees of freedom."""
    errors, degrees = reduced(batch)
    own = np.concatenate([errors[0, : len(told["errors"])], np.repeat(degrees, len(told["df"]))])
    return digits(own, np.array([*told["errors"], *told["df"]]))


def of_steps(batch: Batch, told: Told) -> str:
    """P-values of a family of the first outcomes, with the package's own signs."""
    if not {"p", "shares"} & set(told):
        return "another test"
    count, draws = len(told.get("p", told.get("shares"))), batch.signs.shape[1]
    few = replace(batch, linear=replace(batch.linear, outcomes=batch.linear.outcomes[:, :count]))
    theirs = with_signs_of(few)
    ours = stepped(theirs, booted(theirs))
    if "p" in told:
        return digits(ours, np.array(told["p"]))
    return f"{digits(ours * (draws + 1), np.array(told['shares']) * draws + 1)}, as b/B"


AGREE: dict[str, Callable[[Batch, Told], str]] = {
    "lot": of_lot, "wild": of_signs, "jackknife": of_jackknife, "cr2": of_reduced, "stepdown": of_steps,
}  # fmt: skip


def digits(ours: FloatArray, theirs: FloatArray) -> str:
    """How many digits agree in the number that agrees least."""
    apart = float(np.max(np.abs(ours / theirs - 1.0)))
    return f"{MOST if apart == 0 else min(MOST, max(0, int(-np.log10(apart))))} digits"
