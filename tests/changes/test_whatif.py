"""A number with cells changed is to the bit that of a rebuild from files in which the same cells are changed."""

import random
import re
import shutil
from dataclasses import replace
from functools import cache
from pathlib import Path

import msgspec
import pandas as pd
import pytest

from pipeline.audit.addresses import list_numbers
from pipeline.audit.build import Build
from pipeline.audit.resampled import RESAMPLED, Resampling
from pipeline.audit.text import SHOWN
from pipeline.audit.trace import trace
from pipeline.changes.cells import Cell, find_cell, parse_cells, set_cell
from pipeline.changes.rebuilt import read_files, require_as_received
from pipeline.changes.whatif import change_cells, describe, estimate_rows, main, what_if
from pipeline.errors import InputError
from pipeline.estimate.estimators import ESTIMATORS
from pipeline.estimate.inference import STATISTICS, rows_of_model
from pipeline.estimate.problem import gather_data
from pipeline.estimate.resampled import draw_again
from pipeline.estimate.table import parse_address
from pipeline.register.parts import join_parts
from pipeline.runner.inputs import load_input
from pipeline.settings.extract import RawFile
from tests import small_study
from tests.changes.rebuilding import (
    ALLOCATION,
    BUILD,
    DERIVED,
    FIRST,
    OF_ESTIMATES,
    RAW,
    REGISTER,
    START,
    bits,
    compare_shown,
    random_cells,
    rebuild,
    require_same_tables,
)
from tests.linked import twins

pytestmark = pytest.mark.report("exhibits.toml", "scales.csv")


# Of each estimator a model, together with every statistic that is shown; of the slowest one sample.
NAMES = (
    "itt", "self_efficacy", "hazard_logit", "kaplan_meier", "tobit", "density", "mean", "flow",
    "group_level", "municipality_effects", "survey", "survey_weighted", "survey_bounds", "compliers",
    "power", "power_exits",
)  # fmt: skip
EVERY = load_input(Path("config/models.toml"))
MODELS = {name: EVERY[name] for name in NAMES}
MODELS["hazard_logit"] = {**EVERY["hazard_logit"], "samples": ["long_wait"], "purpose": "secondary"}
MODELS["survey"] = {**EVERY["survey"], "outcomes": ["self_efficacy"], "splits": ["self_efficacy_8"]}


@pytest.fixture(scope="module")
def changed_and_rebuilt(tmp_path_factory):
    """The same random cells changed in memory, and in the files that everything is made from again."""
    cells = random_cells(random.Random(20150610))
    return change_cells(cells, START(), BUILD), *rebuild(cells, tmp_path_factory.mktemp("rebuilt"), MODELS)


def test_cells_changed_give_to_the_bit_what_a_rebuild_from_changed_files_shows(changed_and_rebuilt):
    changed, made, estimated = changed_and_rebuilt
    require_same_tables(changed, made)
    found = compare_shown(changed, estimated, MODELS)
    assert not found.unlike
    assert found.moved > found.count / 4
    covered = BUILD.shown[BUILD.shown["estimate_id"].str.partition("/")[0].isin(MODELS)]
    assert set(covered["statistic"]) - RESAMPLED == set(BUILD.shown["statistic"]) - RESAMPLED
    estimators = {each.estimator for each in BUILD.models.values() if not each.curve}  # a curve's are those of others
    assert {BUILD.models[name].estimator for name in MODELS} == estimators


def test_resampling_with_cells_changed_is_that_of_a_rebuild(changed_and_rebuilt):
    """With few draws, which are enough to be the same ones or others; what a build shows has many."""
    changed, made, _ = changed_and_rebuilt
    few = msgspec.structs.replace(BUILD.study.inference, draws=199)
    study = msgspec.structs.replace(BUILD.study, inference=few)
    data = gather_data({name: made[name] for name in OF_ESTIMATES}, study, load_input(Path("config/variables.csv")))
    own = (BUILD.models[name] for name in ("peers_pooled", "hazard_logit"))
    rows = {row.estimate_id: row for model in own for row in rows_of_model(model, data, draw_again(data))}
    with_few = replace(changed, data=replace(changed.data, study=study))
    resampling = Resampling(with_few.data)
    for cell_id in ("table_7_1/employment_peers/lot/ri_high", "figure_3_1/all/employment_exit/ri_p"):
        found = what_if(cell_id, with_few, BUILD)
        request, row = BUILD.request(parse_address(found.cell["estimate_id"])), rows[found.cell["estimate_id"]]
        (now,) = request.estimator.problems(request.model, with_few.data, request.address)
        known = [statistic for statistic in STATISTICS if pd.notna(getattr(row, statistic))]
        assert {"ri_p", "jackknife_se", "without_high"} <= set(known)
        for statistic in known:
            again = resampling.value(statistic, replace(request, problem=now))
            assert again == pytest.approx(getattr(row, statistic), rel=1e-9)
        wanted = getattr(row, found.cell["statistic"])
        assert found.value == pytest.approx(wanted, rel=1e-9)
        assert found.value != pytest.approx(found.cell["value"], rel=1e-6)


WHO = twins()
MOVED = cache(
    lambda: change_cells(
        [
            Cell(REGISTER, 12, "Y_1540", "890"),  # of person 13
            Cell(ALLOCATION, 15, "GRUPPE", "Kontrol"),
            Cell(ALLOCATION, 16, "SAMTYKKE", "0"),
            *(Cell(FIRST, 16, f"UWSES_{number}", "0") for number in range(1, 7)),  # of person 17
        ],
        START(),
        BUILD,
    )
)


