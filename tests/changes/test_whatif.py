"""A number with cells changed is to the bit that of a rebuild from files in which the same cells are changed."""

import csv
import datetime
import io
import json
import random
import re
import shutil
from contextlib import redirect_stdout
from functools import cache
from pathlib import Path

import msgspec
import numpy as np
import pandas as pd
import pytest

from pipeline.audit.build import Build
from pipeline.changes.cells import Cell, find_cell, parse_cells, set_cell
from pipeline.changes.rebuilt import read_files
from pipeline.changes.whatif import change_cells, describe, estimate_row, main, what_if
from pipeline.errors import InputError
from pipeline.estimate.estimators import ESTIMATORS
from pipeline.estimate.table import parse_address
from pipeline.register.parts import join_parts
from pipeline.register.receive import register_extract
from pipeline.runner.inputs import load_input, serialise
from pipeline.settings.extract import RawFile
from pipeline.stages import estimates, ingest, outcomes, register, request, sample, survey
from tests import small_study

RAW, DERIVED, CONFIG = Path("data_raw/twin"), Path("data_derived/twin"), Path("config")
BUILD = Build(RAW, DERIVED)
REGISTER, ALLOCATION, FIRST, SECOND = "dream.csv", "allocation.csv", "baseline_survey.csv", "followup_survey.csv"
RECEIVED = datetime.date(2018, 3, 1)
pytestmark = pytest.mark.report("exhibits.toml", "scales.csv")


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
    """A draw that comes some days earlier: on whom the checks have nothing to say it may not come later."""
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


def random_cells(seed):
    """Codes, wages, answers to both surveys, and of the draw team, arm, consent and date."""
    rng = random.Random(seed)
    register = [draw(rng, REGISTER, begins) for begins in ("Y_15", "Y_15", "Y_16", "BRANCHE_2015", "GRAD_2016")]
    answers = [draw(rng, FIRST, "UWSES"), draw(rng, FIRST, "SMERTER"), draw(rng, SECOND, "BIPQ")]
    draws = [draw_team(rng), draw(rng, ALLOCATION, "GRUPPE"), draw(rng, ALLOCATION, "SAMTYKKE"), draw_date(rng)]
    return [*register, *answers, *draws]


def stored(tables):
    """The tables as a build has them: written and read again."""
    kept = {Path(name): table for name, table in tables.items() if name.endswith(".parquet")}
    return {path.stem: pd.read_parquet(io.BytesIO(serialise(path, table))) for path, table in kept.items()}


def rebuild(cells, folder, wanted):
    """The derived tables and some tables of estimates, stage by stage from files with the cells changed as text."""
    raw = folder / "twin"
    shutil.copytree(RAW, raw)
    for cell in cells:
        rows = [line.split(";") for line in (raw / cell.file).read_text(encoding="utf-8").splitlines()]
        rows[cell.line - 1][rows[0].index(cell.column)] = cell.value
        (raw / cell.file).write_text("\n".join(map(";".join, rows)) + "\n", encoding="utf-8")
    names = ("study.toml", "outcomes.toml", "models.toml", "benefit_codes.csv", "scales.csv", "variables.csv")
    study, definitions, models, codes, scales, variables = (load_input(CONFIG / name) for name in names)
    with redirect_stdout(io.StringIO()):
        register_extract(raw, CONFIG, RECEIVED, mended=True)
        facts = load_input(raw / "extract.toml")
        files = {Path(name).stem: load_input(raw / name) for name in (ALLOCATION, FIRST, SECOND)}
        asked = json.loads(request.run(facts, study, files["allocation"])["request.json"])
        files |= stored(register.run(asked, register=raw / REGISTER))
        made = stored(ingest.run(facts, study, codes, scales, definitions, **files))
        made |= stored(sample.run(made["trial"], made["register_columns"], study, facts))
        made |= stored(survey.run(made["baseline_items"], made["followup_items"], scales))
        found = outcomes.run(made["sample"], made["register_weeks"], definitions, study, made["baseline"], codes)
        made |= stored(found)
        own = {name: made[name] for name in ("sample", "background", "shares", "weekly", "durations", "followup")}
        table = stored(
            estimates.run(**own, exclusions=made["exclusions"], variables=variables, models=models, study=study,
                          wanted={f"{stage}.parquet" for stage in wanted})
        )  # fmt: skip
    return made, {row["estimate_id"]: row for part in table.values() for row in part.to_dict("records")}


