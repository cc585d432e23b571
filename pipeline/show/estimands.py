"""What the main results are effects of: line by line for each of them, and once for all of them on paper."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pipeline.settings.exhibits import fill
from pipeline.settings.page import Finding
from pipeline.show.effects import Telling

Lines = tuple[tuple[str, str], ...]  # the heading and the text of each attribute of an estimand
BETWEEN = "; "


def estimand_of(finding: Finding, telling: Telling) -> Lines:
    """What the effect of a main result is an effect of; nothing where its model names no estimand."""
    return _fill([finding], telling, _lines_of(finding, telling))


def gather_estimands(telling: Telling) -> tuple[Lines, ...]:
    """The same for all main results at once: those that differ in whom and which outcome alone share their lines."""
    alike: dict[Lines, list[Finding]] = {}
    for finding in telling.exhibits.page.findings:
        alike.setdefault(_lines_of(finding, telling), []).append(finding)
    return tuple(_fill(findings, telling, lines) for lines, findings in alike.items() if lines)


def _lines_of(finding: Finding, telling: Telling) -> Lines:
    """The lines with {sample}, {outcome} and {weeks} to fill in."""
    known = telling.models.get(_parts_of(finding, telling)[0])
    return tuple((heading, text) for heading, text in known.estimand) if known else ()


def _parts_of(finding: Finding, telling: Telling) -> Sequence[str]:
    """Model, sample, outcome, week and parameter of the effect."""
    return str(telling.effect(finding.effect).row("estimate")["estimate_id"]).split("/")


def _fill(findings: Iterable[Finding], telling: Telling, lines: Lines) -> Lines:
    """Lines with the groups and the outcomes of main results, each once, in the words of a reader."""
    groups = dict.fromkeys(telling.word(finding, "group") for finding in findings)
    outcomes = dict.fromkeys(_outcome_of(finding, telling) for finding in findings)
    words = {"sample": BETWEEN.join(groups), "outcome": BETWEEN.join(outcomes)}
    words |= {"weeks": telling.words.get("share_weeks", "")}
    return tuple((heading, fill(text, words, "study.toml")) for heading, text in lines)


def _outcome_of(finding: Finding, telling: Telling) -> str:
    """The label of the outcome; the state that the result speaks of where the dictionary has none."""
    outcome = _parts_of(finding, telling)[2]
    return telling.words.get(f"{outcome}_label") or telling.word(finding, "state")
