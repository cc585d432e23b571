"""What a release asks of disclosure control before anything leaves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.errors import InputError


def require_released(judged: Mapping[str, Any]) -> None:
    """Raise InputError where a number that fails would leave as it is, or others tell one that does not, or none asked.

    `judged` are the facts of judged.json. A synthetic extract describes nobody: it may leave with its marks.
    """
    where = f"make release: of the extract {judged['extract']}"
    if judged["synthetic"] and not judged["applied"]:
        return
    if leaving := max(judged["failing"], judged["after"]):
        raise InputError(
            f"{where} {leaving} numbers fail disclosure control and would leave as they are. Say make all "
            "DISCLOSURE=on, and read disclosure.html."
        )
    if not judged["attacked"]:
        raise InputError(f"{where} no attacker was tried on what leaves. Delete its judged.json, and say make all.")
    if judged["attacked"]["tight"]:
        raise InputError(
            f"{where} {judged['attacked']['tight']} numbers that are withheld are told by others within fewer than "
            f"{judged['bounds']['uncertainty']} persons, and nothing more can be withheld: the marks themselves tell "
            "them, or archives that left before. Join the groups of few persons with others ([spellings] of "
            "extract.toml, or the settings of the study), or take the exhibit that shows them out of exhibits.toml."
        )
