"""An invented register of a hundred persons with everything in it that a register week can be, and its trial."""

from __future__ import annotations

import copy
import json
import shutil
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pandas as pd

from pipeline.population.definitions import Definitions, read_trial
from pipeline.population.register import Counts, count_population, open_register
from pipeline.pseudonyms.hashed import Pseudonyms
from pipeline.register.calendar import monday_of_week, week_of_iso
from pipeline.register.readers import read_received
from pipeline.register.receive import register_extract
from pipeline.runner.inputs import load_input
from pipeline.settings.extract import is_register
from pipeline.settings.outcomes import OutcomeDefinitions
from pipeline.stages import ingest, outcomes, register, request, sample
from tests.delivery import DAY, write_lines
from tests.linked import persons_of
from tests.small_study import CODES, SETTINGS, definitions, inline

PERSONS, IN_TRIAL = 100, 60
WEEKS = range(week_of_iso(2014, 49), week_of_iso(2014, 49) + 30)
DRAWS = range(WEEKS[0] + 8, WEEKS[0] + 12)
MONTHS = ["2014_12", *(f"2015_{month:02d}" for month in range(1, 7))]
CELLS = ["890", "890", "890", "890.0", "651", "998", "", "", "0", "."]
SEXES = ["K", "2", "M", "1", ""]
IDENTITY = {
    "sex": {"register": "SEX", "survey": "", "women": ["K", "2"], "men": ["M", "1"]},
    "birth": {"register": "BORN", "survey_age": ""},
}
POPULATION = {"state": "sick", "municipality": "PLACE{year}", "ages": [0, 30, 40], "smallest_group": 5}
MORE_CODES = [("998", "away"), ("999", "dead")]
UNKNOWN = {"unknown_groups": ["away", "dead"], "terminal_groups": ["dead"]}


def draw_register() -> pd.DataFrame:
    """A row a person: some dead, some with codes after it; the last month is not in the extract."""
    rng = np.random.default_rng(3)
    cells = rng.choice(CELLS, (PERSONS, len(WEEKS)))
    stays = rng.random(cells.shape) < 2 / 3
    for week in range(1, len(WEEKS)):
        cells[:, week] = np.where(stays[:, week], cells[:, week - 1], cells[:, week])
    for person in range(0, PERSONS, 7):
        cells[person, rng.integers(4, 25)] = "999"
    columns = [f"Y_{monday_of_week(week):%G}{monday_of_week(week):%V}".replace("Y_20", "Y_") for week in WEEKS]
    frame = pd.DataFrame(cells, columns=columns)
    for month in MONTHS:
        frame[f"BRANCHE_{month}"] = rng.choice(["841100", "11100", ""], PERSONS)
    frame["SEX"] = rng.choice(SEXES, PERSONS)
    frame["BORN"] = [f"{year}-{month:02d}-01" for year, month in rng.integers((1960, 1), (2000, 13), (PERSONS, 2))]
    frame.loc[::9, "BORN"] = ""
    for year in (2014, 2015):
        frame[f"PLACE{year}"] = rng.choice(["101", "561", "7", ""], PERSONS)
    frame["OTHER"] = "x"
    frame.insert(0, "CPR", [f"{1 + n % 28:02d}0350{n:04d}" for n in range(PERSONS)])
    return frame


