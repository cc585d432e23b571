"""The documents under docs/ are those of the settings and the tests, and say what the estimators do."""

import re
from pathlib import Path

import pandas as pd
import pytest

from pipeline.documents.__main__ import write_documents
from pipeline.documents.models import models_by_exhibit
from pipeline.estimate.estimators import ESTIMATORS
from pipeline.runner.inputs import load_input
from pipeline.settings.described import read_exhibits
from pipeline.settings.models import read_models
from pipeline.stats.power import TwoSided, distance

MODELS = read_models(load_input(Path("config/models.toml")))
VARIABLES = load_input(Path("config/variables.csv"))
WRITTEN = write_documents()


@pytest.mark.parametrize("name", WRITTEN)
def test_a_document_is_what_make_docs_writes(name):
    assert Path("docs", name).read_text(encoding="utf-8") == WRITTEN[name], "run make docs"


def test_every_model_has_its_words_symbols_section_and_exhibit():
    exhibits = read_exhibits(load_input(Path("config/exhibits.toml")))
    shown = set().union(*models_by_exhibit(exhibits, load_input(Path("config/study.toml")), VARIABLES).values())
    # A footnote of the report, without a table.
    assert set(MODELS) - shown == {"hazard_cloglog"}
    for name, model in MODELS.items():
        assert f"(`{name}`)" in WRITTEN["models.md"]
        assert re.search(r"section|chapter|appendix", model.report)
        assert model.formula in WRITTEN["models.md"]
        assert all((model.words_en, model.words_da, model.equation))
        assert model.formula.count("{") == model.formula.count("}")


DEGREES = {
    "t(G − 1)": lambda rows: rows["n_clusters"] - 1,
    "t(N − p), p the number of slopes": lambda rows: rows["n"] - len(MODELS["tobit"].covariates),
    "none": lambda _: pd.NA,
    "normal": lambda _: pd.NA,
    "normal, on the scale log(−log S)": lambda _: pd.NA,
}


def test_the_reference_distribution_that_is_written_is_that_of_the_estimates():
    tables = [load_input(path) for path in sorted(Path("data_derived/twin/estimates").glob("*.parquet"))]
    estimates = pd.concat([table.astype({"df": "Float64"}) for table in tables])
    for name, rows in estimates[estimates["se"].notna()].groupby("model"):
        if MODELS[name].curve:  # each specification has that of its own estimator
            continue
        reference = ESTIMATORS[MODELS[name].estimator].words.reference
        if reference == "t(N − K)":  # the dummies and the effects of 26 municipalities, and the covariates
            assert set(rows["n"] - rows["df"]) == {2 * 26 + len(MODELS[name].covariates)}
            continue
        expected = DEGREES[reference](rows)
        known = rows["df"].isna() if expected is pd.NA else rows["df"] == expected
        assert known.all(), name


def test_every_variable_outcome_and_spec_line_is_written():
    dictionary, outcomes = WRITTEN["variables.md"], WRITTEN["outcomes.md"]
    assert not [name for name in VARIABLES["name"] if f"| `{name}` |" not in dictionary]
    for table in ("states", "exits", "shares"):
        lines = load_input(Path(f"tests/register/{table}.csv"))["says"]
        assert not [line for line in lines if line not in outcomes]


def test_the_index_names_every_decision_and_every_decision_has_a_date():
    folder = Path("docs/decisions")
    index = (folder / "README.md").read_text(encoding="utf-8")
    for path in sorted(folder.glob("*.md")):
        if path.name != "README.md":
            assert f"]({path.name})" in index
            assert re.search(r"^20\d\d-\d\d-\d\d", path.read_text(encoding="utf-8"), re.MULTILINE), path


def test_the_smallest_effects_beside_the_simulation_are_those_of_the_tables():
    clusters = {("employment", "all"): 43, ("employment", "long wait"): 39, ("sickness benefit etc.", "all"): 43,
                ("sickness benefit etc.", "long wait"): 39}  # fmt: skip
    stored = pd.read_csv("docs/measured/power.csv").query("effect == 0").set_index(["outcome", "sample"])["error"]
    for (outcome, sample), count in clusters.items():
        row = next(line.split(" | ") for line in WRITTEN["power.md"].splitlines() if outcome in line and sample in line)
        key = "employment" if outcome == "employment" else "sickness_benefit", sample.replace(" ", "_")
        exact = 100 * stored[key] * distance(0.8, TwoSided(0.05, count - 1))
        assert row[6] == f"{exact:.1f}"
