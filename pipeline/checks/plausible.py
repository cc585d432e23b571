"""What can be read and is still no trial: states that nobody is in, persons without anything, facts that do nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.checks.answers import items_of
from pipeline.checks.finding import FEWEST, Delivery, Finding
from pipeline.register.calendar import month_of_week
from pipeline.register.codes import NO_CODE
from pipeline.register.states import UNKNOWN
from pipeline.settings.extract import RawFile, is_register
from pipeline.settings.scales import item_names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

FEW_IN_STATE = 0.5  # of the persons in the state of the population when drawn, and fewer: it is another state, or week
MANY_EMPTY = 0.05  # of the persons with neither a code nor a wage: more than live of nothing that a register has
MANY_UNKNOWN = 0.10  # of the persons unknown for more than half of the weeks that the study looks at


def arms(delivery: Delivery) -> Finding | None:
    """Whether persons were drawn into both arms."""
    design, treated = delivery.study.design, delivery.trial["treated"]
    if treated.nunique() > 1 or treated.empty:
        return Finding(len(treated))
    drawn, absent = (design.treated, design.control) if treated.iloc[0] else (design.control, design.treated)
    words = {"arm": drawn.value, "absent": absent.value}
    return Finding(len(treated), len(treated), True, delivery.path("allocation"), None, design.arm, words)


def state_at_draw(delivery: Delivery) -> Finding | None:
    """Persons who are not in the state of the population in the week of their draw, if these are most of them."""
    population = delivery.study.population
    if population is None or population.state not in delivery.states:
        return None
    column = delivery.draws - delivery.weeks[0]
    inside = (column >= 0) & (column < len(delivery.weeks))
    rows = np.flatnonzero(inside)
    state = delivery.states[population.state][rows, column[rows]]
    told = state != UNKNOWN
    if told.sum() < FEWEST:
        return None
    inside_state = int((state == 1).sum())
    words = {"inside": inside_state, "state": population.state}
    failing = int(told.sum()) - inside_state if inside_state < FEW_IN_STATE * told.sum() else 0
    return Finding(int(told.sum()), failing, False, delivery.path("register"), None, "", words)


def states_of_nobody(delivery: Delivery) -> Finding | None:
    """States that outcomes are made of, shares or exits, in which nobody is in any week."""
    definitions = delivery.outcomes
    if definitions is None or not delivery.states or len(delivery.found) < FEWEST:
        return None
    # of a kind of activation that models alone use, few may ever have had any
    named = dict.fromkeys([*definitions.shares, *(exit_.state for exit_ in definitions.exits.values())])
    empty = [name for name in named if not (delivery.states[name] == 1).any()]
    words = {"names": ", ".join(empty), "persons": len(delivery.found)}
    return Finding(len(named), len(empty), False, delivery.path("register"), None, "", words)


def persons_without_anything(delivery: Delivery) -> Finding | None:
    """Persons found who have no code and no wage in any week, if they are many."""
    if len(delivery.found) < FEWEST:
        return None
    empty = ~(delivery.has_code | (delivery.wages == 1)).any(axis=1)
    return _of_persons(delivery, empty, MANY_EMPTY, {})


def weeks_unknown(delivery: Delivery) -> Finding | None:
    """Persons of whom most weeks of the history or the horizon are unknown or not in the register, if they are many."""
    study, unknown = delivery.study, _unknown(delivery)
    if len(delivery.found) < FEWEST:
        return None
    before = study.history.weeks if study.history else 0
    history = _mostly(delivery, unknown, np.arange(-before, 0))
    horizon = _mostly(delivery, unknown, np.arange(1, study.time.horizon_weeks + 1))
    words = {"before": int(history.sum()), "history": before}
    words |= {"after": int(horizon.sum()), "horizon": study.time.horizon_weeks}
    return _of_persons(delivery, history | horizon, MANY_UNKNOWN, words)


def _unknown(delivery: Delivery) -> NDArray[np.bool_]:
    """Weeks (p, w) without a known cell: of the code, or where it is blank and a state is told by the wage, of that."""
    states = delivery.outcomes.states.values() if delivery.outcomes else ()
    unknown: NDArray[np.bool_] = delivery.codes == UNKNOWN
    if any(state.kind == "no_code_and_wage" for state in states) and NO_CODE in delivery.names:
        blank = delivery.codes == delivery.names.index(NO_CODE)
        unknown = unknown | (blank & (delivery.wages == UNKNOWN))
    return unknown


def _mostly(delivery: Delivery, unknown: NDArray[np.bool_], relative: NDArray[np.int64]) -> NDArray[np.bool_]:
    """The persons (p,) of whom more than half of these weeks around the draw are unknown or outside the register."""
    if not len(relative):
        return np.zeros(len(unknown), dtype=bool)
    column = delivery.draws[:, None] + relative - delivery.weeks[0]
    outside = (column < 0) | (column >= len(delivery.weeks))
    cells = np.take_along_axis(unknown, np.clip(column, 0, len(delivery.weeks) - 1), axis=1)
    mostly: NDArray[np.bool_] = 2 * (outside | cells).sum(axis=1) > len(relative)
    return mostly


def _of_persons(delivery: Delivery, wrong: NDArray[np.bool_], many: float, words: dict[str, Any]) -> Finding:
    """The persons found (p,) who are wrong, if they are more than a share of them."""
    if wrong.sum() <= many * len(wrong):
        return Finding(len(wrong))
    path, line = delivery.row_of("register", int(np.flatnonzero(wrong)[0]))
    words = {"share": f"{wrong.mean():.1%}", **words}
    return Finding(len(wrong), int(wrong.sum()), False, path, line, "", words)


def items_without_answer(delivery: Delivery) -> Finding | None:
    """Items that nobody answered, all of them where a survey has no row."""
    asked = [(survey, item) for survey, item, _ in items_of(delivery)]
    looked_at = len(asked)
    empty = [(survey, item) for survey, item in asked if not np.isfinite(delivery.numbers[survey][item]).any()]
    if not looked_at:
        return None
    if not empty:
        return Finding(looked_at)
    survey, item = empty[0]
    words = {"persons": len(delivery.answers[survey]), "names": ", ".join(name for _, name in empty[:6])}
    return Finding(looked_at, len(empty), False, delivery.path(f"{survey}_survey"), None, item, words)


def facts_without_effect(delivery: Delivery) -> Finding | None:
    """What extract.toml says of a file and no cell of it has: codes for no answer, words for nothing, a year."""
    said = [fact for role in delivery.files for fact in _facts(delivery, role)]
    idle = [(path, key, value) for path, key, value, has_effect in said if not has_effect]
    if not said:
        return None
    if not idle:
        return Finding(len(said))
    path, key, value = idle[0]
    names = ", ".join(f"{key} {value!r}" for _, key, value in idle[:6])
    words = {"key": key, "value": repr(value), "path": path, "names": names}
    return Finding(len(said), len(idle), False, "extract.toml", None, "", words)


def _facts(delivery: Delivery, role: str) -> Iterator[tuple[str, str, str, bool]]:
    """File, key and value of every such fact of a role, and whether it had an effect."""
    frame, files = delivery.files[role], delivery.extract.files
    own = [file for name, file in files.items() if name == role or (role == "register" and is_register(name))]
    notes = {part["path"]: part.get("idle", {}) for part in frame.attrs.get("parts", ())}
    for file in own:
        path = next((path for path in notes if path.endswith(f"/{file.path}")), None)
        idle = frame.attrs.get("idle", {}) if path is None else notes[path]
        yield from ((file.path, "blanks", word, word not in idle.get("blanks", ())) for word in file.blanks)
        yield from ((file.path, "year", str(file.year), "year" not in idle) for _ in range(bool(file.year)))
        yield from _codes_for_none(file, frame)


def _codes_for_none(file: RawFile, survey: Any) -> Iterator[tuple[str, str, str, bool]]:
    for short, codes in file.no_answer.items():
        items = [item for item in item_names(short) if item in survey]
        for code in codes:
            yield file.path, f"no_answer.{short}", code, bool(survey[items].isin([code]).to_numpy().any())


def version_before_weeks(delivery: Delivery) -> Finding | None:
    """Weeks of the register after the month that follows the one that extract.toml says is its last."""
    version = delivery.extract.register_version
    if not version or delivery.study.design.date is None:
        return None
    months, last = [month_of_week(int(week)) for week in delivery.weeks], divmod(int(version), 100)
    # a version has the first weeks of the next month
    after = [place for place, (year, month) in enumerate(months) if 12 * year + month > 12 * last[0] + last[1] + 1]
    if not after:
        return Finding(len(months))
    column = str(delivery.register.columns["week_column"].iloc[after[0]])
    words = {"version": version, "last": "{}{:02d}".format(*months[-1])}
    return Finding(len(months), len(after), False, delivery.path("register"), None, column, words)
