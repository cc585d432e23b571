"""The reviewer's guide: fixed headings, filled in from the settings, the checks, the second route and the records.

Headings after the Analysis Data Reviewer's Guide of PHUSE.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.documents.markdown import code_list, table
from pipeline.documents.models import describe_purposes
from pipeline.settings.exhibits import exhibit_number
from pipeline.settings.extract import Extract
from pipeline.settings.models import Model
from pipeline.settings.study import Study
from pipeline.show.purposes import REASONS, estimand_lines


@dataclass(frozen=True)
class Facts:
    """What the guide is made from.

    provenance: provenance.json; verified: verified.json; checks: the rows of checks.csv; exhibits: by exhibit the
    models it shows; variables: the rows of the dictionary; missing: missing.txt; decisions: by file of docs/decisions
    what it is about; language: that of the exhibits; commit: the one that is released.
    """

    study: Study
    models: Mapping[str, Model]
    extract: Extract
    provenance: Mapping[str, Any]
    verified: Mapping[str, Any]
    checks: Sequence[Mapping[Any, str]]
    exhibits: Mapping[str, set[str]]
    variables: Sequence[Mapping[Any, str]]
    missing: str
    decisions: Mapping[str, str]
    language: str
    commit: str


def write_guide(facts: Facts) -> str:
    """The guide as Markdown; every section stands, and says so where there is nothing to say."""
    sections = [
        ("Introduction", _introduction(facts)),
        ("Protocol and report in relation to the analyses", _analyses(facts)),
        ("Data received", _received(facts)),
        ("Tables derived, and what rests on what", _derived(facts)),
        ("Variables", _variables(facts)),
        ("Missing values", _missing_values(facts)),
        ("Conformance", _conformance(facts)),
        ("Estimates that are missing", iter([facts.missing.strip() or "None."])),
        ("The second route", _second_route(facts)),
        ("Exhibits", _exhibits(facts)),
        ("Decisions", _decisions(facts)),
        ("Environment", _environment(facts)),
        ("How to run it again", _again(facts)),
    ]
    lines = [f"# Reviewer's guide: {facts.extract.label or facts.extract.name}", ""]
    for number, (heading, body) in enumerate(sections, 1):
        lines += [f"## {number} {heading}", "", *body, ""]
    return "\n".join(lines).rstrip() + "\n"


def _introduction(facts: Facts) -> Iterator[str]:
    design = facts.study.design
    groupings = ", ".join(f"{grouping.name} ({kind})" for kind, grouping in
                          (("stratum", design.stratum), ("cluster", design.cluster)) if grouping)  # fmt: skip
    yield f"Extract `{facts.extract.name}`{', of synthetic data' if facts.extract.synthetic else ''}."
    yield f"Commit `{facts.commit}`."
    yield f"Head of the chain of records: `{facts.provenance['head']}`."
    yield ""
    yield (
        f"Allocated by lot: {design.treated.label_en} against {design.control.label_en}. "
        f"{f'Groups of the design: {groupings}. ' if groupings else ''}Follow-up: "
        f"{facts.study.time.horizon_weeks} weeks. Everything is by intention to treat."
    )
    yield ""
    yield "This archive holds aggregates alone. Received files and derived tables stay where they are; hashes are here."


def _analyses(facts: Facts) -> Iterator[str]:
    rows = [
        [
            model.name_en,
            f"`{model.name}`",
            model.report,
            REASONS["en"][model.reason],
            describe_purposes(model),
            model.estimand or "",
        ]
        for model in facts.models.values()
    ]
    yield from table(["Analysis", "Model", "Report", "Planned or found", "Purpose", "Estimand"], rows)
    estimands = facts.study.estimands
    if estimands is None:
        return
    for name in estimands.of:
        lines = estimand_lines(estimands, name, "The sample", "The outcome", "the weeks", "en")
        yield from (f"### Estimand `{name}`", "", *table(["", ""], lines))


def _received(facts: Facts) -> Iterator[str]:
    files = facts.extract.files
    yield f"Received {facts.extract.received.isoformat()}; form of the register: {facts.extract.format}."
    yield ""
    rows = [[role, file.kind, f"{file.rows:,}", f"`{file.sha256}`"] for role, file in files.items()]
    yield from table(["Role", "Kind", "Rows", "SHA-256"], rows)


def _derived(facts: Facts) -> Iterator[str]:
    files = facts.provenance["files"]
    rows = [
        [f"`{path}`", known["made_by"], code_list(_data(known["rests_on"])), f"`{known['sha256'][:16]}`"]
        for path, known in files.items()
        if path.endswith(".parquet")
    ]
    yield from table(["Table", "Stage", "Rests on", "SHA-256, first 16"], rows)


def _data(paths: Iterable[str]) -> list[str]:
    """The names of the tables and received files among what a stage read."""
    return [Path(path).name for path in paths if path.endswith(".parquet") or path.startswith("data_raw/")]


def _variables(facts: Facts) -> Iterator[str]:
    rows = [
        [f"`{row['name']}`", row["label_en"], row["unit"], row["tables"], row["missing"], row["definition"]]
        for row in facts.variables
    ]
    yield from table(["Variable", "Label", "Unit", "Tables", "Missing", "Derivation"], rows)


def _missing_values(facts: Facts) -> Iterator[str]:
    yield "Nothing is imputed. Unknown is a state of its own, never a zero."
    rule = {"missing": "is missing", "known": "is that of the known weeks"}[facts.study.outcomes.unknown_weeks]
    yield f"A share over weeks of which one is unknown {rule}. Complete cases are taken once for each estimate."
    yield ""
    yield from table(
        ["Left out, in this order", "Rule"], [[rule.reason, _rule(rule)] for rule in facts.study.exclusions]
    )


def _rule(rule: Any) -> str:
    if rule.listed:
        return f"its {rule.listed} is listed in extract.toml"
    return f"not in the {rule.absent.replace('_', ' ')}" if rule.absent else "withdrew consent"


def _conformance(facts: Facts) -> Iterator[str]:
    """Rules by what they found; lines of files are single persons' and are not said."""
    counts = {state: sum(row["state"] == state for row in facts.checks) for state in _in_order(facts.checks)}
    yield "; ".join(f"{count} rules: {state.replace('_', ' ')}" for state, count in counts.items()) + "."
    yield ""
    found = [row for row in facts.checks if row["state"] not in ("passes",)]
    rows = [[row["rule"], row["state"].replace("_", " "), row["looks_at_en"], row["said_en"]] for row in found]
    yield from table(["Rule", "State", "What it looks at", "What it says"], rows)


