"""A person's history, the ends of durations, lists of addresses, and the pages of a trace."""

import csv
import os
import re
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.audit.build import Build
from pipeline.audit.ends import EXIT, HORIZON, TERMINAL, UNKNOWN, find_ends
from pipeline.audit.history import describe_history, read_history
from pipeline.audit.page import say_formula, say_part, write_number_page, write_person_page
from pipeline.audit.statistics import NAMES, Number, part_names
from pipeline.audit.trace import trace
from pipeline.audit.words import STATISTICS_DA
from pipeline.errors import InputError
from pipeline.verify.trace import main
from tests.linked import twins

RAW, DERIVED = Path("data_raw/twin"), Path("data_derived/twin")
BUILD = Build(RAW, DERIVED)
HAZARD, CURVE = "table_3_1/employment_exit/all/estimate", "figure_3_1/all/employment_exit/39/control"
SHORT = "figure_3_3/all/sickness_benefit/2"
pytestmark = pytest.mark.report("exhibits.toml", "scales.csv")


def received(name):
    with (RAW / name).open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file, delimiter=";"))


REGISTER = received("dream.csv")


def run(monkeypatch, capsys, **asked):
    monkeypatch.setattr("sys.argv", ["trace", "--raw", str(RAW), "--derived", str(DERIVED)])
    for name in ("ID", "PERSON", "FORMAT"):
        monkeypatch.setenv(name, asked.get(name, ""))
    return main(), capsys.readouterr()


# --- The ends of durations -------------------------------------------------------------------------------------------


def test_an_exit_to_work_is_the_first_week_of_a_run_that_the_received_file_has():
    """Of everybody who left: no code and a wage month in each week of the run, counted in the file itself."""
    ends, header = trace(HAZARD, BUILD).ends, REGISTER[0]
    assert len(ends) == 568
    left = ends[ends["end"] == EXIT]
    assert len(left) > 100
    for end in left.to_dict("records"):
        first, last = header.index(end["column"]), header.index(end["run_to"])
        weeks = REGISTER[end["line"] - 1][first : last + 1]
        assert weeks == [""] * 4, end
        assert REGISTER[end["line"] - 1][header.index(end["wage_column"])] != ""
    stayed = ends[ends["end"] == HORIZON]
    assert (stayed["week"] == 81).all()
    assert (stayed["run_to"] == "").all()


def test_the_ends_of_a_curve_are_those_of_its_arm_and_its_cells_name_theirs(monkeypatch, capsys):
    found = trace(CURVE, BUILD)
    assert len(found.ends) == found.estimate["n_control"] + (found.ends["week"] < 39).sum()
    code, said = run(monkeypatch, capsys, ID=CURVE)
    assert code == 0
    assert f"ENDS      of {len(found.ends)} persons: " in said.out
    name = CURVE.replace("/", "__")
    cells, ends = (pd.read_csv(DERIVED / "trace" / f"{name}{end}.csv") for end in ("", "__ends"))
    # A cell of a curve is the week of an exit, so it is the end itself.
    assert (cells["column"] == cells["end_column"]).all()
    assert (cells["line"] == cells["end_line"]).all()
    assert set(cells["end"]) == {EXIT}
    assert set(ends["file"]) == {str(RAW / "dream.csv")}


@pytest.mark.parametrize(
    ("codes", "weeks", "exited", "end", "week", "content"),
    [
        (["890", "890", "", ""], 3, True, EXIT, 3, ""),
        (["890", "890", "890", "890"], 4, False, HORIZON, 4, "890"),
        (["890", None, "", ""], 1, False, UNKNOWN, 2, ""),
        (["890", "999", None, None], 1, False, TERMINAL, 2, "999"),
        (["890", "890", "999", None], 2, False, TERMINAL, 3, "999"),
    ],
)
def test_the_cell_that_ends_a_duration_is_the_one_that_decides_it(codes, weeks, exited, end, week, content):
    """Four weeks of one person; a week after a terminal code, and one without a code, are unknown."""
    known = [code is not None and code != "999" for code in codes]
    own = pd.DataFrame(
        {
            "person": twins()["13"],
            "week": [1, 2, 3, 4],
            "code": pd.Categorical(codes),
            "line": pd.array([12] * 4, dtype="Int64"),
            "sickness_benefit_exit": pd.array(
                [(code == "890") if is_known else pd.NA for code, is_known in zip(codes, known, strict=True)],
                dtype="Int8",
            ),
        }
    )
    tables = replace(BUILD.tables, weekly=own)
    found = find_ends(
        "sickness_benefit_exit", np.array([twins()["13"]]), np.array([weeks]), np.array([exited]), 4, tables
    )
    row = found.to_dict("records")[0]
    assert (row["end"], row["week"], row["content"]) == (end, week, content)
    assert (row["file"], row["line"]) == ("dream.csv", 12)


