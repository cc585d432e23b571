"""The score of treatment with the lot drawn again, and one step from the maximum without each cluster, for a hazard."""

import numpy as np
import pytest
import statsmodels.api as sm

from pipeline.stats.hazard import fit_hazard
from pipeline.stats.hazard_resampled import linearised_jackknife, redraw_score
from pipeline.stats.lot import draw_lot
from pipeline.stats.person_weeks import collapse, drop_perfect_prediction

HORIZON, STEP = 12, 4
LINKS = {"logit": sm.families.links.Logit(), "cloglog": sm.families.links.CLogLog()}


def draw_spells(seed: int, n: int = 90, teams: int = 6):
    """Weeks at risk, exits, treatment, town, team and a covariate of persons, some of whom never leave."""
    rng = np.random.default_rng(seed)
    team = np.repeat(np.arange(teams), n // teams)
    treated = np.concatenate([rng.permutation(np.arange(n // teams) < n // teams // 2) for _ in range(teams)])
    covariate = rng.normal(size=n)
    left = rng.geometric(np.clip(0.06 + 0.06 * treated + 0.02 * (team % 3), 0.01, 0.9))
    return np.minimum(left, HORIZON), left <= HORIZON, treated, team // 2, team, covariate


def person_weeks(weeks, exited, treated, towns, team, covariate):
    """Exit, design without treatment, and person of every week at risk, written out."""
    person = np.repeat(np.arange(len(weeks)), weeks)
    week = np.concatenate([np.arange(1, w + 1) for w in weeks])
    interval = np.minimum((week - 1) // STEP, HORIZON // STEP - 1)
    dummies = [interval[:, None] == np.unique(interval), towns[person][:, None] == np.unique(towns)[1:]]
    exits = exited[person] & (week == weeks[person])
    return exits.astype(float), np.hstack([*dummies, covariate[person][:, None]]).astype(float), person


def cells_of(spells, clusters):
    weeks, exited, treated, towns, _, covariate = spells
    return collapse(weeks, exited, treated, towns, clusters, HORIZON, STEP, covariate[:, None], ("x",))


@pytest.mark.parametrize("link", LINKS)
def test_score_of_each_draw_is_that_of_statsmodels_under_no_effect(link):
    spells = draw_spells(1)
    treated, team = spells[2], spells[4]
    exits, others, person = person_weeks(*spells)
    draws = draw_lot(treated, team, 25, 3).draws.T
    cells, _ = drop_perfect_prediction(cells_of(spells, np.arange(len(team))))
    found = redraw_score(cells, link, team, draws)
    family = sm.families.Binomial(LINKS[link])
    start = sm.GLM(exits, others, family).fit().params
    null = sm.GLM(exits, others, family).fit(method="newton", start_params=start, tol=1e-14, maxiter=100, disp=0)
    expected = []
    for drawn in [treated, *draws]:
        model = sm.GLM(exits, np.column_stack([others, drawn[person]]).astype(float), family)
        at = np.append(null.params, 0.0)
        scores, information = model.score_factor(at)[:, None] * model.exog, -model.hessian(at, observed=True)
        lean = np.append(-np.linalg.solve(information[:-1, :-1], information[:-1, -1]), 1.0)
        by_team = np.array([(scores @ lean)[team[person] == one].sum() for one in range(6)])
        expected.append(by_team.sum() / np.sqrt(6 / 5 * (by_team**2).sum()))
    assert found.observed == pytest.approx(expected[0], rel=1e-7)
    assert found.statistics == pytest.approx(np.array(expected[1:]), rel=1e-7, abs=1e-9)


@pytest.mark.parametrize("link", LINKS)
def test_jackknife_is_one_newton_step_without_each_cluster(link):
    spells = draw_spells(2)
    treated, team = spells[2], spells[4]
    exits, others, person = person_weeks(*spells)
    fit = fit_hazard(cells_of(spells, team), link)
    design = np.column_stack([others, treated[person]]).astype(float)
    model = sm.GLM(exits, design, sm.families.Binomial(LINKS[link]))
    params = model.fit(method="newton", start_params=model.fit().params, tol=1e-14, maxiter=100, disp=0).params
    place, without = fit.place("treated"), []
    for one in range(6):
        left = team[person] != one
        own = sm.GLM(exits[left], design[left], model.family)
        step = np.linalg.solve(-own.hessian(params, observed=True), own.score_factor(params) @ own.exog)
        without.append(params[-1] + step[-1])
    error, found, exists = linearised_jackknife(fit, link, place)
    assert exists.all()
    assert fit.coefficients[place] == pytest.approx(params[-1], rel=1e-8)
    assert found == pytest.approx(np.array(without), rel=1e-7)
    assert error == pytest.approx(np.sqrt(((np.array(without) - params[-1]) ** 2).sum()), rel=1e-7)
    # Near what estimating again without the cluster gives, for its one step starts near.
    again = [fit_hazard(cells_of([part[team != one] for part in spells], team[team != one]), link) for one in range(6)]
    assert found == pytest.approx([each.coefficients[each.place("treated")] for each in again], abs=0.05)


def test_an_effect_that_rests_on_one_cluster_is_nothing_without_it():
    weeks, exited, treated, towns, team, covariate = draw_spells(4)
    treated = np.where(team == 5, treated, 0)
    fit = fit_hazard(cells_of((weeks, exited, treated, towns, team, covariate), team), "logit")
    place = fit.place("treated")
    error, found, exists = linearised_jackknife(fit, "logit", place)
    assert exists.tolist() == [True] * 5 + [False]
    assert found[5] == 0.0
    assert error >= abs(fit.coefficients[place])
    alone = team == 5
    whole = cells_of([part[alone] for part in (weeks, exited, treated, towns, team, covariate)], team[alone])
    error, _, exists = linearised_jackknife(fit_hazard(whole, "logit"), "logit", -1)
    assert np.isnan(error)
    assert not exists.any()
