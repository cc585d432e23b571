"""The packages that a run really imported beside those that the lock pins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Imports:
    """What was imported and what was not, by name with versions.

    as_pinned: imported in the version that is pinned. other: imported in another one, with both versions. unpinned:
    imported and not in the lock; a module of no installed package has the version ''. idle: pinned and not imported,
    with the version pinned. installed_other: of those the ones installed in another version, with both.
    """

    as_pinned: dict[str, str]
    other: dict[str, tuple[str, str]]
    unpinned: dict[str, str]
    idle: dict[str, str]
    installed_other: dict[str, tuple[str, str]]


def compare_imports(imported: Mapping[str, str], pinned: Mapping[str, str], installed: Mapping[str, str]) -> Imports:
    """Set the packages imported beside those pinned and installed; all are versions by name."""
    return Imports(
        as_pinned={name: version for name, version in imported.items() if pinned.get(name) == version},
        other={name: (version, pinned[name]) for name, version in imported.items()
               if name in pinned and pinned[name] != version},
        unpinned={name: version for name, version in imported.items() if name not in pinned},
        idle={name: version for name, version in pinned.items() if name not in imported},
        installed_other={name: (installed[name], version) for name, version in pinned.items()
                         if name not in imported and installed.get(name, version) != version},
    )  # fmt: skip
