"""Dates as SAS, Stata, SPSS and Excel store them, each with the day that the package itself would show."""

from __future__ import annotations

import datetime
from pathlib import Path

import openpyxl
import pandas as pd
import pyreadstat
import pytest
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from pipeline.errors import InputError
from pipeline.register.cells import parse_dates
from pipeline.register.layouts import find_layout
from pipeline.register.readers import read_file
from pipeline.register.recognise import Signs
from tests.formats import write_sas
from tests.small_study import study

SIGNS = Signs(study().design, frozenset(), frozenset())
DAY = datetime.date(2015, 1, 2)
# By hand: 55 years with 14 leap days are 20,089 days from 1960-01-01 to 2015-01-01.
SAS = 55 * 365 + 14 + 1
EXCEL = 42006  # what Excel shows of 2015-01-02 as a number
SPSS = 13639536000  # seconds since 1582-10-14: COMPUTE x = DATE.DMY(2, 1, 2015)
SECONDS = 86_400


def stata(path: Path, number: float, layout: str) -> Path:
    pyreadstat.write_dta(pd.DataFrame({"DRAWN": [number, None]}), str(path), variable_format={"DRAWN": layout})
    return path


def spss(path: Path, number: float, layout: str) -> Path:
    pyreadstat.write_sav(pd.DataFrame({"DRAWN": [number, None]}), str(path), variable_format={"DRAWN": layout})
    return path


def sas(path: Path, number: float, layout: str) -> Path:
    write_sas(pd.DataFrame({"DRAWN": [number, None]}, dtype=float), path, {"DRAWN": layout})
    return path


def xport(path: Path, number: float, layout: str) -> Path:
    formats = {"DRAWN": layout} if layout else {}
    pyreadstat.write_xport(
        pd.DataFrame({"DRAWN": [number, None]}), str(path), variable_format=formats, file_format_version=8
    )
    return path


def excel(path: Path, value: object, layout: str) -> Path:
    book = openpyxl.Workbook()
    if layout == "1904":
        book.epoch = CALENDAR_MAC_1904
    for row in (["DRAWN"], [value]):
        book.active.append(row)
    if layout not in ("", "1904"):
        book.active["A2"].number_format = layout
    book.save(path)
    return path


def parquet(path: Path, value: str, zone: str) -> Path:
    time = pd.Timestamp(value, tz=zone or None)
    pd.DataFrame({"DRAWN": pd.Series([time, pd.NaT])}).to_parquet(path)
    return path


DATES = [
    (sas, "x.sas7bdat", SAS, "DATE9"),
    (sas, "x.sas7bdat", SAS, "DDMMYY10"),
    (sas, "x.sas7bdat", SAS, "YYMMDD10"),
    (sas, "x.sas7bdat", SAS, "MONYY7"),
    (sas, "x.sas7bdat", SAS, "EURDFDD10"),
    (sas, "x.sas7bdat", SAS, ""),
    (sas, "x.sas7bdat", SAS * SECONDS, "DATETIME20"),
    (sas, "x.sas7bdat", SAS * SECONDS, "DTDATE9"),
    (sas, "x.sas7bdat", SAS * SECONDS, ""),
    (xport, "x.xpt", SAS, "DATE9"),
    (xport, "x.xpt", SAS, ""),
    (xport, "x.xpt", SAS * SECONDS, "DTDATE9"),
    (stata, "x.dta", SAS, "%td"),
    (stata, "x.dta", SAS, "%d"),
    (stata, "x.dta", SAS, "%tdDD-NN-CCYY"),
    (stata, "x.dta", SAS, "%-td"),
    (stata, "x.dta", SAS, "%9.0g"),
    (stata, "x.dta", SAS * SECONDS * 1000.0, "%tC"),
    (spss, "x.sav", SPSS, "DATE11"),
    (spss, "x.sav", SPSS, "ADATE10"),
    (spss, "x.sav", SPSS, "EDATE10"),
    (spss, "x.sav", SPSS, "MOYR8"),
    (stata, "x.dta", (SAS * SECONDS) * 1000.0, "%tc"),
    (stata, "x.dta", (SAS * SECONDS) * 1000.0, "%tcDD-NN-CCYY_HH:MM"),
    (spss, "x.sav", SPSS, "DATETIME20"),
    (spss, "x.sav", SPSS, "F11.0"),
    (excel, "x.xlsx", DAY, "yyyy-mm-dd"),
    (excel, "x.xlsx", datetime.datetime(2015, 1, 2), "dd/mm/yyyy hh:mm"),
    (excel, "x.xlsx", DAY, "dd-mm-yyyy"),
    (excel, "x.xlsx", EXCEL, ""),
    (excel, "x.xlsx", str(EXCEL), ""),
    (excel, "x.xlsx", EXCEL - 1462, "1904"),
    (excel, "x.xlsx", "2015-01-02", ""),
    (excel, "x.xlsx", "2015-01-02 00:00:00", ""),
    (parquet, "x.parquet", "2015-01-02", ""),
]

