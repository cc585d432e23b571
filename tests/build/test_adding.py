"""What CONTRIBUTING says is to be done to add an outcome is enough, from the register cell to the trace."""

import re

from tests.build.conftest import Project

STATE = """
[states.education]
kind = "groups"
groups = ["education_grant", "education_benefit"]
"""
ROW = (
    "education,Uddannelse,Education,integer,,0,0,1,register,weekly,,,state unknown in the week,person,,In education,\n"
)
FIGURE = """
[figure_3_9]
like = "figure_3_2"
title_en = "Effect of LTJS on education"
title_da = "Effekt af LTJS på uddannelse"
note_en = "Share of the weeks since allocation in education. {source}"
note_da = "Andel af ugerne siden allokering i uddannelse. {source}"
panels = [{ key = "a", sample = "all", outcome = "education", title_en = "Education", title_da = "Uddannelse" }]
"""
SHARES = 'SHARE_OUTCOMES = ("employment", "sickness_benefit")'
OUTCOMES = 'outcomes = ["employment", "sickness_benefit"]'


def test_an_outcome_added_as_the_guide_says_is_built_and_traced(tmp_path):
    project = Project(tmp_path)
    for name, text in (
        ("config/outcomes.toml", STATE),
        ("config/variables.csv", ROW),
        ("config/exhibits.toml", FIGURE),
    ):
        with (tmp_path / name).open("a", encoding="utf-8") as file:
            file.write(text)
    project.edit("pipeline/stages/outcomes.py", SHARES, SHARES.replace(")", ', "education")'))
    project.edit("config/models.toml", OUTCOMES, OUTCOMES.replace("]", ', "education"]'))
    result = project.make("-j2", "trace", "ID=figure_3_9/all/education/40")
    assert result.returncode == 0, result.stderr
    assert "itt/all/education/40/treated" in result.stdout
    assert re.search(r"\n  gap +-?\d\.\de-1\d", result.stdout)  # the rounding of a sum of some ten thousand cells
