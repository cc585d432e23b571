"""What the trial could see, as measured: the simulation beside the formula, and the report's plan derived again."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

from pipeline.documents.markdown import GENERATED, table

if TYPE_CHECKING:
    import pandas as pd

SAMPLES = {"all": "all participants", "short_wait": "short wait", "long_wait": "long wait"}
OUTCOMES = {"employment": "ordinary employment", "sickness_benefit": "sickness benefit etc."}
LINES = (
    ("rejected", "share of redrawn lots rejected", 'stroke="#111" stroke-width="2"'),
    ("formula_redrawn", "formula, mean error of redrawn lots", 'stroke="#0a6" stroke-width="2" stroke-dasharray="6 3"'),
    ("formula", "formula, error of the lot as drawn", 'stroke="#c40" stroke-width="2" stroke-dasharray="2 3"'),
)
HEADER = (
    "", "error as drawn", "mean error, redrawn", "spread of estimates, redrawn", "their mean without effect",
    "rejected without effect (%)", "smallest effect at 80%: as drawn", "by mean error", "by simulation",
)  # fmt: skip
CHANCE, CERTAIN = 0.8, 1.0 - 1e-6
WIDTH, HEIGHT, LEFT, TOP, ACROSS, DOWN = 250, 150, 50, 40, 300, 215
INTRODUCTION = (
    "What is in the report is in Tables 7.8 and 7.9: the smallest effects that its tests find, and the chance that "
    "they find given ones, by formula from the clustered standard errors. Here the formula stands beside a simulation "
    "from the synthetic trial. The outcome that each person would have without the course is the outcome less the "
    "estimated effect for those who were offered it; the lot is drawn again within every team, an effect of a given "
    "size is added to the outcomes of those it falls on, and model (2) is estimated and tested as in the report."
)
READING = (
    "Without an effect the test rejects in {least} to {most} per cent of the lots. With one the share of rejections "
    "follows the formula if that is given the mean error of the redrawn lots, which is also what the estimates spread "
    "by. It does not follow the formula with the error of the lot as it was drawn: the errors of the synthetic trial "
    "are steered to those that the report prints, and most of these are smaller than those of redrawn lots. Whether "
    "the real trial's errors are small by the luck of its lot, only its own data can tell, by the same script. Until "
    "then the smallest effects of the tables may be too small, by as much as the columns below differ.",
    "Where the two still part, redrawn estimates do not lie about the effect: the lot had another probability in every "
    "team, and the dummies of the model are those of municipalities, so that teams with more offers and better "
    "prospects move it. Such a shift makes effects of one sign easier to see than of the other.",
)
PLAN = (
    "Section 2.3 of the report plans with 30 job centres, two courses each, 10 to 16 participants a course, and 60 per "
    "cent offered the course; with 12 a course a relative risk of 1.16 would be found with a chance of 80 per cent, "
    "where studies before had found 1.21. It says neither the share in employment that this starts from, nor the level "
    "of the test, nor how alike participants of a course are. Sixty courses of 10 to 16 are 600 to 960 offered and 400 "
    "to 640 not, where the report prints 600 to 900 and 400 to 600; 12 are 720 and 480. Two-sided at 5 per cent, by "
    "the difference of two shares with their own variances:"
)
Row = Mapping[Any, str]


def write_power(simulated: pd.DataFrame, plan: pd.DataFrame) -> str:
    """docs/power.md, of the tables that `make power` stored, all text."""
    rows, planned = simulated.to_dict("records"), plan.to_dict("records")
    generated = GENERATED.format(sources="what `make power` stored in `docs/measured/`")
    lines = ["# What the trial could see", "", generated, "", INTRODUCTION, ""]
    lines += ["![Share of rejections by the size of the effect](power.svg)", ""]
    shares = [100 * float(row["rejected"]) for row in rows if float(row["effect"]) == 0.0]
    lines += [READING[0].format(least=f"{min(shares):.1f}", most=f"{max(shares):.1f}"), "", READING[1], ""]
    lines += table(HEADER, [_summary(own) for own in _curves(rows).values()])
    lines += [
        f"Percentage points; {int(rows[0]['draws']):,} lots each.",
        "",
        "## The plan, derived again",
        "",
        PLAN,
        "",
    ]
    return "\n".join([*lines, *_plan(planned)]) + "\n"


def _curves(rows: Sequence[Row]) -> dict[tuple[str, str], list[Row]]:
    found: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        found.setdefault((row["outcome"], row["sample"]), []).append(row)
    return dict(sorted(found.items(), key=lambda item: list(OUTCOMES).index(item[0][0])))


def _summary(own: Sequence[Row]) -> list[str]:
    first = own[0]
    points = [f"{100 * float(first[name]):.2f}" for name in ("error", "error_redrawn", "spread", "centre")]
    smallest = [_where(own, name) for name in ("formula", "formula_redrawn", "rejected")]
    return [_title(first), *points, f"{100 * float(first['rejected']):.1f}", *smallest]


def _title(row: Row) -> str:
    return f"{OUTCOMES[row['outcome']]}, {SAMPLES[row['sample']]}"


def _where(own: Sequence[Row], name: str) -> str:
    """The effect at which a curve reaches the chance, between two sizes on a straight line of normal quantiles.

    A curve of power is nearly straight by these, and bent by the chances themselves: a line by them gives 7.4 for 7.3.
    """
    for before, after in itertools.pairwise(own):
        low, high = float(before[name]), float(after[name])
        if low < CHANCE <= high:
            start, end = float(before["effect"]), float(after["effect"])
            first, aim, last = (NormalDist().inv_cdf(chance) for chance in (low, CHANCE, min(high, CERTAIN)))
            return f"{100 * (start + (end - start) * (aim - first) / (last - first)):.1f}"
    return f"over {100 * float(own[-1]['effect']):.0f}"


def _plan(rows: Sequence[Row]) -> Iterator[str]:
    alone = [row for row in rows if row["correlation"] == "0.0" and row["persons_per_course"] == "12"]
    yield from table(
        ["share of the control group (%)", "smallest ratio at 80%", "chance of 1.16 (%)", "chance of 1.21 (%)"],
        [[_percent(row["base"]), f"{float(row['smallest_ratio']):.3f}", _percent(row["power_planned"]),
          _percent(row["power_earlier"])] for row in sorted(alone, key=lambda row: float(row["base"]))],
    )  # fmt: skip
    exact = [row for row in rows if abs(float(row["smallest_ratio"]) - 1.16) < 5e-5]
    shown = {(row["persons_per_course"], row["correlation"]): _percent(row["base"]) for row in exact}
    base = shown["12", "0.0"]
    half = next(f"{float(row['smallest_ratio']):.3f}" for row in alone if row["base"] == "0.5000")
    yield (
        f"So the printed 1.16 is what the formula gives if {base} per cent of the control group come to work and "
        f"participants of a course are no more alike than others; from 50 per cent it gives {half}, which is "
        "printed 1.16 too. From a smaller share, or with participants who resemble each other, the plan would have "
        "found less. The share at which it is 1.16, by participants a course and the correlation among them:"
    )
    yield ""
    correlations = list(dict.fromkeys(row["correlation"] for row in rows))
    yield from table(
        ["participants a course", *(f"correlation {float(each):g}" for each in correlations)],
        [[size, *(f"{shown[size, each]}%" for each in correlations)] for size in dict.fromkeys(
            row["persons_per_course"] for row in rows)],
    )  # fmt: skip
    yield (
        "The trial became smaller (Figure 2.2) and its outcome another: a share of weeks, whose level in the control "
        "group is lower than the share of persons that the plan must have started from, and exits. What could be found "
        "of these is in Tables 7.8 and 7.9, the second beside the planned ratios."
    )


def _percent(share: str) -> str:
    return f"{100 * float(share):.0f}" if float(share) < 0.995 else "over 99"


def draw_power(simulated: pd.DataFrame) -> str:
    """docs/power.svg: a panel for each outcome and sample."""
    curves = list(_curves(simulated.to_dict("records")).values())
    width, height = 3 * ACROSS + LEFT, 2 * DOWN + TOP + 30
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" '
             f'font-size="12"><rect width="{width}" height="{height}" fill="#fff"/>']  # fmt: skip
    for place, (_, words, style) in enumerate(LINES):
        x = LEFT + place * ACROSS
        parts.append(f'<path d="M{x} 14h30" fill="none" {style}/><text x="{x + 36}" y="18">{words}</text>')
    parts += [_panel(own, *divmod(place, 3)) for place, own in enumerate(curves)]
    return "\n".join([*parts, "</svg>"]) + "\n"


def _panel(own: Sequence[Row], down: int, across: int) -> str:
    left, top, last = LEFT + across * ACROSS, TOP + down * DOWN + 16, float(own[-1]["effect"])
    middle, below = left + WIDTH / 2, top + HEIGHT + 34
    lines = [f'<text x="{left}" y="{top - 8}" font-weight="bold">{_title(own[0])}</text>']
    lines.append(f'<text x="{middle}" y="{below}" text-anchor="middle">effect, percentage points</text>')
    for share in (0.05, 0.5, 0.8, 1.0):
        y = top + HEIGHT * (1 - share)
        lines.append(f'<path d="M{left} {y:.1f}h{WIDTH}" stroke="#ddd"/>'
                     f'<text x="{left - 5}" y="{y + 4:.1f}" text-anchor="end">{100 * share:.0f}%</text>')  # fmt: skip
    for points in range(0, round(100 * last) + 1, 5):
        x = left + WIDTH * points / 100 / last
        lines.append(f'<text x="{x:.1f}" y="{top + HEIGHT + 17}" text-anchor="middle">{points}</text>')
    for name, _, style in LINES:
        path = " ".join(f"{left + WIDTH * float(row['effect']) / last:.1f},{top + HEIGHT * (1 - float(row[name])):.1f}"
                        for row in own)  # fmt: skip
        lines.append(f'<polyline points="{path}" fill="none" {style}/>')
    return "\n".join(lines)
