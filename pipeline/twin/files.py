"""The twin as received: the files of data_raw/twin, the same bytes on every run and machine."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pipeline.twin.frame import Frame, build_frame
from pipeline.twin.histories import Histories, build_histories
from pipeline.twin.people import YEARS, Answers, People, build_items, build_people
from pipeline.twin.randomness import generator
from pipeline.twin.scores import BASELINE, FOLLOWUP, read_scales, read_scores
from pipeline.twin.stored import read_rows
from pipeline.twin.weeks import FIRST_MONTH, MONTHS, THURSDAYS

RECEIVED = "2018-03-01"
VERSION = "201708"
PUBLIC_KEY = hashlib.sha256(b"the twin").hexdigest()  # persons' numbers are hashed with it: nobody's, so no secret
KEYS = {
    "allocation": "LOEBENR",
    "baseline_survey": "LOEBENR",
    "followup_survey": "LOEBENR",
    "dream": "PNR",
    "targets": "",
}
ROLES = {"dream": "register"}  # the role of a file in extract.toml, where it is not its stem
TARGETS = Path(__file__).parent / "calibrated" / "targets.csv"
ANSWER_DAYS = 10  # a baseline answer is at most this many days less one before allocation
COURSE_DAYS = (49, 71)  # days from the formation of the team to the second answer: a course of six weeks, then some


def twin_files(histories: Histories | None = None) -> dict[str, bytes]:
    """Name and bytes of every file; extract.toml last. `histories` are built unless given."""
    frame = build_frame()
    baseline, surveyed = read_scores(BASELINE, len(frame))
    followup, answered = read_scores(FOLLOWUP, len(frame))
    people = build_people(frame, baseline)
    tables = {
        "allocation": allocation_lines(frame, people),
        "baseline_survey": survey_lines(frame, build_items(baseline, surveyed, "baseline"), before_dates(frame)),
        "followup_survey": survey_lines(frame, build_items(followup, answered, "followup"), after_dates(frame)),
        "dream": register_lines(frame, people, histories or build_histories(frame)),
        "targets": target_lines(),
    }
    files = {f"{stem}.csv": ("\n".join(lines) + "\n").encode("utf-8") for stem, lines in tables.items()}
    files["extract.toml"] = describe(files, frame).encode("utf-8")
    return files


def target_lines() -> list[str]:
    """One line a printed number that the twin was made to meet, or drawn towards, with its role."""
    rows = read_rows(TARGETS)
    return [";".join(rows[0]), *(";".join(row.values()) for row in rows)]


def allocation_lines(frame: Frame, people: People) -> list[str]:
    """One line a randomised person, in order of LOEBENR."""
    lines = ["LOEBENR;PNR;KOMMUNE;HOLD;GRUPPE;ALLOKERINGSDATO;SAMTYKKE"]
    for i, number in enumerate(people.number):
        arm = "LTJS" if frame.treated[i] else "Kontrol"
        place, team = frame.municipality_name[i], frame.team_name[i]
        day, consent = frame.allocation_date[i], int(frame.consent[i])
        lines.append(f"{frame.person[i]};{number};{place};{team};{arm};{day};{consent}")
    return lines


def survey_lines(frame: Frame, rows: list[tuple[int, Answers]], date: npt.NDArray[np.datetime64]) -> list[str]:
    """One line a person who answered; items in the order of the questionnaire."""
    items = [item for scale in read_scales() for item in scale.items if item in rows[0][1]]
    lines = [";".join(["LOEBENR", "SVARDATO", *items])]
    for i, answers in rows:
        cells = ("" if answers[item] is None else str(answers[item]) for item in items)
        lines.append(";".join([str(frame.person[i]), str(date[i]), *cells]))
    return lines


def before_dates(frame: Frame) -> npt.NDArray[np.datetime64]:
    """Dates (657,) of the baseline answers: the day of allocation or a few days before."""
    return frame.allocation_date - generator("survey/baseline_dates").integers(0, ANSWER_DAYS, size=len(frame))


def after_dates(frame: Frame) -> npt.NDArray[np.datetime64]:
    """Dates (657,) of the follow-up answers: after the team's course."""
    days = generator("survey/followup_dates").integers(*COURSE_DAYS, size=len(frame))
    return frame.allocation_date + frame.wait_days + days


def register_lines(frame: Frame, people: People, histories: Histories) -> list[str]:
    """One line a person whose number is in the register, by PNR: sex, birth month, addresses, weeks, months."""
    if not np.array_equal(histories.person, frame.person):
        raise ValueError("the histories are not those of the frame")
    iso = [day.item().isocalendar() for day in THURSDAYS.astype("datetime64[D]")]
    months = [str(FIRST_MONTH + k).replace("-", "_") for k in range(MONTHS)]
    header = [
        "PNR",
        "KON",
        "FOEDDT",
        *(f"NYKOM{year}" for year in YEARS),
        *(f"Y_{year % 100:02d}{week:02d}" for year, week, _ in iso),
    ]
    header += [f"BRANCHE_{month}" for month in months] + [f"GRAD_{month}" for month in months]
    lines = []
    for i in sorted(np.flatnonzero(frame.has_register_match), key=lambda row: people.number[row]):
        born = people.born[i].astype("datetime64[M]").astype("datetime64[D]")
        degree = (f"{hundredths // 100},{hundredths % 100:02d}" if hundredths else ""
                  for hundredths in histories.degree_hundredths[i].tolist())  # fmt: skip
        cells: Iterable[str] = (
            people.number[i],
            "K" if people.female[i] else "M",
            str(born),
            *(str(number) for number in people.municipality_number[i]),
            *(str(code) if code else "" for code in histories.codes[i].tolist()),
            *(f"{branche:06d}" if branche else "" for branche in histories.branche[i].tolist()),
            *degree,
        )
        lines.append(";".join(cells))
    return [";".join(header), *lines]


def describe(files: dict[str, bytes], frame: Frame) -> str:
    """The text of extract.toml."""
    text = [
        'name = "twin"',
        'label = "Synthetic trial (the twin): invented persons in the format of the real extract"',
        'label_da = "Syntetisk forsøg (tvillingen): opdigtede personer i samme format som det rigtige udtræk"',
        "synthetic = true",
        f'register_version = "{VERSION}"',
        'format = "dream_wide"',
        f"received = {RECEIVED}",
        f'public_key = "{PUBLIC_KEY}"',
        "published = true",
        "",
        "[excluded]",
        f"closed_municipality = {names_of(frame.municipality_name, frame, 'closed_municipality')}",
        f"no_control_group = {names_of(frame.team_name, frame, 'no_control_group')}",
    ]
    for stem, key in KEYS.items():
        content = files[f"{stem}.csv"]
        rows = content.count(b"\n") - 1
        text += [
            "",
            f"[files.{ROLES.get(stem, stem)}]",
            f'path = "{stem}.csv"',
            f"rows = {rows}",
            f'sha256 = "{hashlib.sha256(content).hexdigest()}"',
            f'key = "{key}"',
            'separator = ";"',
            'decimal = ","',
        ]
    return "\n".join(text) + "\n"


def names_of(names: npt.NDArray[np.str_], frame: Frame, reason: str) -> str:
    """The names of those who are excluded for a reason, each once, as extract.toml lists them."""
    found = dict.fromkeys(name for name, excluded in zip(names, frame.exclusion, strict=True) if excluded == reason)
    return f"[{', '.join(f'{chr(34)}{name}{chr(34)}' for name in found)}]"
