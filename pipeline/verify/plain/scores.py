"""Scores of the surveys by the rules of scales.csv."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

RANGE = re.compile(r"(.*?)(\d+)\.\.(\d+)")


def items_of(text: str) -> list[str]:
    """The items that a cell of scales.csv names: A, A B, or A_1..6."""
    found = []
    for name in text.split():
        match = RANGE.fullmatch(name)
        found += [f"{match[1]}{n}" for n in range(int(match[2]), int(match[3]) + 1)] if match else [name]
    return found


def answers_of(
    row: Mapping[str, str], scales: list[dict[str, str]], facts: Mapping[str, Any]
) -> dict[str, float | None]:
    """The answers of a row as the study codes them, None where there is none."""
    none = _by_item(facts.get("no_answer", {}))
    offset, turned = (
        _by_item(facts.get("offset", {})),
        {i for short in facts.get("reversed", []) for i in items_of(short)},
    )
    found: dict[str, float | None] = {}
    for scale in scales:
        low, high = float(scale["item_minimum"]), float(scale["item_maximum"])
        for item in items_of(scale["items"]):
            text = row.get(item, "")
            if text == "" or text in none.get(item, []):
                found[item] = None
                continue
            value = float(text.replace(",", ".")) + offset.get(item, 0)
            found[item] = low + high - value if item in turned else value
    return found


def _by_item(declared: Mapping[str, Any]) -> dict[str, Any]:
    return {item: value for short, value in declared.items() for item in items_of(short)}


def score_of(answers: Mapping[str, float | None], scale: Mapping[str, str]) -> float | None:
    """The score of a scale, None where too few items are answered."""
    values = [answers[item] for item in items_of(scale["items"])]
    given = [value for value in values if value is not None]
    if scale["scoring"] == "sum":
        return None if len(given) < int(scale["minimum_answered"]) else sum(given) / len(given) * len(values)
    if not given or values[0] is None:
        return None
    if scale["scoring"] == "indicator":
        return float(values[0] in [float(value) for value in scale["indicator_values"].split()])
    return values[0]
