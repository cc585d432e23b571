"""A number with cells changed beside a rebuild from files in which the same cells are changed as text.

What the test of one draw compares, over as many draws as are asked for: python -m tests.changes.rebuilding 40.
"""

import csv
import datetime
import hashlib
import io
import json
import random
import shutil
import sys
import tempfile
from contextlib import redirect_stdout
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from pipeline.audit.build import Build
from pipeline.audit.resampled import RESAMPLED
from pipeline.changes.cells import Cell
from pipeline.changes.whatif import WhatIf, change_cells, describe, estimate_rows, read_start, show_after
from pipeline.errors import InputError
from pipeline.estimate.estimators import ESTIMATORS, checked_models
from pipeline.estimate.table import parse_address
from pipeline.runner.inputs import load_input, serialise
from pipeline.show.shown import show_number
from pipeline.stages import estimates, ingest, outcomes, register, request, sample, survey

RAW, DERIVED, CONFIG = Path("data_raw/twin"), Path("data_derived/twin"), Path("config")
BUILD = Build(RAW, DERIVED)
REGISTER, ALLOCATION, FIRST, SECOND = "dream.csv", "allocation.csv", "baseline_survey.csv", "followup_survey.csv"
SETTINGS = ("study.toml", "outcomes.toml", "benefit_codes.csv", "scales.csv", "variables.csv")
OF_ESTIMATES = ("sample", "background", "shares", "weekly", "durations", "followup", "exclusions")
START = cache(lambda: read_start(BUILD))


@cache
def received(name):
    """The rows of a received file, the header first, read without the pipeline."""
    with (RAW / name).open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file, delimiter=";"))


def draw(rng, name, begins):
    """A random cell of a column that begins so, with the content of another of its rows."""
    rows = received(name)
    column = rng.choice([place for place, title in enumerate(rows[0]) if title.startswith(begins)])
    line = rng.randrange(2, len(rows) + 1)
    others = sorted({row[column] for row in rows[1:]} - {rows[line - 1][column]})
    return Cell(name, line, rows[0][column], rng.choice(others or [rows[line - 1][column]]))


def draw_date(rng):
    """A draw that comes some days later."""
    rows = received(ALLOCATION)
    line, column = rng.randrange(2, len(rows) + 1), rows[0].index("ALLOKERINGSDATO")
    day = datetime.date.fromisoformat(rows[line - 1][column]) + datetime.timedelta(days=rng.randrange(1, 9))
    return Cell(ALLOCATION, line, "ALLOKERINGSDATO", day.isoformat())


def draw_team(rng):
    """Another team of the person's municipality."""
    rows = received(ALLOCATION)
    town, team = rows[0].index("KOMMUNE"), rows[0].index("HOLD")
    moves = [(line, other[team]) for line, row in enumerate(rows[1:], 2) for other in rows[1:]
             if row[town] == other[town] and row[team] != other[team]]  # fmt: skip
    line, name = rng.choice(moves)
    return Cell(ALLOCATION, line, "HOLD", name)


def random_cells(rng):
    """A cell of every kind: codes, wages, answers to both surveys, and of the draw team, arm, consent and date."""
    register_cells = [draw(rng, REGISTER, begins) for begins in ("Y_15", "Y_15", "Y_16", "BRANCHE_2015", "GRAD_2016")]
    answers = [draw(rng, FIRST, "UWSES"), draw(rng, FIRST, "SMERTER"), draw(rng, SECOND, "BIPQ")]
    draws = [draw_team(rng), draw(rng, ALLOCATION, "GRUPPE"), draw(rng, ALLOCATION, "SAMTYKKE"), draw_date(rng)]
    return [*register_cells, *answers, *draws]


def change_files(cells, raw):
    """The files of the trial in the folder `raw`, with the cells changed as text and the hashes those of the files."""
    shutil.copytree(RAW, raw)
    described = (raw / "extract.toml").read_text(encoding="utf-8")
    for name in {cell.file for cell in cells}:
        before = (raw / name).read_bytes()
        rows = [line.split(";") for line in before.decode().splitlines()]
        for cell in cells:
            if cell.file == name:
                rows[cell.line - 1][rows[0].index(cell.column)] = cell.value
        after = ("\n".join(map(";".join, rows)) + "\n").encode()
        (raw / name).write_bytes(after)
        hashes = [hashlib.sha256(content).hexdigest() for content in (before, after)]
        assert hashes[0] in described
        described = described.replace(*hashes)
    (raw / "extract.toml").write_text(described, encoding="utf-8")


def stored(tables):
    """The tables as a build has them: written and read again."""
    kept = {Path(name): table for name, table in tables.items() if name.endswith(".parquet")}
    return {path.stem: pd.read_parquet(io.BytesIO(serialise(path, table))) for path, table in kept.items()}


