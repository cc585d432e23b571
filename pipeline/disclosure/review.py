"""The review page: what was judged, by exhibit and rule, and each exception, for the person who signs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.disclosure.words import REVIEW
from pipeline.settings.disclosure import STATUS, Disclosure
from pipeline.settings.exhibits import exhibit_number
from pipeline.settings.extract import Extract
from pipeline.show.numbers import write_number
from pipeline.show.page import page_template

if TYPE_CHECKING:
    import pandas as pd

STATUSES = ("pass", "review", "fail")
SMALL = ("few_persons", "few_of_a_kind")  # rules of numbers that are small cells


def sum_up(
    released: pd.DataFrame, settings: Disclosure, extract: Extract, is_applied: bool, attacked: Mapping[str, int]
) -> dict[str, Any]:
    """What was decided, in numbers: by exhibit, by rule, and in all.

    small_before and small_after: cells of few persons that are behind the exhibits, and that leave. `attacked` is what
    the attacker found: targets tried, found too close at first, and tight still; nothing where none was tried.
    """
    is_small, leaves = released["rule"].isin(SMALL), released["text"] != settings.mark
    own = released.assign(small=is_small, leaving=is_small & leaves)
    counts = own.groupby(["exhibit", "status"], sort=False).size().unstack(fill_value=0)
    by_exhibit = {
        str(name): {
            **{status: int(counts[status].get(name, 0)) if status in counts else 0 for status in STATUSES},
            "before": int(group["small"].sum()),
            "after": int(group["leaving"].sum()),
        }
        for name, group in own.groupby("exhibit", sort=False)
    }
    rules = released[released["rule"] != ""].groupby("rule", sort=False).size()
    return {
        "extract": extract.name,
        "synthetic": extract.synthetic,
        "applied": is_applied,
        "mark": settings.mark,
        "bounds": {name: getattr(settings.bounds, name) for name in settings.bounds.__struct_fields__},
        "shown": len(released),
        **{status: int((released["status"] == status).sum()) for status in STATUSES},
        "before": int(is_small.sum()),
        "after": int((is_small & leaves).sum()),
        "failing": int(((released["status"] == "fail") & leaves).sum()),
        "exhibits": by_exhibit,
        "rules": {str(name): int(count) for name, count in rules.items()},
        "attacked": dict(attacked),
    }


def say_control(facts: Mapping[str, Any]) -> str:
    """What control came to, in a line for who builds: that an attacker tells a number is suspicious."""
    attacked = facts["attacked"]
    told = f"an attacker tells {attacked['tight']} of {attacked['tried']}" if attacked else "no attacker was tried"
    doubt = "; suspicious: make release refuses it, and says what to do" if attacked.get("tight") else ""
    return f"disclosure control: {facts['fail']} numbers withheld, {facts['review']} coarser; {told}{doubt}"


def write_judged(facts: Mapping[str, Any]) -> str:
    """The facts as JSON."""
    return json.dumps(facts, indent=1, ensure_ascii=False) + "\n"


def write_review(
    released: pd.DataFrame, facts: Mapping[str, Any], settings: Disclosure, extract: Extract, language: str
) -> str:
    """disclosure.html: the counts, and every number that does not simply pass, with its rule.

    It shows nothing that does not leave: of a number that is withheld the mark. A curve is one line a rule.
    """
    own = released[released["status"] != "pass"].assign(
        curve=lambda rows: rows["exhibit"] + "/" + rows["panel"] + "/" + rows["column"]
    )
    is_curve = own.groupby(["curve", "rule"])["cell_id"].transform("size") > LISTED
    lines = [*_single(own[~is_curve]), *_curves(own[is_curve])]
    rules = {
        name: {"says": settings.says(name, language), "why": settings.says(name, language, "why"), "count": count,
               "status": STATUS[name]}
        for name, count in facts["rules"].items()
    }  # fmt: skip
    order = list(facts["exhibits"])
    words, count = REVIEW[language], partial(write_number, unit="count", language=language)
    return page_template("review.html.j2", Path(__file__).parent).render(
        language=language,
        words=words,
        facts=facts,
        sums=words["sum"].format(**{key: count(facts[key]) for key in (*STATUSES, "shown", "before", "after")}),
        count=count,
        tight=words["tight"].format(**facts["attacked"], **facts["bounds"]) if facts["attacked"] else words["untried"],
        name=f"{extract.name}, {extract.label_da if language == 'da' and extract.label_da else extract.label}",
        exhibits=[(exhibit_number(name, language), counts) for name, counts in facts["exhibits"].items()],
        rules=rules,
        lines=sorted(lines, key=lambda line: order.index(line["exhibit"])),
    )


LISTED = 20  # points of a curve under one rule that are listed one by one


def _single(rows: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {name: row[name] for name in ("exhibit", "cell_id", "text", "status", "rule")} | {"count": 1}
        for row in rows.to_dict("records")
    ]


def _curves(rows: pd.DataFrame) -> list[dict[str, Any]]:
    found = []
    for (_, rule), own in rows.groupby(["curve", "rule"], sort=False):
        first, last = own["cell_id"].iloc[0], own["cell_id"].iloc[-1]
        texts = own["text"].unique()
        found.append(
            {
                "exhibit": own["exhibit"].iloc[0],
                "cell_id": f"{first} \N{HORIZONTAL ELLIPSIS} {last}",
                "text": texts[0] if len(texts) == 1 else "",
                "status": own["status"].iloc[0],
                "rule": rule,
                "count": len(own),
            }
        )
    return found
