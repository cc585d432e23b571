"""Measure what of the synthetic trial would leave if it were real: make measure.

The stage of disclosure control is run with control applied on the inputs that its record names, the scanner on the
reports as they lie, and the rules on the numbers that the report prints. What is found goes to docs/measured, from
which make docs writes docs/confidentiality.md.
"""

from __future__ import annotations

import csv
import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.audit.leaks import find_leaks
from pipeline.disclosure.primary import COUNTS, judge
from pipeline.runner.inputs import load_input
from pipeline.scan.scanned import files_under
from pipeline.settings.disclosure import STATUS, Asked
from pipeline.settings.models import read_models
from pipeline.show.numbers import UNITS
from pipeline.stages import disclosure

if TYPE_CHECKING:
    import pandas as pd

RAW, DERIVED, REPORTS = Path("data_raw/twin"), Path("data_derived/twin"), Path("reports/twin")
MEASURED = Path("docs/measured")
# What tells who is in which group: the stage reads it where control is applied.
OF_PERSONS = ("sample", "background", "shares", "weekly", "durations", "followup", "exclusions")
SETTINGS = ("disclosure.toml", "models.toml", "study.toml", "variables.csv", "language.toml", "extract.toml")
COUNTS_OF = ("part", "what", "count")
PRINTED = ("table", "rule", "status", "numbers")
BY_EXHIBIT = ("exhibit", "pass", "review", "fail", "before", "after")


def read_inputs() -> dict[str, Any]:
    """What the stage of disclosure control reads, as its record names it, and the tables of persons."""
    record = json.loads((DERIVED / "runs" / "disclosure.json").read_text(encoding="utf-8"))
    paths = [Path(path) for path in record["inputs"] if path.endswith(".parquet") or Path(path).name in SETTINGS]
    paths += [DERIVED / f"{name}.parquet" for name in OF_PERSONS]
    return {path.stem: load_input(path) for path in dict.fromkeys(paths)}


def apply_control(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """What the stage makes of the synthetic trial where control is applied, as it is to a real one."""
    return disclosure.run(**inputs, asked=Asked("on"))


def count_exhibits(judged: Mapping[str, Any]) -> list[list[Any]]:
    """By exhibit how many numbers pass, leave coarser and are withheld, and how many are of few before and after."""
    return [[name, *(own[key] for key in BY_EXHIBIT[1:])] for name, own in judged["exhibits"].items()]


def count_all(judged: Mapping[str, Any]) -> list[list[Any]]:
    """What was decided of all numbers, by status and by rule, and what the attacker was after and told."""
    counts = [["numbers", what, judged[what]] for what in ("shown", "pass", "review", "fail", "before", "after")]
    rules = [["rules", *found] for found in judged["rules"].items()]
    return [*counts, *rules, *(["attacker", *found] for found in judged["attacked"].items())]


def count_printed(inputs: Mapping[str, Any]) -> list[list[Any]]:
    """By printed table and rule how many of its numbers do not pass; all that it prints under the rule ''.

    The numbers are the printed ones; persons behind them that the report does not print are those of the synthetic
    trial, which has its design.
    """
    estimates = [table for table in inputs.values() if "sample_hash" in getattr(table, "columns", ())]
    index = {row["estimate_id"]: dict(row) for table in estimates for row in table.to_dict("records")}
    printed = list(_printed(inputs["shown"]))
    for row in printed:
        field = row["statistic"] if row["statistic"] in (*COUNTS, "control_mean") else "estimate"
        index[row["estimate_id"]]["n" if field == "at_risk" else field] = row["value"]
    behind = disclosure.describe_behind(
        index, read_models(inputs["models"]), inputs["variables"], inputs["study"], inputs["disclosure"]
    )
    rules = Counter((row["exhibit"], judge(row, behind).rule) for row in printed)
    tables = Counter(row["exhibit"] for row in printed)
    statuses = {name: STATUS[name] for _, name in rules if name}
    told: list[list[Any]] = [[table, "", "", count] for table, count in tables.items()]
    return told + [[*key, statuses[key[1]], count] for key, count in rules.items() if key[1]]


def _printed(shown: pd.DataFrame) -> Iterator[dict[Any, Any]]:
    """The numbers shown of which one is printed, each with the printed value in the unit of its estimate."""
    import pandas as pd

    cells = {row["cell_id"]: row for row in shown.to_dict("records")}
    compared = pd.read_csv(REPORTS / "tables/table_published.csv", dtype=str, keep_default_na=False)
    for address, table, value in zip(compared["address"], compared["exhibit"], compared["value"], strict=True):
        row = cells[address]
        number = row["value"] if row["unit"] == "date" else float(value) / 10 ** UNITS[row["unit"]].shift
        yield {**row, "exhibit": table, "value": number}


def count_leaks() -> list[list[Any]]:
    """What the scanner looked at, and how much it found."""
    found = find_leaks(files_under(REPORTS), RAW, DERIVED)
    told = {"files": found.files, "texts": found.texts, "fields": found.fields, "bytes": found.size}
    return [["scanner", *each] for each in (told | {"findings": len(found.findings)}).items()]


def write(name: str, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """A table of docs/measured."""
    with (MEASURED / name).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(head)
        writer.writerows(rows)


def main() -> int:
    """Measure and write; 1 if something is told or found."""
    inputs = read_inputs()
    judged = json.loads(apply_control(inputs)["judged.json"])
    counts = [*count_all(judged), *count_leaks()]
    write("disclosure.csv", BY_EXHIBIT, count_exhibits(judged))
    write("printed.csv", PRINTED, count_printed(inputs))
    write("confidentiality.csv", COUNTS_OF, counts)
    for part, what, count in counts:
        print(f"{count:>10,}  {part}, {what}")
    return int(any(count for _, what, count in counts if what in ("after", "tight", "findings")))


if __name__ == "__main__":
    sys.exit(main())
