"""The effect evaluation of a randomised trial, from register files to exhibits.

Whatever runs the package imports this first, so an interpreter that cannot run it is refused here, with one sentence
and exit code 2. Any Python can read this module.
"""

import sys

REQUIRED = [
    "duckdb",
    "ibis",
    "jinja2",
    "jsonschema",
    "latex2mathml",
    "lifelines",
    "linearmodels",
    "matplotlib",
    "msgspec",
    "numpy",
    "openpyxl",
    "pandas",
    "pyarrow",
    "pypdf",
    "pyreadstat",
    "docx",
    "rocrate",
    "scipy",
    "sqlglot",
    "statsmodels",
    "typst",
]

if sys.version_info < (3, 11):  # noqa: UP036
    unfit = "is Python " + sys.version.split()[0] + ", older than 3.11"
else:
    from importlib.util import find_spec

    missing = [name for name in REQUIRED if find_spec(name) is None]
    unfit = "lacks " + ", ".join(missing) if missing else ""

if unfit:
    remedy = ": leave out PYTHON=, and make builds an environment of its own, or name a Python of 3.11 or newer with "
    sys.stderr.write("error: " + sys.executable + " " + unfit + remedy + "the packages of requirements.lock\n")
    sys.exit(2)
