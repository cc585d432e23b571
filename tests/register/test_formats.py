"""One delivery in every format, with other persons around, in any order and case, gives the same tables to the bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.errors import InputError
from pipeline.register.files import separated, statistical
from pipeline.register.receive import register_extract
from pipeline.settings.reading import read_settings
from tests.delivery import DAY, change_cell, ingested, replace, write_delivery
from tests.formats import WRITERS, read_text, write_as

FILES = ("allocation", "baseline_survey", "followup_survey", "register")


@pytest.fixture
def folder(tmp_path):
    folder = write_delivery(tmp_path)
    change_cell(folder / "allocation.csv", 6, "DISTRICT", "Sønderborg – Ærø")
    change_cell(folder / "allocation.csv", 7, "DISTRICT", "Sønderborg – Ærø")
    return folder


def rewritten(folder: Path, kind: str, change=lambda name, table: table) -> dict[str, pd.DataFrame]:
    """The tables of the delivery written in a format, each file changed first."""
    tables = {name: change(name, read_text(folder / f"{name}.csv")) for name in FILES}
    (folder / "extract.toml").unlink(missing_ok=True)
    for name, table in tables.items():
        write_as(kind, table, folder / f"{name}.csv")
    return ingested(folder)


def require_equal(found: dict[str, pd.DataFrame], expected: dict[str, pd.DataFrame]) -> None:
    """All tables but for what says where a cell lies."""
    assert found.keys() == expected.keys()
    for name, table in expected.items():
        if name == "checks.csv":  # which says where the first cell of a rule lies
            continue
        places = [column for column in table if column.endswith(("line", "_column"))]
        pd.testing.assert_frame_equal(found[name].drop(columns=places), table.drop(columns=places), check_exact=True)


def with_others(name: str, table: pd.DataFrame) -> pd.DataFrame:
    """The register with other persons before, between and after those of the trial."""
    if name != "register":
        return table
    rng = np.random.default_rng(1)
    others = table.iloc[rng.integers(len(table), size=300)].assign(
        CPR=[f"{n:010d}" for n in range(3_101_131_000, 3_101_131_300)]
    )
    return pd.concat([others, table]).sample(frac=1, random_state=2)


@pytest.mark.parametrize("kind", WRITERS)
def test_a_delivery_gives_the_same_tables_in_any_format_with_and_without_others_in_the_register(folder, kind):
    expected = ingested(folder)
    originals = {name: (folder / f"{name}.csv").read_bytes() for name in FILES}
    require_equal(rewritten(folder, kind), expected)
    for path in folder.iterdir():
        path.unlink()
    for name, content in originals.items():
        (folder / f"{name}.csv").write_bytes(content)
    require_equal(rewritten(folder, kind, with_others), expected)


@pytest.mark.parametrize("kind", ["comma", "quoted", "utf-16", "parquet", "stata"])
@pytest.mark.parametrize("seed", [1, 2])
def test_neither_order_nor_case_nor_the_size_of_what_is_read_at_once_tells(folder, kind, seed, monkeypatch):
    expected = ingested(folder)
    rng = np.random.default_rng(seed)
    monkeypatch.setattr(separated, "BLOCK", int(rng.integers(200, 400)))
    monkeypatch.setattr(statistical, "CELLS", 200)
    monkeypatch.setattr(statistical, "LEAST_ROWS", 1)

    def shuffle(name: str, table: pd.DataFrame) -> pd.DataFrame:
        table = with_others(name, table)
        table = table.iloc[rng.permutation(len(table))] if name == "register" else table
        table = table[rng.permutation(table.columns)]
        return table.rename(columns=str.lower if seed == 1 else str.upper)

    require_equal(rewritten(folder, kind, shuffle), expected)


def test_a_key_that_was_stored_as_a_number_has_its_zero_back(folder):
    expected = ingested(folder)
    (folder / "extract.toml").unlink()
    for name in ("register", "allocation"):
        path = folder / f"{name}.csv"
        table = read_text(path)
        path.unlink()
        table.assign(CPR=table["CPR"].astype("int64")).to_parquet(path.with_suffix(".parquet"), index=False)
    require_equal(ingested(folder), expected)


@pytest.mark.parametrize("key", ["pnr", "LOBENR", "Cpr"])
def test_the_key_of_the_register_is_known_by_the_names_registers_have_for_it(folder, key):
    expected = ingested(folder)
    (folder / "extract.toml").unlink()
    replace(folder / "register.csv", "^CPR", key)
    require_equal(ingested(folder), expected)
    assert read_settings(folder / "extract.toml").files["register"].columns == {"CPR": key}


def test_a_register_of_one_file_a_year_is_joined_by_person_and_rows_without_a_key_are_counted(folder, capsys):
    expected = ingested(folder)
    register = read_text(folder / "register.csv")
    (folder / "extract.toml").unlink()
    (folder / "register.csv").unlink()
    for year in (2014, 2015):
        weeks = [name for name in register if name.startswith(f"Y_{year % 100}")]
        table = register[["CPR", *weeks]].rename(columns={name: f"y_{name[-2:]}" for name in weeks})
        if year == 2014:
            table["y_53"] = ""  # which that year has not
        table.loc[len(table)] = ""
        write_as("stata", table, folder / f"dream{year}.csv")
    wages = register[["CPR", *(name for name in register if "_20" in name)]]
    write_as("parquet", wages, folder / "loen.csv")
    require_equal(ingested(folder), expected)
    assert capsys.readouterr().out.count("1 rows without a key are left out, the first row 6") == 2


def declare(folder: Path, name: str, line: str) -> None:
    path = folder / "extract.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(f"[files.{name}]", f"[files.{name}]\n{line}"), encoding="utf-8")


# what the file has, what is declared of it
CODED = [
    ([("HOPE_1", {"1": "2", "0": "1", "4": "5"})], "offset = { HOPE_1 = -1 }"),
    ([("HOPE_1", {"1": "3", "0": "4", "4": "0"})], 'reversed = ["HOPE_1"]'),
    ([("HOPE_1", {"1": "4", "0": "5", "4": "1"})], 'offset = { "HOPE_1..1" = -1 }\nreversed = ["HOPE_1"]'),
    ([("HOPE_3", {"": "99"})], 'no_answer = { HOPE_3 = ["99"] }'),
    ([("HOPE_3", {"": "NULL"})], 'blanks = ["NULL"]'),
    ([("ANSWERED", {"2015-01-02": "02-01-2015"})], 'dates = "dd-mm-yyyy"'),
    ([("ANSWERED", {"2015-01-02": "42006"})], 'dates = "excel"'),
    ([("ANSWERED", {"2015-01-02": "20090"})], 'dates = "sas"'),
]


@pytest.mark.parametrize(("changes", "line"), CODED, ids=[line for _, line in CODED])
def test_what_is_declared_of_a_file_gives_the_answers_meant(folder, changes, line):
    expected = ingested(folder)
    (folder / "extract.toml").unlink()
    path = folder / "baseline_survey.csv"
    table = read_text(path)
    for column, codes in changes:
        table[column] = table[column].replace(codes)
    table.to_csv(path, index=False, sep=";")
    register_extract(folder, folder.parent / "config", DAY)
    declare(folder, "baseline_survey", line)
    require_equal(ingested(folder), expected)
    register_extract(folder, folder.parent / "config", DAY, mended=True)
    require_equal(ingested(folder), expected)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("offset = { HOPE_1 = 1 }", r"line 5, column HOPE_1: the value '4' is off the scale -1 to 3 that the file has"),
        ("offset = { HOP = 1 }", r"extract\.toml, offset of baseline_survey\.csv: HOP is no column"),
        ('reversed = ["ANSWERED"]', r"reversed of baseline_survey\.csv: ANSWERED is no column of the file and item"),
        (
            'encoding = "utf-16"',
            r"baseline_survey\.csv: not utf-16 throughout.* say which under encoding in extract\.toml",
        ),
    ],
)
def test_what_is_declared_must_be_so(folder, line, message):
    ingested(folder)
    declare(folder, "baseline_survey", line)
    with pytest.raises(InputError, match=message):
        ingested(folder)


def test_a_fault_in_a_typed_file_names_its_row_column_and_value(folder):
    change_cell(folder / "register.csv", 3, "Y_1502", "472")
    change_cell(folder / "baseline_survey.csv", 4, "HOPE_3", "5")
    with pytest.raises(InputError, match=r"register\.dta, line 2, column Y_1502: unknown benefit code; .*'472'"):
        rewritten(folder, "stata")


def test_a_file_of_other_bytes_than_its_name_says_is_one_message(folder):
    (folder / "followup_survey.csv").rename(folder / "followup_survey.dta")
    with pytest.raises(InputError, match=r"followup_survey\.dta: cannot be read as a file of stata"):
        ingested(folder)
