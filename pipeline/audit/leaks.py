"""What the reports of an extract hold that must not leave, looked for in every file, member and field of them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pipeline.runner.inputs import DESCRIPTION, load_input
from pipeline.runner.schemas import every_column
from pipeline.scan.scanned import Scan, scan
from pipeline.scan.sought import Sought

STUDY = "study.txt"  # the settings that make built an extract with


def find_leaks(files: Iterable[tuple[str, bytes]], raw: Path, derived: Path) -> Scan:
    """What is found in files, each with its name, that are of the extract received in `raw`."""
    settings = Path((derived / STUDY).read_text(encoding="utf-8").strip())
    design = load_input(settings / "study.toml").design
    variables = every_column(load_input(settings / "variables.csv")).to_dict("records")
    return scan(
        files, Sought.of(derived, load_input(raw / DESCRIPTION), (design.person, design.register_key), variables)
    )
