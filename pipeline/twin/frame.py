"""The frame of the twin: who was randomised where, when and to which arm, and who was left out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pipeline.twin.stored import one_of, read_column, read_rows, read_stored

DATA = Path(__file__).parent / "data"
DATES = Path(__file__).parent / "calibrated" / "dates.csv"
DATED = ["person", "team_name", "treated", "exclusion", "allocation_date"]  # columns of that file
LETTERS = str.maketrans({"æ": "ae", "ø": "oe", "å": "aa"})


@dataclass(frozen=True)
class Team:
    """A team: its names, recruitment window (both days included) and number of analysed persons in each arm.

    Source: report table 2.1; teams of the excluded municipalities have invented windows and no analysed persons.
    """

    municipality_name: str
    team_name: str
    start: np.datetime64
    end: np.datetime64
    control: int
    treated: int

    @property
    def slug(self) -> str:
        """The team's name in file names and tables."""
        return slug(self.team_name)


@dataclass(frozen=True)
class Frame:
    """The 657 randomised persons, one entry each, in order of person = LOEBENR 1..657.

    allocation_date: days (datetime64[D]). wait_days: days to the last allocation among the team's analysed persons, or
    among all its persons if none is analysed. exclusion: '' if analysed, else closed_municipality, no_baseline,
    withdrawn, no_control_group or no_register_match.
    """

    person: npt.NDArray[np.int64]
    municipality: npt.NDArray[np.str_]
    municipality_name: npt.NDArray[np.str_]
    team: npt.NDArray[np.str_]
    team_name: npt.NDArray[np.str_]
    treated: npt.NDArray[np.int8]
    allocation_date: npt.NDArray[np.datetime64]
    wait_days: npt.NDArray[np.int64]
    analysed: npt.NDArray[np.bool_]
    exclusion: npt.NDArray[np.str_]
    consent: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        """Number of persons."""
        return len(self.person)

    @property
    def has_register_match(self) -> npt.NDArray[np.bool_]:
        """Whose number is found in the register."""
        return self.exclusion != "no_register_match"


def slug(name: str) -> str:
    """A name in lower-case ASCII letters, digits and underscores: 'Ikast-Brande' -> 'ikast_brande'."""
    letters = name.lower().translate(LETTERS)
    return "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in letters)


def read_teams() -> list[Team]:
    """The 43 analysed teams in the order of table 2.1, then the seven teams left out as a block."""
    return [
        Team(
            row["municipality_name"],
            row["team_name"],
            np.datetime64(row["recruitment_start"], "D"),
            np.datetime64(row["recruitment_end"], "D"),
            int(row["control"]),
            int(row["treated"]),
        )
        for row in read_rows(DATA / "teams.csv")
    ]


def build_frame() -> Frame:
    """The frame, from the team table and the calibrated allocation dates."""
    rows = read_stored(DATES, DATED)
    teams = {team.team_name: team for team in read_teams()}
    names = read_column(DATES, rows, "team_name", lambda text: one_of(text, teams))
    members = [teams[name] for name in names]
    day = read_column(DATES, rows, "allocation_date", lambda text: np.datetime64(date.fromisoformat(text), "D"))
    allocation_date = np.array(day)
    exclusion = np.array([row["exclusion"] for row in rows])
    team = np.array([member.slug for member in members])
    return Frame(
        person=np.array(read_column(DATES, rows, "person", np.int64)),
        municipality=np.array([slug(member.municipality_name) for member in members]),
        municipality_name=np.array([member.municipality_name for member in members]),
        team=team,
        team_name=np.array([member.team_name for member in members]),
        treated=np.array(read_column(DATES, rows, "treated", lambda text: int(one_of(text, "01"))), dtype=np.int8),
        allocation_date=allocation_date,
        wait_days=_wait(team, allocation_date, exclusion == ""),
        analysed=exclusion == "",
        exclusion=exclusion,
        consent=exclusion != "withdrawn",
    )


def _wait(
    team: npt.NDArray[np.str_], date: npt.NDArray[np.datetime64], analysed: npt.NDArray[np.bool_]
) -> npt.NDArray[np.int64]:
    last = {}
    for name in np.unique(team):
        inside = team == name
        counted = inside & analysed if (inside & analysed).any() else inside
        last[name] = date[counted].max()
    return (np.array([last[name] for name in team]) - date).astype(np.int64)
