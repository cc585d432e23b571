"""Time the build of the synthetic trial, beside that of an earlier commit if one is named.

python -m benchmarks.build [COMMIT]

The two are built in turn, in copies of the project, so that a slow minute of the machine meets both.
"""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path
from statistics import median

from benchmarks.projects import Project, Run, copy_of

ROUNDS = 3
COLD = "cold, from the raw files"
EDITS = {  # what is edited, the file, and the text there before and after
    "a comment in study.toml": ("config/study.toml", "[time]", "[time]  # edited"),
    "another level in study.toml": ("config/study.toml", "level = 0.95", "level = 0.90"),
    "a comment in models.toml": ("config/models.toml", "[itt]", "[itt]  # edited"),
}
SCENARIOS = [COLD, "nothing to do", *EDITS]


def main() -> None:
    """Print the times of each build, their ratios to the cold build and to the same build of the commit."""
    commit = next(iter(sys.argv[1:]), None)
    with tempfile.TemporaryDirectory() as place:
        projects = {"now": copy_of(Path(place) / "now")}
        if commit:
            projects["before"] = copy_of(Path(place) / "before", commit)
        for project in projects.values():
            project.make("all")
        rounds = [{name: _measure(project) for name, project in projects.items()} for _ in range(ROUNDS)]
    _print_table(rounds, "now")
    if commit:
        print(f"\nthe same of {commit}, built in turn with the above")
        _print_table(rounds, "before")
        print(f"\n| now / {commit} | seconds | processor |\n|---|---|---|")
        for scenario in SCENARIOS:
            seconds, processor = (
                _median(rounds, "now", scenario, of) / _median(rounds, "before", scenario, of)
                for of in ("seconds", "processor")
            )
            print(f"| {scenario} | {seconds:.2f} | {processor:.2f} |")
    print("\n| stage | seconds |\n|---|---|")
    for stage, seconds in re.findall(r"^([\w-]+) +([\d.]+) s  ", rounds[-1]["now"][COLD].said, re.MULTILINE):
        print(f"| {stage} | {seconds} |")


def _measure(project: Project) -> dict[str, Run]:
    """Each build once; every edit is taken back, and the project is as built in between."""
    project.make("clean")
    project.make("data_derived/twin/runs/twin.json")
    runs = {COLD: project.make("all"), "nothing to do": project.make("all")}
    for scenario, (name, before, after) in EDITS.items():
        path = project.folder / name
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace(before, after, 1), encoding="utf-8")
        runs[scenario] = project.make("all")
        path.write_text(text, encoding="utf-8")
        project.make("all")
    return runs


def _median(rounds: list[dict[str, dict[str, Run]]], name: str, scenario: str, of: str) -> float:
    return median(getattr(turn[name][scenario], of) for turn in rounds)


def _print_table(rounds: list[dict[str, dict[str, Run]]], name: str) -> None:
    print("| build (make -j2 all) | seconds | processor seconds | of the cold build | largest process, MB |")
    print("|---|---|---|---|---|")
    cold = _median(rounds, name, COLD, "seconds")
    for scenario in SCENARIOS:
        seconds, processor, memory = (_median(rounds, name, scenario, of) for of in ("seconds", "processor", "memory"))
        print(f"| {scenario} | {seconds:.2f} | {processor:.2f} | {seconds / cold:.2f} | {memory:.0f} |")


if __name__ == "__main__":
    main()
