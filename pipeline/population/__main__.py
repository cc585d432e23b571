"""Count the population of an extract and write its tables: python -m pipeline.population RAW ...; make population.

What is written has no row of a person: counts by series, sex, age and municipality, and the estimates made of them.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

from pipeline.errors import InputError, command
from pipeline.population.engines import EMBEDDED, connected
from pipeline.population.estimates import build_estimates
from pipeline.population.register import Definitions, count_population, open_register, read_trial
from pipeline.register.calendar import week_of_date
from pipeline.register.readers import again, read_received
from pipeline.runner.inputs import load_input, serialise
from pipeline.storage import digest, write_if_changed

SETTINGS = ("study.toml", "outcomes.toml", "benefit_codes.csv")


def build_population(raw: Path, settings: Path, derived: Path, engine: str) -> None:
    """Write the counts by week and of persons, the estimates, and the facts, all under `derived`/population."""
    started = time.perf_counter()
    study, outcomes, codes = (load_input(settings / name) for name in SETTINGS)
    extract = load_input(raw / "extract.toml")
    definitions = Definitions(study, outcomes, extract, codes)
    file = extract.files["register"]
    path = raw / file.path
    if digest(path) != file.sha256:
        raise InputError(f"{path}: it is not the file that extract.toml describes. Restore it, or {again(path)}.")
    sample, drawn = load_input(derived / "sample.parquet"), load_input(derived / "trial.parquet")
    allocation = read_received(raw / extract.files["allocation"].path, extract)
    trial = read_trial(allocation, sample, study.design)
    weeks = [week_of_date(day.date()) for day in drawn["allocation_date"]]
    print(f"population: {path}, {file.rows:,} rows, on {engine}", flush=True)
    with tempfile.TemporaryDirectory(prefix="population-") as folder, connected(engine, Path(folder)) as connection:
        register = open_register(connection, path, definitions, weeks)
        by_week, persons = count_population(register, trial, definitions)
    groups = load_input(derived / "groups.parquet")
    places = settings / "municipalities.csv"
    names = load_input(places) if places.exists() else None
    target = derived / "population"
    estimates = build_estimates(by_week, persons, definitions, groups, names)
    facts = {"rows": file.rows, "sha256": file.sha256, "weeks": len(register.weeks)}
    for name, table in (("weeks", by_week), ("persons", persons), ("estimates/population", estimates)):
        write_if_changed(target / f"{name}.parquet", serialise(target / f"{name}.parquet", table))
    write_if_changed(target / "population.json", (json.dumps(facts, indent=1) + "\n").encode())
    print(f"population   {time.perf_counter() - started:6.2f} s  {target} has the tables", flush=True)


@command
def main() -> None:
    """Parse the command line and build the tables."""
    parser = argparse.ArgumentParser(prog="python -m pipeline.population", description="Count the population.")
    parser.add_argument("raw", type=Path)
    parser.add_argument("--settings", type=Path, required=True)
    parser.add_argument("--derived", type=Path, required=True)
    parser.add_argument("--engine", default=EMBEDDED)
    arguments = parser.parse_args()
    build_population(arguments.raw, arguments.settings, arguments.derived, arguments.engine)


if __name__ == "__main__":
    sys.exit(main())