# One o'clock in the afternoon is in no doubt, but near midnight the day is: no time is cut to its date in silence.
TIMES = [
    (sas, "x.sas7bdat", SAS * SECONDS + 46_800, "DATETIME20"),
    (sas, "x.sas7bdat", SAS * SECONDS + 46_800, "DTDATE9"),
    (sas, "x.sas7bdat", SAS * SECONDS + 46_800, ""),
    (stata, "x.dta", (SAS * SECONDS + 46_800) * 1000.0, "%tc"),
    (stata, "x.dta", (SAS * SECONDS + 46_800) * 1000.0, "%tcDD-NN-CCYY_HH:MM"),
    (spss, "x.sav", SPSS + 46_800, "DATETIME20"),
    (excel, "x.xlsx", datetime.datetime(2015, 1, 2, 13), "dd/mm/yyyy hh:mm"),
    (excel, "x.xlsx", "2015-01-02 13:00", ""),
    (excel, "x.xlsx", "2015-01-02T13:00:00", ""),
    (excel, "x.xlsx", EXCEL + 0.5, ""),
    (parquet, "x.parquet", "2015-01-01 23:00", "UTC"),
    (parquet, "x.parquet", "2015-01-02 00:00", "Europe/Copenhagen"),
    (parquet, "x.parquet", "2015-01-02 13:00", ""),
]


def read_date(path: Path) -> datetime.date:
    facts = find_layout(path, SIGNS)
    frame = read_file(path, facts)
    dates = parse_dates(frame, "DRAWN", frame["DRAWN"] != "")
    assert dates.iloc[1:].isna().all()
    return dates.iloc[0].date()


@pytest.mark.parametrize(("write", "name", "number", "layout"), DATES)
def test_a_date_is_the_day_that_its_package_shows(tmp_path, write, name, number, layout):
    assert read_date(write(tmp_path / name, number, layout)) == DAY


@pytest.mark.parametrize(("write", "name", "number", "layout"), TIMES)
def test_a_date_with_a_time_of_day_or_a_zone_is_refused_and_plain_dates_asked_for(
    tmp_path, write, name, number, layout
):
    with pytest.raises(InputError, match=r"column DRAWN: .* has a time of day or a zone.* \(1 cells\).* plain dates"):
        read_date(write(tmp_path / name, number, layout))


@pytest.mark.parametrize(
    ("write", "name", "number", "layout", "shown"),
    [
        (stata, "x.dta", 660, "%tm", r"'xxx \(%AA\)'"),
        (stata, "x.dta", 2860, "%tw", r"'xxxx \(%AA\)'"),
        (stata, "x.dta", 220, "%tq", r"'xxx \(%AA\)'"),
        (stata, "x.dta", 2015, "%ty", "'xxxx'"),
        (excel, "x.xlsx", 2015, "", "'xxxx'"),
        (excel, "x.xlsx", "02-01-2015", "", "'xx-xx-xxxx'"),
    ],
)
def test_what_is_a_month_or_a_year_or_in_no_known_order_is_no_date(tmp_path, write, name, number, layout, shown):
    with pytest.raises(InputError, match=f"column DRAWN: the value {shown} is no date .* say under dates"):
        read_date(write(tmp_path / name, number, layout))
