"""Every LaTeX table compiles, all of them in one document, with the packages that its first line names."""

import os
import shutil
import subprocess

import pytest

from pipeline.show.table_formats import write_latex
from pipeline.show.tables import Block, Line, Shown, Table
from tests.show.conftest import made_in

NEEDED = "needs pdflatex with booktabs: apt-get install texlive-latex-base texlive-latex-recommended"
ODD = "".join(map(chr, range(33, 127))) + " é ü ß – − æøå ÆØÅ"
HEAD = r"""\documentclass{article}
\usepackage[T1]{fontenc}
\usepackage[a4paper,landscape,margin=1cm]{geometry}
\usepackage{booktabs,longtable}
\begin{document}
"""


def compile_latex(folder, tables):
    """Have LaTeX read a document of some tables, without drawing it; what it says."""
    if not shutil.which("pdflatex"):
        tell = pytest.fail if os.environ.get("NOTHING_SKIPPED") else pytest.skip
        tell(NEEDED)
    (folder / "all.tex").write_text("\n".join([HEAD, *tables, r"\end{document}"]), encoding="utf-8")
    command = ["pdflatex", "-draftmode", "-interaction=nonstopmode", "-halt-on-error", "all.tex"]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace", check=False)
    assert result.returncode == 0, result.stdout[-1500:]
    return result.stdout


def test_every_table_compiles_in_both_languages(tmp_path):
    tables = [text for tongue in ("en", "da") for name, text in made_in(tongue).tables.items() if name.endswith(".tex")]
    assert len(tables) > 20
    said = compile_latex(tmp_path, tables)
    assert "Missing character" not in said
    assert "undefined" not in said.casefold().replace("undefined references", "")


@pytest.mark.parametrize("label", [ODD, "[1] a name in brackets", "* a star", "=1+1", "^ ~ \\ {"])
def test_whatever_a_name_holds(tmp_path, label):
    line = Line("a", label, ((Shown("table_1_1/a/b", "b", "1.00"),),))
    words = {"title": label, "note": label, "stub": label, "synthetic": label}
    table = Table(
        "table_1_1", "Table 1.1", language="en", groups=((label, 1),), columns=(label,),
        blocks=(Block(label, (line, line)),), **words,
    )  # fmt: skip
    compile_latex(tmp_path, [write_latex(table)])
