"""The parts of the fit of the register weeks, each against a direct route."""

import itertools

import numpy as np
import pytest

from calibration.histories.after.edits import edits, random_edits, span
from calibration.histories.after.timing import FIRST_WEEKS, KEPT, courses_with_totals
from calibration.histories.after.totals import choose_totals
from calibration.histories.pools import OutcomePool, TotalsPool
from calibration.histories.register_weeks import HORIZON, RUN, Calendar
from calibration.histories.states import EXIT_STATES, SHARE_STATES, among, worked
from calibration.histories.targets import Design, Functional, Target
from calibration.histories.terms import compile_terms
from calibration.search.choice import evaluate, values
from calibration.search.programme import Prices, dive, linearise, solve
from calibration.stored import format_spells
from pipeline.twin.behaviour import state_number
from pipeline.twin.courses import AFTER, Subjects, draw_after, draw_before
from pipeline.twin.spells import parse_spells
from pipeline.twin.weeks import join

PERSONS = 40


@pytest.fixture(scope="module")
def subjects():
    week = np.linspace(146, 214, PERSONS).astype(np.int64)  # as early and as late as the extract allows
    number = np.arange(1, PERSONS + 1)
    return Subjects(number, week, number % 2, number % 30, np.array(["Aarhus 1"] * PERSONS))


@pytest.fixture(scope="module")
def before(subjects):
    return draw_before(subjects, np.zeros(PERSONS, dtype=np.int64))


@pytest.fixture(scope="module")
def courses(subjects, before):
    return draw_after(subjects, before, np.arange(PERSONS) % 7)


def test_spells_give_the_course_back(courses):
    for course in courses:
        np.testing.assert_array_equal(parse_spells(format_spells(course), AFTER), course)


@pytest.mark.parametrize(
    "text", ["sick 12 employed 138", "sick 12 asleep 139", "sick twelve", "sick", "sick 0 employed 151", ""]
)
def test_spells_that_are_no_course_are_refused(text):
    with pytest.raises(ValueError, match=r"not in list|weeks|invalid literal"):
        parse_spells(text, AFTER)


def test_register_weeks_are_those_of_the_whole_calendar(subjects, before, courses):
    seen = Calendar(subjects).observe(np.arange(PERSONS), courses)
    states = join(before, courses, subjects.week)
    employed, benefit, at_risk = worked(states), among(states, SHARE_STATES), among(states, EXIT_STATES)
    for person in range(PERSONS):
        first = subjects.week[person] + 1
        weeks = list(range(first, first + HORIZON))
        assert seen.totals[:, person].tolist() == [employed[person, weeks].sum(), benefit[person, weeks].sum()]
        begun = [week - first + 1 for week in weeks if employed[person, week : week + RUN].sum() == RUN]
        left = [week - first + 1 for week in weeks if not at_risk[person, week]]
        assert (seen.begun[person], seen.has_begun[person]) == (begun[0] if begun else HORIZON, bool(begun))
        assert (seen.left[person], seen.has_left[person]) == (left[0] if left else HORIZON, bool(left))


def test_an_edit_sets_its_own_weeks_and_no_others(courses):
    source = np.random.default_rng(1)
    for course in courses:
        for edit in edits(course, 4, source):
            touched = span(edit)
            assert 1 <= touched.start < touched.stop <= AFTER
            assert touched.stop - touched.start == edit.weeks <= 4
    new = random_edits(courses, np.full(PERSONS, 4), 0.3, source)
    changed = new != courses
    assert changed.sum(axis=1).max() <= 4
    assert not changed[:, 0].any()  # sick-listed in the week of allocation


def test_candidates_have_the_totals_that_were_asked_for(subjects, courses):
    calendar, source = Calendar(subjects), np.random.default_rng(2)
    everyone = np.arange(PERSONS)
    totals = calendar.observe(everyone, courses).totals
    wanted = totals + np.where((totals > 5) & (totals < HORIZON), -3, 0)
    candidates, allowed = courses_with_totals(calendar, courses, wanted, source)
    assert allowed[:, 1:].any(axis=1).all()
    person, option = np.nonzero(allowed)
    reached = calendar.observe(person, candidates[person, option]).totals
    np.testing.assert_array_equal(reached, wanted[:, person])
    assert (candidates[:, :, 0] == state_number("sick")).all()


def small_terms(low, high, priority=1.0):
    """Eight persons with three candidates each, and targets: a mean, an effect, its error, and their ratio."""
    source = np.random.default_rng(3)
    treated = np.array([0.0, 1, 0, 1, 0, 1, 0, 1])
    design = Design({"treated": treated}, np.zeros(8, dtype=np.int64), np.array([0, 0, 1, 1, 2, 2, 3, 3]))
    share = source.integers(0, 82, (8, 3)) / 81
    mean = Functional("mean", "", "share", "none", "", 0)
    effect = Functional("least_squares", "", "share", "none", "", 0)
    targets = [
        Target("mean", mean, "coef", low, high, "", priority),
        Target("effect", effect, "coef", -1.0, 1.0, "", 1.0),
        Target("error", effect, "se", 0.0, 1.0, "", 1.0),
        Target("ratio", effect, "t", 0.0, 9.0, "", 1.0),
    ]
    return compile_terms(design, {"share": share}, targets, np.ones(share.shape, dtype=bool)), share


