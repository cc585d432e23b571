"""What models.toml says that cannot be is told with its line, its value and a remedy, wherever a model has it from."""

import re
import tomllib
from functools import cache
from pathlib import Path

import pytest

from pipeline.checks.settings import check_settings
from pipeline.errors import InputError
from pipeline.runner.inputs import load_input
from pipeline.runner.schemas import own_columns
from pipeline.settings.lines import Document

pytestmark = pytest.mark.report
CONFIG = Path("config")
FILES = ("study.toml", "outcomes.toml", "models.toml", "variables.csv")
CASES = [  # what stands there, what is written instead, and what is told beside the line
    ('samples = ["wait_under_14_days"] } }', 'samples = ["wait_under_15_days"] } }',
     r"\[curve_\w+\.curve\.choices\.wait\.options\.below_14\.set\] samples: 'wait_under_15_days', near '.+'"),
    ('"tsrq_introjected"] }', '"tsrq_introjektd"] }',
     r"\[curve_\w+\.curve\.choices\.covariates\.options\.strong\] further_covariates: 'tsrq_introjektd', near '.+'"),
    ("chances = [0.80, 0.90], effects", "chances = [0.01, 0.90], effects", r"\[power\] chances: 0\.01\. Ask .+ 1"),
    ("chances = [0.80, 0.90], effects", "chances = [0.05, 0.90], effects", r"\[power\] chances: 0\.05\. Ask .+ 1"),
    ("chances = [0.80, 0.90], effects", "chances = [1.5], effects", r"table \[power\]: Expected `float` < 1\.0 .+"),
    ("ratios = [1.16, 1.21]", "ratios = [1.0]", r"table \[power\]: Expected `float` > 1\.0 .+"),
    ("effects = [0.03, 0.05", "effects = [0.0, 0.05", r"table \[power\]: Expected `float` > 0\.0 .+"),
    ("effects = [0.03, 0.05", "effects = [0.05, 0.05", r"\[power\] effects: \[0\.05, 0\.05, 0\.1\]\. Name each once.+"),
    ('family = ["outcome"]', "family = []", r"\[\w+\] family: \[\]\. Name each once; a model without .+"),
    ('family = ["outcome"]', 'family = ["week", "week"]', r"\[\w+\] family: \['week', 'week'\]\. Name each once.+"),
]  # fmt: skip


@cache
def settings():
    return {name.partition(".")[0]: load_input(CONFIG / name) for name in FILES}


@pytest.mark.parametrize(("stands", "written", "told"), CASES)
def test_a_fault_of_a_model_has_line_value_and_remedy(stands, written, told):
    text = (CONFIG / "models.toml").read_text(encoding="utf-8")
    line = 1 + text[: text.index(stands)].count("\n")
    wrong = text.replace(stands, written, 1)
    with pytest.raises(InputError) as caught:
        check_settings({**settings(), "models": Document(tomllib.loads(wrong), "models.toml", wrong)}, own_columns())
    assert re.search(rf"line {line},? ({told})", str(caught.value)), str(caught.value)