def rebuild(cells, folder, models):
    """The derived tables, stage by stage from files with the cells changed, and the estimates of parsed models."""
    raw = folder / "twin"
    change_files(cells, raw)
    study, definitions, codes, scales, variables = (load_input(CONFIG / name) for name in SETTINGS)
    facts = load_input(raw / "extract.toml")
    files = {Path(name).stem: load_input(raw / name) for name in (ALLOCATION, FIRST, SECOND)}
    with redirect_stdout(io.StringIO()):
        asked = json.loads(request.run(facts, study, files["allocation"])["request.json"])
        files |= stored(register.run(asked, register=raw / REGISTER))
        made = stored(ingest.run(facts, study, codes, scales, definitions, **files))
        made |= stored(sample.run(made["trial"], made["register_columns"], study, facts))
        made |= stored(survey.run(made["baseline_items"], made["followup_items"], scales))
        found = outcomes.run(made["sample"], made["register_weeks"], definitions, study, made["baseline"], codes)
        made |= stored(found)
        own = {name: made[name] for name in OF_ESTIMATES}
        tables = estimates.run(**own, variables=variables, models=models, study=study)
    return made, stored(tables)


def show(estimated):
    """By address the value and text of every number of the estimates, as the stage that shows numbers makes them.

    Not what resampling says of them: with every draw of a build it takes minutes.
    """
    rows = {row["estimate_id"]: row for table in estimated.values() for row in table.to_dict("records")}
    slots = [slot for slot in BUILD.slots.values() if slot.estimate_id in rows and slot.statistic not in RESAMPLED]
    levels = BUILD.study.inference.stars
    return {slot.cell_id: show_number(slot, rows[slot.estimate_id], levels, BUILD.language)[7:9] for slot in slots}


class Compared(NamedTuple):
    """How many numbers were compared, how many are others than before, and those that the two do not have alike."""

    count: int
    moved: int
    unlike: list[tuple[str, tuple[float, str], tuple[float, str]]]


def bits(value):
    """A number so that missing ones are equal and no rounding is."""
    return None if pd.isna(value) else float(value).hex() if not isinstance(value, str) else value


def compare_shown(changed, estimated, models):
    """The value and text of every number shown of the models, after the change and after a rebuild."""
    wanted = show(estimated)
    numbers = BUILD.shown[BUILD.shown["cell_id"].isin(list(wanted))].to_dict("records")
    after = {}
    for model in checked_models(models, BUILD.study.design).values():
        after |= estimate_rows(model, ESTIMATORS[model.estimator], changed.data)
    moved, unlike, told = 0, [], set()
    for number in numbers:
        row, (value, text) = after.get(parse_address(number["estimate_id"])), wanted[number["cell_id"]]
        found = show_after(number, row, BUILD)
        moved += bits(value) != bits(number["value"])
        kind = number["estimate_id"].partition("/")[0], number["statistic"]
        is_said = kind in told or says(WhatIf(number, before_of(number), row, *found, [], []), changed, value, text)
        told.add(kind)
        if (bits(found[0]), found[1]) != (bits(value), text) or not is_said:
            unlike.append((number["cell_id"], found, (value, text)))
    return Compared(len(numbers), moved, unlike)


def before_of(number):
    """The estimate of a number shown, as built."""
    return BUILD.estimates[number["estimate_id"]][1]


def says(found, changed, value, text):
    """Whether the text of a what-if says the value and the text, or that the value is the same."""
    said, before = describe(found, changed), found.cell["value"]
    first, second = ("missing" if pd.isna(one) else f"{one:.12g}" for one in (before, value))
    (words,) = [line.split() for line in said.splitlines() if line.startswith("  value ")]
    is_same = bits(before) == bits(value) and words[1:3] == [first, "(the"]
    return f"{found.cell['text']} -> {text}\n" in said and (words[1:4] == [first, "->", second] or is_same)


def require_same_tables(changed, made):
    """Every derived table is to the bit that of the rebuild."""
    for name, table in made.items():
        kept = stored({f"{name}.parquet": changed.derived[name]})[name]
        pd.testing.assert_frame_equal(kept, table, check_exact=True)


def main(draws):
    """Compare all numbers shown over many draws, each a cell of one kind alone, and say the counts."""
    models = load_input(CONFIG / "models.toml")
    pairs = moved = refused = 0
    largest, kinds = 0.0, {}
    for place in range(draws):
        cell = random_cells(random.Random(place))[place % 12]
        try:
            changed = change_cells([cell], START(), BUILD)
        except InputError:
            refused += 1
            continue
        with tempfile.TemporaryDirectory() as folder:
            made, estimated = rebuild([cell], Path(folder), models)
        require_same_tables(changed, made)
        found = compare_shown(changed, estimated, models)
        pairs, moved = pairs + found.count, moved + found.moved
        kinds[cell.column.partition("_")[0]] = kinds.get(cell.column.partition("_")[0], 0) + 1
        for cell_id, one, other in found.unlike:
            largest = max(largest, abs(one[0] - other[0]))
            print(f"UNLIKE {cell_id}: {one} after SET, {other} after a rebuild, of {cell}", flush=True)
        print(f"{place + 1} of {draws}: {pairs:,} pairs, {moved:,} moved, largest difference {largest:.1e}", flush=True)
    print(f"cells by column {kinds}, {refused} refused by the checks")


if __name__ == "__main__":
    main(int(sys.argv[1]))
