"""The discrete-time hazard: cells against person-weeks, perfect prediction counted by hand, and what it refuses."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from pipeline.stats.hazard import NotIdentifiedError, fit_hazard
from pipeline.stats.ols import RankDeficiencyError
from pipeline.stats.person_weeks import collapse, drop_perfect_prediction, interval_of, persons_used

LINKS = ["logit", "cloglog"]


def draw_spells(seed: int, n: int = 200, horizon: int = 20):
    """weeks, exited, treated, municipality, team of n persons in 5 municipalities and 10 teams."""
    rng = np.random.default_rng(seed)
    team = np.arange(n) % 10
    treated = rng.random(n) < 0.6
    weeks = rng.geometric(np.where(treated, 0.08, 0.12))
    return np.minimum(weeks, horizon), weeks <= horizon, treated, np.array([f"m{t // 2}" for t in team]), team


@pytest.mark.parametrize(
    ("horizon", "interval_weeks", "counts"),
    [(81, 4, [4] * 19 + [5]), (80, 4, [4] * 20), (83, 4, [4] * 19 + [7]), (3, 4, [3]), (9, 1, [1] * 9)],
)
def test_remainder_joins_the_last_interval(horizon, interval_weeks, counts):
    assert np.bincount(interval_of(np.arange(1, horizon + 1), horizon, interval_weeks)).tolist() == counts


@pytest.mark.parametrize("link", LINKS)
def test_cells_give_the_fit_of_the_person_weeks(link):
    weeks, exited, treated, municipality, team = draw_spells(1)
    cells = fit_hazard(collapse(weeks, exited, treated, municipality, team, 20, 4), link)
    # One cell per person-week: everybody is a team of one, and the intervals, municipalities and arms are the same.
    rows = fit_hazard(collapse(weeks, exited, treated, municipality, np.arange(len(weeks)), 20, 4), link)
    assert rows.n == cells.n == weeks.sum()
    assert rows.exits == cells.exits == exited.sum()
    # Newton's last step is below 1e-10.
    assert rows.coefficients == pytest.approx(cells.coefficients, abs=1e-9)
    assert rows.standard_errors == pytest.approx(cells.standard_errors, rel=1e-9)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6), link=st.sampled_from(LINKS))
def test_order_and_names_do_not_matter(seed, link):
    weeks, exited, treated, municipality, team = draw_spells(seed)
    order = np.random.default_rng(seed).permutation(len(weeks))
    renamed = np.char.add("z", municipality[order])
    one = fit_hazard(collapse(weeks, exited, treated, municipality, team, 20, 4), link)
    two = fit_hazard(collapse(weeks[order], exited[order], treated[order], renamed, 9 - team[order], 20, 4), link)
    three = fit_hazard(collapse(weeks, exited, ~treated, municipality, team, 20, 4), link)
    for statistic in ("coefficients", "standard_errors", "clustered_errors"):
        # Newton's last step is below 1e-10.
        assert getattr(two, statistic)[-1] == pytest.approx(getattr(one, statistic)[-1], abs=1e-9)
    assert three.coefficients[-1] == pytest.approx(-one.coefficients[-1], abs=1e-9)
    assert three.clustered_errors[-1] == pytest.approx(one.clustered_errors[-1], abs=1e-9)


# Four weeks in two intervals. North has the teams 1 and 2, south team 3, east team 4; (weeks, exited, treated) below.
NORTH = [
    (1, True, 1, "north", 1),
    (2, True, 0, "north", 1),
    (3, True, 1, "north", 2),
    (4, False, 0, "north", 2),
    (3, True, 0, "north", 1),
    (4, False, 1, "north", 2),
]
SOUTH_STAYS = [(4, False, 1, "south", 3), (2, False, 0, "south", 3)]
EAST_LEAVES_AT_ONCE = [(1, True, 1, "east", 4), (1, True, 0, "east", 4)]
LATE_STAYERS = [
    (1, True, 1, "north", 1),
    (2, True, 0, "north", 2),
    (4, False, 1, "north", 1),
    (4, False, 0, "north", 2),
    (1, True, 0, "north", 1),
]
NORTH_LEAVES_LATE = [
    (3, True, 1, "north", 1),
    (4, True, 0, "north", 2),
    (4, False, 1, "north", 1),
    (4, False, 0, "north", 2),
]


@pytest.mark.parametrize(
    ("persons", "drops", "person_weeks", "used"),
    [
        # Everybody's dummies meet exits and stays: nothing goes. 1+2+3+4+3+4 person-weeks.
        (NORTH, [], 17, [1, 1, 1, 1, 1, 1]),
        # Nobody leaves in the south: its 4+2 person-weeks and team 3 go.
        (NORTH + SOUTH_STAYS, [("municipality", "south", 6, 1)], 17, [1, 1, 1, 1, 1, 1, 0, 0]),
        # Everybody in the east leaves in every week at risk: 2 person-weeks and team 4 go.
        (NORTH + EAST_LEAVES_AT_ONCE, [("municipality", "east", 2, 1)], 17, [1, 1, 1, 1, 1, 1, 0, 0]),
        # Nobody leaves in weeks 3-4: the 2+2 person-weeks of the two stayers go, but no person and no team.
        (LATE_STAYERS, [("weeks", "3-4", 4, 0)], 8, [1, 1, 1, 1, 1]),
        # Both: weeks 3-4 lack exits in the north and in the south, 4+2 person-weeks; of the south's early ones, all
        # without an exit, 2+2 are left and go next.
        (
            [*LATE_STAYERS, *SOUTH_STAYS],
            [("weeks", "3-4", 6, 0), ("municipality", "south", 4, 1)],
            8,
            [1, 1, 1, 1, 1, 0, 0],
        ),
        # A chain: the east goes first, and with it the only exits of weeks 1-2, which go next.
        (
            EAST_LEAVES_AT_ONCE + NORTH_LEAVES_LATE,
            [("municipality", "east", 2, 1), ("weeks", "1-2", 8, 0)],
            7,
            [0, 0, 1, 1, 1, 1],
        ),
    ],
)
def test_perfect_prediction_is_dropped_as_counted_by_hand(persons, drops, person_weeks, used):
    weeks, exited, treated, municipality, team = (np.array(column) for column in zip(*persons, strict=True))
    kept, found = drop_perfect_prediction(
        collapse(weeks, exited, treated, municipality, team, 4, 2, stratum_name="municipality")
    )
    assert [(drop.factor, drop.level, drop.person_weeks, drop.clusters) for drop in found] == drops
    assert kept.at_risk.sum() == person_weeks
    assert persons_used(weeks, municipality, found, 4, 2).tolist() == [bool(one) for one in used]


def test_first_interval_without_exits_takes_those_who_are_at_risk_in_it_alone():
    # Weeks 1-2: nobody leaves, one is censored in week 2. Weeks 3-4: three of four leave.
    weeks, exited = np.array([2, 3, 3, 4, 4]), np.array([False, True, True, True, False])
    place = np.full(5, "north")
    kept, found = drop_perfect_prediction(
        collapse(weeks, exited, np.array([0, 1, 0, 1, 0]), place, [1, 1, 2, 2, 3], 4, 2)
    )
    assert [(drop.level, drop.person_weeks, drop.clusters) for drop in found] == [("1-2", 10, 0)]
    assert kept.at_risk.sum() == 6
    assert persons_used(weeks, place, found, 4, 2).tolist() == [False, True, True, True, True]


@pytest.mark.parametrize("link", LINKS)
def test_a_drop_leaves_the_estimate_and_takes_its_teams_from_the_factor(link):
    weeks, exited, treated, municipality, team = draw_spells(2)
    stays = municipality == "m3"
    without = fit_hazard(
        collapse(weeks[~stays], exited[~stays], treated[~stays], municipality[~stays], team[~stays], 20, 4), link
    )
    fit = fit_hazard(collapse(np.where(stays, 20, weeks), exited & ~stays, treated, municipality, team, 20, 4), link)
    assert [(drop.level, drop.person_weeks, drop.clusters) for drop in fit.drops] == [("m3", 20 * stays.sum(), 2)]
    assert (fit.n, fit.n_clusters) == (without.n, 8)
    # The same person-weeks, so the same sums.
    assert fit.coefficients[-1] == pytest.approx(without.coefficients[-1], rel=1e-12)
    assert fit.clustered_errors[-1] == pytest.approx(without.clustered_errors[-1], rel=1e-12)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (
            lambda w, e, t, m, g: (w, e & ~t, t, m, g),
            NotIdentifiedError,
            "nobody leaves in the .* of the treated group",
        ),
        (lambda w, e, t, m, g: (w, e & t, t, m, g), NotIdentifiedError, "nobody leaves in the .* of the control group"),
        (
            lambda w, e, t, m, g: (w, e & False, t, m, g),
            NotIdentifiedError,
            "nobody leaves in the [1-9][0-9]* person-weeks",
        ),
        (lambda w, e, t, m, g: (w, e, t | True, m, g), NotIdentifiedError, "nobody of the control group is at risk"),
        (lambda w, e, t, m, g: (w, e, m == "m1", m, g), RankDeficiencyError, "'treated'"),
        (lambda w, e, t, m, g: (w + 1, e, t, m, g), ValueError, "last 1 to 20 weeks"),
        (lambda w, e, t, m, g: (w - 1, e, t, m, g), ValueError, "last 1 to 20 weeks"),
    ],
)
def test_an_effect_without_a_finite_estimate_is_refused(change, error, message):
    with pytest.raises(error, match=message):
        fit_hazard(collapse(*change(*draw_spells(3)), 20, 4), "logit")


@pytest.mark.parametrize("link", LINKS)
def test_likelihood_without_a_maximum_gives_no_number(link):
    # Both outcomes occur at every level, yet only among the controls of the south in weeks 3-4 together: the treated
    # always leave in the north early and in the south late, and nobody else leaves early. A plane separates the cells.
    persons = [
        *[(1, True, 1, "north", 1)] * 3, *[(2, False, 0, "north", 1)] * 3, *[(2, False, 0, "south", 2)] * 3,
        *[(3, True, 1, "south", 2)] * 3, *[(4, True, 0, "south", 3)] * 3,
    ]  # fmt: skip
    weeks, exited, treated, municipality, team = (np.array(column) for column in zip(*persons, strict=True))
    fit = fit_hazard(collapse(weeks, exited, treated, municipality, team, 4, 2), link)
    assert not fit.converged
    assert np.isnan([*fit.coefficients, *fit.standard_errors, *fit.clustered_errors]).all()


def is_separated(cells):
    """Whether the likelihood never falls along some direction (Albert and Anderson 1984), by linear programming.

    It must not lower the predictor where all exit, nor raise it where none does, nor move it where some do.
    """
    design = np.column_stack(
        [
            *(cells.interval.codes == code for code in np.unique(cells.interval.codes)),
            *(cells.stratum.codes == code for code in np.unique(cells.stratum.codes)[1:]),
            cells.treated,
        ]
    ).astype(float)
    leaves, stays = cells.exits == cells.at_risk, cells.exits == 0
    gains = np.vstack([design[leaves], -design[stays]])
    fixed = design[~leaves & ~stays]
    best = linprog(-gains.sum(axis=0), -gains, np.zeros(len(gains)), fixed, np.zeros(len(fixed)), bounds=(-1, 1))
    # A direction found gains at least one unit in some cell; rounding in the programme is 1e-9.
    return -best.fun > 1e-6


def test_convergence_is_claimed_exactly_where_the_likelihood_has_a_maximum():
    rng = np.random.default_rng(7)
    separated = []
    while len(separated) < 150:
        n = rng.integers(6, 18)
        place, weeks, exited = (
            rng.integers(0, 3, n),
            rng.integers(1, 9, n),
            rng.random(n) < rng.choice([0.3, 0.7, 0.95]),
        )
        cells = collapse(np.where(exited, weeks, 8), exited, rng.random(n) < 0.5, place, place, 8, 2)
        try:
            fits = [fit_hazard(cells, link) for link in LINKS]
        except (NotIdentifiedError, RankDeficiencyError):
            continue
        separated.append(is_separated(drop_perfect_prediction(cells)[0]))
        assert [fit.converged for fit in fits] == [not separated[-1]] * 2
    # Both kinds are among the 150.
    assert 5 < sum(separated) < 145


@pytest.mark.parametrize("link", LINKS)
def test_a_covariate_that_splits_every_cell_gives_the_likelihood_of_the_person_weeks(link):
    """At the maximum the scores, written out over person-weeks, are zero and the errors those of the information."""
    weeks, exited, treated, place, team = draw_spells(4)
    covariates = np.random.default_rng(4).normal(size=(len(weeks), 2))
    covariates[:, 1] = covariates[:, 1] > 0
    cells = collapse(weeks, exited, treated, place, team, 20, 4, covariates, ("score", "flag"), "place")
    fit = fit_hazard(cells, link)
    assert fit.columns[-3:] == ("score", "flag", "treated")
    assert (fit.n, fit.exits) == (weeks.sum(), exited.sum())
    person = np.repeat(np.arange(len(weeks)), weeks)
    week = np.concatenate([np.arange(1, last + 1) for last in weeks])
    exits = exited[person] & (week == weeks[person])
    dummies = [np.equal.outer((week - 1) // 4, np.arange(5)), place[person][:, None] == np.unique(place)[1:]]
    x = np.column_stack([*dummies, covariates[person], treated[person]]).astype(float)
    eta, step = x @ fit.coefficients, 1e-5

    def likelihood(eta):
        h = 1 / (1 + np.exp(-eta)) if link == "logit" else 1 - np.exp(-np.exp(eta))
        return np.where(exits, np.log(h), np.log(1 - h))

    score = (likelihood(eta + step) - likelihood(eta - step)) / (2 * step)
    weight = -(likelihood(eta + step) - 2 * likelihood(eta) + likelihood(eta - step)) / step**2
    assert x.T @ score == pytest.approx(np.zeros(x.shape[1]), abs=1e-5)
    bread = np.linalg.inv(x.T @ (weight[:, None] * x))
    # Second differences of numbers near 1 with steps of 1e-5 leave five or six digits.
    assert fit.standard_errors == pytest.approx(np.sqrt(np.diag(bread)), rel=1e-4)
    by_team = np.array([bread @ (x[team[person] == t].T @ score[team[person] == t]) for t in np.unique(team)])
    assert fit.clustered_errors == pytest.approx(np.sqrt(10 / 9 * (by_team**2).sum(axis=0)), rel=1e-4)


def test_clusters_that_say_nothing_give_no_clustered_error():
    """One cluster; and two that are the arms, in one interval, where the scores of each add up to zero."""
    weeks, exited, treated, place, _ = draw_spells(5)
    one = fit_hazard(collapse(weeks, exited, treated, place, np.zeros(len(weeks)), 20, 4), "logit")
    two = fit_hazard(collapse(weeks, exited, treated, np.zeros(len(weeks)), treated, 20, 20), "logit")
    for fit, count in ((one, 1), (two, 2)):
        assert (fit.n_clusters, fit.converged) == (count, True)
        assert np.isnan(fit.clustered_errors[-1])
        assert np.isfinite(fit.standard_errors).all()
