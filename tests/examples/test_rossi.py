"""Another trial by settings alone: the Rossi experiment is built, drawn, traced, and its printed numbers come out."""

import json
import re
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from pipeline.audit.build import Build
from pipeline.audit.text import describe
from pipeline.audit.trace import write_cells
from pipeline.errors import InputError
from pipeline.release import witness
from pipeline.release.archive import MANIFEST, pack, unpack
from pipeline.release.gather import read_verified, require_releasable
from pipeline.release.recheck import recheck
from pipeline.release.repository import clean_commit
from pipeline.release.witness import Run, write_page
from pipeline.runner.records import record_text, seal_of
from pipeline.storage import digest
from pipeline.verify import estimates, walked
from pipeline.verify.__main__ import require_agreement
from pipeline.verify.agreement import Agreement
from pipeline.verify.derived import compare_derived
from pipeline.verify.exhibits import compare_exhibits
from pipeline.verify.files import compare_files
from pipeline.verify.trace import vouch
from tests.build.conftest import Project

STUDY = "STUDY=examples/rossi"
RAW, DERIVED, SETTINGS, REPORTS = map(Path, ("data_raw/rossi", "data_derived/rossi", "examples/rossi", "reports/rossi"))
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


def commit(folder, message) -> None:
    """Commit all of a folder, which is a repository after it."""
    for command in (["init", "-q"], ["add", "-A"], [*AS_SOMEBODY, "commit", "-q", "-m", message]):
        subprocess.run(["git", *command], cwd=folder, check=True)


AS_SOMEBODY = ["-c", "user.name=somebody", "-c", "user.email=somebody@example.org"]


@pytest.fixture(scope="module")
def rossi(tmp_path_factory) -> Project:
    """A clean build of the example as committed, in both languages and as Word and PDF."""
    project = Project(tmp_path_factory.mktemp("rossi"))
    commit(project.folder, "The example")
    result = project.make("-j2", "report", STUDY)
    assert result.returncode == 0, result.stdout + result.stderr
    return project


def test_an_edit_runs_what_reads_it_and_stops_where_nothing_changed(rossi, tmp_path):
    project = Project(tmp_path / "copy", rossi)
    received = {path: path.stat().st_mtime_ns for path in (project.folder / RAW).iterdir()}
    project.edit("examples/rossi/study.toml", "# Half of the", "# One half of the")
    project.edit("pipeline/show/tables.py", '"""', '"""A table. ')
    ran, headed = project.built("all", STUDY), {"provenance", "report"}
    estimating = {"ingest", "sample", "outcomes", "estimates-1", "estimates-2"}
    assert set(ran) == {*estimating, "shown", "tables", "panels"} | headed, "no survey, and no figures, whose inputs"
    assert {stage for stage, said in ran.items() if said != "nothing changed"} == headed
    assert project.make("check", STUDY).returncode == 0
    assert {path: path.stat().st_mtime_ns for path in received} == received, "neither makes the received files again"


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


@pytest.fixture(scope="module")
def build() -> Build:
    """The built example as traces read it, for tests in its folder."""
    return Build(RAW, DERIVED, SETTINGS)


def test_make_traces_a_number_of_the_example(rossi):
    traced = rossi.make("trace", "ID=figure_1_1/control/analysed", STUDY)
    assert traced.returncode == 0, traced.stderr
    assert re.search(r"\n  gap +-?\d\.\de[+-]\d\d", traced.stdout)


@pytest.mark.parametrize(
    "address",
    ["table_2_1/treated/hazard/estimate", "table_2_1/age/hazard/se", "figure_2_1/all/arrest/26/treated",
     "figure_3_1/all/work/40/ci_low", "table_1_1/prior_convictions/difference/estimate", "figure_1_1/control/analysed"],
)  # fmt: skip
def test_a_number_is_walked_back_to_the_long_form(rossi, build, monkeypatch, address):
    monkeypatch.chdir(rossi.folder)
    found = vouch(address, build)
    said = describe(found.cell, found.estimate, found.number, found.chain, found.build, found.ends)
    assert re.search(r"\n  gap +-?\d\.\de[+-]\d\d", said)
    cells = pd.read_csv(next(path for path in write_cells(found) if path.suffix == ".csv"))
    received = {name: Path(name).read_text(encoding="utf-8").splitlines() for name in cells["file"].dropna().unique()}
    assert received
    for cell in cells.dropna(subset="line").head(200).to_dict("records"):
        lines = received[cell["file"]]
        column = lines[0].split(";").index(cell["column"])
        assert lines[int(cell["line"]) - 1].split(";")[column] == str(cell["content"])


