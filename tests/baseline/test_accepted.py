"""The numbers of the synthetic trial are the accepted ones; make baseline REASON="..." accepts others."""

from pathlib import Path

import pytest

from pipeline.audit.baseline import LOG, accepted_hash, compare_with_accepted
from pipeline.audit.compare import describe, iterated_models

HERE = Path(__file__).parent
pytestmark = pytest.mark.report


def test_the_estimates_are_the_accepted_ones():
    found = compare_with_accepted(Path("data_derived/twin/estimates"), HERE, iterated_models(Path("config")))
    if len(found.changes):
        head = f"{len(found.changes)} numbers of the synthetic trial are not the accepted ones of tests/baseline:"
        remedy = 'If they are right as they are now: make baseline REASON="why they moved".'
        pytest.fail("\n".join([head, *describe(found), remedy]), pytrace=False)


def test_the_accepted_files_are_those_of_the_last_reason():
    entries = (HERE / LOG).read_text(encoding="utf-8")
    assert entries.endswith(f"Accepted files: {accepted_hash(HERE)}\n"), "accept with make baseline, never by hand"
