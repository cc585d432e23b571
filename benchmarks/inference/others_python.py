"""One task by one package of Python: python others_python.py FOLDER NAME, in an environment that has it.

Prints JSON: seconds for the whole batch of 162 outcomes and 9,999 draws, of how much they were measured (`part`), and
values to compare. Imports and one call before, which compiles, are not counted.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

DRAWS = 9_999
Told = dict[str, Any]


def read(folder: Path) -> tuple[pd.DataFrame, np.ndarray, np.ndarray, list[str]]:
    """The persons, the design with treatment last (n, k), the draws (n, few), and the names of the outcomes."""
    people, draws = pd.read_csv(folder / "persons.csv"), pd.read_csv(folder / "draws.csv").to_numpy()
    places = people["place"].to_numpy()
    covariates = people[[name for name in map(str, people) if name[0] == "x"]].to_numpy()
    design = np.column_stack([np.equal.outer(places, np.unique(places)), covariates, people["treated"]]).astype(float)
    return people, design, draws, [name for name in map(str, people) if name[0] == "y"]


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Processor seconds, and what came of it."""
    started = time.process_time()
    found = work()
    return time.process_time() - started, found


def statsmodels_lot(folder: Path) -> Told:
    """Refits of the first outcome under each of the draws given."""
    import statsmodels.api as sm

    people, design, draws, outcomes = read(folder)
    y = people[outcomes[0]].to_numpy()

    def refit(draw: np.ndarray) -> float:
        x = design.copy()
        x[:, -1] = draw
        return float(sm.OLS(y, x).fit(cov_type="cluster", cov_kwds={"groups": people["team"].to_numpy()}).tvalues[-1])

    refit(draws[:, 0])
    took, values = timed(lambda: [refit(draw) for draw in draws.T])
    return {
        "seconds": took / draws.shape[1] * DRAWS * len(outcomes),
        "part": f"{draws.shape[1]} refits",
        "statistics": values,
    }


def statsmodels_jackknife(folder: Path) -> Told:
    """Refits of some outcomes without each team, by the pseudo-inverse."""
    import statsmodels.api as sm

    people, design, _, outcomes = read(folder)
    teams, few = people["team"].to_numpy(), outcomes[:3]

    def refit(name: str) -> float:
        y = people[name].to_numpy()
        whole = sm.OLS(y, design).fit().params[-1]
        without = [sm.OLS(y[teams != team], design[teams != team]).fit().params[-1] for team in np.unique(teams)]
        return float(np.sqrt(((np.array(without) - whole) ** 2).sum()))

    refit(few[0])
    took, values = timed(lambda: [refit(name) for name in few])
    return {"seconds": took / len(few) * len(outcomes), "part": f"{len(few)} outcomes", "errors": values}


def _formula(people: pd.DataFrame, name: str) -> str:
    covariates = [column for column in map(str, people) if column[0] == "x"]
    return f"{name} ~ treated + {' + '.join(covariates)} + C(place)"


def pyfixest_t(folder: Path) -> Told:
    """Refits; treatment is drawn with replacement, whatever the team, so nothing can be compared."""
    return _pyfixest_drawn(folder, "randomization-t", 2, 40)


def pyfixest_c(folder: Path) -> Told:
    """The coefficient alone, compiled; treatment is drawn with replacement, whatever the team."""
    return _pyfixest_drawn(folder, "randomization-c", 100, 1_000)


def _pyfixest_drawn(folder: Path, kind: str, before: int, reps: int) -> Told:
    """The first outcome with some draws, after a few that are not counted."""
    import pyfixest as pf

    people, _, _, outcomes = read(folder)
    fit = pf.feols(_formula(people, outcomes[0]), people, vcov={"CRV1": "team"})
    fit.ritest("treated", reps=before, type=kind, rng=np.random.default_rng(1))
    took, _ = timed(lambda: fit.ritest("treated", reps=reps, type=kind, rng=np.random.default_rng(1)))
    return {"seconds": took / reps * DRAWS * len(outcomes), "part": f"{reps:,} draws"}


