"""The synthetic trial as it is shown in full digits, and as it leaves under control: made once for the tests here."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd
import pytest

from benchmarks.confidentiality import DERIVED, apply_control, read_inputs
from tests.disclosure.attacks import NOTHING, Between, as_left


@dataclass
class Controlled:
    """What the stage of disclosure control makes of the synthetic trial as built, with DISCLOSURE=on."""

    inputs: dict[str, Any]
    made: dict[str, Any]

    @property
    def released(self) -> pd.DataFrame:
        return self.made["released.parquet"]

    @cached_property
    def judged(self) -> dict[str, Any]:
        return json.loads(self.made["judged.json"])

    @cached_property
    def seen(self) -> dict[str, Between]:
        """By address what a number that left can have been, by its text."""
        rows = zip(self.released["cell_id"], self.released["text"], self.released["unit"], strict=True)
        return {
            address: as_left(text, unit == "count", self.inputs["disclosure"].bounds.base)
            for address, text, unit in rows
        }


@pytest.fixture(scope="session")
def shown() -> pd.DataFrame:
    """The numbers shown, in full digits."""
    return pd.read_parquet(DERIVED / "shown.parquet")


@pytest.fixture(scope="session")
def exact(shown) -> dict[str, Between]:
    """The same by address, with six decimals, as files once had them; shares in percent."""
    parts = {"share": 100.0, "percentage_points": 100.0}
    values = shown["value"] * shown["unit"].map(parts).fillna(1.0)
    return {
        address: NOTHING if pd.isna(value) else Between(value - half, value + half)
        for address, value, half in zip(shown["cell_id"], values, (shown["unit"] != "count") * 5e-7, strict=True)
    }


@pytest.fixture(scope="session")
def controlled() -> Controlled:
    """What leaves with control, from the inputs that the record of the stage names."""
    inputs = read_inputs()
    return Controlled(inputs, apply_control(inputs))
