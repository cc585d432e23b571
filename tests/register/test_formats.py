"""One delivery in every format, with other persons around, in any order and case, gives the same tables to the bit."""

from __future__ import annotations

import decimal
import gzip
import zipfile
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest

from pipeline.errors import InputError
from pipeline.register.parts import join_parts
from pipeline.register.places import FILE, LINE_IN
from pipeline.register.receive import register_extract
from pipeline.settings.extract import RawFile
from pipeline.settings.reading import read_settings
from tests.delivery import DAY, NUMBERS, change_cell, ingested, replace, write_delivery
from tests.formats import WRITERS, read_text, write_as
from tests.linked import persons_of

FILES = ("allocation", "baseline_survey", "followup_survey", "register")


def write(parent: Path) -> Path:
    """The delivery, with letters that encodings tell apart."""
    folder = write_delivery(parent)
    change_cell(folder / "allocation.csv", 6, "DISTRICT", "Sønderborg – Ærø")
    change_cell(folder / "allocation.csv", 7, "DISTRICT", "Sønderborg – Ærø")
    return folder


@pytest.fixture
def folder(tmp_path):
    return write(tmp_path)


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    """The tables of the delivery as it is."""
    return ingested(write(tmp_path_factory.mktemp("expected")))


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
        if name in ("checks.csv", "linkage.csv"):  # where the first cell of a rule lies; numbers and lines as received
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
def test_a_delivery_gives_the_same_tables_in_any_format_with_and_without_others_in_the_register(folder, expected, kind):
    originals = {name: (folder / f"{name}.csv").read_bytes() for name in FILES}
    require_equal(rewritten(folder, kind), expected)
    for path in folder.iterdir():
        path.unlink()
    for name, content in originals.items():
        (folder / f"{name}.csv").write_bytes(content)
    require_equal(rewritten(folder, kind, with_others), expected)


def test_a_key_that_was_stored_as_a_number_has_its_zero_back(folder, expected):
    for name in ("register", "allocation"):
        path = folder / f"{name}.csv"
        table = read_text(path)
        path.unlink()
        table.assign(CPR=table["CPR"].astype("int64")).to_parquet(path.with_suffix(".parquet"), index=False)
    require_equal(ingested(folder), expected)


@pytest.mark.parametrize("key", ["pnr", "LOBENR", "Cpr"])
def test_the_key_of_the_register_is_known_by_the_names_registers_have_for_it(folder, expected, key):
    replace(folder / "register.csv", "^CPR", key)
    require_equal(ingested(folder), expected)
    assert read_settings(folder / "extract.toml").files["register"].columns == {"CPR": key}


def in_parts(folder: Path, kinds: tuple[str, str, str] = ("stata", "comma", "parquet")) -> dict[str, pd.DataFrame]:
    """The register as one file for 2014, one for 2015 in another order of rows, and one of the wages."""
    register = read_text(folder / "register.csv")
    (folder / "extract.toml").unlink(missing_ok=True)
    (folder / "register.csv").unlink()
    wages = [name for name in register if "_20" in name]
    parts = {"loen": register[["CPR", *wages]].iloc[[2, 0, 1, 4, 3]].reset_index(drop=True)}
    for year, order in ((2014, [0, 1, 2, 3, 4]), (2015, [4, 3, 2, 1, 0])):
        weeks = [name for name in register if name.startswith(f"Y_{year % 100}")]
        table = register[["CPR", *weeks]].rename(columns={name: f"y_{name[-2:]}" for name in weeks}).iloc[order]
        if year == 2014:
            table["y_53"] = ""  # which that year has not
        parts[f"dream{year}"] = pd.concat([pd.DataFrame("", index=[0], columns=table.columns), table])
    files = {}
    for kind, (name, table) in zip(kinds, sorted(parts.items()), strict=True):
        path = write_as(kind, table, folder / f"{name}.csv")
        files[path.name] = table.set_axis(range(2, len(table) + 2) if kind == "comma" else range(1, len(table) + 1))
    return files


