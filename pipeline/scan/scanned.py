"""All files under a folder, or of an archive, looked through for what must not leave."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.scan.parts import Part, parts_of
from pipeline.scan.search import TABLE, Kind, search
from pipeline.scan.sought import Sought
from pipeline.scan.tables import person_tables


@dataclass(frozen=True)
class Finding:
    """What was found: in which file, where in it, of what kind and how often; the thing itself is not kept."""

    file: str
    where: str
    kind: Kind
    count: int

    def __str__(self) -> str:
        """One line with the remedy."""
        place = f"{self.file}{f', {self.where}' if self.where else ''}"
        return f"{place}: {self.count} {self.kind.words}. {self.kind.remedy}"


@dataclass
class Scan:
    """How many files, texts of them or of their texts, fields of metadata and bytes were looked at; what was found."""

    files: int = 0
    texts: int = 0
    fields: int = 0
    size: int = 0
    findings: list[Finding] = field(default_factory=list)

    def __str__(self) -> str:
        """What was looked at, in words."""
        return f"{self.texts:,} texts and {self.fields:,} fields in {self.size / 1e6:.1f} MB"


def scan(files: Iterable[tuple[str, bytes]], sought: Sought) -> Scan:
    """Look through files, each with its name and its bytes."""
    found = Scan()
    for name, content in files:
        parts = [Part(name, "name of the file", "field", name), *parts_of(name, content)]
        fields = sum(part.kind in ("field", "author") for part in parts)
        found.files += 1
        found.size += len(content)
        found.fields += fields
        found.texts += len(parts) - fields
        found.findings += _findings(parts, sought)
    return found


def _findings(parts: list[Part], sought: Sought) -> Iterator[Finding]:
    counts: Counter[tuple[str, str, Kind]] = Counter()
    for part in parts:
        for kind, count in search(part, sought):
            counts[part.file, part.where, kind] += count
    for part, rows in person_tables(parts, sought):
        counts[part.file, part.where, TABLE] += rows
    yield from (Finding(*key, count) for key, count in counts.items())


def files_under(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file under a folder, one after the other."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield str(path), path.read_bytes()
