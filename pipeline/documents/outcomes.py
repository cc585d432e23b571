"""How each outcome is defined: the spec tests of tests/register as readable tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pipeline.documents.markdown import GENERATED, code_list, table
from pipeline.settings.outcomes import OutcomeDefinitions, State
from pipeline.settings.study import Study
from pipeline.show.dictionary import definition_of

if TYPE_CHECKING:
    import pandas as pd

CELL = re.compile(r"(?P<code>-|\d+)(?P<wage>[wn?])")
WAGES = {"w": " with a wage", "n": "", "?": " without its month"}
KINDS = {
    "no_code": "A week counts if it has no benefit code.",
    "no_code_and_wage": "A week counts if it has no benefit code and the month of its Thursday has a wage record.",
    "groups": "A week counts if its code is in one of the groups {groups}.",
    "activation": "A week counts if its code is in one of the groups {groups} and shows activation of the kind "
    "{activation}.",
}
EXITS = {
    "in": (
        "Exit into a state",
        "The first week of the first run of weeks in the state that begins in week 1 or later; the whole run must be "
        "observed, and may end after the horizon. 1 is a week in the state, 0 another, ? an unknown one. Here a run is "
        "of 4 weeks.",
    ),
    "out": (
        "Exit out of a state",
        "The first week of the first run of weeks out of the state. 1 is a week in the state, 0 one out of it, ? an "
        "unknown one. Here a run is of 1 week.",
    ),
}
SHARES = "Share of weeks 1 to t in the state. The rule `{rule}` of `study.toml` is in force."


def write_outcomes(
    definitions: OutcomeDefinitions,
    study: Study,
    variables: pd.DataFrame,
    codes: pd.DataFrame,
    states: pd.DataFrame,
    exits: pd.DataFrame,
    shares: pd.DataFrame,
) -> str:
    """docs/outcomes.md. `states`, `exits` and `shares` are the tables of tests/register, all text."""
    entries = {entry["name"]: entry for entry in variables.to_dict("records")}
    lines = [
        "# How each outcome is defined",
        "",
        GENERATED.format(sources="`outcomes.toml` and the spec tests `tests/register/*.csv`"),
        "",
        "Every line of a table below is a test: the pipeline fails if it decides otherwise. Unknown is written ? and",
        f"is neither 0 nor 1: a week outside the extract, or with a code of {code_list(definitions.unknown_groups)}.",
        "",
        "## Weekly states",
        "",
    ]
    for name, state in definitions.states.items():
        lines += _state(name, state, entries[name], codes)
        own = states[states["state"] == name].to_dict("records")
        rows = ([_cells(row["cells"]), row["expected"].replace(" ", ", "), row["says"]] for row in own)
        lines += table(["Weeks: benefit code and wage", "In the state", "What it says"], rows)
    lines += _exits(exits, definitions) + _shares(shares, study)
    return "\n".join(lines).rstrip() + "\n"


def _state(name: str, state: State, entry: dict[Any, str], codes: pd.DataFrame) -> Iterator[str]:
    what = KINDS[state.kind].format(groups=code_list(state.groups), activation=code_list(state.activation))
    yield from (f"### {entry['label_en']} (`{name}`)", "", f"{definition_of(entry, 'en')}. {what}", "")
    chosen = codes[codes["group"].isin(state.groups)]
    if state.activation:
        chosen = chosen[chosen["activation"].isin(state.activation)]
    if state.groups:
        yield from (f"Codes: {', '.join(chosen['code'])}.", "")


def _cells(cells: str) -> str:
    """'890w 111n out' in words: '890 with a wage; 111; outside the extract'."""
    return "; ".join(_cell(cell) for cell in cells.split())


def _cell(cell: str) -> str:
    found = CELL.fullmatch(cell)
    if not found:
        return "outside the extract"
    return f"{'no code' if found['code'] == '-' else found['code']}{WAGES[found['wage']]}"


def _exits(exits: pd.DataFrame, definitions: OutcomeDefinitions) -> list[str]:
    lines = ["## Exits", ""]
    defined = (
        [f"`{name}`", f"{'into' if exit_.to == 'in' else 'out of'} `{exit_.state}`", str(exit_.run_weeks)]
        for name, exit_ in definitions.exits.items()
    )
    lines += table(["Exit", "What it is", "Weeks of its run"], defined)
    for kind, (title, words) in EXITS.items():
        lines += [f"### {title}", "", words, ""]
        rows = (
            [f"`{row['weeks']}`", row["horizon"], row["expected_week"], row["expected_exit"], row["says"]]
            for row in exits[exits["to"] == kind].to_dict("records")
        )
        lines += table(["Weeks 1, 2, ...", "Horizon", "Weeks at risk", "Left", "What it says"], rows)
    return lines


def _shares(shares: pd.DataFrame, study: Study) -> list[str]:
    rows = (
        [f"`{row['rule']}`", f"`{row['weeks']}`", row["expected"].replace(" ", ", "), row["says"]]
        for row in shares.to_dict("records")
    )
    head = ["## Shares of weeks", "", SHARES.format(rule=study.outcomes.unknown_weeks), ""]
    return [*head, *table(["Rule", "Weeks 1, 2, ...", "Share up to each week", "What it says"], rows)]