@pytest.mark.parametrize(
    ("address", "told"),
    [
        (
            "figure_3_3/all/sickness_benefit/50",
            [
                f"weekly: person {WHO['13']}, week 46: code 111 -> 890, sickness_benefit 0 -> 1, "
                "sickness_benefit_exit 0 -> 1",
                f"shares: person {WHO['13']}, sickness_benefit from week 46 to 81; of weeks 1 to 50 0.02 -> 0.04",
                f"exclusions: person {WHO['15']}, reason analysed -> withdrawn",
                f"sample: person {WHO['15']} has no row any more",
                f"sample: leave the estimate: 1 person ({WHO['15']})",
                f"sample: move from arm True to False: 1 person ({WHO['14']})",
            ],
        ),
        ("table_3_3/low_7/employment/estimate", [f"sample: move from group high to low: 1 person ({WHO['17']})"]),
    ],
)
def test_what_moved_is_told_from_the_cell_to_the_number_and_its_sample(address, told):
    found = what_if(address, MOVED(), BUILD)
    assert set(told) <= set(found.moved), found.moved
    assert bits(found.after["estimate"]) != bits(found.before["estimate"])
    text = describe(found, MOVED())
    assert text.startswith(f"WHAT IF   dream.csv, line 12, column Y_1540: 111 -> 890   (person {WHO['13']})")
    assert f"NUMBER    {address}" in text


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
        ("allocation.csv,14,ALLOKERINGSDATO,2044-10-20", "column ALLOKERINGSDATO: the value 'xxxx-xx-xx' is later"),
        ("allocation.csv,14,GRUPPE,other", "column GRUPPE: the value 'AAAAA' is none of Kontrol, LTJS"),
        ("baseline_survey.csv,12,UWSES_1,9", "column UWSES_1: the value 'x' is off the scale 0 to 4"),
    ],
)
def test_what_is_no_cell_or_would_be_refused_is_one_message(text, message):
    with pytest.raises(InputError, match=re.escape(message)) as error:
        START().received.with_cell(parse_cells(text)[0])[0].build()
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


@pytest.mark.parametrize(("table", "column"), [("shares", "share"), ("trial", "treated"), ("weekly", "line")])
def test_a_build_that_is_not_what_was_received_answers_no_what_if(table, column):
    """Whatever its records say; the register that ingest kept is read again, and not trusted."""
    build = Build(RAW, DERIVED)
    derived = {name: build.table(name) for name in ("shares", "trial", "weekly")}
    require_as_received(derived, build)
    forged = build.table(table).copy()
    forged.loc[forged.index[7], column] = 0 if forged.loc[forged.index[7], column] else 1
    build._tables[table] = forged
    with pytest.raises(
        InputError, match=rf"SET: {table}\.parquet in .*: not what the stages make of the received files"
    ):
        require_as_received(derived, build)


def test_the_register_that_a_build_kept_is_not_where_a_what_if_begins(tmp_path):
    for name in ("request.json", "language.toml"):
        shutil.copy(DERIVED / name, tmp_path / name)
    pd.DataFrame({"forged": ["1"]}).to_parquet(tmp_path / "register.parquet")
    found = read_files(Build(RAW, tmp_path)).files["register"]
    pd.testing.assert_frame_equal(found, START().received.files["register"])


@pytest.mark.parametrize(
    ("asked", "message"),
    [("table_3_3", "SET is told of one number, and ID=table_3_3 names 204"), (" tabel_3_3 ", "Near it: ID=table_3_3,")],
)
def test_a_list_has_no_what_if_and_a_wrong_address_is_told_before_anything_runs(asked, message, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["whatif", "--raw", str(RAW), "--derived", str(DERIVED)])
    monkeypatch.setenv("ID", asked)
    monkeypatch.setenv("SET", "dream.csv,12,Y_1540,890")
    assert main() == 2
    assert message in capsys.readouterr().err


def test_the_example_of_the_guide_goes_through_as_it_stands():
    """docs/audit.md asks for one number from its list to the cell that is changed, and says what comes out."""
    text = Path("docs/audit.md").read_text(encoding="utf-8")
    commands = re.findall(r"^make trace ID=(\S+)(?: FORMAT=html)?(?: SET=\"([^\"]+)\")?$", text, re.MULTILINE)
    address = commands[1][0]
    assert [asked for asked, _ in commands] == [address.rsplit("/", 2)[0], *[address] * 3]
    assert address in list(list_numbers(commands[0][0], BUILD)["cell_id"])
    (changed,) = parse_cells(commands[-1][1])
    found = trace(address, BUILD)
    (part,), model = found.number.parts.values(), BUILD.models[found.estimate["model"]]
    data = change_cells([changed], START(), BUILD).data
    after = estimate_rows(model, ESTIMATORS[model.estimator], data)[parse_address(found.cell["estimate_id"])]
    cells = part.cells[(part.cells["line"] == changed.line) & (part.cells["column"] == changed.column)]
    assert cells["state"].to_list() == [1]
    assert f"person {cells['person'].iloc[0]}" in text
    assert cells["person"].iloc[0] in part.by_person.index[:SHOWN]
    assert f"from {found.estimate['estimate']:.12g} to {after['estimate']:.12g}" in " ".join(text.split())
