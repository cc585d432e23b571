"""Another trial by settings alone: the Rossi experiment is built, drawn, traced, and its printed numbers come out."""

import re
import shutil

import pandas as pd
import pytest

from tests.build.conftest import Project

STUDY = "STUDY=examples/rossi"
# Fox and Weisberg (2018), as printed: coefficient and standard error.
PRINTED = {
    "treated": ("-0.379", "0.191"),
    "age": ("-0.057", "0.022"),
    "black": ("0.314", "0.308"),
    "work_experience": ("-0.150", "0.212"),
    "married": ("-0.434", "0.382"),
    "parole": ("-0.085", "0.196"),
    "prior_convictions": ("0.091", "0.029"),
}


@pytest.fixture(scope="module")
def rossi(tmp_path_factory) -> Project:
    """A clean build of the example."""
    project = Project(tmp_path_factory.mktemp("rossi"))
    result = project.make("-j2", "all", STUDY)
    assert result.returncode == 0, result.stdout + result.stderr
    return project


@pytest.fixture(scope="module")
def men(rossi) -> pd.DataFrame:
    """The derived tables that a Cox regression needs: weeks until arrest, aid and the six covariates."""
    tables = {name: pd.read_parquet(rossi.folder / f"data_derived/rossi/{name}.parquet") for name in
              ("durations", "sample", "background")}  # fmt: skip
    joined = tables["durations"].merge(tables["sample"], on="person").merge(tables["background"], on="person")
    return joined[["weeks", "exited", *PRINTED]].astype(float)


def test_the_cox_regression_of_lifelines_gives_every_printed_digit(men):
    from lifelines import CoxPHFitter

    fit = CoxPHFitter().fit(men, "weeks", "exited").summary
    found = {name: (f"{fit.loc[name, 'coef']:.3f}", f"{fit.loc[name, 'se(coef)']:.3f}") for name in PRINTED}
    assert found == PRINTED


def test_the_discrete_hazard_is_the_grouped_form_of_the_cox_regression(rossi, men):
    estimates = pd.read_parquet(rossi.folder / "data_derived/rossi/estimates/hazard.parquet").set_index("estimate_id")
    for name, (coefficient, error) in PRINTED.items():
        row = estimates.loc[f"arrest/all/arrest//{name}"]
        # Another model of the same risk: with 114 arrests in 49 weeks the two differ by less than 0.01 standard errors.
        assert row["estimate"] == pytest.approx(float(coefficient), abs=0.01 * float(error) + 0.0005)
        assert row["se"] == pytest.approx(float(error), abs=0.001)
    quiet = re.findall(r"dropped weeks (\d+)", row["note"])
    assert quiet == ["29", "41", "51"]
    assert row["n"] == men["weeks"].sum() - sum((men["weeks"] >= int(week)).sum() for week in quiet)


def test_work_after_an_arrest_is_unknown_and_not_idle(rossi):
    weekly = pd.read_parquet(rossi.folder / "data_derived/rossi/weekly.parquet")
    arrest = weekly[weekly["arrested"] == 1].set_index("person")["week"]
    after = weekly[weekly["week"] > weekly["person"].map(arrest)]
    assert len(arrest) == 114
    assert len(after)
    assert after[["work", "arrested"]].isna().all(axis=None)
    estimates = pd.read_parquet(rossi.folder / "data_derived/rossi/estimates/work.parquet").set_index("estimate_id")
    last = estimates.loc["work/all/work/52/treated"]
    assert last["n"] == 432 - (arrest < 52).sum()


def test_the_page_speaks_of_this_experiment_alone(rossi):
    page = (rossi.folder / "reports/rossi/index.html").read_text(encoding="utf-8")
    text = re.sub(r"<style>.*?</style>|<svg.*?</svg>|<[^>]+>", " ", page, flags=re.DOTALL)
    assert "Rossi" in text
    for word in ("LTJS", "DREAM", "municipalit", "sickness", "EPoS", "published.html"):
        assert word not in page, word
    assert not (rossi.folder / "reports/rossi/published.html").exists()
    assert "\N{MINUS SIGN}0.379" in text  # the printed coefficient beside the estimated one
    assert "\N{MINUS SIGN}0.380" in text


@pytest.mark.parametrize(
    "address",
    ["table_2_1/treated/hazard/estimate", "table_2_1/age/hazard/se", "figure_2_1/all/arrest/26/treated",
     "figure_3_1/all/work/40/ci_low", "table_1_1/prior_convictions/difference/estimate", "figure_1_1/control/analysed"],
)  # fmt: skip
def test_a_number_is_walked_back_to_the_long_form(rossi, address):
    traced = rossi.make("trace", f"ID={address}", STUDY)
    assert traced.returncode == 0, traced.stderr
    assert re.search(r"\n  gap +-?\d\.\de[+-]\d\d", traced.stdout)
    cells = pd.read_csv(next((rossi.folder / "data_derived/rossi/trace").glob(f"{address.replace('/', '__')}*.csv")))
    received = {
        name: (rossi.folder / name).read_text(encoding="utf-8").splitlines() for name in cells["file"].dropna().unique()
    }
    for cell in cells.dropna(subset="line").head(200).to_dict("records"):
        lines = received[cell["file"]]
        column = lines[0].split(";").index(cell["column"])
        assert lines[int(cell["line"]) - 1].split(";")[column] == str(cell["content"])


