"""The register histories of the twin: weekly benefit codes and monthly wage records of every randomised person."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pipeline.errors import InputError
from pipeline.twin.behaviour import read_rows, state_codes
from pipeline.twin.courses import AFTER, BEFORE, Subjects, draw_activation, draw_after, draw_before
from pipeline.twin.randomness import generator
from pipeline.twin.spells import parse_spells
from pipeline.twin.stored import read_column, read_stored
from pipeline.twin.wages import wage_months
from pipeline.twin.weeks import LAST_KNOWN, MONTH, WEEKS, join, week_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.twin.frame import Frame

CHOICES = Path(__file__).parent / "calibrated" / "histories.csv"
CHOSEN = ["person", "before_choice", "after", "activation_choice", "digest"]  # columns of that file
NOT_RESIDENT, OLD_AGE_PENSION, DEAD = 997, 998, 999
ACTIVITY_READY_FROM = 104  # 2014-W01: cash benefit is told apart by readiness for work, 130-139 and 730-739
CLEAR_BEFORE, CLEAR_AFTER = 104, 84  # weeks around allocation in which an analysed person is alive and resident
LATE = {DEAD: 0.014, NOT_RESIDENT: 0.014, OLD_AGE_PENSION: 0.012}  # chance of each after the follow-up
EARLY_ABROAD = 0.02  # chance of living abroad at the start of the extract


@dataclass(frozen=True)
class Histories:
    """Register records of n persons over WEEKS weeks (2012-W01 to 2017-W36) and MONTHS months (to August 2017).

    person: (n,). codes: (n, WEEKS) benefit codes, 0 = none. degree_hundredths: (n, MONTHS) degree of employment
    in hundredths; industry: (n, MONTHS) six digits; both 0 in a month without a wage record.
    """

    person: NDArray[np.int64]
    codes: NDArray[np.int16]
    degree_hundredths: NDArray[np.int16]
    branche: NDArray[np.int32]

    @property
    def wage(self) -> NDArray[np.bool_]:
        """Months (n, MONTHS) with a wage record."""
        return self.branche > 0


def subjects_of(frame: Frame, members: NDArray[np.bool_]) -> Subjects:
    """What the life courses of some of the frame's persons depend on."""
    return Subjects(
        person=frame.person[members],
        week=week_of(frame.allocation_date[members]),
        treated=frame.treated[members].astype(np.int64),
        wait_days=frame.wait_days[members],
        team=frame.team[members],
    )


def build_histories(frame: Frame, choices: Path = CHOICES) -> Histories:
    """The histories of all persons of the frame: as calibrated for the analysed, else the model's first candidate.

    Raises InputError if the committed choices were made for another frame or another generator.
    """
    chosen = read_choices(choices)
    analysed = np.asarray(frame.analysed)
    if chosen.person.tolist() != frame.person[analysed].tolist():
        raise InputError(f"{choices}: not the persons of the frame. Run make calibrate.")
    subjects = subjects_of(frame, np.ones(len(frame), dtype=bool))
    before, active = np.zeros((2, len(frame)), dtype=np.int64)
    before[analysed], active[analysed] = chosen.before, chosen.activation
    earlier = draw_before(subjects, before)
    after = draw_after(subjects, earlier, np.zeros_like(before))
    after[analysed] = chosen.after
    states, activation = states_of(subjects, earlier, after, active)
    if fingerprint(states[analysed], activation[analysed]) != chosen.digest:
        raise InputError(
            f"{choices}: the life courses are not those it was written with: the file was edited, or the generator "
            "changed. Run make calibrate."
        )
    codes = _codes(states, activation, subjects.person)
    degree, industry = wage_months(states, subjects.person)
    _add_vital_events(codes, degree, industry, subjects, analysed)
    return Histories(subjects.person, codes, degree, industry)