def addresses(stages):
    """An estimate of each model of these stages that is shown, drawn with a fixed seed."""
    shown = BUILD.shown.sample(frac=1, random_state=20141031)
    stage = shown["estimate_id"].str.partition("/")[0].map({name: model.stage for name, model in BUILD.models.items()})
    model = shown["estimate_id"].str.partition("/")[0]
    return shown[stage.isin(stages)].assign(model=model).drop_duplicates("model")["estimate_id"].sort_values()


def bits(value):
    """A number so that missing ones are equal and no rounding is."""
    return None if pd.isna(value) else float(value).hex() if not isinstance(value, str) else value


def test_cells_changed_give_to_the_bit_what_a_rebuild_from_changed_files_gives(tmp_path):
    cells, stages = random_cells(20150610), ("hazard", "survival", "tobit", "balance")
    changed = change_cells(cells, BUILD)
    made, estimated = rebuild(cells, tmp_path, stages)
    for name, table in made.items():
        kept = stored({f"{name}.parquet": changed.derived[name]})[name]
        pd.testing.assert_frame_equal(kept, table, check_exact=True)
    moved = 0
    for estimate_id in addresses(stages):
        address = parse_address(estimate_id)
        model = BUILD.models[address.model]
        found, row = estimate_row(model, ESTIMATORS[model.estimator], changed.data, address), estimated[estimate_id]
        assert {name: bits(value) for name, value in found.items()} == {name: bits(row[name]) for name in found}
        moved += bits(BUILD.estimates[estimate_id][1]["estimate"]) != bits(found["estimate"])
    assert moved, "no number moved, so nothing was compared"


MOVED = cache(
    lambda: change_cells(
        [
            Cell(REGISTER, 12, "Y_1540", "890"),  # of person 13
            Cell(ALLOCATION, 15, "GRUPPE", "Kontrol"),
            Cell(ALLOCATION, 16, "SAMTYKKE", "0"),
            *(Cell(FIRST, 16, f"UWSES_{number}", "0") for number in range(1, 7)),  # of person 17
        ],
        BUILD,
    )
)


@pytest.mark.parametrize(
    ("address", "told"),
    [
        (
            "figure_3_3/all/sickness_benefit/50",
            [
                "weekly: person 13, week 46: code 111 -> 890, sickness_benefit 0 -> 1, sickness_benefit_exit 0 -> 1",
                "shares: person 13, sickness_benefit from week 46 to 81; of weeks 1 to 50 0.02 -> 0.04",
                "exclusions: person 15, reason analysed -> withdrawn",
                "sample: person 15 has no row any more",
                "sample: leave the estimate: 1 person (15)",
                "sample: move from arm True to False: 1 person (14)",
            ],
        ),
        ("table_3_3/low_7/employment/estimate", ["sample: move from group high to low: 1 person (17)"]),
    ],
)
def test_what_moved_is_told_from_the_cell_to_the_number_and_its_sample(address, told):
    found = what_if(address, MOVED(), BUILD)
    assert set(told) <= set(found.moved), found.moved
    assert bits(found.after["estimate"]) != bits(found.before["estimate"])
    text = describe(found, MOVED())
    assert text.startswith("WHAT IF   dream.csv, line 12, column Y_1540: 111 -> 890   (person 13)")
    assert f"NUMBER    {address}" in text


