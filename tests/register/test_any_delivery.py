"""Whatever way a delivery is written, it gives the same tables to the bit: drawn deliveries in drawn layouts."""

from __future__ import annotations

import csv
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pipeline.register.files import separated, statistical
from tests.delivery import ingested, write_delivery
from tests.formats import WRITERS, read_text, write_as
from tests.register.test_formats import FILES, require_equal, with_others

CELLS = {"Y": ["", "890", "651"], "BRANCHE": ["", "841100", "11100"], "GRAD": ["0,5", "1", "0,25"]}
TYPED = [kind for kind, (suffix, _) in WRITERS.items() if suffix not in (".csv", ".txt")]


@st.composite
def texts(draw: st.DrawFn) -> dict[str, object]:
    """A layout of separated text that is not ambiguous: where cells hold the separator they are quoted."""
    separator = draw(st.sampled_from(";,\t"))
    decimal = draw(st.sampled_from(",."))
    return {
        "separator": separator,
        "decimal": decimal,
        "encoding": draw(
            st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1", "cp1252"])
        ),
        "quoted": separator == decimal == "," or draw(st.booleans()),
        "blank": draw(st.sampled_from(["", ".", "NaN", " "])),
        "fraction": draw(st.booleans()),  # 890.0 for 890
        "pad": draw(st.integers(0, 3)),
        "titles": draw(st.integers(0, 3)),
        "end": draw(st.sampled_from(["\n", "\r\n"])),
    }


def write_text(table: pd.DataFrame, path: Path, layout: dict) -> None:
    """The table as text in a layout."""

    def cell(text: str) -> str:
        if not text:
            return layout["blank"] if layout["blank"] != " " or not layout["quoted"] else ""
        if layout["fraction"] and text in ("890", "651", "841100"):
            return f"{text}.0"
        return text.replace(",", layout["decimal"]) if text.replace(",", "").isdigit() else text

    with path.open("w", encoding=layout["encoding"], newline="") as file:
        if layout["encoding"] in ("utf-16-le", "utf-16-be"):
            layout["titles"] = 0
        file.write(f"Udtræk af Ærø{layout['end']}" * layout["titles"])
        quoting = csv.QUOTE_ALL if layout["quoted"] else csv.QUOTE_NONE
        rows = csv.writer(file, delimiter=layout["separator"], quoting=quoting, lineterminator=layout["end"])
        padding = "" if layout["quoted"] else " " * layout["pad"]
        for row in [list(table), *([cell(text) for text in row] for row in table.to_numpy().tolist())]:
            rows.writerow([text + padding for text in row])


@st.composite
def layouts(draw: st.DrawFn) -> dict[str, object]:
    """For each file a format; the order of rows and columns, the case, who else is in the register, and its parts."""
    return {
        "kinds": {name: draw(st.sampled_from([None, None, *TYPED])) for name in FILES},
        "texts": {name: draw(texts()) for name in FILES},
        "seed": draw(st.integers(0, 2**16)),
        "case": draw(st.sampled_from([str, str.lower, str.upper])),
        "parts": draw(st.sampled_from(["one", "one", "years", "persons"])),
        "others": draw(st.booleans()),
        "block": draw(st.integers(150, 3000)),
        "held": draw(st.integers(500, 20_000)),
    }


def split(register: pd.DataFrame, parts: str) -> dict[str, pd.DataFrame]:
    """The register as one file, as one for each year and one of wages, or as one for each half of the persons."""
    if parts == "persons":
        return {"dream_a": register.iloc[::2], "dream_b": register.iloc[1::2]}
    if parts == "one":
        return {"register": register}
    weeks = {year: [name for name in register if name.upper().startswith(f"Y_{year}")] for year in (14, 15)}
    of_year = {
        f"dream20{year}": register[["CPR", *names]].rename(columns={name: f"y_{name[-2:]}" for name in names})
        for year, names in weeks.items()
    }
    return {**of_year, "loen": register[["CPR", *(name for name in register if "_20" in name)]]}


@settings(max_examples=10, derandomize=True, deadline=None, database=None, phases=[Phase.generate],
          suppress_health_check=list(HealthCheck))  # fmt: skip
@given(layout=layouts(), seed=st.integers(0, 2**16))
def test_any_delivery_in_any_layout_gives_the_same_tables(layout, seed):
    rng = np.random.default_rng(seed)
    with tempfile.TemporaryDirectory() as place, pytest.MonkeyPatch.context() as patch:
        folder = write_delivery(Path(place))
        register = read_text(folder / "register.csv")
        for name in register.columns[1:]:
            register[name] = rng.choice(CELLS[name.split("_")[0]], len(register))
            if name.startswith("GRAD"):  # who has no industry has no degree of employment
                register[name] = register[name].where(register[name.replace("GRAD", "BRANCHE")] != "", "")
        register.to_csv(folder / "register.csv", sep=";", index=False)
        expected = ingested(folder)
        tables = {name: read_text(folder / f"{name}.csv") for name in FILES}
        for path in folder.iterdir():
            path.unlink()
        patch.setattr(separated, "BLOCK", layout["block"])
        patch.setattr(statistical, "HELD", layout["held"])
        mixed = np.random.default_rng(layout["seed"])
        whole = tables.pop("register")
        parts = split(with_others("register", whole) if layout["others"] else whole, layout["parts"])
        for name, table in {**tables, **parts}.items():
            role = name if name in FILES else "register"
            table = table[mixed.permutation(table.columns)].rename(columns=layout["case"])
            table = table.iloc[mixed.permutation(len(table))] if role == "register" else table
            kind = layout["kinds"][role]
            if kind is None:
                write_text(table, folder / f"{name}.csv", dict(layout["texts"][role]))
            else:
                write_as(kind, table.reset_index(drop=True), folder / f"{name}.csv")
        found = ingested(folder)
        found["register_weeks.parquet"] = found["register_weeks.parquet"].drop(columns="wage_line", errors="ignore")
        require_equal(found, expected)
