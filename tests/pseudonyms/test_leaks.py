"""No number of a person as received stands in anything that is made of it, but the linkage file."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
import zlib
from pathlib import Path

import pandas as pd
import pytest

from pipeline.pseudonyms.linkage import find_person, read_numbers, same_persons
from pipeline.runner.inputs import load_input, serialise
from pipeline.stages import request
from tests.delivery import NUMBERS, ingested, read_lines, write_delivery, write_lines

CONSPICUOUS = [f"73000000{number}" for number in range(1, 7)]
STREAM = re.compile(rb"stream\r?\n(.*?)endstream", re.DOTALL)


def contents(path: Path) -> bytes:
    """The bytes of a file, and what is compressed in it."""
    found = path.read_bytes()
    if path.suffix == ".parquet":
        found += pd.read_parquet(path).to_csv().encode()
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            found += b"".join(archive.read(name) for name in archive.namelist())
    elif path.suffix == ".pdf":
        for stream in STREAM.findall(found):
            try:
                found += zlib.decompress(stream)
            except zlib.error:
                continue
    return found


@pytest.mark.report
def test_the_build_holds_no_number_of_the_register_but_in_the_linkage_file():
    with Path("data_raw/twin/allocation.csv").open(encoding="utf-8", newline="") as file:
        numbers = {row["PNR"].encode() for row in csv.DictReader(file, delimiter=";")}
    assert len(numbers) == 657
    digits = re.compile(rb"(?<![0-9])[0-9]{10}(?![0-9])")
    files = [path for top in ("data_derived/twin", "reports/twin") for path in Path(top).rglob("*") if path.is_file()]
    holding = {path.name for path in files if numbers & set(digits.findall(contents(path)))}
    assert holding == {"linkage.csv"}
    assert len(files) > 150


def test_no_output_of_ingest_and_what_comes_before_it_holds_a_number(tmp_path):
    folder = write_delivery(tmp_path)
    for name in ("allocation", "baseline_survey", "followup_survey"):
        lines = read_lines(folder / f"{name}.csv")
        write_lines(
            folder / f"{name}.csv", [lines[0], *([CONSPICUOUS[int(row[0]) - 1], *row[1:]] for row in lines[1:])]
        )
    lines = read_lines(folder / "register.csv")  # a further column may hold the number of somebody else
    write_lines(folder / "register.csv", [[*lines[0], "MOTHER"], *([*row, NUMBERS[0]] for row in lines[1:])])
    made = ingested(folder)
    extract, study = load_input(folder / "extract.toml"), load_input(tmp_path / "config" / "study.toml")
    asked = request.run(extract, study, load_input(folder / "allocation.csv"))["request.json"]
    assert set(json.loads(asked)["keys"]).isdisjoint(NUMBERS)
    from tests.delivery import with_register

    names = {"extract": extract, "study": study, "allocation": load_input(folder / "allocation.csv")}
    kept = with_register({**names, "register": folder / "register.csv"})["register"]
    texts = {"request.json": asked, "register.parquet": kept.to_csv()}
    for name, table in made.items():
        texts[name] = table if isinstance(table, str) else table.to_csv()
        (tmp_path / name).write_bytes(serialise(tmp_path / name, table))
    holding = {name for name, text in texts.items() if any(number in text for number in (*CONSPICUOUS, *NUMBERS))}
    assert holding == {"linkage.csv"}
    rows = list(csv.DictReader(io.StringIO(made["linkage.csv"])))
    assert [row["number"] for row in sorted(rows, key=lambda row: int(row["allocation_line"]))] == CONSPICUOUS
    assert [row["key"] for row in sorted(rows, key=lambda row: int(row["allocation_line"]))] == NUMBERS
    assert {int(row["person"]) for row in rows} == set(made["trial.parquet"]["person"])


def test_a_person_is_found_by_the_number_as_received_and_by_the_pseudonym(tmp_path):
    (tmp_path / "linkage.csv").write_text("person,number,key\n5000000000000001,017,a\n5000000000000002,18,b\n")
    numbers = read_numbers(tmp_path)
    found = {asked: find_person(asked, numbers) for asked in ("17", "017", "5000000000000002", "19", "Anna")}
    first, second = 5000000000000001, 5000000000000002
    assert found == {"17": first, "017": first, "5000000000000002": second, "19": None, "Anna": None}
    assert same_persons(numbers, {7: "17", 8: "19"}) == {first: 7}
