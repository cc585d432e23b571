"""What models.toml lists beside names: chances, effects and ratios of power, and the parts that make a family."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pipeline.checks.references import Columns, Settings
from pipeline.checks.tables import refuse
from pipeline.errors import Faults
from pipeline.settings.lines import place
from pipeline.settings.models import Model
from pipeline.settings.study import Study


def check_targets(settings: Settings, _: Columns) -> None:
    """Raise InputError for a chance that a test has without any effect, and for a list that is empty or repeats."""
    models, study, faults = settings.get("models_read"), settings.get("study"), Faults()
    if models is None:
        return
    if isinstance(study, Study):
        size = round(1.0 - study.inference.level, 12)
        low = [
            f"{_where(settings['models'], name, 'power')} chances: {chance:g}"
            for name, model in models.items()
            if model.power
            for chance in model.power.chances
            if chance <= size
        ]
        fault = f"chances of finding an effect no greater than the level of the test, {size:g}, which none needs"
        with faults.part():
            refuse("models.toml", _once(low), fault, "Ask for chances between it and 1")
    odd = [
        f"{_where(settings['models'], name, key)} {inside}: {list(listed)}"
        for name, model in models.items()
        for key, inside, listed in _lists(model)
        if len(set(listed)) < len(listed) or (key == "family" and not listed)
    ]
    with faults.part():
        remedy = "Name each once; a model without a family leaves the key out"
        refuse("models.toml", _once(odd), "lists that repeat, or are empty", remedy)
    faults.stop()


def _lists(model: Model) -> Iterator[tuple[str, str, tuple[Any, ...]]]:
    """The key of each list of a model, what it is called there, and what it has."""
    if model.family is not None:
        yield "family", "family", model.family
    if model.power is not None:
        yield from (("power", name, getattr(model.power, name)) for name in ("chances", "effects", "ratios"))


def _where(models: Mapping[str, Any], name: str, key: str) -> str:
    """Line and table of a key of a model: its own, or that of the one it is like."""
    while key not in models[name] and "like" in models[name]:
        name = models[name]["like"]
    return f"{place(models, '', [name, key]).rpartition(', ')[2]} [{name}]".strip()


def _once(wrong: list[str]) -> list[str]:
    return list(dict.fromkeys(wrong))