def test_a_printed_number_is_said_to_rest_on_no_cell(rossi, build, monkeypatch):
    monkeypatch.chdir(rossi.folder)
    with pytest.raises(InputError, match="a number printed in Fox and Weisberg"):
        vouch("table_2_1/treated/cox/estimate", build)


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


@pytest.fixture(scope="module")
def verified_build(rossi):
    """What make verify said of the example, whose page is made with it."""
    result = rossi.make("verify", STUDY)
    assert result.returncode == 0, result.stderr
    return result


WALKED = "numbers walked to received cells"


def tell_verified(said):
    """By kind how many agreed, disagreed and were not tried; and how many a kind is said to leave, with its reason."""
    rows = re.findall(r"^(\S.*?) +([\d,]+) +([\d,]+) +([\d,]+)(?: +\d.\de[-+]\d\d)?$", said, re.MULTILINE)
    left = re.findall(r"^  not tried, (.+?): ([\d,]+) ", said, re.MULTILINE)
    number = {text: int(text.replace(",", "")) for row in (*rows, *left) for text in row[1:]}
    return {kind: [number[text] for text in row] for kind, *row in rows}, {kind: number[n] for kind, n in left}


def test_every_number_agrees_by_the_second_route_and_is_walked_and_the_page_is_made_with_that(rossi, verified_build):
    result = verified_build
    compared, left = tell_verified(result.stdout)
    assert compared["all"][0] > 100_000
    assert {kind: row[2] for kind, row in compared.items() if row[2] and kind != "all"} == left
    assert compared["all"][1:] == [0, sum(left.values())]
    inference = pd.read_parquet(rossi.folder / "data_derived/rossi/inference.parquet").drop(columns="inference_note")
    of_inference = [row for kind, row in compared.items() if kind.startswith("inference: ")]
    assert sum(map(sum, of_inference)) == inference.notna().sum().sum() - len(inference)  # all but the addresses
    assert all(agreed for agreed, _, _ in of_inference)
    assert {kind: n for kind, n in left.items() if not kind.startswith("inference: ")} == {WALKED: 14}
    assert f"  not tried, {WALKED}: 14 cox is no estimate of this project" in result.stdout
    assert "329 of 343 numbers walked to received cells, largest gap" in result.stdout
    verified = rossi.folder / "data_derived/rossi/verified"
    summary = json.loads((verified / "verified.json").read_text(encoding="utf-8"))
    provenance = json.loads((verified.parent / "provenance.json").read_text(encoding="utf-8"))
    assert (summary["disagreed"], summary["walked"], summary["shown"]) == (0, 329, 343)
    assert summary["head"] == provenance["head"]
    second, cells, counts = (pd.read_parquet(verified / f"{name}.parquet") for name in ("second", "walked", "counts"))
    assert second["agrees"].all()
    assert (second["difference"] == ((second["first"] - second["second"]).abs() / second["first"].abs().clip(1))).all()
    told = cells.dropna(subset="counts").set_index("cell_id")
    of_work = counts[counts["counts"] == told.loc["figure_3_1/all/work/26", "counts"]]
    assert set(of_work["group"]) == {"work", "no_work", "work_arrested", "no_work_arrested"}
    assert set(of_work["first_week"]) == {1, 14}
    hidden = of_work[of_work["n"].isna()]  # arrests in week 26, of fewer than five men in each arm
    assert set(hidden["group"]) == {"work_arrested", "no_work_arrested"}
    assert 2 <= told.loc["figure_3_1/all/work/26", "n_cells"] - of_work["n"].sum() <= 8
    assert not counts["n"].lt(5).any()
    read = json.loads((verified.parent / "runs/report.json").read_text(encoding="utf-8"))["inputs"]
    assert "data_derived/rossi/verified/second.parquet" in read
    assert rossi.built("all", STUDY) == {}


