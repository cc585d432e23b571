"""A trace reads the cells that it lists again where they stand in the received files, in every form of them."""

import shutil
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from pipeline.audit.build import Build
from pipeline.audit.received import compare_cells
from pipeline.audit.trace import trace
from pipeline.errors import InputError
from pipeline.settings.extract import RawFile
from tests.audit.test_trace import DERIVED, NUMBER, RAW, REPORT, record_as_built

BUILD = Build(RAW, DERIVED)
SHOWN = [NUMBER, "table_3_5/emergency_visits/low_7_control/estimate", "table_2_2/allocation_day/treated"]


@REPORT
@pytest.mark.parametrize("cell_id", SHOWN, ids=["register", "survey", "allocation"])
def test_every_cell_of_a_number_is_read_again_and_one_of_another_content_is_named(cell_id):
    found = trace(cell_id, BUILD)
    (cells,) = [part.cells for part in found.number.parts.values()]
    assert found.compared == len(cells.drop_duplicates(["file", "line", "column", "content"])) > 0
    forged = cells.copy()
    forged.loc[forged.index[[3, 5]], "content"] = "999"
    row = forged.iloc[3]
    place = f"{RAW}/{row['file']}, line {row['line']}, column {row['column']}: the file has another value, not what"
    with pytest.raises(InputError, match=rf"{place} .*\(2 of {found.compared} cells\)"):
        compare_cells([forged], BUILD)


@REPORT
def test_a_line_that_is_nobodys_is_named():
    (cells,) = [part.cells for part in trace(NUMBER, BUILD).number.parts.values()]
    moved = cells.assign(line=cells["line"] + 100_000)
    with pytest.raises(InputError, match="the file has no such row of a person of the trial"):
        compare_cells([moved], BUILD)


@REPORT
def test_a_trace_does_not_vouch_for_codes_that_are_not_those_of_the_register(tmp_path, monkeypatch):
    """Codes of 25 persons changed in the derived table, and every record after it: sum and gap are as they were."""
    shutil.copytree(DERIVED, tmp_path / DERIVED, ignore=shutil.ignore_patterns("trace"))
    for name in ("config", "data_raw", "pipeline", "requirements.lock"):
        (tmp_path / name).symlink_to(Path(name).resolve())
    monkeypatch.chdir(tmp_path)
    weekly = pd.read_parquet(DERIVED / "weekly.parquet")
    persons = weekly["person"].unique()[:25]
    other = weekly["code"].astype(object).where(~weekly["person"].isin(persons), "890")
    weekly.assign(code=other.astype("category")).to_parquet(DERIVED / "weekly.parquet", index=False)
    record_as_built(DERIVED / "weekly.parquet")
    with pytest.raises(
        InputError, match=r"dream\.csv, line \d+, column Y_\d{4}: the file has another value, not what the trace lists"
    ):
        trace(NUMBER, Build(RAW, DERIVED))


FORMS = [
    ("weekly_states", "register.csv", "PERSON;WEEK;STATE\n1;1;work\n1;2;\n2;1;home\n", ["work", "", "home"]),
    (
        "spells",
        "register.csv",
        "PERSON;FIRST_WEEK;LAST_WEEK;STATE\n1;1;4;work\n1;5;9;\n2;1;9;home\n",
        ["work", "", "home"],
    ),
]


@pytest.mark.parametrize(("form", "name", "text", "states"), FORMS, ids=[form for form, *_ in FORMS])
def test_the_long_forms_are_read_again(tmp_path, form, name, text, states):
    (tmp_path / name).write_text(text, encoding="utf-8")
    facts = RawFile(path=name, rows=3, sha256="0" * 64, key="PERSON", separator=";", decimal=",")
    extract = SimpleNamespace(files={"register": facts}, format=form, spellings={}, register_version="")
    build = SimpleNamespace(raw=tmp_path, extract=extract, benefit_codes=None)
    cells = pd.DataFrame({"file": name, "line": [2, 3, 4], "column": "STATE", "content": states})
    assert compare_cells([cells], build) == 3
    with pytest.raises(InputError, match=r"register\.csv, line 4, column STATE: the file has another value"):
        compare_cells([cells.assign(content=[*states[:2], "work"])], build)