def test_a_printed_number_is_said_to_rest_on_no_cell(rossi):
    traced = rossi.make("trace", "ID=table_2_1/treated/cox/estimate", STUDY)
    assert traced.returncode == 2
    assert "a number printed in Fox and Weisberg" in traced.stderr


def test_the_cox_regression_of_r_gives_every_printed_digit(men, tmp_path):
    from tests.r import r_script, require_r

    require_r()
    men.to_csv(tmp_path / "men.csv", index=False)
    code = f"""
    library(survival)
    men <- read.csv("{tmp_path}/men.csv")
    fit <- summary(coxph(Surv(weeks, exited) ~ {" + ".join(PRINTED)}, men))$coefficients
    cat(sprintf("%s %.3f %.3f\\n", rownames(fit), fit[, 1], fit[, 3]), sep = "")
    """
    result = r_script(code)
    assert result.returncode == 0, result.stderr
    found = {name: (coefficient, error) for name, coefficient, error in map(str.split, result.stdout.splitlines())}
    assert found == PRINTED


def test_the_example_is_a_folder_of_settings_and_the_script_of_its_data(rossi):
    files = {path.name for path in (rossi.folder / "examples/rossi").iterdir()}
    assert files == {"study.toml", "outcomes.toml", "models.toml", "exhibits.toml", "variables.csv", "scales.csv",
                     "make_extract.py"}  # fmt: skip
    assert shutil.which("make")


def later(folder) -> int:
    """A later delivery: a man less and one more, the last two weeks gone, some cells recoded; how many of these."""
    tables = {path.stem: pd.read_csv(path, sep=";", dtype=str) for path in (folder / "rossi").glob("*.csv")}
    for name, table in tables.items():
        come = table[table["PERSON"] == "2"].assign(PERSON="433")
        tables[name] = pd.concat([table[table["PERSON"] != "1"], come], ignore_index=True)
    weeks = tables["weekly_states"]
    recoded = weeks.index[(weeks["WEEK"] == "5") & (weeks["STATE"] == "no_work") & (weeks["PERSON"] != "433")][:20]
    weeks.loc[recoded, "STATE"] = "work"
    tables["weekly_states"] = weeks[~weeks["WEEK"].isin(["51", "52"])]
    (folder / "later").mkdir()
    for name, table in tables.items():
        table.to_csv(folder / "later" / f"{name}.csv", sep=";", index=False)
    return len(recoded)


def test_what_changed_from_one_extract_to_the_next_is_said_counted_and_explained(rossi):
    count = later(rossi.folder / "data_raw")
    assert rossi.make("extract", STUDY, "EXTRACT=later").returncode == 0
    result = rossi.make("diff", STUDY, "FROM=rossi", "EXTRACT=later", "-j2")
    assert result.returncode == 0, result.stderr
    said = result.stdout
    for line in (
        "persons: 2 differ, of 433 persons",
        "weeks: 2 differ, of 52 weeks\n  51 to 52: there -> not there  (2)",
        f"codes: {count} differ, of",
        f"  cell after the draw: no_work -> work  ({count})",
        "why: 3 causes differ (persons, weeks, codes), each applied alone",
    ):
        assert line in said
    exact, compared = re.search(r"all causes at once give ([\d,]+) of the ([\d,]+) estimates", said).groups()
    assert exact == compared
    short = said.partition("in short\n")[2]
    assert re.search(
        rf"2 of 433 persons, 2 of 52 weeks, {count} of [\d,]+ codes, .*; as they were: .*baseline answers", short
    )
    shares = [int(share) for share in re.findall(r" (\d+)%", short)]
    assert sum(shares) == pytest.approx(100, abs=len(shares) / 2)
    shown = set(pd.read_parquet(rossi.folder / "data_derived/later/shown.parquet")["cell_id"])
    addresses = re.findall(r"(?m)^    \S.*\((\S+)\): ", short)
    assert addresses
    assert set(addresses) <= shown
    moves = pd.read_csv(rossi.folder / "reports/later/diff_rossi/estimates.csv")
    assert {"persons", "weeks", "codes", "code", "together"} <= set(moves.columns)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("FROM=nobody", "EXTRACT=rossi"), "data_raw/nobody: no such extract. Put its files there, or name another"),
        (("FROM=rossi", "EXTRACT=rossi"), "an extract is not compared with itself"),
    ],
)
def test_what_cannot_be_compared_is_never_said_to_be_the_same(rossi, arguments, says):
    result = rossi.make("diff", STUDY, *arguments)
    assert result.returncode == 2
    assert says in result.stderr
    assert "no estimate moved" not in result.stdout
