"""The reference of exhibits.toml has every key of it, and no other."""

import re
from pathlib import Path

from pipeline.settings import exhibits
from pipeline.settings.base import Settings

REFERENCE = Path("docs/exhibits.md").read_text(encoding="utf-8")
KINDS = [kind for kind in vars(exhibits).values() if isinstance(kind, type) and issubclass(kind, Settings)]
KEYS = {key.removesuffix("_en") for kind in KINDS for key in kind.__struct_fields__ if not key.endswith("_da")}


def test_every_key_is_in_the_reference():
    named = set(re.findall(r"`(\w+)`", REFERENCE)) | set(re.findall(r"`(\w+) = ", REFERENCE)) | {"follow"}
    assert len(KEYS) > 50
    assert not KEYS - named


def test_every_key_of_a_table_in_the_reference_exists():
    cells = re.findall(r"^\| (`.*?`) \|", REFERENCE, re.MULTILINE)
    named = {key for cell in cells for key in re.findall(r"`(\w+)`", cell)}
    assert len(named) > 40
    assert not named - KEYS
