"""Time and memory of the stages up to the estimates as the trial grows to a hundred times its size.

python -m benchmarks.growth

Every person of the synthetic trial is copied into new teams of the same municipality and the copy is registered and
built as an extract of its own, so that everything is counted that a larger trial would meet.
"""

from __future__ import annotations

import math
import re
import tempfile
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pandas as pd

from benchmarks.projects import Project, copy_of
from pipeline.settings.extract import Extract
from pipeline.settings.reading import read_settings
from pipeline.settings.study import Study

TIMES = (1, 10, 100)
STAGES = ("ingest", "sample", "survey", "outcomes", "estimates")


def main() -> None:
    """Print for each stage the seconds and MB at each size, and the exponents of the last step."""
    with tempfile.TemporaryDirectory() as place:
        project = copy_of(Path(place) / "copy")
        project.make("twin")
        found = {times: _measure(project, times) for times in TIMES}
    sizes = " | ".join(f"x {times}" for times in TIMES)
    print(f"| stage, seconds | {sizes} | exponent | largest process, MB: {sizes} | exponent |")
    print("|---" * (3 + 2 * len(TIMES)) + "|")
    for stage in STAGES:
        seconds, memory = zip(*(found[times][stage] for times in TIMES), strict=True)
        cells = [*(f"{value:.2f}" for value in seconds), f"{_exponent(seconds):.2f}"]
        cells += [*(f"{value:.0f}" for value in memory), f"{_exponent(memory):.2f}"]
        print(f"| {stage} | {' | '.join(cells)} |")


def _exponent(values: tuple[float, ...]) -> float:
    """b in value = a * size^b over the last step, where the fixed cost of a stage weighs least."""
    (small, large), (before, after) = list(pairwise(TIMES))[-1], values[-2:]
    return math.log(after / before) / math.log(large / small)


def _measure(project: Project, times: int) -> dict[str, tuple[float, float]]:
    """By stage the seconds that it says it took, and the MB of the largest process of its make."""
    name = f"times{times}"
    raw = project.folder / "data_raw"
    for file, content in _multiplied(raw / "twin", project.folder / "config", times):
        (raw / name).mkdir(exist_ok=True)
        (raw / name / file).write_bytes(content)
    project.make("extract", f"EXTRACT={name}", "AGAIN=yes")
    found = {}
    for stage in STAGES:
        run = project.make(f"data_derived/{name}/runs/{stage}.json", f"EXTRACT={name}")
        said = re.search(rf"^{stage} +([\d.]+) s  ", run.said, re.MULTILINE)
        if said is None:
            raise RuntimeError(f"{stage} said no seconds: {run.said}")
        found[stage] = (float(said.group(1)), run.memory)
    return found


def _multiplied(source: Path, settings: Path, times: int) -> Iterator[tuple[str, bytes]]:
    """The files of an extract with every person `times` times, each time in teams of their own."""
    study, extract = read_settings(settings / "study.toml"), read_settings(source / "extract.toml")
    tables = {
        file.path: pd.read_csv(source / file.path, sep=file.separator, dtype=str, keep_default_na=False)
        for file in extract.files.values()
        if file.key
    }
    allocation = tables[extract.files["allocation"].path]
    persons = allocation.set_index(str(study.design.register_key))[study.design.person]
    for file in extract.files.values():
        if file.key:
            copies = [_copy(tables[file.path], persons, study, extract, number) for number in range(times)]
            yield file.path, pd.concat(copies).to_csv(index=False, sep=file.separator).encode()
    yield "extract.toml", (source / "extract.toml").read_bytes()


def _copy(table: pd.DataFrame, persons: pd.Series, study: Study, extract: Extract, number: int) -> pd.DataFrame:
    """One copy of a received file: persons and their keys anew, and teams that no list of the extract names."""
    design, register_key = study.design, str(study.design.register_key)
    known = table[design.person] if design.person in table else table[register_key].map(persons)
    table, serial = table[known.notna()], known.dropna().astype(int) + number * (persons.astype(int).max() + 1)
    changed = {}
    if design.person in table:
        changed[design.person] = serial.astype(str)
    if register_key in table:  # a month of birth from 13 to 24, as invented persons have
        changed[register_key] = serial.map(lambda n: f"{1 + n % 28:02d}{13 + n % 12:02d}{n:06d}")
    if number and design.cluster and design.cluster.column in table:
        names = table[design.cluster.column]
        listed = {name for names in extract.excluded.values() for name in names}
        changed[design.cluster.column] = names.where(names.isin(listed), names + f" {number}")
    return table.assign(**changed)


if __name__ == "__main__":
    main()
