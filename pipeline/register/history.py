"""The register history before allocation that is part of the background, in windows and as a whole (report table 2.2).

The two years and the quarters are of the trial's design and no settings: the variables of config/variables.csv, their
labels and the report's tables are named after them.
"""

PRE_WEEKS = 104
WINDOW_WEEKS = 13
STATES = ("employment", "sickness_benefit")


def _name_windows() -> dict[str, tuple[str, int, int]]:
    windows = {}
    for state in STATES:
        for start in range(PRE_WEEKS, 0, -WINDOW_WEEKS):
            end = start - WINDOW_WEEKS + 1
            windows[f"{state}_pre_{start}_{end}"] = (state, -start, -end)
        windows[f"{state}_pre_share"] = (state, -PRE_WEEKS, -1)
    return windows


# Variable -> the weekly state it is the share of, and its first and last week; week 0 is that of allocation.
WINDOWS = _name_windows()
