"""What is shown beside the estimates."""

from __future__ import annotations

from pathlib import Path

from pipeline.verify.agreement import Agreement


def compare_exhibits(settings: Path, derived: Path, reports: Path) -> list[Agreement]:
    """Nothing yet."""
    return []