# What compares, and by file and column the kind of numbers that then disagrees: a record forged with the file changes
# nothing in it.
FORGERIES = {
    "derived tables": (
        lambda: compare_derived(RAW, SETTINGS, DERIVED),
        {(DERIVED / "shares.parquet", "share"): "shares.parquet",
         (DERIVED / "baseline_items.parquet", "AGE"): "baseline_items.parquet"},
    ),
    "estimates": (
        lambda: [estimates.compare_model(SETTINGS, DERIVED, "work")[0]],
        {(DERIVED / "estimates/work.parquet", "ci_low"): "estimates: ols"},
    ),
    "numbers shown": (
        lambda: compare_exhibits(SETTINGS, DERIVED, REPORTS),
        {(DERIVED / "shown.parquet", "text"): "texts of numbers",
         (REPORTS / "figures/figure_3_1.csv", "value"): "data of figures",
         (REPORTS / "tables/table_1_1.csv", "control_estimate"): "tables as csv"},
    ),
    "addresses": (
        lambda: compare_exhibits(SETTINGS, DERIVED, REPORTS),
        {(DERIVED / "shown.parquet", "cell_id"): "numbers shown"},
    ),
}  # fmt: skip


def forge(path: Path, column: str) -> None:
    """Another value in one row of a column."""
    is_table = path.suffix == ".parquet"
    table = pd.read_parquet(path) if is_table else pd.read_csv(path, dtype=str, keep_default_na=False)
    values = table[column].tolist()
    values[7 % len(values)] = f"{values[7 % len(values)]}1" if isinstance(values[0], str) else values[7] + 1
    table = table.assign(**{column: values})
    table.to_parquet(path, index=False) if is_table else table.to_csv(path, index=False)


@pytest.mark.parametrize("what", FORGERIES)
def test_a_forged_value_is_found_and_named_whatever_its_record_says(rossi, monkeypatch, what):
    monkeypatch.chdir(rossi.folder)
    compare, forgeries = FORGERIES[what]
    contents = {path: path.read_bytes() for path, _ in forgeries}
    for path, column in forgeries:
        forge(path, column)
    try:
        found = compare()
    finally:
        for path, content in contents.items():
            path.write_bytes(content)
        estimates.read_trial.cache_clear()
    wrong = {row.kind for row in found if row.differences}
    assert set(forgeries.values()) <= wrong
    assert wrong <= {*forgeries.values(), "texts of numbers", "data of figures", "tables as csv", "tables as HTML",
                     "the page", "numbers released"}  # fmt: skip
    with pytest.raises(InputError, match=f"the two routes disagree in .*{re.escape(next(iter(forgeries.values())))}"):
        require_agreement(found, Path("differences.csv"))


def test_a_number_of_a_main_result_that_is_not_shown_is_missed_and_so_is_its_text_in_a_sentence(rossi, monkeypatch):
    monkeypatch.chdir(rossi.folder)
    shown, page = DERIVED / "shown.parquet", REPORTS / "index.html"
    contents = {path: path.read_bytes() for path in (shown, page)}
    table = pd.read_parquet(shown)
    address = table.loc[table["statistic"] == "relative", "cell_id"].iloc[0]
    level = table.loc[table["statistic"] == "control_mean", "cell_id"].iloc[0]
    table[table["cell_id"] != address].to_parquet(shown, index=False)
    text = page.read_text(encoding="utf-8")
    page.write_text(re.sub(rf'(<data id="{level}" value=")[^"]+', r"\g<1>99.9", text), encoding="utf-8")
    try:
        found = {row.kind: row.differences for row in compare_exhibits(SETTINGS, DERIVED, REPORTS)}
    finally:
        for path, content in contents.items():
            path.write_bytes(content)
    assert [each.what for each in found["numbers shown"]] == [f"{address}, told by a main result"]
    assert f"index.html, {level}" in {each.what for each in found["the page"]}
    assert address in str(found["the page"])


