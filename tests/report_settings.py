"""Whether config/ holds the settings of the report: python -m tests.report_settings accepts those that are there.

Tests of the code run on settings of their own, in tests/settings. A test of the report's own numbers or settings bears
the mark `report`, and is skipped with a reason where config/ says something else:

    pytestmark = pytest.mark.report                    # a whole module
    @pytest.mark.report                                # one test
    @pytest.mark.report("exhibits.toml")               # one that rests on a further file of config/

What is compared is what the files say, without comments, labels and descriptions, with report_settings.toml, which is
tracked: where the report's settings themselves were mended, accept them and commit that file with them.
"""

import csv
import hashlib
import json
import re
import tomllib
from pathlib import Path

CONFIG = Path(__file__).parents[1] / "config"
ACCEPTED = Path(__file__).with_suffix(".toml")
# The files that the synthetic trial and its estimates rest on.
ESTIMATES = ("study.toml", "models.toml", "outcomes.toml", "benefit_codes.csv", "scales.csv")
OTHERS = ("variables.csv", "exhibits.toml", "published.toml", "published_rows.csv", "published_columns.csv")
WORDS = re.compile(r".*_(en|da)|report|equation|formula|definition|rule_source|confidence")


def meaning(path: Path) -> str:
    """The SHA-256 of what a settings file says, its words left out."""
    text = path.read_text(encoding="utf-8")
    data = tomllib.loads(text) if path.suffix == ".toml" else list(csv.DictReader(text.splitlines()))
    return hashlib.sha256(json.dumps(_without_words(data), sort_keys=True, default=str).encode()).hexdigest()


def _without_words(data):
    if isinstance(data, dict):
        return {key: _without_words(value) for key, value in data.items() if not WORDS.fullmatch(key)}
    return [_without_words(value) for value in data] if isinstance(data, list) else data


def strangers(files: tuple[str, ...], config: Path = CONFIG) -> list[str]:
    """The files of config/ that are not those of the report."""
    accepted = tomllib.loads(ACCEPTED.read_text(encoding="utf-8"))
    return [name for name in files if not (config / name).exists() or meaning(config / name) != accepted[name]]


if __name__ == "__main__":
    ACCEPTED.write_text("".join(f'"{name}" = "{meaning(CONFIG / name)}"\n' for name in ESTIMATES + OTHERS))
