"""Which files an archive holds: what follows from its records and settings, and what is made from these."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pipeline.runner.records import RECEIVED, is_made, is_record
from pipeline.runner.surroundings import LOCK
from pipeline.settings.exhibits import Exhibits

EXHIBITS, SETTINGS, RECORDS = "exhibits/", "settings/", "records/"  # what paths in the archive begin with
ACCOUNT, NUMBERS, DECISIONS = "release.json", "numbers.csv", "decisions.md"
PROVENANCE, VERIFIED, BILL = "provenance.json", "verified.json", "bill.cdx.json"
GIVEN = (ACCOUNT, NUMBERS, DECISIONS, PROVENANCE, VERIFIED, LOCK, BILL)  # beside exhibits, settings and records
CHECKS = f"{EXHIBITS}checks.csv"  # what the checks of the delivery say
COPIED = "population/weekly_shares.csv"  # what the page of the population leads to, copied from where a stage made it
TABLE, FIGURE = ("html", "csv", "tex"), ("png", "svg", "csv")  # in which formats there is each
EDITION = ("shown", "disclosure", "tables", "figures", "panels", "report")  # stages of a report in its language
DOCUMENTS, REPORT = "documents", "report"
POPULATION, PUBLISHED = "population", "published"
Records = Mapping[str, Mapping[str, Any]]


def guide_name(language: str, languages: tuple[str, ...]) -> str:
    """guide.md in the first language, guide.da.md in another."""
    return "guide.md" if language == languages[0] else f"guide.{language}.md"


def folder_of(language: str, languages: tuple[str, ...]) -> str:
    """Where the report in a language lies: that in the first language has no folder of its own."""
    return EXHIBITS if language == languages[0] else f"{EXHIBITS}{language}/"


def record_name(extract: str, stage: str) -> str:
    """The path of a record in the archive."""
    return f"{RECORDS}{extract}/runs/{stage}.json"


def stages_before_report(records: Records) -> list[str]:
    """The stages whose records the head stands for."""
    read = records.get("provenance", {"inputs": {}})["inputs"]
    return [Path(path).stem for path in read if is_record(Path(path))]


def expected_stages(records: Records, languages: tuple[str, ...]) -> set[str]:
    """Every stage of a build with its report as page, Word and PDF in each language."""
    before = stages_before_report(records)
    stages = {*before, "provenance", REPORT, DOCUMENTS}
    own = [stage for stage in EDITION if stage == REPORT or stage in {name.partition("-")[0] for name in before}]
    editions = [f"-{language}" for language in languages[1:]]
    stages |= {f"{stage}{edition}" for edition in editions for stage in (*own, DOCUMENTS)}
    if PUBLISHED in before:
        stages |= {f"{PUBLISHED}{edition}" for edition in editions}
    if any(Path(path).name == "population.json" for path in records.get(REPORT, {"inputs": {}})["inputs"]):
        beside = [f"{edition}-{POPULATION}" for edition in ("", *editions)]
        stages |= {f"{stage}{edition}" for edition in beside for stage in (*EDITION, DOCUMENTS)}
    return stages


def made_exhibits(records: Records) -> dict[str, tuple[str, str]]:
    """By path in the archive the stage that made an exhibit, and the SHA-256 that it recorded."""
    return {
        f"{EXHIBITS}{'/'.join(Path(path).parts[2:])}": (stage, sha256)
        for stage, record in records.items()
        for path, sha256 in record["outputs"].items()
        if Path(path).parts[0] == "reports"
    }


def copied_exhibits(records: Records, languages: tuple[str, ...]) -> list[str]:
    """What lies among the exhibits and is a copy, which no stage made."""
    has_population = any(stage.endswith(POPULATION) for stage in records)
    return [f"{folder_of(language, languages)}{COPIED}" for language in languages] if has_population else []


def read_settings(records: Records, study: str) -> dict[str, set[str]]:
    """By path the SHA-256 of each setting of the study that a stage read: one, unless the records disagree."""
    found: dict[str, set[str]] = {}
    for record in records.values():
        for path, sha256 in record["inputs"].items():
            if path.startswith(f"{study}/"):
                found.setdefault(path, set()).add(sha256)
    return found


def committed_files(record: Mapping[str, Any]) -> dict[str, str]:
    """By path the SHA-256 of what a stage ran and read that is to be committed: no received file, and none made."""
    raw = (RECEIVED, record["extract"])
    read = {path: sha256 for path, sha256 in record["inputs"].items() if Path(path).parts[:2] != raw}
    return {**{path: sha256 for path, sha256 in read.items() if not is_made(path)}, **record["code"]}


def expected_names(extract: str, study: str, languages: tuple[str, ...], records: Records) -> set[str]:
    """Every file that an archive with these records must hold, but those that are made from it."""
    exhibits = {*made_exhibits(records), *copied_exhibits(records, languages)}
    settings = {f"{SETTINGS}{path}" for path in read_settings(records, study)}
    stages = {record_name(extract, stage) for stage in {*records, *expected_stages(records, languages)}}
    return {*GIVEN, *exhibits, *settings, *stages}


def exhibit_files(exhibits: Exhibits, languages: tuple[str, ...]) -> Iterator[str]:
    """The files of every exhibit of the settings, and the report as page, Word and PDF, in every language."""
    for folder in (folder_of(language, languages) for language in languages):
        own = (
            "index.html",
            "missing.txt",
            "report.docx",
            "report.pdf",
            *(["robust.html"] if exhibits.page.robust else []),
        )
        yield from (f"{folder}{name}" for name in own)
        for name in exhibits.order:
            kinds = FIGURE if name in exhibits.figures else TABLE
            yield from (f"{folder}{'figures' if kinds is FIGURE else 'tables'}/{name}.{kind}" for kind in kinds)


def derived_names(languages: tuple[str, ...], metadata: Iterable[str]) -> set[str]:
    """The files that are made from the others; `metadata` is made last, from all."""
    return {"results.json", "exhibits.csv", *(guide_name(language, languages) for language in languages), *metadata}