# --- One person ------------------------------------------------------------------------------------------------------


def test_the_history_of_a_person_is_what_the_received_files_hold():
    history = read_history("13", BUILD)
    header, own = REGISTER[0], REGISTER[11]
    assert set(history.weeks["line"]) == {12}
    assert history.weeks["column"].to_list() == [name for name in header if name.startswith("Y_")]
    assert history.weeks["code"].to_list() == [own[header.index(name)] for name in history.weeks["column"]]
    paid = ["?" if not name else "1" if own[header.index(name)] else "0" for name in history.weeks["wage_column"]]
    assert paid.count("?") < 5  # the last weeks of the register have no month of wages
    assert history.weeks["wage"].to_list() == paid
    allocation = received("allocation.csv")
    assert history.draw["HOLD"] == allocation[int(history.draw["line"]) - 1][allocation[0].index("HOLD")]
    survey = received("baseline_survey.csv")
    answers = dict(zip(survey[0], survey[history.surveys["baseline"].line - 1], strict=True))
    assert answers["LOEBENR"] == "13"
    assert {item: answers[item] for item in history.surveys["baseline"].items} == {
        item: "" if value == "?" else value for item, value in history.surveys["baseline"].items.items()
    }
    followed = history.weeks[history.weeks["week"].between(1, 81)]
    assert float(history.shares["employment"]) == pytest.approx((followed["employment"] == "1").mean())
    assert history.ends.set_index("outcome").loc["sickness_benefit_exit", "end"] == EXIT
    assert history.groups["self_efficacy_7"] == "high"
    text = describe_history(history)
    for part in ("DRAW", "SURVEY    baseline", "SCORES", "SHARES", "EXITS", "BACKGROUND", "WEEKS"):
        assert part in text


def test_a_person_who_is_left_out_has_a_history_that_says_why():
    exclusions = BUILD.exclusions
    person = exclusions.loc[exclusions["reason"] == "closed_municipality", "person"].iloc[0]
    history = read_history(str(person), BUILD)
    assert history.reason == "closed_municipality"
    assert (history.states, history.shares, history.groups) == ((), {}, {})
    page = write_person_page(history, BUILD)
    assert f"Person {person}" in page
    assert "closed_municipality" in page


@pytest.mark.parametrize("number", ["99999", "Anna", "-1", "13 or 14"])
def test_an_unknown_number_is_answered_without_any_person(number):
    with pytest.raises(InputError) as error:
        read_history(number, BUILD)
    assert "nobody who was randomised" in str(error.value)
    assert not re.search(r"\d", str(error.value))
    assert number not in str(error.value)


# --- Lists of addresses ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("asked", "count"), [("table_2_1/total", 5), ("figure_3_3", None), ("figure_3_3/all", None)])
def test_an_exhibit_or_the_beginning_of_an_address_lists_its_numbers(asked, count, monkeypatch, capsys):
    code, said = run(monkeypatch, capsys, ID=asked)
    shown = BUILD.shown
    own = shown[shown["cell_id"].str.startswith(f"{asked}/")]
    assert code == 0
    lines = said.out.splitlines()
    assert [line.split()[0] for line in lines] == own["cell_id"].to_list()
    assert all(text in line for line, text in zip(lines, own["text"], strict=True))
    assert count is None or len(lines) == count
    assert len({line.split(": ", 1)[1] for line in lines}) > 1


@pytest.mark.parametrize(
    ("asked", "near", "form"),
    [
        ("table_3_3/low_7/employmnt/estimate", "table_3_3/low_7/employment/estimate", "exhibit/row/column"),
        ("figure_3_3/all/sickness_benefit/450", "figure_3_3/all/sickness_benefit/45", "exhibit/sample/outcome/week"),
        ("figur_3_3/all/sickness_benefit/45", "figure_3_3/all/sickness_benefit/45", "exhibit/sample/outcome/week"),
    ],
)
def test_a_wrong_address_gets_the_nearest_of_its_exhibit_and_how_it_is_composed(asked, near, form):
    with pytest.raises(InputError) as error:
        trace(asked, BUILD)
    named = re.findall(r"(?:table|figure)_\d_\d/\S+?(?=[,. ])", str(error.value).split("Near it: ")[1])
    assert near in named
    assert {name.split("/")[0] for name in named} == {near.split("/")[0]}
    assert form in str(error.value)


