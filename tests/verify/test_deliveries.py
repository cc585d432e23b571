"""Whatever way a delivery is written, the plain programs make every derived value that the pipeline makes of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from pipeline.register.receive import register_extract
from pipeline.runner.inputs import load_input
from pipeline.settings.reading import read_settings
from pipeline.stages import outcomes, sample, survey
from pipeline.verify.agreement import Agreement
from pipeline.verify.derived import compare_derived
from tests.delivery import DAY, ingested, replace
from tests.formats import WRITERS, read_text, write_as
from tests.register.test_formats import (
    CODED,
    FILES,
    as_long,
    as_odd_text,
    as_odd_types,
    as_workbook,
    declare,
    in_parts,
    write,
)
from tests.small_study import DEFINITIONS, inline

HORIZON = 6


@pytest.fixture
def folder(tmp_path):
    folder = write(tmp_path)
    lines = [f"{name} = {inline(value)}" for name, value in DEFINITIONS.items()]
    (tmp_path / "config" / "outcomes.toml").write_text("\n".join(lines), encoding="utf-8")
    return folder


def derive(folder: Path) -> Path:
    """The derived tables that the stages make of the delivery, as files."""
    derived, config = folder.parent / "derived", folder.parent / "config"
    tables = ingested(folder)
    extract, study = read_settings(folder / "extract.toml"), read_settings(config / "study.toml")
    scales, codes = (load_input(config / name) for name in ("scales.csv", "benefit_codes.csv"))
    tables |= sample.run(tables["trial.parquet"], tables["register_columns.parquet"], study, extract)
    tables |= survey.run(tables["baseline_items.parquet"], tables["followup_items.parquet"], scales)
    tables |= outcomes.run(
        tables["sample.parquet"], tables["register_weeks.parquet"], read_settings(config / "outcomes.toml"), study,
        tables["baseline.parquet"], codes,
    )  # fmt: skip
    derived.mkdir()
    for name, table in tables.items():
        if name.endswith(".parquet"):
            table.to_parquet(derived / name, index=False)
    return derived


def compared(folder: Path) -> list[Agreement]:
    return compare_derived(folder, folder.parent / "config", derive(folder))


def require_agreement(found: list[Agreement]) -> None:
    assert not [difference for row in found for difference in row.differences]
    assert not sum(row.left for row in found)
    weekly = next(row for row in found if row.kind == "weekly.parquet")
    assert weekly.agreed == 4 * (5 + HORIZON + 2) * (2 + 2)  # persons, weeks; two states, the code and its line
    assert all(row.agreed for row in found)


EVERY = list(WRITERS)


@pytest.mark.parametrize("first", range(0, len(EVERY), len(FILES)))
def test_every_format_is_read(folder, first):
    for place, name in enumerate(FILES, first):
        write_as(EVERY[place % len(EVERY)], read_text(folder / f"{name}.csv"), folder / f"{name}.csv")
    require_agreement(compared(folder))


def with_titles(folder: Path) -> None:
    """A workbook whose first sheet is a note, with titles above the names of the columns."""
    table = read_text(folder / "allocation.csv")
    (folder / "allocation.csv").unlink()
    with pd.ExcelWriter(folder / "lot.xlsx") as book:
        pd.DataFrame({"Note": ["from the lot"]}).to_excel(book, sheet_name="Note", index=False)
        table.to_excel(book, sheet_name="Lot", index=False, startrow=3)


def as_weeks(folder: Path) -> None:
    """The register a row a week, in two files of two formats."""
    rows = as_long(folder)
    first = rows["WEEK"] < "2015-W03"
    write_as("comma", rows[first], folder / "weeks_a.csv")
    write_as("parquet", rows[~first].rename(columns=str.lower).reset_index(drop=True), folder / "weeks_b.csv")


def as_spells(folder: Path) -> None:
    """The register a row a spell of weeks, the last one open."""
    rows = as_long(folder).assign(run=lambda table: table.groupby("CPR")["STATE"].transform(_runs))
    spells = rows.groupby(["CPR", "run"], as_index=False).agg(
        FIRST_WEEK=("WEEK", "min"), LAST_WEEK=("WEEK", "max"), STATE=("STATE", "first"), WAGE=("WAGE", "first")
    )
    spells.loc[spells["LAST_WEEK"] == spells["LAST_WEEK"].max(), "LAST_WEEK"] = ""
    spells.drop(columns="run").to_csv(folder / "register.csv", sep=";", index=False)


def _runs(states: pd.Series) -> pd.Series:
    return (states != states.shift()).cumsum()


def without_followup(folder: Path) -> None:
    (folder / "followup_survey.csv").unlink()


def with_part_of_a_year(folder: Path) -> None:
    """A file a year, of which one lacks a person."""
    in_parts(folder, ("comma", "comma", "comma"))
    table = read_text(folder / "dream2015.csv", ",")
    table.iloc[:-1].to_csv(folder / "dream2015.csv", index=False)


def without_zeros(folder: Path) -> None:
    """Keys that one file has as numbers and the others as text."""
    table = read_text(folder / "register.csv")
    (folder / "register.csv").unlink()
    table.assign(CPR=table["CPR"].astype("int64")).to_parquet(folder / "register.parquet", index=False)


CHANGES = [
    as_odd_types, as_workbook, as_odd_text, with_titles, in_parts, with_part_of_a_year, as_weeks, as_spells,
    without_zeros,
]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_every_form_is_read(folder, change: Callable[[Path], object]):
    change(folder)
    require_agreement(compared(folder))


def test_a_survey_that_is_absent_has_no_value(folder):
    without_followup(folder)
    found = {row.kind: row for row in compared(folder)}
    assert not [difference for row in found.values() for difference in row.differences]
    assert found["followup.parquet"].may_be_empty


@pytest.mark.parametrize(("changes", "line"), CODED[2:4], ids=[line for _, line in CODED[2:4]])
def test_what_is_declared_of_a_file_is_heeded(folder, changes, line):
    path = folder / "baseline_survey.csv"
    table = read_text(path)
    for column, codes in changes:
        table[column] = table[column].replace(codes)
    table.to_csv(path, index=False, sep=";")
    register_extract(folder, folder.parent / "config", DAY)
    declare(folder, "baseline_survey", line)
    require_agreement(compared(folder))


@pytest.mark.parametrize("uncovered", ["unknown", "none"])
def test_weeks_that_no_file_tells_are_what_is_declared(folder, uncovered):
    with_part_of_a_year(folder)
    register_extract(folder, folder.parent / "config", DAY)
    replace(folder / "extract.toml", 'uncovered = "unknown"', f'uncovered = "{uncovered}"')
    require_agreement(compared(folder))


def test_a_format_that_is_not_read_is_not_tried_and_said_so(folder):
    derived = derive(folder)
    replace(folder / "extract.toml", 'path = "allocation.csv"', 'path = "allocation.csv"\nkind = "ods"')
    replace(folder / "extract.toml", 'kind = "csv"\n', "")
    (found,) = compare_derived(folder, folder.parent / "config", derived)
    assert found.not_tried == {"tables: allocation.csv is of the format ods, which the plain program does not read": 1}


def test_values_that_were_changed_are_found_and_named_and_no_other(folder):
    derived = derive(folder)
    forged = {}
    for table, column in [("weekly", "sick"), ("shares", "share"), ("background", "hope"), ("sample", "treated")]:
        stored = pd.read_parquet(derived / f"{table}.parquet")
        line = stored[column].notna().to_numpy().argmax()
        stored[column] = stored[column].where(stored.index != line, 1 - stored[column])
        stored.to_parquet(derived / f"{table}.parquet", index=False)
        forged[f"{table}.parquet"] = f"{stored['person'][line]} "
    found = compare_derived(folder, folder.parent / "config", derived)
    differences = {difference.kind: difference.what for row in found for difference in row.differences}
    assert sum(len(row.differences) for row in found) == len(forged)
    assert set(differences) == set(forged)
    assert all(differences[kind].startswith(person) for kind, person in forged.items())
