"""Count the population of an extract and write its tables: python -m pipeline.population RAW ...; make population.

What is written has no row of a person: counts by series, sex, age and municipality, and the estimates made of them.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.cells import write_frame
from pipeline.errors import command
from pipeline.people.exclusions import weeks_of_draws
from pipeline.population.cells import UNKNOWN
from pipeline.population.definitions import Definitions, read_trial
from pipeline.population.engines import EMBEDDED, connected, told_errors
from pipeline.population.estimates import build_estimates
from pipeline.population.persons import EVERYBODY
from pipeline.population.register import count_population, open_register
from pipeline.population.weekly import weekly_shares
from pipeline.pseudonyms.hashed import Pseudonyms
from pipeline.register.readers import read_received, require_same
from pipeline.runner.inputs import load_input, serialise
from pipeline.settings.disclosure import Disclosure
from pipeline.storage import write_if_changed

if TYPE_CHECKING:
    import pandas as pd

MOST_NUMBERS = 5  # of municipalities that a message names
SETTINGS = ("study.toml", "outcomes.toml", "benefit_codes.csv")


def build_population(raw: Path, settings: Path, derived: Path, engine: str, control: Disclosure) -> None:
    """Write the counts, the estimates, and the facts, all under `derived`/population."""
    started = time.perf_counter()
    study, outcomes, codes = (load_input(settings / name) for name in SETTINGS)
    extract = load_input(raw / "extract.toml")
    definitions = Definitions(study, outcomes, extract, codes)
    files = [(raw / file.path, file) for file in extract.registers]
    for path, file in files:
        require_same(path, file)
    sample, drawn = load_input(derived / "sample.parquet"), load_input(derived / "trial.parquet")
    allocation = read_received(raw / extract.files["allocation"].path, extract)
    trial = read_trial(allocation, sample, study.design, Pseudonyms.of(extract))
    weeks = weeks_of_draws(drawn["allocation_date"]).tolist()
    rows = sum(file.rows for _, file in files)
    print(f"population: {', '.join(str(path) for path, _ in files)}, {rows:,} rows, on {engine}", flush=True)
    with (
        tempfile.TemporaryDirectory(prefix="population-") as place,
        told_errors(files[0][0]),
        connected(engine, Path(place)) as connection,
    ):
        register = open_register(connection, raw, definitions, weeks, Path(place))
        counts = count_population(register, trial, definitions)
    places = settings / "municipalities.csv"
    names = load_input(places) if places.exists() else None
    if names is not None:
        say_unplaced(counts.persons, names)
    estimates = build_estimates(counts, definitions, load_input(derived / "groups.parquet"), names)
    facts = {"rows": rows, "sha256": [file.sha256 for _, file in files], "weeks": len(register.weeks)}
    population = definitions.population
    smallest = max(population.smallest_group, control.bounds.persons)
    shares = weekly_shares(counts, names, population.ages, smallest, control)
    shares_text = write_frame(shares)
    write_if_changed(derived / "population" / "weekly_shares.csv", shares_text.encode())
    _write(derived / "population", {**counts._asdict(), "estimates/population": estimates}, facts)
    print(f"population   {time.perf_counter() - started:6.2f} s  {derived / 'population'} has the tables", flush=True)


def say_unplaced(persons: pd.DataFrame, municipalities: pd.DataFrame) -> None:
    """Say how many of everybody have the number of no municipality of municipalities.csv, and the first of these."""
    everybody = persons[(persons["series"] == EVERYBODY) & (persons["place"] != UNKNOWN)]
    is_other = ~everybody["place"].isin(municipalities["number"].astype(str))
    numbers = sorted(everybody.loc[is_other, "place"].unique(), key=int)
    if numbers:
        shown = ", ".join(numbers[:MOST_NUMBERS]) + (", ..." if len(numbers) > MOST_NUMBERS else "")
        print(
            f"population: {everybody.loc[is_other, 'persons'].sum():,} of the {everybody['persons'].sum():,} persons "
            f"with a municipality have a number that municipalities.csv lacks ({shown}): they are in the counts of no "
            "municipality of the trial. Compare the two."
        )


def _write(target: Path, tables: Mapping[str, pd.DataFrame], facts: Mapping[str, object]) -> None:
    for name, table in tables.items():
        write_if_changed(target / f"{name}.parquet", serialise(target / f"{name}.parquet", table))
    write_if_changed(target / "population.json", (json.dumps(facts, indent=1) + "\n").encode())


@command
def main() -> None:
    """Parse the command line and build the tables."""
    parser = argparse.ArgumentParser(prog="python -m pipeline.population", description="Count the population.")
    parser.add_argument("raw", type=Path)
    parser.add_argument("--settings", type=Path, required=True)
    parser.add_argument("--derived", type=Path, required=True)
    parser.add_argument("--control", type=Path, required=True, help="the bounds of what may leave")
    parser.add_argument("--engine", default=EMBEDDED)
    arguments = parser.parse_args()
    control = load_input(arguments.control)
    build_population(arguments.raw, arguments.settings, arguments.derived, arguments.engine, control)


if __name__ == "__main__":
    sys.exit(main())