def test_the_programme_is_linear_to_first_order():
    terms, _ = small_terms(0.0, 1.0)
    shares = np.full((8, 3), 1 / 3)
    person, option = np.nonzero(terms.allowed)
    used = np.arange(4)
    slopes, value = linearise(terms, shares, person, option, used)
    step = 1e-6
    for column in range(len(person)):
        moved = shares.copy()
        moved[person[column]] *= 1 - step
        moved[person[column], option[column]] += step
        _, after = linearise(terms, moved, person, option, used)
        np.testing.assert_allclose((after - value) / step, slopes[:, column], atol=1e-5)
    choice = np.zeros(8, dtype=np.int64)
    state = evaluate(terms, choice)
    _, at_choice = linearise(terms, np.eye(3)[choice], person, option, used)
    np.testing.assert_allclose(at_choice, values(terms, state.linear, state.squares))


def test_the_dive_finds_a_choice_that_meets_a_narrow_target():
    _, share = small_terms(0.0, 1.0)
    means = [np.mean([share[i, k] for i, k in enumerate(each)]) for each in itertools.product(range(3), repeat=8)]
    aim = float(np.median(means))
    terms, _ = small_terms(aim - 0.01, aim + 0.01)
    kind = np.tile(np.arange(3), (8, 1))
    prices = Prices(np.zeros((8, 3)), 1000.0, 0.0)
    mixed, slack = solve(terms, np.eye(3)[np.zeros(8, dtype=int)], prices)
    assert slack.max() < 1e-6
    np.testing.assert_allclose(mixed.sum(axis=1), 1.0)
    chosen, _ = dive(terms, mixed, prices, kind, lambda _: None)
    np.testing.assert_allclose(chosen.max(axis=1), 1.0, atol=1e-6)
    reached = share[np.arange(8), chosen.argmax(axis=1)].mean()
    assert abs(reached - aim) <= 0.01 + np.diff(sorted(set(means))).max()


def test_candidates_keep_what_they_are_to_keep(subjects, courses):
    calendar = Calendar(subjects)
    everyone = calendar.observe(np.arange(PERSONS), courses)
    candidates, _ = courses_with_totals(calendar, courses, everyone.totals, np.random.default_rng(5))
    first = 1
    for kept, number in KEPT.items():
        chosen = candidates[:, first : first + number].reshape(PERSONS * number, -1)
        rows = np.repeat(np.arange(PERSONS), number)
        seen = calendar.observe(rows, chosen)
        if kept == "exits and first weeks":
            np.testing.assert_array_equal(seen.left, everyone.left[rows])
            np.testing.assert_array_equal(seen.begun, everyone.begun[rows])
        if kept != "nothing":
            np.testing.assert_array_equal(seen.employed[:, :FIRST_WEEKS], everyone.employed[rows, :FIRST_WEEKS])
            np.testing.assert_array_equal(seen.on_benefit[:, :FIRST_WEEKS], everyone.on_benefit[rows, :FIRST_WEEKS])
        first += number
    assert first == candidates.shape[1]


@pytest.mark.parametrize(("start", "is_cut"), [(78, False), (79, True), (80, True), (81, True), (82, False)])
def test_a_job_whose_fourth_week_the_extract_does_not_show_is_not_allowed(subjects, start, is_cut):
    last = int(np.argmax(subjects.week))  # week 81 after allocation is the last that the extract knows
    course = np.full((1, AFTER), state_number("sick"), dtype=np.int8)
    course[:, start:] = state_number("employed")
    calendar = Calendar(subjects)
    rows = np.array([last])
    assert calendar.is_cut(rows, calendar.observe(rows, course).employed)[0] == is_cut


def test_chosen_totals_fit_the_horizon_and_meet_their_targets(subjects, courses):
    seen = Calendar(subjects).observe(np.arange(PERSONS), courses)
    design = Design({"treated": subjects.treated.astype(float)}, np.zeros(PERSONS, dtype=np.int64), np.arange(PERSONS))
    present, targets = seen.totals, []
    for row, state in enumerate(("employment", "sickness_benefit")):
        for arm in (0, 1):
            functional = Functional("mean", f"treated={arm}", f"{state}/{HORIZON}", "none", "", 0)
            aim = present[row, subjects.treated == arm].mean() / HORIZON + (0.05 if arm else -0.03)
            targets.append(Target(f"{state}/{arm}", functional, "coef", aim - 0.005, aim + 0.005, "", 1.0))
    chosen = choose_totals(subjects, design, seen, targets, lambda _: None)
    assert (chosen >= 0).all()
    assert (chosen.sum(axis=0) <= HORIZON).all()
    for target, (row, arm) in zip(targets, itertools.product(range(2), range(2)), strict=True):
        assert target.low <= chosen[row, subjects.treated == arm].mean() / HORIZON <= target.high


def test_totals_alone_give_the_shares_that_the_courses_give(subjects, courses):
    pool = OutcomePool(Calendar(subjects), courses[:, None])
    totals = Calendar(subjects).observe(np.arange(PERSONS), courses).totals
    for row, state in enumerate(("employment", "sickness_benefit")):
        alone = TotalsPool(state, totals[row][:, None], np.ones((PERSONS, 1), dtype=bool))
        for name in (f"{state}/{HORIZON}", f"{state}/{HORIZON}^2"):
            np.testing.assert_allclose(alone[name], pool[name])
