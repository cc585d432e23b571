"""The software bill of materials as CycloneDX 1.6 in JSON (ECMA-424), from the lock and what is installed.

It has no date and no number of its own, so that the same lock and the same packages give the same bytes.
"""

from __future__ import annotations

import importlib.metadata
import json
import re
from typing import Any

from pipeline.runner.surroundings import plain_name

NAME = "ltjs-evaluation"
ENTRY = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)
HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
LONGEST_NAME = 100  # characters: some packages give the text of their licence where its name belongs


def read_lock(text: str) -> dict[str, tuple[str, list[str]]]:
    """By package the version that a lock pins, and the hashes that it allows."""
    starts = [*ENTRY.finditer(text)]
    ends = [*(start.start() for start in starts), len(text)][1:]
    return {
        plain_name(start[1]): (start[2], HASH.findall(text[start.end() : end]))
        for start, end in zip(starts, ends, strict=True)
    }


def write_bill(lock: str, version: str) -> str:
    """Every package of the text of a lock with version, hashes, licence and the packages that it asks for, as JSON.

    `version` is that of the project. A package that is not installed here, as one for another system, is `excluded`,
    and has neither licence nor packages that it asks for.
    """
    pinned = read_lock(lock)
    pins = {name: version for name, (version, _) in pinned.items()}
    installed = {name: found for name in pins if (found := _installed(name)) is not None}
    parts = [_component(name, pins[name], pinned[name][1], installed.get(name)) for name in sorted(pins)]
    rests = [{"ref": _ref(name, pins[name]), "dependsOn": _asked(installed.get(name), pins)} for name in sorted(pins)]
    own: dict[str, Any] = {"type": "application", "name": NAME, "version": version, "bom-ref": NAME}
    rests.insert(0, {"ref": NAME, "dependsOn": [_ref(name, pins[name]) for name in sorted(pins)]})
    bill = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": own},
        "components": parts,
        "dependencies": rests,
    }
    return json.dumps(bill, indent=1, ensure_ascii=False) + "\n"


def _installed(name: str) -> importlib.metadata.Distribution | None:
    try:
        return importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _ref(name: str, version: str) -> str:
    return f"pkg:pypi/{name}@{version}"


def _component(
    name: str, version: str, hashes: list[str], installed: importlib.metadata.Distribution | None
) -> dict[str, Any]:
    licences = [] if installed is None else _licences(installed)
    return {
        "type": "library",
        "bom-ref": _ref(name, version),
        "name": name,
        "version": version,
        "purl": _ref(name, version),
        "scope": "excluded" if installed is None else "required",
        "hashes": [{"alg": "SHA-256", "content": sha256} for sha256 in hashes],
        **({"licenses": [{"license": {"name": licence}} for licence in licences]} if licences else {}),
    }


def _licences(installed: importlib.metadata.Distribution) -> list[str]:
    """The licence of a package as it says it: the expression, the name, or the classifiers."""
    facts = installed.metadata
    for key in ("License-Expression", "License"):
        given = (facts[key] or "").strip()
        if given and len(given) <= LONGEST_NAME and "\n" not in given:
            return [given]
    classified = [text for text in facts.get_all("Classifier") or [] if text.startswith("License ::")]
    return [text.rpartition(" :: ")[2] for text in classified]


def _asked(installed: importlib.metadata.Distribution | None, pins: dict[str, str]) -> list[str]:
    """The packages of the lock that a package asks for, without those of its extras."""
    lines = [] if installed is None else installed.requires or []
    found = (re.match(r"[A-Za-z0-9._-]+", line) for line in lines if "extra ==" not in line)
    names = {plain_name(match[0]) for match in found if match}
    return [_ref(name, pins[name]) for name in sorted(names & set(pins))]