def test_the_report_in_another_language_is_compared_too(rossi, monkeypatch):
    monkeypatch.chdir(rossi.folder)
    path = REPORTS / "da/tables/table_1_1.csv"
    content = path.read_bytes()
    forge(path, "control_estimate")
    found = compare_exhibits(SETTINGS, DERIVED, REPORTS)
    path.write_bytes(content)
    assert [row.kind for row in found if row.differences] == ["tables as csv, da"]
    numbers = {row.kind: row.agreed for row in found}
    assert numbers["the page, da"] == numbers["the page"] > 0


def test_a_walk_over_a_forged_cell_does_not_give_the_number_back(rossi, monkeypatch):
    monkeypatch.chdir(rossi.folder)
    path = DERIVED / "weekly.parquet"
    content = path.read_bytes()
    weekly = pd.read_parquet(path)
    free = weekly.loc[(weekly["week"] == 52) & weekly["work"].notna(), "person"]
    cell = weekly.index[(weekly["week"] == 3) & weekly["person"].isin(free)][5]
    weekly.loc[cell, "work"] = 1 - weekly.loc[cell, "work"]
    weekly.to_parquet(path, index=False)
    rows = [row for row in walked.parts_to_walk(DERIVED, 1)[0] if row["cell_id"].startswith("figure_3_1/all/work/")]
    try:
        found, walks = walked.join([walked.walk_part(RAW, DERIVED, SETTINGS, rows)])
    finally:
        path.write_bytes(content)
        walked.read_walker.cache_clear()
    wrong = {difference.what for difference in found.differences}
    estimates_of_later_weeks = {f"figure_3_1/all/work/{week}" for week in range(3, 53)}
    assert estimates_of_later_weeks <= wrong
    assert not {"figure_3_1/all/work/1", "figure_3_1/all/work/2"} & wrong
    assert len(walks.walked) == len(rows)


def test_a_forged_record_is_found_and_named(rossi, monkeypatch):
    monkeypatch.chdir(rossi.folder)
    path = Path("data_derived/rossi/runs/outcomes.json")
    content = path.read_bytes()
    path.write_bytes(content.replace(b'"outputs"', b'"outputs": {"forged": ""}, "ran_before"'))
    try:
        found = {row.kind: row.differences for row in compare_files(Path("data_derived/rossi"))}
    finally:
        path.write_bytes(content)
    assert any(difference.what == "outcomes, seal" for difference in found["records of the chain"])
    assert any(difference.what.startswith("forged, outputs") for difference in found["files of the chain"])


def test_an_extract_of_which_nothing_is_compared_is_not_verified():
    with pytest.raises(InputError, match="nothing was compared of texts of numbers"):
        require_agreement([Agreement("estimates: ols", agreed=3), Agreement("texts of numbers")], Path("x"))
    with pytest.raises(InputError, match="nothing was compared of anything"):
        require_agreement([Agreement("groups.parquet", may_be_empty=True)], Path("x"))


@pytest.fixture(scope="module")
def released(rossi, verified_build):
    """The archive of the example, and what make release said."""
    page = rossi.folder / "reports/rossi/witness.html"  # of a command, so it stays
    page.write_text("<title>of before</title>\n", encoding="utf-8")
    result = rossi.make("release", STUDY)
    assert result.returncode == 0, result.stderr
    (archive,) = (rossi.folder / "reports/releases").glob("rossi-*.zip")
    return archive, result.stdout