def ritest_python(folder: Path) -> Told:
    """The coefficient alone, under the draws given, within teams."""
    from ritest import ritest

    people, _, draws, outcomes = read(folder)
    people["treated"] = people["treated"].astype(int)

    def test(count: int) -> Any:
        return ritest(
            df=people, permute_var="treated", formula=_formula(people, outcomes[0]), stat="treated", ci_mode="none",
            reps=count, permutations=np.ascontiguousarray(draws.T[:count].astype(np.int8)), n_jobs=1,
        )  # fmt: skip

    before, _ = timed(lambda: test(1))
    before, _ = timed(lambda: test(1))
    took, found = timed(lambda: test(draws.shape[1]))
    each = max(took - before, 1e-9) / (draws.shape[1] - 1)
    return {
        "seconds": (before + each * DRAWS) * len(outcomes),
        "part": f"{draws.shape[1]} draws",
        "estimate": float(found.obs_stat),
        "reached": round(float(found.pval) * draws.shape[1], 6),
    }


def wildboottest_alone(folder: Path) -> Told:
    """Two outcomes with all draws, on one thread; some statistics of the first are told."""
    from wildboottest.wildboottest import WildboottestCL

    people, design, _, outcomes = read(folder)
    wanted = np.zeros(design.shape[1])
    wanted[-1] = 1.0

    def test(name: str) -> Any:
        boot = WildboottestCL(
            X=design,
            Y=people[name].to_numpy(),
            cluster=people["team"].to_numpy(),
            R=wanted,
            B=DRAWS,
            seed=1,
            parallel=False,
        )
        boot.get_scores(bootstrap_type="11", impose_null=True)
        boot.get_weights(weights_type="rademacher")
        boot.get_numer()
        boot.get_denom()
        boot.get_tboot()
        boot.get_vcov()
        boot.get_tstat()
        boot.get_pvalue(pval_type="two-tailed")
        return boot

    test(outcomes[0])
    few = outcomes[:2]
    took, found = timed(lambda: [test(name) for name in few])
    first = found[0]
    return {
        "seconds": took / len(few) * len(outcomes),
        "part": f"{len(few)} outcomes",
        "statistics": np.asarray(first.t_boot)[:200].tolist(),
        "p": float(first.pvalue),
    }


def pyfixest_wild(folder: Path) -> Told:
    """Two outcomes with all draws."""
    import pyfixest as pf

    people, _, _, outcomes = read(folder)
    fits = [pf.feols(_formula(people, name), people, vcov={"CRV1": "team"}) for name in outcomes[:2]]
    fits[0].wildboottest(param="treated", reps=99, seed=1)
    took, _ = timed(lambda: [fit.wildboottest(param="treated", reps=DRAWS, seed=1) for fit in fits])
    return {"seconds": took / len(fits) * len(outcomes), "part": f"{len(fits)} outcomes"}


def pyfixest_jackknife(folder: Path) -> Told:
    """CRV3 of some outcomes: times (G-1)/G, and about the estimate."""
    import pyfixest as pf

    people, _, _, outcomes = read(folder)
    few = outcomes[:3]

    def fit(name: str) -> float:
        return float(pf.feols(_formula(people, name), people, vcov={"CRV3": "team"}).se()["treated"])

    fit(few[0])
    took, values = timed(lambda: [fit(name) for name in few])
    return {"seconds": took / len(few) * len(outcomes), "part": f"{len(few)} outcomes", "errors_g": values}


def _stepped(folder: Path, call: str, told: str) -> Told:
    import pyfixest as pf

    people, _, _, outcomes = read(folder)
    fits = [pf.feols(_formula(people, name), people, vcov={"CRV1": "team"}) for name in outcomes[:3]]
    getattr(pf, call)(fits[:2], "treated", reps=99, seed=1)
    took, found = timed(lambda: getattr(pf, call)(fits, "treated", reps=DRAWS, seed=1))
    return {"seconds": took / len(fits) * len(outcomes), "part": f"{len(fits)} outcomes", told: found.iloc[-1].tolist()}


def pyfixest_rwolf(folder: Path) -> Told:
    """Romano and Wolf's p-values of three outcomes."""
    return _stepped(folder, "rwolf", "p")


def pyfixest_wyoung(folder: Path) -> Told:
    """Westfall and Young's p-values of three outcomes: b/B."""
    return _stepped(folder, "wyoung", "shares")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    print(json.dumps(globals()[sys.argv[2]](Path(sys.argv[1]))))
