"""Answers and scores of the surveys by the rules of scales.csv and of extract.toml."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pipeline.verify.plain import received
from pipeline.verify.plain.received import Facts, link

RANGE = re.compile(r"(.*_)(\d+)\.\.(\d+)")
Scale = Mapping[str, str]


class Answers(NamedTuple):
    """The answers of a person to the items asked, None where there is none, and the line they stand in."""

    line: int
    items: dict[str, float | None]


class Rules(NamedTuple):
    """How a file writes answers: by item what says none and what is added, the items turned round, the decimal mark."""

    none: dict[str, Any]
    offset: dict[str, Any]
    turned: set[str]
    decimal: str

    @classmethod
    def of(cls, facts: Facts) -> Rules:
        """Those that extract.toml says of the file."""
        turned = {each for short in facts.get("reversed", []) for each in items_of(short)}
        none, offset = (_by_item(facts.get(name, {})) for name in ("no_answer", "offset"))
        return cls(none, offset, turned, facts.get("decimal", "."))


def items_of(text: str) -> list[str]:
    """The items that a cell of scales.csv names: A, or A_1..6."""
    match = RANGE.fullmatch(text)
    return [f"{match[1]}{n}" for n in range(int(match[2]), int(match[3]) + 1)] if match else [text]


def read_survey(
    raw: Path, facts: Facts | None, asked: Sequence[Scale], design: Mapping[str, Any]
) -> dict[str, Answers]:
    """By linking key the answers of the persons who gave any; without scales whoever has a cell gave one."""
    if facts is None:
        return {}
    ends = {item: scale for scale in asked for item in items_of(scale["items"])}
    rules = Rules.of(facts)
    others = {design["person"], design.get("answered")}
    found = {}
    for line in received.read(raw, facts):
        cells = {name: "" if cell in rules.none.get(name, ()) else cell for name, cell in line.cells.items()}
        wanted = ends or {name: {} for name in cells if name not in others}
        if any(cells.get(item, "") for item in wanted):
            own = {item: _answer(item, cells.get(item, ""), scale, rules) for item, scale in ends.items()}
            found[link(line.cells[design["person"]])] = Answers(line.number, own)
    return found


def _answer(item: str, cell: str, scale: Scale, rules: Rules) -> float | None:
    """An answer as the study codes it."""
    if not cell:
        return None
    value = float(cell.replace(rules.decimal, ".")) + rules.offset.get(item, 0)
    return float(scale["item_minimum"]) + float(scale["item_maximum"]) - value if item in rules.turned else value


def _by_item(declared: Mapping[str, Any]) -> dict[str, Any]:
    return {item: value for short, value in declared.items() for item in items_of(short)}


def score_of(answers: Mapping[str, float | None], scale: Scale) -> float | None:
    """The score of a scale, None where too few items are answered."""
    values = [answers[item] for item in items_of(scale["items"])]
    given = [value for value in values if value is not None]
    if scale["scoring"] == "sum":
        return None if len(given) < int(scale["minimum_answered"]) else sum(given) / len(given) * len(values)
    if not given:
        return None
    if scale["scoring"] == "indicator":
        return float(given[0] in [float(value) for value in scale["indicator_values"].split()])
    return given[0]
