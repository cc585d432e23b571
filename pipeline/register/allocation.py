"""The allocation file: who was randomised, to which arm, in which stratum and cluster, when."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.errors import Faults, InputError
from pipeline.pseudonyms.hashed import Pseudonyms
from pipeline.pseudonyms.linkage import KEY, NUMBER, PERSON
from pipeline.register.cells import parse_dates, parse_names, refuse_other
from pipeline.register.persons import link_keys, number_persons
from pipeline.register.readers import (
    DIGITS_OF_A_PERSON,
    check_key,
    count_digits,
    refuse_cells,
    require_columns,
)
from pipeline.register.shown import show_column
from pipeline.settings.extract import Attended, Extract
from pipeline.settings.study import Design

if TYPE_CHECKING:
    import pandas as pd


def read_allocation(allocation: pd.DataFrame, design: Design, extract: Extract, pseudonyms: Pseudonyms) -> pd.DataFrame:
    """One row a randomised person: the pseudonym, the names, the arm, the date and the line in the file.

    The columns are those that the design names; there is no date, consent, stratum or cluster where it has none. Names
    are in their canonical form, and no two of a column have one address.
    """
    import pandas as pd

    groupings = design.groupings
    wanted = [design.person, design.key, design.arm, design.date, design.consent, *(g.column for g in groupings)]
    require_columns(allocation, list(dict.fromkeys(name for name in wanted if name)))
    _require_attended(allocation, extract.attended) if extract.attended else None
    faults, arms = Faults(), {design.treated.value: 1, design.control.value: 0}
    with faults.part():
        check_key(allocation, design.key, link_keys(allocation[design.key]))
    with faults.part():
        refuse_other(allocation, design.arm, arms)
    with faults.part():
        columns = {"person": number_persons(allocation, design.person, pseudonyms).to_numpy()}
    with faults.part():
        names = _read_names(allocation, design, extract)
    with faults.part():
        dates = _read_dates(allocation, design.date, extract).to_numpy() if design.date else None
    with faults.part():
        refuse_other(allocation, design.consent, {"0", "1"}) if design.consent else None
    with faults.part():
        attended = _read_attended(allocation, extract.attended) if extract.attended else None
    faults.stop()
    columns |= {f"{grouping.name}_name": names[grouping.column].to_numpy() for grouping in groupings}
    columns["treated"] = allocation[design.arm].map(arms).to_numpy(dtype=np.int8)
    if dates is not None:
        columns["allocation_date"] = dates
    if design.consent:
        columns["consent"] = allocation[design.consent].to_numpy(dtype=np.int8)
    if attended is not None:
        columns["attended"] = attended.array
    return pd.DataFrame({**columns, "allocation_line": allocation.index.to_numpy()})


def link_back(trial: pd.DataFrame, allocation: pd.DataFrame, design: Design) -> list[dict[str, Any]]:
    """A row a person, by pseudonym: the numbers in the trial and the register as received, and the lines."""
    lines = [name for name in map(str, trial) if name.endswith("_line")]
    rows = trial[["person", *lines]].astype(object).where(trial[["person", *lines]].notna(), "").to_dict("records")
    found = list[dict[str, Any]]()
    for row, number, key in zip(rows, allocation[design.person], allocation[design.key], strict=True):
        found.append({PERSON: row["person"], NUMBER: number, KEY: key, **{name: row[name] for name in lines}})
    return sorted(found, key=lambda row: int(row[PERSON]))


def _read_names(allocation: pd.DataFrame, design: Design, extract: Extract) -> pd.DataFrame:
    """The names of strata and clusters, by their columns in the file.

    Raises InputError for a cell that is no name: without a letter or digit, or with the digits of a person's number,
    and for a cluster that lies in two strata.
    """
    import pandas as pd

    names, faults = {}, Faults()
    for column in (grouping.column for grouping in design.groupings):
        with faults.part():
            cells = allocation[column]
            wrong = ~cells.str.contains(r"[^\W_]") | (cells.map(count_digits) >= DIGITS_OF_A_PERSON)
            refuse_cells(allocation, column, wrong, "is no name", "Write the name there, and nothing of a person.")
            names[column] = parse_names(allocation, column, extract.spellings.get(column, {}))
    faults.stop()
    frame = pd.DataFrame(names, index=allocation.index)
    frame.attrs["path"] = allocation.attrs["path"]
    if design.stratum and design.cluster:
        _require_one_stratum(frame, design.stratum.column, design.cluster.column)
    return frame


def _read_dates(allocation: pd.DataFrame, column: str, extract: Extract) -> pd.Series:
    """The dates of the draws, none of which is later than the extract."""
    import pandas as pd

    dates = parse_dates(allocation, column)
    late = dates > pd.Timestamp(extract.received)
    refuse_cells(allocation, column, late, "is later than the extract was received", "Mend the date.")
    return dates


def _require_attended(allocation: pd.DataFrame, told: Attended) -> None:
    """Raise InputError for a column of attendance that the file has not: its name is a fact of the delivery alone."""
    if told.column not in allocation:
        path = Path(allocation.attrs["path"])
        raise InputError(
            f"{path.parent / 'extract.toml'}, [attended], column: {path.name} has no column "
            f"'{show_column(told.column)}'. Mend the name there, or take [attended] out."
        )


def _read_attended(allocation: pd.DataFrame, told: Attended) -> pd.Series:
    """1 for who came as often as it takes, 0 for who did not; of a blank nothing is known."""
    cells = allocation[told.column]
    wrong = ~cells.str.fullmatch(r"[0-9]{0,3}")
    refuse_cells(allocation, told.column, wrong, "is no number of times", "Write how often, 0 for never; or blank.")
    counts = cells.where(cells != "").astype("Int64")
    return (counts >= told.at_least).astype("Int8")


def _require_one_stratum(allocation: pd.DataFrame, stratum: str, cluster: str) -> None:
    """Raise InputError for a cluster that lies in two strata."""
    homes = allocation.groupby(cluster)[stratum].nunique()
    torn = homes[homes > 1]
    if len(torn):
        members = allocation[allocation[cluster] == torn.index[0]]
        places = members[stratum].value_counts()
        shown = ", ".join(f"{place} ({count} lines)" for place, count in places.items())
        line = members.index[members[stratum] == places.index[-1]][0]
        raise InputError(
            f"{allocation.attrs['path']}, line {line}, columns {stratum} and {cluster}: {torn.index[0]} lies in more "
            f"than one {stratum}: {shown} ({len(torn)} such groups). Mend {stratum}, or give the groups names of "
            "their own."
        )
