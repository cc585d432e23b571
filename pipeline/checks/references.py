"""Names that one settings file uses and another must have: none is misspelt, and none is without effect."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from pipeline.checks.tables import FIRST_LINE, distinct, refuse
from pipeline.errors import Faults
from pipeline.settings.exhibits import Exhibits, Figure, Row, Table
from pipeline.settings.lines import place
from pipeline.settings.outcomes import OutcomeDefinitions
from pipeline.settings.study import Study

Settings = Mapping[str, Any]  # by stem; exhibits_read is exhibits.toml as objects, models_read models.toml, or None
Columns = Sequence[Mapping[str, str]]  # the pipeline's own, as rows of the dictionary
NUMERIC = ("integer", "number")


def near(name: str, known: Iterable[str]) -> str:
    """ ", near 'x'" of the known name that a name may be a misspelling of; '' if there is none."""
    found = get_close_matches(name, sorted(known), n=1)
    return f", near {found[0]!r}" if found else ""


def check_code_lists(settings: Settings, _: Columns) -> None:
    """Raise InputError for a group or activation of a code that outcomes.toml does not name, or that no code has."""
    codes, definitions = settings.get("benefit_codes"), settings.get("outcomes")
    if codes is None or not isinstance(definitions, OutcomeDefinitions):
        return
    faults, closed = Faults(), definitions.named
    without = [
        f"{name!r}{near(name, codes[column])}"
        for column in closed
        for name in sorted(closed[column] - {*codes[column]})
    ]
    with faults.part():
        fault = "groups or kinds of activation that no code of benefit_codes.csv has"
        refuse("outcomes.toml", without, fault, "Mend the names, or take them out")
    outside = [
        f"{where}{near(name, names)}"
        for column, names in closed.items()
        for name, where in distinct(~codes[column].isin(names) & (codes[column] != ""), codes[column])
    ]
    with faults.part():
        remedy = (
            "Mend the name, or name it in outcomes.toml: other_groups and other_activation have what no state takes"
        )
        refuse("benefit_codes.csv", outside, "names that outcomes.toml does not have", remedy)
    faults.stop()


def check_marks(settings: Settings, _: Columns) -> None:
    """Raise InputError for marks of exhibits that the study does not define."""
    study, exhibits = settings.get("study"), settings.get("exhibits")
    if not isinstance(study, Study) or exhibits is None:
        return
    wrong = [
        f"{place(exhibits, '', [name, 'stars']).rpartition(', ')[2]} [{name}] stars: {mark!r}".strip()
        for name, exhibit in exhibits.items()
        if isinstance(exhibit, dict)
        for mark in exhibit.get("stars", ())
        if mark not in study.inference.stars
    ]
    known = ", ".join(map(repr, study.inference.stars)) or "none"
    refuse("exhibits.toml", wrong, "marks that study.toml does not define", f"Those of [inference] stars are {known}")


def check_bounds(settings: Settings, own: Columns) -> None:
    """Raise InputError for a bound on a variable that is no number or that nothing makes, and a history of no state."""
    study, variables = settings.get("study"), settings.get("variables")
    if not isinstance(study, Study) or variables is None:
        return
    types = {row["name"]: row["type"] for row in [*own, *variables.to_dict("records")]}
    wrong = []
    for where, variable in _bounded(study):
        kind = types.get(variable)
        if kind is None:
            wrong.append(f"{where}: {variable!r} is no variable of variables.csv{near(variable, types)}")
        elif kind not in NUMERIC:
            wrong.append(f"{where}: {variable!r} is {kind}, and a bound needs a number")
    definitions, faults = settings.get("outcomes"), Faults()
    with faults.part():
        refuse("study.toml", wrong, "bounds that cannot be", "Mend the names of the variables")
    if study.history and isinstance(definitions, OutcomeDefinitions):
        states = [name for name in study.history.states if name not in definitions.states]
        said = [f"{name!r}{near(name, definitions.states)}" for name in states]
        with faults.part():
            refuse("study.toml", said, "states of the history that outcomes.toml does not define", "Mend the names")
    faults.stop()


def _bounded(study: Study) -> Iterator[tuple[str, str]]:
    sides = {side.name for split in study.splits.values() for side in (split.low, split.high) if side}
    yield from (
        (f"samples.{name}", condition.variable)
        for name, sample in study.samples.items()
        if name not in sides
        for condition in sample.conditions
    )
    yield from ((f"splits.{name}", split.variable) for name, split in study.splits.items())
    if study.peers:
        yield "peers", study.peers.variable


def check_exhibits(settings: Settings, _: Columns) -> None:
    """Raise InputError for an exhibit that takes its numbers from no model, and a finding from no exhibit."""
    exhibits, models = settings.get("exhibits_read"), settings.get("models")
    if not isinstance(exhibits, Exhibits) or models is None:
        return
    tables, wrong = settings["exhibits"], []
    numbered: dict[str, Table | Figure] = {**exhibits.figures, **exhibits.tables}
    for name, exhibit in numbered.items():
        for template in _templates(exhibit):
            model = template.partition("/")[0]
            if "{" not in model and model not in models:
                where = place(tables, "exhibits.toml", [name], f"{model}/")
                wrong.append(f"{where} [{name}]: {template!r} begins with no model{near(model, models)}")
        keys = [row.key for row in _rows(exhibit)]
        twice = sorted({key for key in keys if keys.count(key) > 1})
        wrong += [f"{place(tables, 'exhibits.toml', [name, 'rows'])} [{name}]: the row {key!r} twice" for key in twice]
    for finding in exhibits.page.findings:
        if finding.effect.partition("/")[0] not in numbered:
            where = place(tables, "exhibits.toml", ["page", "findings"], finding.effect)
            wrong.append(f"{where} [page]: the finding {finding.effect!r} is of no exhibit")
    remedy = "Mend them, or add the model to models.toml; a row stands once"
    refuse("exhibits.toml", wrong, "addresses that lead nowhere", remedy)


def _rows(exhibit: Table | Figure) -> tuple[Row, ...]:
    """The rows that a table lists; none of a figure, and where they follow the data or the dictionary."""
    return exhibit.rows if isinstance(exhibit, Table) and isinstance(exhibit.rows, tuple) else ()


def _templates(exhibit: Table | Figure) -> Iterable[str]:
    """Every template of estimates of an exhibit, once."""
    if isinstance(exhibit, Table):
        parts = [column.estimate for column in exhibit.columns] + [row.estimate for row in _rows(exhibit)]
    else:
        parts = [each.estimate for each in exhibit.series] + [size.estimate for size in exhibit.sizes]
    return dict.fromkeys(template for template in (exhibit.estimate, *parts) if template)


def check_rules_of_print(settings: Settings, _: Columns) -> None:
    """Raise InputError for a rule of the printed tables that fits no table, shows no column, or has marks of none."""
    exhibits, study = settings.get("exhibits_read"), settings.get("study")
    faults = Faults()
    for name in ("published_rows", "published_columns"):
        rules = settings.get(name)
        if rules is None or not isinstance(exhibits, Exhibits):
            continue
        wrong = []
        for row, rule in enumerate(rules.to_dict("records")):
            marks = set(rule.get("marks", "").split()) - {*(study.inference.stars if isinstance(study, Study) else ())}
            faulty = [(column, rule[column]) for column in _patterns(name) if not _is_pattern(rule[column])]
            faulty += [] if faulty else _of_no_table(rule, exhibits, is_column=name == "published_columns")
            faulty += [("marks", mark) for mark in sorted(marks) if isinstance(study, Study)]
            wrong += [f"line {row + FIRST_LINE}, {column}: {value!r}" for column, value in faulty]
        remedy = "A rule has patterns of a printed number, and the key of a row or column of a table of exhibits.toml"
        with faults.part():
            refuse(f"{name}.csv", wrong, "cells that lead nowhere", remedy)
    faults.stop()


def _patterns(name: str) -> tuple[str, ...]:
    return ("exhibit", "panel", "row") if name == "published_rows" else ("exhibit", "column", "statistic")


def _is_pattern(text: str) -> bool:
    try:
        re.compile(text)
    except re.error:
        return False
    return True


def _of_no_table(rule: Mapping[str, str], exhibits: Exhibits, *, is_column: bool) -> list[tuple[str, str]]:
    """The cell of a rule whose exhibit is none, or whose key, where it is written out, is in none of its exhibits."""
    own = [
        table for name, table in exhibits.tables.items() if not rule["exhibit"] or re.fullmatch(rule["exhibit"], name)
    ]
    if not own:
        return [("exhibit", rule["exhibit"])]
    if not re.fullmatch(r"\w+", rule["key"]):  # filled in by the label
        return []
    keys = {column.key for table in own for column in table.columns} if is_column else _row_keys(own)
    return [] if keys is None or rule["key"] in keys else [("key", rule["key"])]


def _row_keys(tables: Sequence[Table]) -> set[str] | None:
    """The keys of the rows of tables; None where a table's follow the data or the dictionary."""
    if any(not isinstance(table.rows, tuple) for table in tables):
        return None
    return {
        row.key for table in tables for row in (*(table.rows if isinstance(table.rows, tuple) else ()), *table.foot)
    }
