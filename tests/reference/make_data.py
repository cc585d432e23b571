"""Write trial.csv, the data that both R and the tests read: python -m tests.reference.make_data."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from tests.trial import HORIZON, draw_exits, draw_sample

PATH = Path(__file__).with_name("trial.csv")


def make_data() -> pd.DataFrame:
    """One trial in which a fifth of the spells are censored early.

    In the spell 'sparse' nobody leaves in weeks 9 to 12 and nobody from municipality m20 leaves at all.
    """
    rng = np.random.default_rng(20141031)
    sample = draw_sample(rng)
    n, treated = len(sample), sample["treated"]
    belief = rng.integers(0, 11, n).astype(float)
    belief[rng.random(n) < 0.03] = np.nan
    by_team = rng.normal(0, 0.1, 43)[sample["team"].str[1:].astype(int)]
    share = np.clip(0.3 + by_team + 0.05 * treated + rng.normal(0, 0.2, n), 0, 1).round(6)
    data = sample[["person", "municipality", "team", "treated", "wait_days"]].assign(
        belief=belief, history=rng.beta(2, 4, n).round(6), share=share, ever=(share > 0.35).astype(int)
    )
    data["unknown"] = np.where(rng.random(n) < 0.05, np.nan, share)
    weeks, exited = (spell[0] for spell in draw_exits(rng, sample, -0.2, "logit"))
    last = np.where(rng.random(n) < 0.2, rng.integers(1, HORIZON, n), HORIZON)
    data["weeks"], data["exited"] = np.minimum(weeks, last), (exited & (weeks <= last)).astype(int)
    quiet = sample["municipality"] == "m20"
    moved = exited & (weeks >= 9) & (weeks <= 12)
    data["weeks_sparse"] = np.where(quiet, HORIZON, np.where(moved, 13, weeks))
    data["exited_sparse"] = (exited & ~quiet).astype(int)
    return data


if __name__ == "__main__":
    make_data().to_csv(PATH, index=False)
