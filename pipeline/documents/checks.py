"""The checks of a delivery and its settings: the rules, and what each malformed input of the tests is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pipeline.checks import answers, finding, groups, identity, plausible, weeks
from pipeline.checks.rules import PARTS, rules
from pipeline.documents.markdown import GENERATED, table

if TYPE_CHECKING:
    import pandas as pd

STATES = {"wrong": "stops the build", "suspicious": "is said on the page", "passes": "is right"}


def write_checks(malformed: pd.DataFrame) -> str:
    """docs/checks.md: every rule, the bounds they use, and the cases `malformed` with what is told of them."""
    lines = [
        "# Checks of a delivery and its settings",
        "",
        GENERATED.format(sources="`pipeline/checks/rules.csv` and `tests/checks/malformed.csv`"),
        "",
        "`make check-extract EXTRACT=name` runs them all and prints one page; the build runs them as it reads. What is",
        "certainly wrong stops it, and prints the page with all of it; what is suspicious is said on the report page.",
        "`data_derived/<extract>/check/checks.csv` has a row for every rule, and `answer.txt` beside it (`LANGUAGE=da`",
        "for Danish) can be sent to the data owner: files, lines, columns, counts and questions, and nobody's data.",
        "`data_derived/<extract>/checks.csv` is the same table of the build. What of it leaves lies beside the page",
        "as `reports/<extract>/checks.csv`: each rule, its state and what it says, without numbers where these may not",
        "leave.",
        "",
        "## Rules",
        "",
    ]
    lines += table(["Rule", "Looks at", "Says", "Remedy"], (_row(name, words) for name, words in rules().items()))
    lines += ["## Bounds", "", *_bounds(), "", "## Malformed inputs, and what is told of them", ""]
    cases = malformed.to_dict("records")
    lines += table(["File", "Changed", "", "Told"], (_case(case) for case in cases))
    return "\n".join(lines).rstrip() + "\n"


def _row(name: str, words: Mapping[str, str]) -> list[str]:
    said = "the fault of each cell, by file, line and column" if name in PARTS else words["fault_en"]
    return [f"`{name}`", words["looks_at_en"], said, words["remedy_en"]]


def _bounds() -> list[str]:
    return [
        f"* Shares are judged of {finding.FEWEST} persons and more; a share with a code or a wage may move by "
        f"{weeks.STEP:.0%} from one week or month to the next, and three standard errors more where persons are few.",
        f"* Nobody has a code or a wage is wrong beside a week or month in which {weeks.SOME:.0%} have one.",
        f"* Disagreement between files is wrong if it has a probability below {identity.CHANCE:g} where each person is "
        f"mistyped with {identity.TYPING:.0%}: more than {identity.most_by_chance(60)} of 60, or "
        f"{identity.most_by_chance(632)} of 632.",
        f"* Persons absent from the register or the first survey are said, and from the register wrong above "
        f"{groups.MANY_ABSENT:.0%}.",
        f"* A degree of employment without an industry is wrong in more than {weeks.MANY_DEGREES:.0%} of the months.",
        f"* Persons in the state of the population when drawn are said if fewer than {plausible.FEW_IN_STATE:.0%}; "
        f"those with neither code nor wage above {plausible.MANY_EMPTY:.0%}; those unknown for most weeks above "
        f"{plausible.MANY_UNKNOWN:.0%}.",
        f"* Names are near if a letter changed or one word was added, of {groups.SHORTEST} letters and more; a draw is "
        f"far at {groups.FAR} days and more than the others' span.",
        f"* An answer that {answers.FEWEST_CODES} persons gave at the end of a scale is said if {answers.APART:.0%} of "
        f"the scale below it is empty; a correlation below zero by {answers.ERRORS} standard errors is.",
    ]


def _case(case: Mapping[Any, str]) -> list[str]:
    return [f"`{case['file']}`", f"`{case['what']}`", STATES[case["state"]], case["told"].replace(" // ", "<br>")]
