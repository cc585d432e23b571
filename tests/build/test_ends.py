"""What nobody here is to blame for ends a command with one message, and one lock has one holder."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.build.conftest import none_is_left_in, processes_in

RUNNER = Path("pipeline/runner")
# What a module does, and the one line that is said of it with the exit code.
ENDS = {
    "open('data_derived/x.parquet')": (
        2,
        "error: data_derived/x.parquet: No such file or directory. See to the rights",
    ),
    "open('pipeline')": (2, "error: pipeline: Is a directory. See to the rights and the space on the disk"),
    "raise OSError(28, 'No space left on device', 'reports/x')": (2, "error: reports/x: No space left on device."),
    "raise PermissionError(13, 'Permission denied', 'x.json')": (2, "error: x.json: Permission denied."),
    "raise MemoryError": (2, "error: there is not enough memory."),
    "raise KeyboardInterrupt": (130, "interrupted; nothing half-written is left"),
    "import pipeline.damaged": (
        2,
        "error: pipeline/damaged.py, line 2: not Python as it was written. Put the file back",
    ),
}


@pytest.fixture
def project(tmp_path) -> Path:
    (tmp_path / RUNNER).mkdir(parents=True)
    for name in ("alone.py", "held.py"):
        shutil.copy(RUNNER / name, tmp_path / RUNNER / name)
    (tmp_path / "pipeline/damaged.py").write_text("x = 1\nif x = 2\n")
    (tmp_path / "runs").mkdir()
    return tmp_path


def run(project: Path, does: str, *options: str, builders: str = "") -> subprocess.CompletedProcess[str]:
    (project / "pipeline/does.py").write_text(does)
    command = [sys.executable, "-I", str(RUNNER / "alone.py"), *options, "pipeline.does"]
    given = os.environ | {"BUILDERS": builders}
    return subprocess.run(command, cwd=project, env=given, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("does", ENDS)
def test_a_command_ends_with_one_message(project, does):
    status, said = ENDS[does]
    ended = run(project, does)
    assert (ended.returncode, ended.stderr.count("\n")) == (status, 1)
    assert ended.stderr.startswith(said)


def test_a_mistake_of_the_project_itself_is_not_hidden(project):
    ended = run(project, "{}['x']")
    assert (ended.returncode, "Traceback" in ended.stderr) == (1, True)


@pytest.mark.parametrize("script", ["alone.py pipeline.does", "ask.py no_socket does"])
def test_an_interrupt_of_a_python_that_begins_waits_until_it_can_be_told(project, script):
    shutil.copy(RUNNER / "ask.py", project / RUNNER)
    command = [sys.executable, "-I", *f"{RUNNER}/{script}".split()]
    begun = subprocess.Popen(
        ["env", "--block-signal=INT", "sh", "-c", 'kill -INT $$; exec "$@"', "sh", *command],
        cwd=project, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert begun.communicate()[1] == "interrupted; nothing half-written is left\n"
    assert begun.returncode == 130


def test_every_python_that_make_starts_hears_of_an_interrupt_when_it_can_tell():
    lines = [line for line in Path("Makefile").read_text(encoding="utf-8").splitlines() if "PYTHON) -I " in line]
    assert len(lines) >= 4
    for line in lines:
        assert "$(WAITING) $" in line or "trap '' INT" in line or "$(PYTHON) $< $(RAW)" in line, line


def test_a_command_ends_with_the_make_that_started_it_and_what_works_for_it_at_once(project):
    for room in ("estimate", "verify"):
        shutil.copytree(f"pipeline/{room}", project / f"pipeline/{room}", ignore=lambda *_: ["__pycache__"])
    does = (
        "import time\nfrom pipeline.verify.work import Task, run\n"
        "if __name__ == '__main__':\n    print(1, flush=True)\n"
        "    run([[Task(str(n), time.sleep, (60,)) for n in range(9)]])\n"
    )
    (project / "pipeline/does.py").write_text(does)
    make = subprocess.Popen(["sleep", "60"])
    command = [sys.executable, "-I", str(RUNNER / "alone.py"), "--hold", "runs", "pipeline.does"]
    given, pipe = os.environ | {"BUILDERS": str(make.pid)}, subprocess.PIPE
    with subprocess.Popen(command, cwd=project, env=given, stdout=pipe, stderr=pipe, text=True) as begun:
        assert begun.stdout is not None
        assert begun.stderr is not None
        begun.stdout.readline()
        make.kill()
        make.wait()
        assert begun.stderr.read() == "interrupted; nothing half-written is left\n", "and nobody has it open any more"
    assert begun.returncode == 130


def test_copies_that_share_out_work_end_with_the_process_that_is_killed(tmp_path):
    does = (
        "import os, time\nfrom pipeline.estimate.forked import forked\nos.sched_getaffinity = lambda _: {0, 1}\n"
        f"os.chdir('{tmp_path}')\nwith forked(time.sleep, (), 2) as share:\n    list(share([60, 60]))\n"
    )
    begun = subprocess.Popen([sys.executable, "-c", does])
    while len(processes_in(tmp_path)) < 3:
        assert begun.poll() is None
        time.sleep(0.02)
    begun.kill()
    begun.wait()
    assert none_is_left_in(tmp_path), processes_in(tmp_path)


@pytest.mark.parametrize("option", ["--hold", "--free"])
def test_a_lock_is_held_by_one_who_is_named_and_what_a_holder_started_has_it_too(project, option):
    asks = (
        "import subprocess, sys\n"
        f"said = subprocess.run([sys.executable, '-I', '{RUNNER}/alone.py', '{option}', 'runs'], "
        "capture_output=True, text=True, env={'BUILDERS': OTHER})\n"
        "print(said.returncode, said.stderr)"
    )
    own = str(os.getpid())
    refused = run(project, f"OTHER = '1'\n{asks}", "--hold", "runs", builders=own)
    assert refused.stdout.startswith("2 error: "), refused.stderr
    assert f"on {os.uname().nodename}, process {own}, since 20" in refused.stdout
    taken = run(project, f"OTHER = '{own} 1'\n{asks}", "--hold", "runs", builders=own)
    assert taken.stdout.startswith("0 "), taken
    assert not list((project / "runs").iterdir()), "the note is gone with the holder"


def test_the_note_of_a_holder_who_is_gone_is_of_no_account(project):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    (project / "runs/.warm.holder").write_text(f"{gone.pid}\nanna\n{os.uname().nodename}\n2017-01-15 08:30:00\n")
    assert run(project, "print(1)", "--hold", "runs").stdout == "1\n"
