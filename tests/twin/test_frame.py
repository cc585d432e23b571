"""The frame of the twin against the report: table 2.1, figure 2.2 and the published dates and waits."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
import pytest

from pipeline.twin.frame import Frame, build_frame, slug

TABLES = "data_raw/published/tables.csv"
EXCLUDED = {  # control, LTJS (report section 2.6)
    "closed_municipality": (17, 36),
    "no_baseline": (6, 7),
    "withdrawn": (2, 1),
    "no_control_group": (0, 8),
    "no_register_match": (5, 7),
}
UNMATCHED = {  # report note 7
    "egedal": 1, "esbjerg": 1, "gentofte": 1, "guldborgsund": 2, "helsingoer": 1, "hilleroed": 2, "ringsted": 1,
    "skanderborg": 1, "aalborg": 2,
}  # fmt: skip


@pytest.fixture(scope="module")
def frame() -> Frame:
    return build_frame()


@pytest.fixture(scope="module")
def analysed(frame: Frame) -> pd.DataFrame:
    columns = ("person", "municipality", "team_name", "treated", "allocation_date", "wait_days")
    return pd.DataFrame({name: getattr(frame, name)[frame.analysed] for name in columns})


def test_table_2_1_is_exact(analysed: pd.DataFrame) -> None:
    printed = pd.read_csv(TABLES, dtype=str).query("exhibit == 'table_2_1' and row != 'I alt'")
    printed = printed.pivot(index="row", columns="column", values="value")
    teams = analysed.groupby("team_name")
    assert len(printed) == teams.ngroups == 43
    for team, group in teams:
        found = {
            "recruitment_start": str(group["allocation_date"].min().date()),
            "recruitment_end": str(group["allocation_date"].max().date()),
            "control": str(int((group["treated"] == 0).sum())),
            "ltjs": str(int(group["treated"].sum())),
            "total": str(len(group)),
        }
        assert found == printed.loc[team].to_dict(), team


def test_exclusions_are_those_of_figure_2_2(frame: Frame) -> None:
    assert (len(frame), frame.analysed.sum()) == (657, 568)
    assert Counter(frame.treated.tolist()) == {1: 430, 0: 227}
    for reason, by_arm in EXCLUDED.items():
        assert tuple(((frame.exclusion == reason) & (frame.treated == arm)).sum() for arm in (0, 1)) == by_arm, reason
    unmatched = Counter(frame.municipality[frame.exclusion == "no_register_match"].tolist())
    assert unmatched == UNMATCHED
    assert np.array_equal(frame.consent, frame.exclusion != "withdrawn")
    assert len(np.unique(frame.municipality[frame.analysed])) == 26


def test_waits_follow_from_the_dates_of_the_analysed(analysed: pd.DataFrame) -> None:
    last = analysed.groupby("team_name")["allocation_date"].transform("max")
    assert (analysed["wait_days"] == (last - analysed["allocation_date"]).dt.days).all()


@pytest.mark.parametrize(
    ("count", "low", "high"),
    [
        (lambda wait: wait < 7, 236, 236),
        (lambda wait: wait < 14, 355, 360),  # 63 % of 568
        (lambda wait: wait < 21, 403, 403),
        (lambda wait: wait > 31, 111, 116),  # 20 % of 568
    ],
)
def test_spread_of_waits(analysed: pd.DataFrame, count: object, low: int, high: int) -> None:
    assert low <= count(analysed["wait_days"]).sum() <= high  # type: ignore[operator]


def test_persons_are_numbered_by_date(frame: Frame) -> None:
    assert np.array_equal(frame.person, np.arange(1, 658))
    assert (np.diff(frame.allocation_date.astype(np.int64)) >= 0).all()
    assert (frame.wait_days >= 0).all()


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Esbjerg 1", "esbjerg_1"), ("Ikast-Brande", "ikast_brande"), ("Ærø", "aeroe"), ("Aalborg", "aalborg"),
     ("Gladsaxe og Lyngby-Taarbæk", "gladsaxe_og_lyngby_taarbaek"), ("Åse", "aase")],
)  # fmt: skip
def test_slug(name: str, expected: str) -> None:
    assert slug(name) == expected