def test_a_register_of_one_file_a_year_is_joined_by_person_and_rows_without_a_key_are_counted(folder, expected, capsys):
    in_parts(folder)
    found = ingested(folder)
    found["register_weeks.parquet"] = found["register_weeks.parquet"].drop(columns="wage_line")
    require_equal(found, expected)
    assert capsys.readouterr().out.count("1 rows without a key are left out, the first row") == 2


def test_each_cell_of_a_register_of_several_files_is_traced_to_the_file_line_and_column_it_stands_in(folder):
    change_cell(folder / "register.csv", 3, "Y_1502", "651")
    change_cell(folder / "register.csv", 5, "Y_1450", "")
    files = in_parts(folder)
    tables = ingested(folder)
    names = [file.path for file in read_settings(folder / "extract.toml").registers]
    weeks = tables["register_weeks.parquet"].merge(tables["register_columns.parquet"], on="week")
    keys = read_text(folder / "allocation.csv").set_index("ID")["CPR"]
    keys.index = keys.index.map(persons_of(tables["linkage.csv"]))
    assert len(weeks) == 5 * 16
    for row in weeks.to_dict("records"):
        table = files[names[row["line"] // FILE]]
        assert table.loc[row["line"] % FILE, row["week_column"]] == row["code"]
        assert table.loc[row["line"] % FILE, "CPR"] == keys[row["person"]]
        wages = files[names[row["wage_line"] // FILE]]
        assert (wages.loc[row["wage_line"] % FILE, row["month_column"]] != "") == row["wage"]


@pytest.mark.parametrize(
    ("line", "column", "value", "message"),
    [
        (3, "Y_1502", "472", r"dream2015\.csv, line 6, column y_02: unknown benefit code"),
        (6, "Y_1450", "472", r"dream2014\.dta, line 6, column y_50: unknown benefit code"),
        (
            4,
            "BRANCHE_2015_01",
            "x",
            r"loen\.parquet, line 1, column BRANCHE_2015_01: the value 'A' is no industry code",
        ),
        (5, "GRAD_2015_03", "3", r"loen\.parquet, line 5, column GRAD_2015_03: the value 'x' is no degree"),
    ],
)
def test_a_fault_in_one_file_of_several_names_that_file_and_its_line_there(folder, line, column, value, message):
    change_cell(folder / "register.csv", line, column, value)
    in_parts(folder)
    with pytest.raises(InputError, match=message):
        ingested(folder)


@pytest.mark.parametrize("uncovered", ["unknown", "none"])
def test_what_a_file_of_a_year_tells_of_a_person_without_a_row_in_it_is_unknown_unless_declared(
    folder, uncovered, capsys
):
    files = in_parts(folder, ("comma", "comma", "comma"))
    files["dream2015.csv"].iloc[:-1].to_csv(folder / "dream2015.csv", index=False)  # without the first person
    register_extract(folder, folder.parent / "config", DAY)
    replace(folder / "extract.toml", 'uncovered = "unknown"', f'uncovered = "{uncovered}"')
    tables = ingested(folder)
    weeks, persons = tables["register_weeks.parquet"].set_index(["person", "week"]), persons_of(tables["linkage.csv"])
    own = weeks.loc[persons["1"]]
    assert list(own["line"].isna()) == [False] * 4 + [True] * 12
    assert list(own["code"].isna()) == [False] * 4 + [uncovered == "unknown"] * 12
    assert not weeks.loc[persons["2"]]["line"].isna().any()
    assert "dream2015.csv: 1 persons of other files of the register have no row in it" in capsys.readouterr().out


def test_a_register_of_one_file_for_each_group_of_persons_is_one_register(folder, expected):
    register = read_text(folder / "register.csv")
    (folder / "register.csv").unlink()
    write_as("sas", register.iloc[3:], folder / "dream_nord.csv")
    write_as("comma", register.iloc[:3].rename(columns=str.lower), folder / "dream_syd.csv")
    found = ingested(folder)
    lines = found["register_weeks.parquet"].groupby("person")["line"].unique().explode().to_dict()
    asked = [lines[person] for _, person in sorted(persons_of(found["linkage.csv"]).items()) if person in lines]
    assert [divmod(line, FILE) for line in asked] == [(1, 2), (1, 3), (1, 4), (0, 1), (0, 2)]
    found["register_weeks.parquet"] = found["register_weeks.parquet"].drop(columns="wage_line")
    require_equal(found, expected)


def as_long(folder: Path) -> pd.DataFrame:
    """The register with a row a person and week."""
    table = read_text(folder / "register.csv")
    (folder / "register.csv").unlink()
    weeks = [name for name in table if name.startswith("Y_")]
    rows = table.melt("CPR", weeks, "WEEK", "STATE").assign(WAGE="1")
    return rows.assign(WEEK="20" + rows["WEEK"].str[2:4] + "-W" + rows["WEEK"].str[4:])


def test_a_long_register_of_several_files_is_one_register_whose_faults_name_their_file(folder):
    rows = as_long(folder)
    rows.to_csv(folder / "register.csv", sep=";", index=False)
    whole = ingested(folder)
    for name in ("register.csv", "extract.toml"):
        (folder / name).unlink()
    first = rows["WEEK"] < "2015-W03"
    write_as("comma", rows[first], folder / "uger_a.csv")
    write_as("parquet", rows[~first].rename(columns=str.lower).reset_index(drop=True), folder / "uger_b.csv")
    found = ingested(folder)
    require_equal(found, whole)
    assert set(found["register_weeks.parquet"]["line"] // FILE) == {0, 1}
    (folder / "extract.toml").unlink()
    table = rows[~first].reset_index(drop=True)
    table.loc[3, "STATE"] = "472"
    write_as("parquet", table, folder / "uger_b.csv")
    with pytest.raises(InputError, match=r"uger_b\.parquet, line 4, column STATE: unknown benefit code"):
        ingested(folder)


def test_a_person_with_weeks_in_two_files_is_an_error(folder):
    register = read_text(folder / "register.csv")
    register.iloc[3:].to_csv(folder / "syd.csv", sep=";", index=False)
    twice = r"syd\.csv, line 2: a person has a row here and in .*register\.csv \(2 such persons\). Keep one row of each"
    with pytest.raises(InputError, match=twice):
        ingested(folder)


def test_a_register_of_whole_weeks_in_a_file_a_year_is_joined_and_one_that_overlaps_is_none(folder, expected):
    register = read_text(folder / "register.csv")
    (folder / "register.csv").unlink()
    wages = [name for name in register if "_20" in name]
    for year in (14, 15):
        weeks = [name for name in register if name.startswith(f"Y_{year}")]
        own = ["CPR", *weeks, *(wages if year == 15 else ())]
        register[own].to_csv(folder / f"dream20{year}.csv", sep=";", index=False)
    found = ingested(folder)
    found["register_weeks.parquet"] = found["register_weeks.parquet"].drop(columns="wage_line")
    require_equal(found, expected)
    extract = read_settings(folder / "extract.toml")
    assert sorted(extract.files) == ["allocation", "baseline_survey", "followup_survey", "register", "register_2015"]
    (folder / "extract.toml").unlink()
    register[["CPR", "Y_1450", "Y_1501"]].to_csv(folder / "dream2016.csv", sep=";", index=False)
    with pytest.raises(InputError, match=r"dream2014\.csv and dream2016\.csv are both register by their columns"):
        ingested(folder)


@pytest.mark.filterwarnings("error")
def test_files_of_many_columns_one_without_a_row_are_joined_without_a_warning():
    weeks = [f"Y_{year}{week:02d}" for year in range(12, 18) for week in range(1, 53)]
    facts, frames = RawFile(path="", rows=2, sha256="", key="CPR", separator=";", decimal=","), []
    for keys in (["1", "2"], []):
        lines = pd.RangeIndex(2, 2 + len(keys))
        frames.append(pd.DataFrame({"CPR": keys, **dict.fromkeys(weeks, "890")}, index=lines, dtype=object))
        frames[-1].attrs.update(path="", decimal=",")
    joined = join_parts(frames, [facts, facts], is_wide=True)
    assert joined[["CPR", LINE_IN.format(0), LINE_IN.format(1)]].to_numpy().tolist() == [["1", 2, -1], ["2", 3, -1]]


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
def test_what_is_declared_of_a_file_gives_the_answers_meant(folder, expected, changes, line):
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
        ("offset = { HOPE_1 = 1 }", r"line 5, column HOPE_1: the value 'x' is off the scale -1 to 3 that the file has"),
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
    with pytest.raises(InputError, match=r"register\.dta, line 2, column Y_1502: unknown benefit code; .*'xxx'"):
        rewritten(folder, "stata")


def test_a_file_of_other_bytes_than_its_name_says_is_one_message(folder):
    (folder / "followup_survey.csv").rename(folder / "followup_survey.dta")
    with pytest.raises(InputError, match=r"followup_survey\.dta: cannot be read as a file of stata"):
        ingested(folder)


def as_odd_types(folder: Path) -> None:
    """Persons' numbers as decimals, of which those below a thousand million lose a zero; one more column, of lists."""
    tables = {name: read_text(folder / f"{name}.csv") for name in ("allocation", "baseline_survey")}
    numbers = [decimal.Decimal(number) for number in tables["allocation"]["CPR"]]
    tables["allocation"] = tables["allocation"].assign(CPR=numbers)
    tables["baseline_survey"]["VISITS"] = [["a", "b"]] * len(tables["baseline_survey"])
    for name, table in tables.items():
        (folder / f"{name}.csv").unlink()
        table.to_parquet(folder / f"{name}.parquet", index=False)


def as_workbook(folder: Path) -> None:
    """The allocation file as a workbook that is called .csv, as a portal of downloads may call it."""
    write_as("xlsx", read_text(folder / "allocation.csv"), folder / "allocation.csv")
    (folder / "allocation.xlsx").rename(folder / "allocation.csv")


def as_odd_text(folder: Path) -> None:
    """Codes with a zero in front, dates as databases write them, and free text longer than csv takes unless told."""
    replace(folder / "register.csv", ";(890|651)", r";0\1")
    replace(folder / "register.csv", "(?m)$(?!\\Z)", ";" + 140_000 * "x")
    replace(folder / "allocation.csv", r"(2015-\d\d-\d\d)", r"\1 00:00:00.000")


@pytest.mark.parametrize("change", [as_odd_types, as_workbook, as_odd_text])
def test_odd_ways_to_store_the_same_give_the_same_tables(folder, expected, change):
    change(folder)
    require_equal(ingested(folder), expected)


NINE = [f"20200000{number}" for number in range(1, 7)]


def test_keys_of_nine_digits_are_numbers_whichever_file_stores_them_so(folder):
    for name in ("allocation", "baseline_survey", "followup_survey"):
        table = read_text(folder / f"{name}.csv")
        table["ID"] = table["ID"].map(lambda own: NINE[int(own) - 1])
        table.to_csv(folder / f"{name}.csv", sep=";", index=False)
    plain = ingested(folder)
    assert plain["trial.parquet"]["person"].tolist() == list(map(persons_of(plain["linkage.csv"]).get, NINE))
    for kind, name in (("xlsx", "baseline_survey"), ("stata", "allocation")):
        table = read_text(folder / f"{name}.csv")
        write_as(kind, table.assign(ID=table["ID"].astype("int64")), folder / f"{name}.csv")
        (folder / "extract.toml").unlink()
        require_equal(ingested(folder), plain)


LONG_KEYS = ["000000000012", "000000345678", "123456789012", "000098765432", "700000000001", "000000000900"]


def renumbered(table: pd.DataFrame, numbers: list[str]) -> pd.DataFrame:
    """The table with other numbers of persons of the register."""
    return table.assign(CPR=table["CPR"].map(dict(zip(NUMBERS, numbers, strict=True)))) if "CPR" in table else table


@pytest.mark.parametrize("kind", ["stata", "sas", "spss", "parquet", "xlsx"])
@pytest.mark.parametrize("numbers", [NUMBERS, LONG_KEYS], ids=["cpr", "pseudonyms"])
def test_a_key_that_one_file_has_as_text_with_zeros_and_another_as_a_number_is_one(folder, kind, numbers):
    for name in ("register", "allocation"):
        table = renumbered(read_text(folder / f"{name}.csv"), numbers)
        table.to_csv(folder / f"{name}.csv", sep=";", index=False)
    expected = ingested(folder)
    (folder / "extract.toml").unlink()
    table = read_text(folder / "register.csv")
    write_as(kind, table.assign(CPR=table["CPR"].astype(float)), folder / "register.csv")
    require_equal(ingested(folder), expected)


@pytest.mark.parametrize("suffix", [".csv.gz", ".zip", ".csv"])
def test_a_compressed_file_is_said_to_be_one(folder, suffix):
    content = (folder / "register.csv").read_bytes()
    (folder / "register.csv").unlink()
    path = folder / f"register{suffix}"
    if suffix == ".zip":
        with zipfile.ZipFile(path, "w") as packed:
            packed.writestr("register.csv", content)
    else:
        path.write_bytes(gzip.compress(content))
    with pytest.raises(InputError, match=rf"no register file \(register{suffix}: compressed: unpack it"):
        ingested(folder)


def write_book(path: Path, table: pd.DataFrame, change) -> None:
    """The table on the second sheet below a title of merged cells, with rows of blanks after it."""
    path.unlink()
    book = openpyxl.Workbook()
    book.active.append(["Læs mig"])
    sheet = book.create_sheet("Svar")
    rows = [["Besvarelser"], [], list(table), *table.to_numpy().tolist(), ["", " ", None], [None, ""]]
    for row in rows:
        sheet.append(row)
    sheet.merge_cells("A1:D1")
    change(book)
    book.save(path.with_suffix(".xlsx"))


def test_a_workbook_is_read_on_the_sheet_and_below_the_title_where_its_table_is(folder, expected):
    write_book(folder / "baseline_survey.csv", read_text(folder / "baseline_survey.csv"), lambda book: None)
    require_equal(ingested(folder), expected)
    facts = read_settings(folder / "extract.toml").files["baseline_survey"]
    assert (facts.sheet, facts.header, facts.rows) == ("Svar", 3, 4)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda book: book["Svar"].merge_cells("B5:B6"), "sheet Svar: cells below the header are one: B5:B6"),
        (lambda book: book.copy_worksheet(book["Svar"]), "2 sheets have columns of the study: Svar, Svar Copy"),
        (lambda book: book["Svar"].cell(5, 9, "7"), "line 5: cells beyond the last column that has a name"),
    ],
)
def test_a_workbook_that_would_lose_cells_in_silence_is_refused(folder, change, message):
    write_book(folder / "baseline_survey.csv", read_text(folder / "baseline_survey.csv"), change)
    with pytest.raises(InputError, match=message):
        ingested(folder)


@pytest.mark.parametrize("rows", [";;;;;\n", " ; ;;; ;\n;;;;;\n"])
def test_rows_of_empty_cells_that_a_spreadsheet_leaves_are_none(folder, expected, rows):
    path = folder / "baseline_survey.csv"
    path.write_text(path.read_text(encoding="utf-8") + rows, encoding="utf-8")
    require_equal(ingested(folder), expected)


def test_the_decimal_mark_and_the_cells_of_a_typed_register_are_found_in_rows_and_not_in_an_empty_chunk(
    folder, expected
):
    table = read_text(folder / "register.csv").replace({r"^(\d),(\d+)$": r"\1.\2"}, regex=True)
    (folder / "register.csv").unlink()
    table.to_parquet(folder / "register.parquet", index=False)
    require_equal(ingested(folder), expected)
    assert read_settings(folder / "extract.toml").files["register"].decimal == "."