OWN = cache(lambda: read_files(BUILD))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no cell is named"),
        ("dream.csv,12,Y_1540", "'dream.csv,12,Y_1540' is no cell. Say SET="),
        ("dream.csv,twelve,Y_1540,890", "is no cell"),
        ("income.csv,12,X,1", "numbers rest on no file 'income.csv'"),
        ("targets.csv,2,row,1", "numbers rest on no file 'targets.csv'"),
        ("dream.csv,12,Y_1599,890", "dream.csv, line 1: no column Y_1599 that is read. Near it: Y_15"),
        ("dream.csv,99999,Y_1540,890", "dream.csv, line 99999: no row of a randomised person"),
        ("dream.csv,12,PNR,1", "column PNR: a key says whose the row is"),
        ("allocation.csv,12,LOEBENR,1", "column LOEBENR: a key says whose the row is"),
        ("dream.csv,12,Y_1540,87", "line 12, column Y_1540: unknown benefit code"),
        ("allocation.csv,14,ALLOKERINGSDATO,2044-10-20", "column ALLOKERINGSDATO: the value '2044-10-20' is later"),
        ("allocation.csv,14,GRUPPE,other", "column GRUPPE: the value 'other' is none of Kontrol, LTJS"),
        ("baseline_survey.csv,12,UWSES_1,9", "column UWSES_1: the value '9' is off the scale 0 to 4"),
    ],
)
def test_what_is_no_cell_or_would_be_refused_is_one_message(text, message):
    with pytest.raises(InputError, match=re.escape(message)) as error:
        OWN().with_cell(parse_cells(text)[0])[0].build()
    assert len(error.value.messages) == 1


def test_the_command_takes_number_and_cell_from_the_environment(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["whatif", "--raw", str(RAW), "--derived", str(DERIVED)])
    monkeypatch.setenv("ID", "figure_3_3/all/sickness_benefit/45")
    monkeypatch.setenv("SET", "dream.csv,12")
    assert main() == 2
    assert capsys.readouterr().err.startswith("error: SET: 'dream.csv,12' is no cell. Say SET=")
    monkeypatch.setenv("FORMAT", "html")
    assert main() == 2
    assert "SET is told as text" in capsys.readouterr().err


def test_several_cells_are_told_apart_and_an_empty_one_is_one():
    found = parse_cells("data_raw/twin/dream.csv,12,Y_1540,;allocation.csv,14,HOLD,Rebild 2")
    assert found == [Cell(REGISTER, 12, "Y_1540", ""), Cell(ALLOCATION, 14, "HOLD", "Rebild 2")]


def test_a_cell_is_found_in_the_file_of_a_register_that_has_it():
    """A register of a file a year, in which the same person stands on other lines."""
    years = {2015: {"ID": ["5", "7"], "Y_1501": ["890", "651"]}, 2016: {"ID": ["7", "5"], "Y_1601": ["890", "651"]}}
    frames, files = [], {}
    for year, columns in years.items():
        frame = small_study.received(columns, f"raw/{year}.csv")
        frame.attrs["stored"] = {f"Y_{year % 100}01": "y_1"}
        frames.append(frame)
        facts = {"rows": 2, "sha256": "0" * 64, "key": "ID", "separator": ";", "decimal": ",", "year": year}
        files[f"register_{year}"] = RawFile(path=f"{year}.csv", **facts)
    joined = join_parts(frames, list(files.values()), is_wide=True)
    extract = small_study.extract(files={role: msgspec.to_builtins(file) for role, file in files.items()})
    own = {"register": joined}
    cell = Cell("2016.csv", 2, "y_1", "651")
    found = find_cell(cell, own, extract, small_study.study().design)
    assert (found.key, found.column) == ("7", "Y_1601")
    changed, before = set_cell(cell, found, own, extract)
    assert before == "890"
    assert changed["register"].set_index("ID")["Y_1601"].to_dict() == {"5": "651", "7": "651"}
    assert joined.set_index("ID")["Y_1601"].to_dict() == {"5": "651", "7": "890"}
    with pytest.raises(InputError, match="no column Y_1701 that is read"):
        find_cell(cell._replace(column="Y_1701"), own, extract, small_study.study().design)


def test_a_build_that_is_not_as_recorded_answers_no_what_if(tmp_path, monkeypatch):
    shutil.copytree(DERIVED, tmp_path / DERIVED, ignore=shutil.ignore_patterns("trace"))
    for name in ("config", "data_raw", "pipeline", "requirements.lock", "reports"):
        (tmp_path / name).symlink_to(Path(name).resolve())
    monkeypatch.chdir(tmp_path)
    shares = pd.read_parquet(DERIVED / "shares.parquet")
    shares.assign(share=np.zeros(len(shares))).to_parquet(DERIVED / "shares.parquet", index=False)
    with pytest.raises(InputError, match="not the file that its record holds"):
        change_cells([Cell(REGISTER, 12, "Y_1540", "890")], Build(RAW, DERIVED))