def test_a_release_holds_what_stages_made_and_read_and_agrees_with_its_commit(rossi, released, monkeypatch):
    archive, said = released
    monkeypatch.chdir(rossi.folder)
    files = unpack(archive)
    assert json.loads(files["provenance.json"])["head"] in said
    stays = (".parquet", "witness.html", "make_extract.py")
    assert not [name for name in files if name.endswith(stays) or "data_" in name]
    left = pd.read_parquet("data_derived/rossi/released.parquet")
    results = {
        group["groupValue"]: (result.get("rawValue"), result["formattedValue"])
        for analysis in json.loads(files["results.json"])["analyses"] for result in analysis["results"]
        for group in result["resultGroups"] if group["groupingId"] == "address"
    }  # fmt: skip
    assert {address: text for address, (_, text) in results.items()} == dict(
        zip(left["cell_id"], left["text"], strict=True)
    )
    assert results["table_2_1/treated/cox/estimate"] == ("-0.379", "\N{MINUS SIGN}0.379")
    found = recheck(archive)
    assert not {kind: compared.wrong for kind, compared in found.items() if compared.wrong}
    assert found["numbers shown, da"].agreed == found["numbers shown, en"].agreed > 700
    assert not found["code and settings at its commit"].why


# What is written into a record of the archive, and what then disagrees with the commit that the archive names.
AT_THE_COMMIT = [
    (r'"pipeline/errors.py": "\w{4}', '"pipeline/errors.py": "0000', "pipeline/errors.py"),
    (r'"commit": "\w*"', f'"commit": "{"1" * 40}"', "commit of the record documents"),
]


@pytest.mark.parametrize(("pattern", "to", "named"), AT_THE_COMMIT)
def test_code_and_commit_of_a_record_are_compared_with_the_commit(
    rossi, released, tmp_path, monkeypatch, pattern, to, named
):
    monkeypatch.chdir(rossi.folder)
    files = unpack(released[0])
    name = "records/rossi/runs/documents.json"
    files[name] = re.sub(pattern, to, files[name].decode(), count=1).encode()
    record = json.loads(files[name])
    files[name] = record_text(record | {"seal": seal_of(record)}).encode()
    path = tmp_path / "x.zip"
    path.write_bytes(pack({name: content for name, content in files.items() if name != MANIFEST}))
    assert named in recheck(path)["code and settings at its commit"].wrong


def test_a_release_is_checked_elsewhere_without_the_data(released, tmp_path):
    checked = Project(tmp_path / "elsewhere").make("verify", f"RELEASE={released[0]}")
    assert checked.returncode == 0, checked.stderr
    assert re.search(r"numbers and estimates +343 agree +0 do not", checked.stdout)
    assert "compare the head with one that you kept" in checked.stdout


def test_nothing_is_released_of_a_changed_tree_or_a_build_that_was_not_verified(rossi, released, monkeypatch):
    path = rossi.folder / "README.md"
    text = path.read_text(encoding="utf-8")
    path.write_text(f"{text}\n", encoding="utf-8")
    refused = rossi.make("release", STUDY)
    path.write_text(text, encoding="utf-8")
    assert refused.returncode == 2
    assert "1 files are not as committed: README.md. Commit them, or put them back" in refused.stderr
    assert "report" not in refused.stdout  # nothing was built for it
    folder = rossi.folder / "data_derived/rossi/verified"
    kept = {path: path.read_bytes() for path in folder.iterdir()}
    told = json.loads(kept[folder / "verified.json"])
    other = "Say make verify EXTRACT=rossi"
    for change, message in (
        ({"disagreed": 3}, "3 numbers of the two routes disagree"),
        ({"head": "0" * 64}, f"tried on another build than this one. {other}"),
        ({"seal": "0" * 64}, "verified.json: not the file that make verify wrote. Delete the folder"),
        (None, f"the second route was not tried on this build. {other}"),
    ):
        sealed = told | (change or {})
        content = json.dumps(sealed if "seal" in (change or {}) else sealed | {"seal": seal_of(sealed)})
        (folder / "verified.json").write_text(content) if change else (folder / "verified.json").unlink()
        with pytest.raises(InputError, match=message):
            read_verified(folder.parent)
    for path, content in kept.items():
        path.write_bytes(content)
    with (folder / "differences.csv").open("a") as file:
        file.write("numbers,x,1,2\n")
    forged = told | {"files": told["files"] | {"differences.csv": digest(folder / "differences.csv")}}
    (folder / "verified.json").write_text(json.dumps(forged | {"seal": seal_of(forged)}))
    with pytest.raises(InputError, match="1 numbers of the two routes disagree"):
        read_verified(folder.parent)
    for path, content in kept.items():
        path.write_bytes(content)


