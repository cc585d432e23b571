"""What a forger can do to a built tree, and who finds it: tampering.toml, of which docs/decisions/audit.md speaks."""

import hashlib
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from benchmarks.projects import environment
from pipeline.audit.check import check_build, read_planned
from pipeline.runner.compared import compare_build
from pipeline.runner.held import NOTE
from pipeline.runner.records import seal_of

FORGERIES = tomllib.loads(Path(__file__).with_name("tampering.toml").read_text(encoding="utf-8"))["forgery"]
RUNS = Path("data_derived/twin/runs")
WRITING = ("all", "report", "check", "clean", "extract", "diff FROM=twin")
RAW, REPORTS = Path("data_raw/twin"), Path("reports/twin")


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["make", *arguments, f"PYTHON={sys.executable}"]
    return subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)


def planned() -> dict:
    return read_planned(make("all", "--dry-run", "--always-make").stdout.splitlines())


@pytest.fixture(scope="module")
def built(built_project):
    """What make plans of the tree as built, in the folder in which the tests of this module are."""
    here = Path.cwd()
    os.chdir(built_project.folder)
    yield planned()
    os.chdir(here)


@pytest.fixture
def restored(built):
    """Put back what a test changed."""
    kept: dict[Path, tuple[bytes, int] | None] = {}

    def keep(path: Path) -> None:
        kept.setdefault(path, (path.read_bytes(), path.stat().st_mtime_ns) if path.exists() else None)

    yield keep
    for path, content in kept.items():
        path.unlink(missing_ok=True)
        if content is not None:
            path.write_bytes(content[0])
            os.utime(path, ns=(content[1], content[1]))


def forge(how: dict, keep) -> None:
    """Do what a row of the table says, with the date of each file as it was."""
    kind = next(iter(how))
    path = RUNS / f"{how['record']}.json" if kind == "record" else Path(how[kind])
    keep(path)
    date = path.stat().st_mtime_ns if path.exists() else None
    content = path.read_bytes() if path.exists() else b""
    if kind == "append":
        content += b"\n"
    elif kind == "replace":
        assert how["before"].encode() in content
        content = content.replace(how["before"].encode(), how["after"].encode(), 1)
    elif kind == "empty":
        content = b""
    else:
        content = json.dumps(json.loads(content) | {key: how[key] for key in how if key != "record"}).encode()
    path.write_bytes(content)
    if date is not None:
        os.utime(path, ns=(date, date))
    if "sealed" in how:
        record = RUNS / f"{how['sealed']}.json"
        body = json.loads(record.read_text(encoding="utf-8"))
        outputs = body["outputs"] | {str(path): hashlib.sha256(content).hexdigest()}
        forge({"record": how["sealed"], "outputs": outputs, "seal": seal_of(body | {"outputs": outputs})}, keep)


@pytest.mark.parametrize("forgery", FORGERIES, ids=[forgery["name"] for forgery in FORGERIES])
def test_a_forgery_is_made_again_and_named_or_said_to_be_beyond_proof(built, restored, forgery):
    forge(forgery["how"], restored)
    plan = planned() if "Makefile" in forgery["how"].values() else built
    found = compare_build(str(RUNS))
    wanted = set(built) if forgery["again"] == "all" else set(forgery["again"].split())
    again = {path.stem for path in found.again} & set(built)  # the tree may hold what make report made too
    assert again - {"provenance", "twin"} == wanted - {"provenance", "twin"}
    assert re.search(forgery["said"], "\n".join(found.said)) if forgery["said"] else not found.said
    faults = [fault for rule in check_build(RUNS, RAW, REPORTS, plan) for fault in rule.faults]
    assert any(re.search(forgery["check"], fault) for fault in faults) if forgery["check"] else not faults


def test_a_file_that_is_gone_is_said_to_be_deleted_and_not_changed(built, restored):
    answers, setting = RAW / "followup_survey.csv", Path("config/benefit_codes.csv")
    for path in (answers, setting):
        restored(path)
        path.unlink()
    again = compare_build(str(RUNS)).again
    assert f"{answers} is missing" in again[RUNS / "twin.json"]
    assert f"{answers} was deleted" in again[RUNS / "ingest.json"]
    assert f"{setting} was deleted" in again[RUNS / "outcomes.json"]
    assert not [why for reasons in again.values() for why in reasons if why.endswith("changed")]


def test_make_all_says_what_was_forged_and_the_report_is_as_it_was(built, restored):
    table, page = REPORTS / "tables/table_3_1.csv", REPORTS / "index.html"
    before = table.read_bytes()
    for path in (table, page):
        forge({"append": str(path)}, restored)
    (RUNS / "survey.d").write_text("data_derived/twin/runs/survey.json: gone\ngone:\n\ttouch gone\n")
    checked = make("check")
    assert (checked.returncode, table.read_bytes() == before) == (2, False), "it makes nothing"
    assert "table_3_1.csv: not the file that its record holds. Delete it and run make all" in checked.stderr
    said = make("all")
    assert said.returncode == 0, said.stderr
    assert "table_3_1.csv: not the file that stage tables made. It is made again" in said.stderr
    assert table.read_bytes() == before
    assert not page.read_bytes().endswith(b"\n\n")
    assert not Path("gone").exists(), "a file of dependencies with a recipe is not read"
    checked = make("check")
    assert checked.returncode == 0, checked.stderr
    counts = {
        words.strip(): int(count) for count, words in re.findall(r"^ +(\d+)  (.+)$", checked.stdout, re.MULTILINE)
    }
    assert len(counts) == 17
    idle = [words for words, count in counts.items() if not count]
    assert idle == ["what archives told before, as make release kept it"], "every other rule looked at something"


def test_a_second_build_at_once_is_told_who_builds_and_a_killed_one_is_in_nobodys_way(built, restored):
    (RUNS / "survey.json").unlink()
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            f"import fcntl, os; fcntl.flock(os.open('{RUNS}', 0), 2); print(1, flush=True); input()",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert holder.stdout is not None
    holder.stdout.readline()
    note = RUNS / NOTE
    note.write_text(f"{os.getpid()}\nanna\n{os.uname().nodename}\n2017-01-15 08:30:00\n")
    refused = {asked: make(*asked.split()) for asked in WRITING}
    unlocked = make("trace")
    holder.kill()
    holder.wait()
    who = rf"anna on {os.uname().nodename}, process {os.getpid()}, since 2017-01-15 08:30:00"
    for asked, said in {**refused, "trace": unlocked}.items():
        assert said.returncode == 2, asked
        assert said.stderr.startswith(f"error: data_derived/twin is being written by {who}. Wait, then run "), asked
        assert said.stderr.count("\n") == 2, "the message, and that of make"
    assert make("all").returncode == 0
    assert not note.exists(), "one that nobody holds is of no account"


def test_a_build_that_has_just_ended_is_in_nobodys_way(built, restored):
    restored(RUNS / "survey.json")
    (RUNS / "survey.json").unlink()
    lingers = f"import fcntl, os, time; fcntl.flock(os.open('{RUNS}', 0), 2); print(1, flush=True); time.sleep(0.7)"
    with subprocess.Popen([sys.executable, "-c", lingers], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert "is being written" not in make("trace").stderr, "a reader waits as well"
        assert make("all").returncode == 0


def test_an_address_is_no_command(built):
    said = make("trace", "ID=a'; touch forged; '")
    assert said.returncode == 2
    assert "no exhibit shows a number with the address" in said.stderr
    assert not Path("forged").exists()