def _in_order(checks: Iterable[Mapping[Any, str]]) -> list[str]:
    return list(dict.fromkeys(row["state"] for row in checks))


def _second_route(facts: Facts) -> Iterator[str]:
    walked, shown, gap = (facts.verified[key] for key in ("walked", "shown", "largest_gap"))
    yield "Every number was made a second time by programs that share nothing with the first."
    yield f"Walked to received cells: {walked:,} of {shown:,} numbers; largest gap {gap:.1e}."
    yield ""
    rows = [
        [kind, f"{found['agreed']:,}", f"{found['disagreed']:,}", f"{found['not_tried']:,}", "; ".join(found["why"])]
        for kind, found in facts.verified["kinds"].items()
    ]
    yield from table(["Kind", "Agreed", "Disagreed", "Not tried", "Why"], rows)


def _exhibits(facts: Facts) -> Iterator[str]:
    rows = [
        [exhibit_number(name, facts.language), code_list(sorted(models))] for name, models in facts.exhibits.items()
    ]
    yield from table(["Exhibit", "Models"], rows)
    yield "`exhibits.csv` has file, hash, stage, model and program of each."


def _decisions(facts: Facts) -> Iterator[str]:
    yield "`docs/decisions/` of the repository says what was decided where the report is silent or contradicts itself."
    yield ""
    yield from table(["File", "About"], [[f"`{name}`", about] for name, about in facts.decisions.items()])


def _environment(facts: Facts) -> Iterator[str]:
    yield f"Python {facts.provenance['python']}, {facts.provenance['platform']}; pinned in `requirements.lock`."
    yield ""
    yield from table(
        ["Package", "Version"], [[name, version] for name, version in facts.provenance["packages"].items()]
    )


def _again(facts: Facts) -> Iterator[str]:
    name = facts.extract.name
    yield "In a checkout of the commit, with the received files in place:"
    yield ""
    yield from ("```", f"make all EXTRACT={name}", f"make verify EXTRACT={name}", "```")
    yield ""
    yield "Without them, the archive is checked by `make verify RELEASE=` and its path."
