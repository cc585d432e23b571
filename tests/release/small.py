"""A released archive of a small build, made in the process: the real stages show a few estimates, and it is sealed."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.disclosure.sayings import LEAVES, write_sayings
from pipeline.estimate.table import Estimate, estimates_table, parse_address
from pipeline.release.contents import record_name
from pipeline.release.derive import derive_files
from pipeline.release.facts import Facts
from pipeline.release.withheld import withhold
from pipeline.runner.bill import write_bill
from pipeline.runner.inputs import load_input, read_table
from pipeline.runner.provenance import describe_build
from pipeline.runner.records import Record, is_made, record_text, seal, seal_of
from pipeline.settings.base import convert
from pipeline.settings.disclosure import Asked
from pipeline.settings.extract import Extract, Language
from pipeline.settings.lines import Document
from pipeline.settings.outcomes import OutcomeDefinitions
from pipeline.settings.study import Study
from pipeline.show.every_exhibit import build_content
from pipeline.show.word import write_word
from pipeline.stages import disclosure, figures, report, shown, tables

STUDY, EXTRACT = "examples/rossi", "small"
DERIVED, REPORTS = f"data_derived/{EXTRACT}", f"reports/{EXTRACT}"
FACTS, ASKED = f"data_raw/{EXTRACT}/extract.toml", f"{DERIVED}/asked.toml"
DESCRIPTION = """name = "small"
label = "a small build"
synthetic = true
format = "weekly_states"
received = 2026-01-01
[files.register]
path = "weeks.csv"
rows = 597  # of 600
rows_sent = 600
sha256 = "0000000000000000000000000000000000000000000000000000000000000000"
key = "PERSON"
separator = ";"
decimal = "."
"""
SHORT = [("horizon_weeks = 52", "horizon_weeks = 4"), ("page_weeks = [13, 26, 39]", "page_weeks = [2]")]
LEFT_OUT = ("table_1_1", "figure_2_1")  # of the exhibits of the example
RAN = {"commit": "", "is_clean": None, "python": "3.11", "platform": "none", "packages": {"numpy": "2"}, "warnings": []}
RAN |= {"imported": {"numpy": "2"}, "imported_unknown": []}
OWN = ("cause", "rests_on", "seal")
CONTROLS = load_input(Path("config/disclosure.toml"))
NOBODY_LEFT_OUT = pd.DataFrame({"treated": [True, False], "reason": ["analysed", "analysed"]})
CHECKED = pd.DataFrame([dict.fromkeys(LEAVES, "") | {"rule": "weeks", "state": "passes", "line": "7"}])
NO_GROUPS = pd.DataFrame(columns=["grouping", "address", "label"])


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


class Small:
    """The build: its files by path, and the records of its stages."""

    def __init__(self, asked: str = "") -> None:
        self.asked = Asked(asked)
        self.files: dict[str, bytes] = {FACTS: DESCRIPTION.encode(), "requirements.lock": b"numpy==2\n"}
        self.files[ASKED] = f'asked = "{asked}"\n'.encode()
        self.records: dict[str, Record] = {}
        for name in ("study.toml", "outcomes.toml", "models.toml", "exhibits.toml", "variables.csv"):
            self.files[f"{STUDY}/{name}"] = _setting(name).encode()
        self.build()

    def setting(self, name: str) -> Any:
        text = self.files[f"{STUDY}/{name}"].decode()
        return Document(tomllib.loads(text), name, text)

    def build(self) -> None:
        """Show made-up estimates in both languages, with a record for each stage."""
        self.stage("ingest", [FACTS], {f"{DERIVED}/trial.parquet": b"trial"})
        self.stage("estimates-1", [f"{DERIVED}/trial.parquet"], {f"{DERIVED}/estimates/work.parquet": b"estimates"})
        drawn: dict[str, Any] = {}
        for language in ("en", "da"):
            end, folder = ("", "") if language == "en" else (f"-{language}", f"{language}/")
            self.edition(language, end, folder, drawn)

    def edition(self, language: str, end: str, folder: str, drawn: dict[str, Any]) -> None:
        study = convert(self.setting("study.toml"), Study, "study.toml")
        variables = read_table(Path("variables.csv"), self.files[f"{STUDY}/variables.csv"])
        extract = convert(tomllib.loads(DESCRIPTION), Extract, FACTS)
        exhibits, spoken = self.setting("exhibits.toml"), Language(language)
        outcomes = convert(self.setting("outcomes.toml"), OutcomeDefinitions, "outcomes.toml")
        models = self.setting("models.toml")
        made = shown.run(exhibits, variables, study, spoken, extract, NO_GROUPS, outcomes, models, all=_estimates())
        words, estimates = json.loads(made["words.json"]), _estimates()
        judged = disclosure.run(made["shown.parquet"], CONTROLS, variables, study, extract, spoken, NOBODY_LEFT_OUT,
                                models, self.asked, all=estimates)  # fmt: skip
        numbers = judged["released.parquet"]
        settings = [f"{STUDY}/{Path(path).name}" for path in self.files if path.startswith(STUDY)]
        own = f"{DERIVED}/{folder}"
        estimated = [FACTS, f"{DERIVED}/estimates/work.parquet"]
        written = {f"{own}shown.parquet": made["shown.parquet"].to_csv().encode()}
        written[f"{own}words.json"] = made["words.json"].encode()
        self.stage(f"shown{end}", [*settings, *estimated], written)
        left = {
            f"{own}released.parquet": numbers.to_csv().encode(),
            f"{own}judged.json": judged["judged.json"].encode(),
        }
        self.stage(f"disclosure{end}", [f"{own}shown.parquet", ASKED, *estimated], left)
        here = [f"{own}released.parquet", f"{own}words.json", f"{STUDY}/exhibits.toml"]
        formats = tables.run(numbers, exhibits, variables, words, spoken, NO_GROUPS)
        self.stage(f"tables{end}", here, self.reported(f"{folder}tables", formats))
        if not drawn:
            outlines = read_table(Path("outlines.csv"), Path("pipeline/show/map/outlines.csv"))
            drawn |= figures.run(numbers, exhibits, words, spoken, NO_GROUPS, outlines)
        stamp = words["texts"]["synthetic"]
        tabulated = [name for name in drawn if name.endswith(".csv")]
        plotted = {name: figures.write_plotted(numbers[numbers["exhibit"] == name[:-4]], stamp) for name in tabulated}
        self.stage(f"figures-{language if end else 1}", here, self.reported(f"{folder}figures", {**drawn, **plotted}))
        self.stage(f"panels{end}", here, {f"{own}panels.json": b"{}"})
        if not end:
            before = list(self.records.values())
            told = {f"{DERIVED}/provenance.json": describe_build(RAN, before).encode()}
            self.stage("provenance", [f"{DERIVED}/runs/{stage}.json" for stage in self.records], told)
        provenance = json.loads(self.files[f"{DERIVED}/provenance.json"])
        pictures = {Path(name).stem: content for name, content in drawn.items() if name.endswith(".svg")}
        shows = (numbers, exhibits, variables, words, extract, spoken, NO_GROUPS)
        page = report.run(*shows, provenance=provenance, **pictures) | {"checks.csv": write_sayings(CHECKED)}
        read = [*here, f"{DERIVED}/provenance.json"]
        self.stage(f"report{end}", read, self.reported(folder.rstrip("/"), page))
        content = build_content(*shows, None, None, pictures)
        panels = {name[:-4]: made for name, made in drawn.items() if name.endswith(".png")}
        papers = {"report.docx": write_word(content, defaultdict(int), panels), "report.pdf": b"%PDF"}
        self.stage(f"documents{end}", here, self.reported(folder.rstrip("/"), papers))

    def reported(self, folder: str, made: Mapping[str, str | bytes]) -> dict[str, bytes]:
        place = "/".join(filter(None, [REPORTS, folder]))
        return {f"{place}/{name}": text.encode() if isinstance(text, str) else text for name, text in made.items()}

    def stage(self, name: str, inputs: list[str], outputs: Mapping[str, bytes]) -> None:
        """Take up what a stage made, and its record."""
        self.files |= outputs
        read = {path: sha256(self.files.get(path, b"")) for path in [*inputs, "requirements.lock"]}
        code = {"pipeline/errors.py": sha256(Path("pipeline/errors.py").read_bytes())}
        kept = {path: self.files[path].decode() for path in inputs if path.endswith("extract.toml")}
        body = {"stage": name, "extract": EXTRACT, "inputs": read, "code": code, "settings": kept, "ran": RAN}
        self.records[name] = {**body, "outputs": {path: sha256(made) for path, made in outputs.items()}}
        self.records = link(self.records)

    def archive(self) -> dict[str, bytes]:
        """Every file of the archive but its manifest."""
        files = {path: content for path, content in self.files.items() if path.startswith(REPORTS)}
        found = {f"exhibits{path.removeprefix(REPORTS)}": content for path, content in files.items()}
        found |= {f"settings/{path}": content for path, content in self.files.items() if path.startswith(STUDY)}
        found |= {record_name(EXTRACT, name): record_text(record).encode() for name, record in self.records.items()}
        own = {"extract": EXTRACT, "study": STUDY, "commit": "0" * 40, "committed": "2026-01-02T03:04:05+00:00"}
        numbers = _numbers(self.files)
        found |= {
            "provenance.json": self.files[f"{DERIVED}/provenance.json"],
            "requirements.lock": self.files["requirements.lock"],
            "bill.cdx.json": write_bill(self.files["requirements.lock"].decode(), "1").encode(),
            "release.json": json.dumps({**own, "languages": ["en", "da"]}).encode(),
            "numbers.csv": numbers.to_csv(index=False).encode(),
            "decisions.md": Path("docs/decisions/README.md").read_bytes(),
            "verified.json": _verified(json.loads(self.files[f"{DERIVED}/provenance.json"])["head"], len(numbers)),
        }
        if Facts(found).is_controlled:
            found = withhold(found, CONTROLS.mark)
        return {**found, **derive_files(Facts(found))}


def link(records: Mapping[str, Record]) -> dict[str, Record]:
    """The records, each sealed with what it rests on; they stand in the order of their stages."""
    found: dict[str, Record] = {}
    makers: dict[str, Record] = {}
    for name, record in records.items():
        made_by = {path: makers[path] for path in record["inputs"] if path in makers}
        found[name] = seal({key: value for key, value in record.items() if key not in OWN}, made_by)
        makers |= {path: found[name] for path in record["outputs"] if is_made(path)}
    return found


def _setting(name: str) -> str:
    text = (Path(STUDY) / name).read_text(encoding="utf-8")
    for before, after in SHORT:
        text = text.replace(before, after)
    if name == "exhibits.toml":
        for exhibit in LEFT_OUT:
            text = re.sub(rf"(?ms)^\[{exhibit}\].*?(?=^\[|\Z)", "", text)
    return text


def _estimates() -> pd.DataFrame:
    """Made-up numbers, no two alike, behind every address of the short exhibits."""
    known = ["treated", "age", "black", "work_experience", "married", "parole", "prior_convictions"]
    ids = [f"{model}/all/arrest//{name}" for model in ("arrest", "cox") for name in known]
    ids += [f"work/all/work/{week}/treated" for week in range(1, 5)]
    ids += [f"flow/{arm}/{step}//n" for arm in ("all", "treated", "control") for step in ("randomised", "analysed")]
    return estimates_table(map(_estimate, range(len(ids)), ids))


def _estimate(number: int, address: str) -> Estimate:
    at = parse_address(address)
    value = 100.0 + number if at.model == "flow" else (-1) ** number * (0.111 + number / 90)
    own = {"estimate": value, "se": 0.05 + number / 100, "p_value": 0.0001, "df": 9.0}
    limits = {"ci_low": value - 0.2, "ci_high": value + 0.2, "control_mean": 0.4 + number / 200}
    counts = {"n": 40 + number, "n_treated": 20, "n_control": 20 + number}
    place = {"model": at.model, "sample": at.sample, "outcome": at.outcome, "week": at.week, "parameter": at.parameter}
    return Estimate(**place, **own, **limits, **counts, sample_hash="0", spec_hash="0")


def _numbers(files: Mapping[str, bytes]) -> pd.DataFrame:
    import io

    left = [files[f"{DERIVED}/{folder}released.parquet"] for folder in ("", "da/")]
    first, other = (pd.read_csv(io.BytesIO(content), dtype=str, keep_default_na=False) for content in left)
    named = first.rename(columns={"cell_id": "address", "estimate_id": "estimate", "text": "text_en"})
    return named[["address", "estimate", "statistic", "text_en"]].assign(text_da=other["text"])


def _verified(head: str, shown: int) -> bytes:
    kind = {"agreed": shown, "disagreed": 0, "not_tried": 1, "why": {"printed elsewhere": 1}}
    trial = {"agreed": 597 * 8, "disagreed": 0, "not_tried": 0, "why": {}}
    told: dict[str, Any] = {
        "kinds": {"numbers shown": kind, "trial.parquet": trial},
        "agreed": shown + 597 * 8,
        "disagreed": 0,
        "not_tried": 1,
    }
    told |= {"walked": shown - 1, "shown": shown, "largest_gap": 1e-15, "head": head, "seconds": 1.0}
    told["files"] = {"differences.csv": sha256(b"kind,what,first,second\n")}
    return (json.dumps({**told, "seal": seal_of(told)}, indent=1, ensure_ascii=False) + "\n").encode()


def records_of(files: Mapping[str, bytes]) -> Iterator[tuple[str, Record]]:
    """Path and content of the records in an archive."""
    for name in files:
        if name.startswith("records/"):
            yield name, json.loads(files[name])
