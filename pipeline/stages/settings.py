"""The settings of a study against themselves, before anything is read with them."""

from __future__ import annotations

from typing import Any

from pipeline.checks.settings import check_settings
from pipeline.runner.schemas import own_columns


def run(**settings: Any) -> dict[str, str]:
    """settings.txt: the files of settings that were looked at; InputError with every fault of theirs."""
    check_settings(settings, own_columns())
    return {"settings.txt": "".join(f"{name}\n" for name in sorted(settings))}