# --- The pages -------------------------------------------------------------------------------------------------------


class Reader(HTMLParser):
    """The text of a page, what it asks for, its anchors and what leads to them."""

    def __init__(self):
        super().__init__()
        self.words, self.asked, self.anchors, self.links, self.kinds = [], [], [], [], []

    def handle_starttag(self, tag, attrs):
        own = dict(attrs)
        self.asked += [own[name] for name in ("src",) if name in own]
        self.asked += [own["href"]] if tag == "link" else []
        self.anchors += [own["id"]] if "id" in own else []
        self.links += [own["href"].removeprefix("#")] if tag == "a" else []
        self.kinds += [own.get("class", "")] if tag == "li" else []

    def handle_data(self, data):
        self.words.append(data)


def read(page):
    reader = Reader()
    reader.feed(page)
    return reader, " ".join(" ".join(reader.words).split())


@pytest.mark.parametrize("address", [SHORT, "table_3_5/bipq_symptoms/low_7/se", CURVE, "table_2_1/total/total"])
def test_the_page_of_a_number_says_what_the_text_says_and_leads_to_every_person(address):
    found = trace(address, BUILD)
    reader, text = read(write_number_page(found))
    assert not reader.asked
    for part in (address, found.cell["text"], found.cell["estimate_id"], found.estimate["sample"]):
        assert part in text
    assert {link.sha256[:16] for link in found.chain} <= set(text.split())
    persons = {person for part in found.number.parts.values() for person in part.cells["person"]}
    assert {int(name.rpartition("-")[2]) for name in reader.anchors} == persons
    assert set(reader.links) == set(reader.anchors)
    assert len(set(reader.anchors)) == len(reader.anchors)
    if "standard error" in found.number.parts:
        assert set(found.number.parts["standard error"].clusters.index) <= set(re.findall(r"\w+", text))


@pytest.mark.parametrize("statistic", NAMES)
def test_every_statistic_and_its_parts_have_words_in_every_language(statistic):
    assert NAMES[statistic]
    assert STATISTICS_DA[statistic] != NAMES[statistic]
    number = Number(statistic, 0.0, "in English", {}, 0.0)
    assert say_formula(number, "en") == "in English" != say_formula(number, "da")
    for name in part_names(statistic):
        assert say_part(name, "da") in STATISTICS_DA.values()


def test_a_page_is_in_the_language_of_the_build_and_writes_its_numbers(monkeypatch):
    build = Build(RAW, DERIVED)
    found = trace(SHORT, build)
    monkeypatch.setitem(build.__dict__, "language", "da")
    _, text = read(write_number_page(found))
    assert "Siden indeholder personer" in text
    assert f"{found.estimate['estimate']:.12g}".replace(".", ",").replace("-", "−") in text
    assert "De største bidrag" in text


def test_a_page_is_written_beside_the_derived_tables_and_never_under_reports(monkeypatch, capsys):
    code, said = run(monkeypatch, capsys, PERSON="13", FORMAT="html")
    assert code == 0
    assert said.out.startswith(f"{DERIVED}/trace/person_{twins()['13']}.html ")
    reader, text = read((DERIVED / "trace" / f"person_{twins()['13']}.html").read_text(encoding="utf-8"))
    assert "This page holds persons" in text
    weeks = [kind for kind in reader.kinds if "place" in kind]
    assert len(weeks) == len(BUILD.tables.register_columns) + len(BUILD.tables.outcomes.states)
    code, said = run(monkeypatch, capsys, ID="table_2_1/total/total", FORMAT="pdf")
    assert code == 2
    assert "FORMAT=pdf is no form" in said.err


def test_make_hands_free_text_over_as_it_was_typed(tmp_path):
    """Neither make nor a shell reads it, and what only the environment holds is not asked for."""
    stolen = tmp_path / "stolen"
    typed = f"$(shell touch {stolen})'`touch {stolen}`;touch {stolen}"
    command = ["make", "-s", "trace", f"PYTHON={sys.executable}", f"ID={typed}"]
    surroundings = {**os.environ, "SET": "dream.csv,12,Y_1540,890", "FORMAT": "html"}
    result = subprocess.run(command, capture_output=True, text=True, check=False, env=surroundings)
    assert result.returncode == 2
    assert repr(typed) in result.stderr
    assert not stolen.exists()
