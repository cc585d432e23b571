"""Who is in which file and group, and when they were drawn."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from pipeline.checks.finding import FEWEST, Delivery, Finding
from pipeline.names import slug
from pipeline.register.persons import in_order, link_keys

if TYPE_CHECKING:
    import pandas as pd

MANY_ABSENT = 0.25  # of the randomised are in no register: so many that the file was cut or its keys changed
SHORTEST = 5  # letters of a name of which another is a misspelling: A and B are two
NEARLY_SORTED = 0.95  # of the draws rise with the trial numbers where these were given one after the other
FEWEST_GAPS = 5  # between the draws of a group whose spread can be told
FAR = 21  # days from the next draw of the group, and further than the others lie apart


def in_register(delivery: Delivery) -> Finding | None:
    """Randomised persons without a row in the register."""
    return _absent(delivery, "register", "register_line")


def with_questionnaire(delivery: Delivery) -> Finding | None:
    """Randomised persons without answers in the first survey."""
    return _absent(delivery, "baseline_survey", "baseline_line") if "baseline_survey" in delivery.files else None


def _absent(delivery: Delivery, role: str, column: str) -> Finding:
    absent, path = delivery.trial[column].isna(), delivery.path("allocation")
    if not absent.any():
        return Finding(len(absent))
    share = float(absent.mean())
    first = int(delivery.trial.loc[absent, "allocation_line"].iloc[0])
    files = delivery.extract.registers if role == "register" else [delivery.extract.files[role]]
    paths = delivery.path(role) if len(files) == 1 else ", ".join(file.path for file in files)
    words = {"share": f"{share:.1%}", "rows": sum(file.rows for file in files), "other": paths}
    certain = share > MANY_ABSENT and len(absent) >= FEWEST and role == "register"
    key = delivery.study.design.key if role == "register" else delivery.study.design.person
    return Finding(len(absent), int(absent.sum()), certain, path, first, key, words)


def names_near_another(delivery: Delivery) -> Finding | None:
    """Names of strata and clusters that are another one with a letter changed, or with one more word."""
    groupings = delivery.study.design.groupings
    if not groupings:
        return None
    looked_at, found = 0, []
    for grouping in groupings:
        names = delivery.trial[f"{grouping.name}_name"]
        counts = Counter(names).most_common()
        addresses = [(slug(name), name, count) for name, count in counts]
        looked_at += len(counts)
        found += [
            (grouping, rare, usual)
            for place, rare in enumerate(addresses)
            for usual in addresses[:place]
            if is_near(rare[0], usual[0])
        ]
    if not found:
        return Finding(looked_at)
    grouping, (_, name, count), (_, near, count_near) = found[0]
    line = int(delivery.trial.loc[delivery.trial[f"{grouping.name}_name"] == name, "allocation_line"].iloc[0])
    words = {"name": name, "count": count, "near": near, "count_near": count_near}
    return Finding(looked_at, len(found), False, delivery.path("allocation"), line, grouping.column, words)


def is_near(one: str, other: str) -> bool:
    """Whether two addresses differ in one letter, and no digit, or by one word after the whole of the other."""
    if abs(len(one) - len(other)) > 1 and not (one.startswith(f"{other}_") or other.startswith(f"{one}_")):
        return False
    short, long = sorted((one, other), key=len)
    if re.findall(r"[0-9]+", short) != re.findall(r"[0-9]+", long) or len(re.sub(r"[^a-z]", "", short)) < SHORTEST:
        return False
    if long.startswith(f"{short}_"):
        return re.fullmatch(r"[a-z]+", long[len(short) + 1 :]) is not None
    return is_one_letter_apart(short, long)


def is_one_letter_apart(short: str, long: str) -> bool:
    """Whether one letter changed, or put in, makes the one text the other."""
    if len(long) - len(short) > 1:
        return False
    same = next((i for i, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    return short != long and short[same + (len(short) == len(long)) :] == long[same + 1 :]


def draws_out_of_order(delivery: Delivery) -> Finding | None:
    """Draws that are out of the order of the trial numbers, where nearly all are in it."""
    if "allocation_date" not in delivery.trial or len(delivery.trial) < FEWEST:
        return None
    allocation = delivery.files["allocation"][delivery.study.design.person]
    places = in_order(link_keys(allocation.loc[delivery.trial["allocation_line"]]))
    ordered = delivery.trial.iloc[np.argsort(places.to_numpy())].reset_index(drop=True)
    days = ordered["allocation_date"].to_numpy("datetime64[D]").astype(int)
    kept = _longest_rise(days)
    if len(kept) < NEARLY_SORTED * len(days):
        return None
    odd = sorted(set(range(len(days))) - set(kept))
    return _draws(delivery, ordered, odd, len(days))


def controls_attended(delivery: Delivery) -> Finding | None:
    """Controls who came to the course, of those of whom it is known whether they did."""
    trial, told = delivery.trial, delivery.extract.attended
    if told is None:
        return None
    controls = trial[(trial["treated"] == 0) & trial["attended"].notna()]
    came = controls[controls["attended"] == 1]
    line = int(came["allocation_line"].iloc[0]) if len(came) else None
    words = {"share": f"{len(came) / max(len(controls), 1):.1%}"}
    return Finding(len(controls), len(came), False, delivery.path("allocation"), line, told.column, words)


def _longest_rise(values: np.ndarray) -> list[int]:
    """The places of a longest part of the values that never falls."""
    ends: list[int] = []
    before: list[int | None] = []
    places: list[int] = []
    for place, value in enumerate(values):
        at = bisect_right(ends, value)
        before.append(places[at - 1] if at else None)
        ends[at:], places[at:] = [*[value], *ends[at + 1 :]], [place, *places[at + 1 :]]
    found, last = [], places[-1] if places else None
    while last is not None:
        found.append(last)
        last = before[last]
    return found[::-1]


def draws_far_from_group(delivery: Delivery) -> Finding | None:
    """Draws that lie further from every other of their cluster than the others lie apart."""
    cluster = delivery.study.design.cluster
    if "allocation_date" not in delivery.trial or cluster is None:
        return None
    trial, odd = delivery.trial.reset_index(drop=True), []
    dates = trial["allocation_date"].to_numpy("datetime64[D]").astype(int)
    names = trial[f"{cluster.name}_name"].to_numpy()
    for rows in (np.flatnonzero(names == name) for name in np.unique(names)):
        order = rows[np.argsort(dates[rows], kind="stable")]
        gaps = np.diff(dates[order])
        if len(gaps) < FEWEST_GAPS:
            continue
        for place, gap, others in ((0, gaps[0], gaps[1:]), (-1, gaps[-1], gaps[:-1])):
            if gap > max(FAR, others.sum()):
                odd.append(int(order[place]))
    return _draws(delivery, trial, sorted(odd), len(trial))


def _draws(delivery: Delivery, trial: pd.DataFrame, odd: list[int], looked_at: int) -> Finding:
    if not odd:
        return Finding(looked_at)
    line = int(trial["allocation_line"].iloc[odd[0]])
    return Finding(looked_at, len(odd), False, delivery.path("allocation"), line, str(delivery.study.design.date))
