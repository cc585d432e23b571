"""Known effects, put into simulated trials of the real design, come back without bias and with honest intervals."""

import numpy as np
import pytest

from pipeline.stats.distributions import quantile
from pipeline.stats.hazard import fit_hazard
from pipeline.stats.ols import fit_cluster_ols, fit_contrast
from pipeline.stats.person_weeks import collapse
from pipeline.stats.survival import kaplan_meier
from pipeline.stats.tobit import fit_tobit
from tests.trial import HORIZON, TEAMS, draw_exits, draw_sample

TRIALS = 400


def check_recovery(estimates, errors, truth, df, bias=0.0, coverage=0.95):
    """Bias, and coverage of 95 % intervals, within three Monte Carlo standard errors of what they should be."""
    estimates, errors, count = np.asarray(estimates), np.asarray(errors), len(estimates)
    found, noise = estimates.mean() - truth, estimates.std(ddof=1) / np.sqrt(count)
    assert abs(found - bias) < 3 * noise, f"bias {found:.4f}, Monte Carlo error {noise:.4f}"
    covered = np.mean(np.abs(estimates - truth) <= quantile(0.975, df) * errors)
    # The Monte Carlo error is 0.011 for 400 trials, 0.005 for 2,000.
    assert abs(covered - coverage) < 3 * np.sqrt(coverage * (1 - coverage) / count), f"coverage {covered:.4f}"


def test_clustered_least_squares_covers_an_effect_that_varies_between_teams():
    rng = np.random.default_rng(11)
    estimates, errors, naive = [], [], []
    for _ in range(20):
        sample = draw_sample(rng)
        team, treated = sample["team"].str[1:].astype(int).to_numpy(), sample["treated"].to_numpy(dtype=float)
        level, effect = rng.normal(0, 0.2, (TEAMS, 100)), 0.1 + rng.normal(0, 0.3, (TEAMS, 100))
        outcomes = level[team] + effect[team] * treated[:, None] + rng.normal(0, 0.3, (len(sample), 100))
        dummies = sample["municipality"].to_numpy()[:, None] == np.unique(sample["municipality"])
        design = np.column_stack([dummies, treated])
        fit = fit_cluster_ols(outcomes, design, team)
        estimates += fit.coefficients[-1].tolist()
        errors += fit.standard_errors[-1].tolist()
        naive += fit_cluster_ols(outcomes, design, np.arange(len(sample))).standard_errors[-1].tolist()
    check_recovery(estimates, errors, 0.1, TEAMS - 1)
    # What makes the test bite: errors that ignore the teams are far too small in these trials.
    assert np.mean(np.abs(np.array(estimates) - 0.1) <= quantile(0.975, None) * np.array(naive)) < 0.9


def fit_trials(seed, link, trials, regions, interval_weeks):
    """Fits of simulated trials with an effect of -0.4; municipalities are joined to `regions` sets of dummies."""
    rng = np.random.default_rng(seed)
    sample = draw_sample(rng)
    weeks, exited = draw_exits(rng, sample, -0.4, link, trials)
    place = sample["municipality"].str[1:].astype(int) * regions // 26
    fits = [
        fit_hazard(
            collapse(weeks[t], exited[t], sample["treated"], place, sample["team"], HORIZON, interval_weeks), link
        )
        for t in range(trials)
    ]
    assert all(fit.converged for fit in fits)
    statistics = ("coefficients", "standard_errors", "clustered_errors")
    return [np.array([getattr(fit, name)[-1] for fit in fits]) for name in statistics]


@pytest.mark.parametrize("link", ["logit", "cloglog"])
def test_hazard_recovers_the_effect_on_its_own_scale(link):
    # Five regions and nine intervals: few enough dummies for the theory of maximum likelihood to hold.
    estimates, errors, clustered = fit_trials(12, link, TRIALS, 5, 9)
    check_recovery(estimates, errors, -0.4, None)
    # Persons are independent here, so on average the clustered error is right too; the spread of 400 estimates is
    # known to 1 / sqrt(800).
    assert clustered.mean() / estimates.std(ddof=1) == pytest.approx(1, abs=3 / np.sqrt(2 * TRIALS))


def test_dummies_of_the_trial_bias_the_hazard_a_little_away_from_zero():
    # 45 dummies on 380 exits. In 2,400 trials of each link: bias 4 per cent of the effect, a seventh of its standard
    # error, and coverage 0.94. It belongs to maximum likelihood, as in the report, and not to the algorithm.
    estimates, errors, _ = fit_trials(12, "logit", TRIALS // 2, 26, 4)
    check_recovery(estimates, errors, -0.4, None, bias=-0.016, coverage=0.94)


def test_kaplan_meier_covers_the_true_survival_under_censoring():
    rng = np.random.default_rng(13)
    hazard, horizon, persons, trials = 0.03, 40, 120, TRIALS // 4
    weeks = rng.geometric(hazard, (trials, persons))
    censored = rng.integers(5, horizon + 1, (trials, persons))
    covered = []
    for t in range(trials):
        curve = kaplan_meier(np.minimum(weeks[t], censored[t]), weeks[t] <= censored[t], horizon, 0.95)
        truth = (1 - hazard) ** curve.weeks
        covered.append((curve.ci_low <= truth) & (truth <= curve.ci_high))
    # Weeks 10 and 30; three Monte Carlo standard errors of 0.022.
    assert np.mean(covered, axis=0)[[10, 30]] == pytest.approx(0.95, abs=0.065)


def test_tobit_recovers_the_slope_of_the_latent_outcome():
    rng = np.random.default_rng(14)
    estimates, errors, attenuated = [], [], []
    for _ in range(TRIALS):
        x = np.column_stack([np.ones(200), rng.normal(size=200)])
        y = np.clip(x @ [0.4, 0.2] + 0.3 * rng.normal(size=200), 0, 1)
        fit = fit_tobit(y, x, (0.0, 1.0))
        assert fit.converged
        estimates.append(fit.coefficients[1])
        errors.append(fit.standard_errors[1])
        attenuated.append(np.polyfit(x[:, 1], y, 1)[0])
    check_recovery(estimates, errors, 0.2, 198)
    # What makes the test bite: least squares on the cut outcome is far too small.
    assert np.mean(attenuated) < 0.17


def test_municipality_effects_cover_their_mean_when_effects_differ():
    rng = np.random.default_rng(15)
    sample = draw_sample(rng)
    place = sample["municipality"].str[1:].astype(int).to_numpy()
    shares, counts = np.bincount(place) / len(place), np.bincount(place, minlength=26)
    # Half of everybody treated, two persons or more in each arm.
    order = np.argsort(place, kind="stable")
    treated = np.empty(len(place), dtype=np.int64)
    treated[order] = np.concatenate([np.arange(count) % 2 for count in counts])
    effects = rng.normal(0.1, 0.5, 26)
    outcomes = rng.normal(size=26)[place, None] + (effects[place] * treated)[:, None]
    outcomes = outcomes + rng.normal(0, 0.5, (len(place), 2000)) * (1 + treated[:, None])
    contrast = np.repeat(shares, 2) * np.tile([-1, 1], 26)
    fit = fit_contrast(outcomes, np.zeros((len(place), 0)), 2 * place + treated, contrast)
    check_recovery(fit.estimates, fit.standard_errors, shares @ effects, fit.df)