class Crowd:
    """The delivery in a folder, and what the pipeline's own stages make of everybody in it."""

    def __init__(self, parent: Path, unknown_weeks: str = "missing") -> None:
        self.folder, self.settings = parent / "raw", parent / "config"
        self.folder.mkdir()
        self.settings.mkdir()
        self.register = draw_register()
        self._write_settings(unknown_weeks)
        rng = np.random.default_rng(4)
        days = [monday_of_week(int(week)).isoformat() for week in rng.choice(DRAWS, PERSONS)]
        arms = rng.choice(["new", "usual"], PERSONS)
        persons = zip(self.register["CPR"], arms, days, strict=True)
        head = ["ID", "CPR", "ARM", "DRAWN", "CONSENT", "DISTRICT", "CLASS"]
        rows = [[str(n), key, arm, day, "1", "North", "A"] for n, (key, arm, day) in enumerate(persons, 1)]
        write_lines(self.folder / "allocation.csv", [head, *rows])
        write_lines(
            self.folder / "baseline_survey.csv", [["ID", "ANSWERED", "PAIN"], *([row[0], "", "1"] for row in rows)]
        )
        self.write(self.register)
        self._run_stages()

    def copy(self, parent: Path) -> Crowd:
        """The same delivery in another folder, to be changed there."""
        other = copy.copy(self)
        other.folder, other.settings = parent / "raw", parent / "config"
        shutil.copytree(self.folder, other.folder)
        shutil.copytree(self.settings, other.settings)
        return other

    def _write_settings(self, unknown_weeks: str) -> None:
        exclusions = [rule for rule in SETTINGS["exclusions"] if rule["reason"] in ("unasked", "unmatched")]
        tables = {
            **SETTINGS,
            "design": {**SETTINGS["design"], "register_key": "CPR", "identity": IDENTITY},
            "outcomes": {**SETTINGS["outcomes"], "unknown_weeks": unknown_weeks},
            "exclusions": exclusions,
            "population": POPULATION,
        }
        text = "\n".join(f"{name} = {inline(table)}" for name, table in tables.items())
        (self.settings / "study.toml").write_text(text, encoding="utf-8")
        codes = pd.DataFrame(MORE_CODES, columns=["code", "group"]).assign(activation="none")
        pd.concat([CODES, codes]).fillna("").to_csv(self.settings / "benefit_codes.csv", index=False)

    def write(self, table: pd.DataFrame) -> None:
        """The register as csv, registered anew."""
        table.to_csv(self.folder / "register.csv", index=False, sep=";")
        self.register_again()

    def run_again(self) -> None:
        """Register the delivery anew and make again what the stages make of it."""
        self.register_again()
        self._run_stages()

    def register_again(self) -> None:
        (self.folder / "extract.toml").unlink(missing_ok=True)
        register_extract(self.folder, self.settings, DAY)

    def _run_stages(self) -> None:
        definitions_ = self.definitions
        study, extract, codes = definitions_.study, definitions_.extract, definitions_.benefit_codes
        received = {role: load_input(self.folder / file.path) for role, file in extract.files.items()}
        asked = request.run(extract, study, allocation=received["allocation"])["request.json"]
        files = {role: received.pop(role) for role in list(received) if is_register(role)}
        kept = register.run(json.loads(asked), **files)["register.parquet"]
        found = ingest.run(extract, study, codes, outcomes=definitions_.outcomes, register=kept, **received)
        self.weeks, self.persons = found["register_weeks.parquet"], persons_of(found["linkage.csv"])
        made = sample.run(found["trial.parquet"], found["register_columns.parquet"], study, extract)
        self.everybody = made["sample.parquet"]
        # By their numbers: the order of pseudonyms is another with every key.
        in_trial = {self.persons[str(n)] for n in range(1, IN_TRIAL + 1)}
        self.sample = self.everybody[self.everybody["person"].isin(in_trial)].reset_index(drop=True)

    @property
    def definitions(self) -> Definitions:
        own = msgspec.structs.replace(definitions(), **UNKNOWN)
        assert isinstance(own, OutcomeDefinitions)
        codes = load_input(self.settings / "benefit_codes.csv")
        return Definitions(
            load_input(self.settings / "study.toml"), own, load_input(self.folder / "extract.toml"), codes
        )

    def count(self, connection: Any, place: Path) -> Counts:
        """The counts by the engine of the connection."""
        found = self.definitions
        allocation = read_received(self.folder / found.extract.files["allocation"].path, found.extract)
        trial = read_trial(allocation, self.sample, found.study.design, Pseudonyms.of(found.extract))
        return count_population(open_register(connection, self.folder, found, DRAWS, place), trial, found)

    def entries(self) -> pd.DataFrame:
        """Everybody who entered as a sample of the pipeline, the week of entry in place of that of the draw."""
        rows = self.weeks.assign(code=self.weeks["code"].astype(str))
        dead = rows[rows["code"] == "999"].groupby("person")["week"].min()
        alive = rows["week"] < rows["person"].map(dead).fillna(np.inf)
        inside = rows[alive & rows["week"].isin(DRAWS) & (rows["code"] == "890")]
        entry = inside.groupby("person")["week"].min()
        entered = self.everybody[self.everybody["person"].isin(entry.index)]
        return entered.assign(allocation_week=entered["person"].map(entry))

    def outcomes_of(self, persons: pd.DataFrame) -> dict[str, pd.DataFrame]:
        """What the stage makes of the outcomes of these persons."""
        found = self.definitions
        return outcomes.run(persons, self.weeks, found.outcomes, found.study, None, found.benefit_codes)
