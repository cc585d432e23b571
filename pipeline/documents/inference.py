"""What was measured of the inference: how often tests err and intervals hold, and how fast it is beside others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pipeline.documents.drawing import DotRow, draw_dots
from pipeline.documents.markdown import GENERATED, table

if TYPE_CHECKING:
    import pandas as pd

KINDS = {
    "size": ("How often a true hypothesis is rejected at 5 per cent", 0.05),
    "familywise": ("How often any of the true hypotheses of a family is rejected at 5 per cent", 0.05),
    "coverage": ("How often an interval of 95 per cent, or a whole band, holds the true effect", 0.95),
    "power": ("How often the effect is found that the formula says is found in 80 of 100", 0.80),
}
ERRS = {0.01: "1 or less", 0.02: "2", 0.05: "5", 0.1: "10", 0.2: "20", 0.5: "50", 1.0: "100"}
SECONDS = {10.0**power: (f"{10.0**power:g}" if power < 4 else f"10^{power}") for power in range(-6, 6)}
OURS, LIMIT, THEIRS = "this project", "limit of the machine", "another package"


def write_inference(size: pd.DataFrame, speed: pd.DataFrame, growth: pd.DataFrame) -> str:
    """docs/inference.md; the tables are those of docs/measured, all text."""
    lines = [
        "# How inference was measured",
        "",
        GENERATED.format(sources="what `make size` and `make bench` stored in `docs/measured/`"),
        "",
        "What stands beside the estimates, and why, is in [inference](decisions/inference.md).",
        "",
        "## Right",
        "",
        *_right(size),
        "## Fast",
        "",
        *_fast(speed),
        "## As a trial grows",
        "",
        *_grown(growth),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _right(size: pd.DataFrame) -> Iterator[str]:
    trials = " or ".join(dict.fromkeys(f"{int(count):,}" for count in size["trials"]))
    yield (
        "Trials are drawn with the design of the real one: a lot within teams of 7 to 19 persons, teams that differ, "
        "26 municipalities with dummies, of which nine have one team. Each number is a percentage with its Monte Carlo "
        f"error in brackets, of {trials} trials with {size['draws'].iloc[0]} draws of the lot and of signs. Least "
        "squares are tested of a true effect that is not zero, so that tests and intervals have to take it off the "
        "outcomes."
    )
    yield ""
    yield "![How often each test errs and each interval misses](inference_size.svg)"
    yield ""
    yield from (f"* `{name}`: {says}." for name, says in zip(*_scenarios(size), strict=True))
    yield ""
    for part in dict.fromkeys(size["part"]):
        yield from (f"### {part}", "")
        own = size[size["part"] == part]
        for kind in dict.fromkeys(own["kind"]):
            yield from (f"{KINDS[kind][0]} (aim: {100 * KINDS[kind][1]:.0f}):", "")
            yield from _crossed(own[own["kind"] == kind])


def _scenarios(size: pd.DataFrame) -> tuple[list[str], list[str]]:
    first = size.drop_duplicates("scenario")
    return first["scenario"].tolist(), first["says"].tolist()


def _crossed(rows: pd.DataFrame) -> list[str]:
    """A method a row, a scenario a column."""
    scenarios = list(dict.fromkeys(rows["scenario"]))
    cells = {
        (row["method"], row["scenario"]): f"{100 * float(row['rate']):.1f} ({100 * float(row['error']):.1f})"
        for row in rows.to_dict("records")
    }
    body = [
        [method, *(cells.get((method, name), "") for name in scenarios)] for method in dict.fromkeys(rows["method"])
    ]
    return table(["", *(f"`{name}`" for name in scenarios)], body)


def _fast(speed: pd.DataFrame) -> Iterator[str]:
    yield (
        "162 outcomes (two shares of 81 weeks) of the synthetic trial's 568 persons, with the report's covariates and "
        "dummies, 9,999 draws, in one run on one thread, in seconds of the processor. What would take hours was "
        "measured in part and multiplied. Agreement is that of the same draws, where a package tells or takes them. "
        "The limit is the least arithmetic of the task at the rate of a matrix product of the machine."
    )
    yield ""
    yield "![Seconds of each task by this project, the limit of the machine, and other packages](inference_speed.svg)"
    yield ""
    rows = [
        [
            row["says"],
            row["package"] or "this project",
            ", ".join(text for text in (row["what"], row["part"]) if text),
            row["seconds"],
            row["ratio"],
            row["agreement"]
            or (f"{float(row['seconds']) / float(row['limit']):.0f} times the limit" if not row["package"] else ""),
        ]
        for row in speed.to_dict("records")
    ]
    yield from table(["Task", "By", "What, and what was measured of it", "Seconds", "Times ours", "Agreement"], rows)


def _grown(growth: pd.DataFrame) -> Iterator[str]:
    yield (
        "Each size is a process of its own. The exponent is b of seconds, or megabytes, = a x size^b from the size "
        "before. Persons grow in teams of their own, so teams grow as they do."
    )
    yield ""
    head = ["Grows", "Task", "Persons", "Outcomes", "Draws", "Seconds", "Largest process, MB", "Exponent", "Of memory"]
    yield from table(head, [[str(cell) for cell in row] for row in growth.to_numpy()])


def draw_size(size: pd.DataFrame) -> str:
    """docs/inference_size.svg: by test how often it rejects what is true, by interval how often it misses."""
    rows = list[DotRow]()
    shown = size[size["kind"] != "power"]
    for part in dict.fromkeys(shown["part"]):
        rows.append(DotRow(part, {}))
        own = shown[shown["part"] == part]
        for method, kind in dict.fromkeys(zip(own["method"], own["kind"], strict=True)):
            found = own[(own["method"] == method) & (own["kind"] == kind)]
            rates = found["rate"].astype(float)
            errs = 1.0 - rates if kind == "coverage" else rates
            label = f"{method}: {'interval' if kind == 'coverage' else 'test'}"
            rows.append(DotRow(label, dict(zip(found["scenario"], errs.tolist(), strict=True))))
    return draw_dots("How often inference errs", "per cent of trials (aim: 5)", rows, ERRS, 0.05)


def draw_speed(speed: pd.DataFrame) -> str:
    """docs/inference_speed.svg: seconds of each task, by this project, at the limit and by others."""
    rows = list[DotRow]()
    for row in speed.to_dict("records"):
        if not row["package"]:
            rows.append(DotRow(row["says"], {}))
            rows.append(DotRow("this project", {OURS: float(row["seconds"]), LIMIT: float(row["limit"])}))
        elif row["seconds"]:
            what = f"{row['package']}: {row['what']}"
            rows.append(DotRow(what if len(what) < 50 else f"{what[:48]}...", {THEIRS: float(row["seconds"])}))
    return draw_dots("Seconds of each task", "seconds of one processor", rows, SECONDS, None)
