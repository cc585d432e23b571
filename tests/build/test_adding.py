"""What CONTRIBUTING says is to be done to add an outcome, a model and an exhibit is enough, to the end."""

import csv
import re
import subprocess
import sys

import pytest

from tests.build.conftest import Project, environment

STATE = """
[states.education]
kind = "groups"
groups = ["education_grant", "education_benefit"]
"""
SPECIFICATION = """education,651w 140n,1 1,a grant or benefit of education is education
education,890w 111n,0 0,other benefits are not
education,999n out,? ?,nor is what is not known
"""
ROW = (
    "education,Uddannelse,Education,integer,,0,0,1,register,weekly,,,state unknown in the week,person,outcome,"
    "State in a week: education grant or benefit,Tilstand i en uge: uddannelsesstøtte eller uddannelseshjælp\n"
)
MODEL = """
[education]
like = "itt"
name_en = "Effect on education"
name_da = "Effekt på uddannelse"
reason = "requested"
purpose = "exploratory"
stage = "further"
samples = ["all"]
outcomes = ["education"]
"""
FIGURE = """
[figure_3_9]
like = "figure_3_2"
title_en = "Effect on education"
title_da = "Effekt på uddannelse"
note_en = "Share of the weeks since allocation in education. {source}"
note_da = "Andel af ugerne siden allokering i uddannelse. {source}"
estimate = "education/{sample}/{outcome}/{week}/{series}"
sizes = [
  { key = "n", estimate = "education/{sample}/{outcome}/{last_week}/treated" },
  { key = "joint_p", estimate = "education/{sample}/{outcome}/{last_week}/treated", statistic = "joint_p" },
  { key = "band_p", estimate = "education/{sample}/{outcome}/{last_week}/treated", statistic = "band_p" },
]
size_en = "n = {n}"
size_da = "n = {n}"
panels = [{ key = "a", sample = "all", outcome = "education", title_en = "Education", title_da = "Uddannelse" }]
"""
SHARES = 'shares = ["employment", "sickness_benefit"]'
# The suites that read what the guide edits: what outcomes are, what exhibits show, documents, accepted estimates.
SUITES = ["register/test_outcome_definitions.py", "show/test_figures.py", "show/test_reference.py"]
SUITES += ["published/test_rules.py", "build/test_written_documents.py", "baseline"]
# But for what they draw of one figure of each kind: the added one is none of these, so that it is as in the tree.
BUT = "not (test_figures and (da- or same_bytes or real_data))"


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Project:
    """A copy in which the guide was followed, up to the build: in the language that the tree is not built in."""
    project = Project(tmp_path_factory.mktemp("adding"))
    project.take_built()
    for name, text in (
        ("config/outcomes.toml", STATE),
        ("config/variables.csv", ROW),
        ("tests/register/states.csv", SPECIFICATION),
        ("config/models.toml", MODEL),
        ("config/exhibits.toml", FIGURE),
    ):
        with (project.folder / name).open("a", encoding="utf-8") as file:
            file.write(text)
    project.edit("config/outcomes.toml", SHARES, SHARES.replace("]", ', "education"]'))
    project.built("all", "-j2", "LANGUAGE=da")
    return project


def test_the_number_that_was_added_is_shown_and_traced(project):
    result = project.make("trace", "ID=figure_3_9/all/education/40")
    assert result.returncode == 0, result.stderr
    assert "education/all/education/40/treated" in result.stdout
    assert "as shown" in result.stdout
    assert re.search(
        r"\n  gap +(0\.0e\+00|-?\d\.\de-1\d)", result.stdout
    )  # the rounding of a sum of some ten thousand cells
    assert (project.folder / "reports/twin/figures/figure_3_9.png").exists()


def test_the_language_of_the_exhibits_stays_until_another_is_asked_for(project):
    page = (project.folder / "reports/twin/index.html").read_text(encoding="utf-8")
    assert 'lang="da"' in page
    assert "yntetisk" in page
    assert "Effekt på uddannelse" in page
    assert project.built("all") == {}
    assert " tables --in " in project.make("data_derived/twin/runs/tables.json", "LANGUAGE=en", "--dry-run").stdout


def test_the_suites_concerned_pass_once_documents_and_accepted_estimates_follow(project):
    assert project.make("docs").returncode == 0
    accepted = project.make("baseline", "REASON=The share of weeks in education is estimated too.")
    assert accepted.returncode == 0, accepted.stderr
    with (project.folder / "tests/baseline/further.csv").open(encoding="utf-8") as file:
        assert len(list(csv.DictReader(file))) == 81
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-k", BUT, *(f"tests/{suite}" for suite in SUITES)]
    result = subprocess.run(command, cwd=project.folder, env=environment(), capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout[-3000:]
