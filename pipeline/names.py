"""Short names for addresses."""

import re

LETTERS = str.maketrans({"æ": "ae", "ø": "oe", "å": "aa"})


def slug(name: str) -> str:
    """A short name for addresses: lower case, Danish letters spelt out, other characters an underscore."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower().translate(LETTERS)).strip("_")
