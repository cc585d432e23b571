"""A small simulated trial with the design of the real one, and known effects, for tests and benchmarks."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

OWN = Path(__file__).parent / "settings"
MUNICIPALITIES = 26
TEAMS = 43
HORIZON = 81
RISK_FACTORS = [
    "wait_days",
    "age",
    "ordinary_job",
    "bipq_treatment_control",
    "expected_time_to_return",
    "self_efficacy",
]


@dataclass(frozen=True)
class Trial:
    """The derived tables that estimation reads."""

    sample: pd.DataFrame
    background: pd.DataFrame
    shares: pd.DataFrame
    durations: pd.DataFrame
    weekly: pd.DataFrame
    followup: pd.DataFrame
    exclusions: pd.DataFrame

    @property
    def people(self) -> pd.DataFrame:
        return self.sample.merge(self.background.drop(columns="wait_days"), on="person")


def draw_sample(rng: np.random.Generator) -> pd.DataFrame:
    """43 teams of 7 to 19 persons in 26 municipalities, 17 of which have two; about two thirds are treated."""
    home = np.concatenate([np.arange(MUNICIPALITIES), np.arange(TEAMS - MUNICIPALITIES)])
    sizes = rng.integers(7, 20, TEAMS)
    team = np.repeat(np.arange(TEAMS), sizes)
    # Both arms in every team, as in the trial: the first person is a control, the second is treated.
    place = np.arange(len(team)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    treated = np.where(place < 2, place, rng.random(len(team)) < 0.65).astype("int8")
    wait = np.where(rng.random(len(team)) < 0.4, rng.integers(0, 7, len(team)), rng.integers(7, 120, len(team)))
    wait[place == 0] = 0
    return pd.DataFrame(
        {
            "person": np.arange(1, len(team) + 1),
            "municipality": [f"m{home[number]:02d}" for number in team],
            "team": [f"t{number:02d}" for number in team],
            "treated": treated,
            "allocation_date": pd.Timestamp("2015-06-01") - pd.to_timedelta(wait, unit="D"),
            "wait_days": wait,
        }
    )


def draw_background(rng: np.random.Generator, sample: pd.DataFrame, missing: float) -> pd.DataFrame:
    """Four covariates and two more; each survey answer is missing with probability `missing`."""
    n = len(sample)
    answers = {
        "age": rng.integers(20, 64, n),
        "ordinary_job": rng.random(n) < 0.7,
        "bipq_treatment_control": rng.integers(0, 11, n),
        "expected_time_to_return": rng.integers(1, 6, n),
        "self_efficacy": rng.integers(0, 25, n),
    }
    columns = {name: np.where(rng.random(n) < missing, np.nan, values) for name, values in answers.items()}
    days = (sample["allocation_date"] - pd.Timestamp("1970-01-01")).dt.days.astype(float)
    dates = {"wait_days": sample["wait_days"].astype(float), "allocation_day": days}
    register = {**dates, "sickness_benefit_pre_share": rng.beta(2, 4, n)}
    return pd.DataFrame({"person": sample["person"], **columns, **register})


def draw_further(rng: np.random.Generator, background: pd.DataFrame) -> pd.DataFrame:
    """The background with every other variable that models.toml names, complete."""
    models = tomllib.loads((OWN / "models.toml").read_text(encoding="utf-8"))
    wanted = [*models["tobit"]["covariates"], *models["background_groups"]["splits"]]
    study = tomllib.loads((OWN / "study.toml").read_text(encoding="utf-8"))
    named = dict.fromkeys(study["splits"].get(name, {"variable": name})["variable"] for name in wanted)
    n, new = len(background), [name for name in named if name not in background]
    shares = {
        name: rng.beta(2, 3, n) if name.endswith("_share") else rng.integers(0, 2, n).astype(float) for name in new
    }
    return background.assign(**shares)


def draw_followup(rng: np.random.Generator, sample: pd.DataFrame) -> pd.DataFrame:
    """Scores after the course of three in four persons, some missing, and of five who are not analysed."""
    variables = pd.read_csv(OWN / "variables.csv", dtype=str, keep_default_na=False)
    names = variables.loc[variables["tables"].str.contains("followup"), "name"]
    persons = np.append(sample["person"].to_numpy()[rng.random(len(sample)) < 0.75], np.arange(9001, 9006))
    scores = {name: rng.integers(0, 11, len(persons)).astype(float) for name in names}
    table = pd.DataFrame({"person": persons, **scores})
    return table.mask(rng.random(table.shape) < 0.01).assign(person=persons)


def draw_weekly(rng: np.random.Generator, sample: pd.DataFrame) -> pd.DataFrame:
    """Whether each person is in activation in each week; one week in fifty is unknown."""
    n = len(sample) * HORIZON
    states = {}
    for name in ("guidance", "workplace_activation"):
        states[name] = pd.array((rng.random(n) < 0.15).astype("int8"), dtype="Int8")
        states[name][rng.random(n) < 0.02] = pd.NA
    weeks = np.tile(np.arange(1, HORIZON + 1), len(sample))
    return pd.DataFrame({"person": np.repeat(sample["person"].to_numpy(), HORIZON), "week": weeks, **states})


def draw_shares(rng: np.random.Generator, sample: pd.DataFrame, effect: float) -> pd.DataFrame:
    """Cumulative shares of 81 weeks in two states; allocation adds `effect` to the chance of a week in the first."""
    n = len(sample)
    tables = []
    for outcome, base, shift in (("employment", 0.3, effect), ("sickness_benefit", 0.5, 0.0)):
        by_team = rng.normal(0, 0.1, TEAMS)[sample["team"].str[1:].astype(int)]
        chance = np.clip(base + by_team + rng.normal(0, 0.2, n) + shift * sample["treated"], 0, 1)
        weekly = rng.random((n, HORIZON)) < chance.to_numpy()[:, None]
        share = np.cumsum(weekly, axis=1) / np.arange(1, HORIZON + 1)
        tables.append(
            pd.DataFrame(
                {
                    "person": np.repeat(sample["person"].to_numpy(), HORIZON),
                    "outcome": outcome,
                    "week": np.tile(np.arange(1, HORIZON + 1), n),
                    "share": share.ravel(),
                }
            )
        )
    return pd.concat(tables, ignore_index=True)


def draw_exits(
    rng: np.random.Generator, sample: pd.DataFrame, effect: float, link: str, trials: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """Weeks at risk and whether they end in an exit, each (trials, n), with `effect` on the scale of the link."""
    place = sample["municipality"].str[1:].astype(int).to_numpy()
    week = np.arange(HORIZON)
    predictor = (
        -3.6 - 0.01 * week[None, :] + 0.02 * (place[:, None] - 13) + effect * sample["treated"].to_numpy()[:, None]
    )
    hazard = 1 / (1 + np.exp(-predictor)) if link == "logit" else 1 - np.exp(-np.exp(predictor))
    leaves = rng.random((trials, *hazard.shape)) < hazard
    exited = leaves.any(axis=2)
    return np.where(exited, leaves.argmax(axis=2) + 1, HORIZON), np.asarray(exited)


def list_exclusions(sample: pd.DataFrame) -> pd.DataFrame:
    """Everybody randomised: those of the sample, and four who are left out, three of them of a closed municipality."""
    own = sample[["person", "treated"]].assign(reason="analysed", municipality_name=sample["municipality"])
    reasons = ["closed_municipality"] * 3 + ["no_baseline"]
    others = {"person": range(9001, 9005), "treated": [1, 1, 0, 0], "reason": reasons, "municipality_name": "Nowhere"}
    return pd.concat([own, pd.DataFrame(others)], ignore_index=True)


def draw_trial(seed: int = 1, effect: float = 0.1, missing: float = 0.02) -> Trial:
    """The tables of one trial; `effect` on the share of weeks and on the logit of the exit rate."""
    rng = np.random.default_rng(seed)
    sample = draw_sample(rng)
    durations = []
    for outcome in ("employment_exit", "sickness_benefit_exit"):
        weeks, exited = draw_exits(rng, sample, effect, "logit")
        durations.append(
            pd.DataFrame({"person": sample["person"], "outcome": outcome, "weeks": weeks[0], "exited": exited[0]})
        )
    further = np.random.default_rng(seed + 1000)
    background = draw_further(further, draw_background(rng, sample, missing))
    shares = draw_shares(rng, sample, effect)
    weekly, followup = draw_weekly(further, sample), draw_followup(further, sample)
    return Trial(
        sample=sample.assign(answered_followup=sample["person"].isin(followup["person"]).astype(float)),
        background=background,
        shares=shares,
        durations=pd.concat(durations, ignore_index=True),
        weekly=weekly,
        followup=followup,
        exclusions=list_exclusions(sample),
    )