def test_settings_that_are_not_committed_do_not_leave(rossi, released, monkeypatch):
    monkeypatch.chdir(rossi.folder)
    here, runs = clean_commit(), Path("data_derived/rossi/runs")
    require_releasable(here, SETTINGS, runs)
    content = (runs / "settings.json").read_bytes()
    record = json.loads(content)
    try:
        record["inputs"] |= {"/tmp/x/rossi/study.toml": "0" * 64, "examples/rossi/notes.csv": "0" * 64}
        (runs / "settings.json").write_text(record_text(record | {"seal": seal_of(record)}))
        with pytest.raises(InputError, match=r"2 files that the build read are not those of .*/tmp/x/rossi"):
            require_releasable(here, SETTINGS, runs)
    finally:
        (runs / "settings.json").write_bytes(content)
    with pytest.raises(InputError, match="no stage read settings of examples/none"):
        require_releasable(here, Path("examples/none"), runs)


def test_a_witness_sees_like_beside_like_and_the_head_that_the_page_prints(rossi, released, monkeypatch):
    monkeypatch.chdir(rossi.folder)
    assert re.search(r"--made +verify report --control", rossi.make("witness", STUDY, "--dry-run").stdout, re.MULTILINE)
    asked = {}

    def build(folder, goals, variables):
        """What make would build there: here a copy of what stands, with a table that came out otherwise."""
        asked.update(goals=goals, **dict(variable.split("=") for variable in variables))
        # But for one whose recipe asks make again: make runs what asks it, dry or not.
        taken = rossi.make(*(goal for goal in goals if goal != "verify"), *variables, "--dry-run")
        assert taken.returncode == 0, taken.stderr
        for built in ("reports/rossi", "data_derived/rossi"):
            leave = shutil.ignore_patterns("witness", "witness.html")
            shutil.copytree(rossi.folder / built, folder / built, ignore=leave)
        (folder / "reports/rossi/tables/table_1_1.csv").write_text("other\n", encoding="utf-8")
        provenance, page = folder / "data_derived/rossi/provenance.json", folder / "reports/rossi/index.html"
        for path, named in ((provenance, '"commit": "{}"'), (page, '"commit":"{}"')):
            text, commit = path.read_text(encoding="utf-8"), named.format(facts["commit"])
            assert commit in text
            path.write_text(text.replace(commit, named.format("c0ffee")), encoding="utf-8")
        return Run(goals, [], 0, now, now)

    now, facts = datetime.now(UTC), json.loads(Path("data_derived/rossi/provenance.json").read_text(encoding="utf-8"))
    monkeypatch.setattr(witness, "_build", build)
    watched = witness.watch(
        Path("data_raw/rossi"), Path("examples/rossi"), Path("reports/rossi"), "en", ["report", "verify"]
    )
    assert asked["goals"] == ["all", "verify", "report"]
    assert (asked["EXTRACT"], asked["CHECKOUT"]) == ("rossi", watched["commit"].sha)
    assert not Path("data_derived/rossi/witness").exists()
    odd = {file.path: (file.outcome, file.why) for file in watched["files"] if file.outcome != "same"}
    assert odd == {
        "index.html": ("differs", "other_commit"),
        "tables/table_1_1.csv": ("differs", None),
    }
    assert {"report.docx", "report.pdf", "da/report.docx", "da/index.html"} <= {file.path for file in watched["files"]}
    assert watched["head"] in Path("reports/rossi/index.html").read_text(encoding="utf-8")
    assert {before == after for _, before, after in watched["received"]} == {True}
    assert {"pandas", "numpy", "matplotlib", "typst", "python-docx"} <= set(watched["imports"].as_pinned)
    assert "statsmodels" in watched["imports"].idle
    assert set(facts["imported"]) <= set(watched["imports"].as_pinned)
    assert "{" not in re.sub(r"<style>.*</style>", "", write_page(watched), flags=re.DOTALL)


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
    moves = pd.read_csv(rossi.folder / "data_derived/later/diff_rossi/estimates.csv")
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
