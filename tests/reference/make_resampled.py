"""Write wild.csv and resampled.csv from trial.csv: what other packages of Python say with draws that are told.

From the folder of the project, in an environment with benchmarks/requirements-inference.txt:
python tests/reference/make_resampled.py. The tests read the stored numbers and need none of the packages.
"""

from pathlib import Path

import numpy as np
import pandas as pd

FOLDER = Path(__file__).parent
OUTCOMES = ["share", "ever", "history"]
COVARIATES = ["belief"]
DRAWS, SEED = 99, 7
FORMULA = " ~ treated + belief + C(municipality)"


def used() -> pd.DataFrame:
    """The complete cases, in the order of their teams."""
    trial = pd.read_csv(FOLDER / "trial.csv").dropna(subset=[*OUTCOMES, *COVARIATES])
    return trial.sort_values("team", kind="stable").reset_index(drop=True)


def lot(people: pd.DataFrame) -> np.ndarray:
    """The lot drawn again within teams, (draws, n)."""
    random = np.random.default_rng(SEED)
    drawn = np.empty((DRAWS, len(people)), dtype=np.int8)
    for _, rows in people.groupby("team").indices.items():
        own = people["treated"].to_numpy(dtype=np.int8)[rows]
        drawn[:, rows] = [random.permutation(own) for _ in range(DRAWS)]
    return drawn


def main() -> None:
    import pyfixest as pf
    from ritest import ritest
    from wildboottest.wildboottest import WildboottestCL

    people = used()
    people["team"] = np.unique(people["team"], return_inverse=True)[1]  # the packages take numbers alone
    dummies = pd.get_dummies(people["municipality"]).astype(float).to_numpy()
    design = np.column_stack([dummies, people[COVARIATES], people["treated"]]).astype(float)
    wanted = np.eye(design.shape[1])[-1]
    table, rows = pd.DataFrame(), []
    for name in OUTCOMES:
        boot = WildboottestCL(
            X=design,
            Y=people[name].to_numpy(float),
            cluster=people["team"].to_numpy(),
            R=wanted,
            B=DRAWS,
            seed=SEED,
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
        table["signs"] = ["".join("+" if sign > 0 else "-" for sign in draw) for draw in boot.v.T]
        table[name] = boot.t_boot
        rows.append(("wildboottest/p", name, float(boot.pvalue)))
        fit = pf.feols(name + FORMULA, people, vcov={"CRV3": "team"})
        rows.append(("pyfixest/crv3", name, float(fit.se()["treated"])))
        found = ritest(
            df=people, permute_var="treated", formula=name + FORMULA, stat="treated", ci_mode="none", reps=DRAWS,
            permutations=lot(people), n_jobs=1,
        )  # fmt: skip
        rows.append(("ritest/p", name, float(found.pval)))
    fits = [pf.feols(name + FORMULA, people, vcov={"CRV1": "team"}) for name in OUTCOMES]
    for call in ("rwolf", "wyoung"):
        told = getattr(pf, call)(fits, "treated", reps=DRAWS, seed=SEED)
        rows += [(f"pyfixest/{call}", name, float(p)) for name, p in zip(OUTCOMES, told.iloc[-1], strict=True)]
    table.to_csv(FOLDER / "wild.csv", index=False, lineterminator="\n")
    stored = pd.DataFrame(rows, columns=["case", "statistic", "value"])
    stored.to_csv(FOLDER / "resampled.csv", index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