def states_of(
    subjects: Subjects, before: NDArray[np.int8], after: NDArray[np.int8], activation: NDArray[np.int64]
) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
    """States and activation (n, WEEKS) of courses before and after allocation, with these candidates of activation."""
    active = draw_activation(subjects, activation)
    return join(before, after, subjects.week), join(active[:, :BEFORE], active[:, BEFORE:], subjects.week)


def fingerprint(states: NDArray[np.int8], activation: NDArray[np.int8]) -> str:
    """Digest of life courses: another generator, frame, table of hazards or choice gives another one."""
    return hashlib.sha256(states.tobytes() + activation.tobytes()).hexdigest()[:16]


@dataclass(frozen=True)
class Choices:
    """What the calibration chose for n persons: candidates before allocation and of activation, and courses after it.

    person, before, activation: (n,). after: (n, AFTER). digest: of the life courses they stand for.
    """

    person: NDArray[np.int64]
    before: NDArray[np.int64]
    after: NDArray[np.int8]
    activation: NDArray[np.int64]
    digest: str


def read_choices(path: Path = CHOICES) -> Choices:
    """Read the calibrated choices. Raises InputError if the file is missing or holds something else."""
    rows = read_stored(path, CHOSEN)
    whole = ("person", "before_choice", "activation_choice")
    numbers = {name: read_column(path, rows, name, np.int64) for name in whole}
    courses = read_column(path, rows, "after", lambda text: parse_spells(text, AFTER))
    return Choices(
        person=np.array(numbers["person"]),
        before=np.array(numbers["before_choice"]),
        after=np.stack(courses),
        activation=np.array(numbers["activation_choice"]),
        digest=rows[0]["digest"],
    )


def _codes(states: NDArray[np.int8], activation: NDArray[np.int8], person: NDArray[np.int64]) -> NDArray[np.int16]:
    """Benefit codes (n, WEEKS): activation shows as the last digit of the benefits that can be activated."""
    rows = read_rows("states.csv")
    plain = np.array(list(state_codes().values()))
    base = np.array([int(row["activated_from"] or 0) for row in rows])[states]
    digit = plain[activation]
    codes = np.where((base > 0) & (digit > 0), base + digit, plain[states])
    less_ready = np.array([generator(f"readiness/{one}").random() < 0.5 for one in person])
    is_cash = (codes >= 130) & (codes < 140) & less_ready[:, None] & (np.arange(WEEKS) >= ACTIVITY_READY_FROM)
    return np.where(is_cash, codes + 600, codes).astype(np.int16)


def _add_vital_events(
    codes: NDArray[np.int16],
    degree: NDArray[np.int16],
    industry: NDArray[np.int32],
    subjects: Subjects,
    analysed: NDArray[np.bool_],
) -> None:
    """Write deaths, stays abroad and old-age pension over the histories, in place.

    Those of an analysed person lie outside weeks -104 to 84 around allocation; others may have them anywhere.
    """
    for row, number in enumerate(subjects.person):
        source = generator(f"vital/{number}")
        chance, place, length = source.random(4), source.random(2), int(source.integers(20, 60))
        week = int(subjects.week[row])
        first = week + CLEAR_AFTER + 4 if analysed[row] else 0
        last = week - CLEAR_BEFORE - 4 if analysed[row] else LAST_KNOWN
        events = []
        if chance[3] < EARLY_ABROAD and last > 0:
            events.append((NOT_RESIDENT, 0, min(last, length)))
        for position, (code, probability) in enumerate(LATE.items()):
            if chance[position] < probability and first < WEEKS:
                start = first + int(place[0] * (WEEKS - first))
                returns = code == NOT_RESIDENT and place[1] < 0.5
                events.append((code, start, start + length if returns else WEEKS))
        for code, start, end in events:
            codes[row, start:end] = code
            gone = np.setdiff1d(MONTH[start:end], np.r_[MONTH[:start], MONTH[end:]])
            gone = gone[gone < degree.shape[1]]
            degree[row, gone], industry[row, gone] = 0, 0
