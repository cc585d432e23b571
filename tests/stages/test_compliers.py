"""Who came, where an extract tells: how it is read, and the effect on those who came because of the offer."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t

from pipeline.errors import InputError
from pipeline.show.attendance import TOLD
from pipeline.stats.complier import anderson_rubin, fit_compliers
from tests.delivery import ingested, read_lines, write_delivery, write_lines
from tests.models import MODELS, X, problem_of, run, trial, unsaid
from tests.register.test_formats import write
from tests.small_study import DEFINITIONS, inline
from tests.verify.test_deliveries import compared, require_agreement

OWN = {
    "compliers": {**MODELS["itt"], "stage": "compliers", "estimator": "complier_effect", "weeks": "last",
                  "samples": ["all"], "purpose": "secondary"},
}  # fmt: skip
EFFECT, AT = 0.25, "compliers/all/employment/81/"


def with_attendance(coming=0.7, always=0.05, effect=EFFECT, seed=4):
    """The trial with three kinds of persons, of whom those who come work more by `effect`; some would come anyway."""
    generator, base = np.random.default_rng(seed), trial()
    treated = base.sample["treated"].to_numpy()
    kind = generator.choice(3, len(treated), p=[always, coming, 1 - always - coming])
    came = ((kind == 0) | ((kind == 1) & (treated == 1))).astype("int8")
    share = 0.3 + 0.1 * (kind == 0) - 0.1 * (kind == 2) + effect * came + generator.normal(0, 0.15, len(treated))
    known = dict(zip(base.sample["person"], share, strict=True))
    shares = base.shares[base.shares["week"] == 81]
    shares = shares.assign(share=np.where(shares["share"].isna(), np.nan, shares["person"].map(known)))
    return base.sample.assign(attended=pd.array(came, dtype="Int8")), shares


def people_of(sample, shares):
    base = trial()
    y = shares[shares["outcome"] == "employment"].set_index("person")["share"]
    frame = sample.merge(base.background.drop(columns="wait_days"), on="person")
    return frame.assign(y=frame["person"].map(y)).dropna(subset=["y", "attended", *X])


def test_without_attendance_every_number_is_missing_and_says_why():
    rows = run("compliers", OWN)
    assert len(rows) == 12
    assert rows["estimate"].isna().all()
    assert rows["note"].str.startswith("no estimate: who attended is not in the extract").all()


def test_the_known_effect_of_coming_is_found_as_linearmodels_finds_it():
    from linearmodels.iv import IV2SLS

    sample, shares = with_attendance()
    rows, frame = run("compliers", OWN, sample=sample, shares=shares), people_of(sample, shares)
    row = rows.loc[f"{AT}complier"]
    assert abs(row["estimate"] - EFFECT) < 3 * row["se"] < 0.15
    dummies = pd.get_dummies(frame["municipality"], dtype=float)
    others = pd.concat([dummies, frame[X].astype(float)], axis=1)
    taken, offer = frame["attended"].astype(float), frame[["treated"]].astype(float)
    teams = pd.factorize(frame["team"])[0]
    second = IV2SLS(frame["y"], others, taken, offer).fit(cov_type="clustered", clusters=teams, debiased=True)
    df = len(np.unique(teams)) - 1
    expected = [second.params["attended"], second.std_errors["attended"]]
    width = t.ppf(0.975, df) * expected[1]
    expected += [2 * t.sf(abs(expected[0] / expected[1]), df), expected[0] - width, expected[0] + width]
    assert list(row[["estimate", "se", "p_value", "ci_low", "ci_high"]]) == pytest.approx(expected, rel=1e-8)
    assert rows.loc[f"{AT}offer", "estimate"] / rows.loc[f"{AT}first_stage", "estimate"] == pytest.approx(
        row["estimate"]
    )
    assert rows.loc[f"{AT}first_stage", "estimate"] == pytest.approx(0.7, abs=0.1)


def test_at_the_anderson_rubin_limits_the_offer_is_just_told_from_zero():
    import statsmodels.formula.api as smf

    sample, shares = with_attendance(coming=0.3)
    rows, frame = run("compliers", OWN, sample=sample, shares=shares), people_of(sample, shares)
    for name in ("anderson_rubin_low", "anderson_rubin_high"):
        limit = rows.loc[f"{AT}{name}", "estimate"]
        left = frame.assign(left=frame["y"] - limit * frame["attended"].astype(float))
        fit = smf.ols("left ~ treated + C(municipality) + " + " + ".join(X), left)
        fit = fit.fit(cov_type="cluster", cov_kwds={"groups": pd.factorize(left["team"])[0]}, use_t=True)
        assert fit.pvalues["treated"] == pytest.approx(0.05, rel=1e-7), name
    low, high = (rows.loc[f"{AT}anderson_rubin_{end}", "estimate"] for end in ("low", "high"))
    assert low < rows.loc[f"{AT}complier", "estimate"] < high


@pytest.mark.parametrize("parameter", ["complier", "anderson_rubin_low", "anderson_rubin_high", "offer", "first_stage",
                                       "first_stage_f"])  # fmt: skip
def test_every_number_is_a_sum_and_its_error_the_root_of_squares(parameter):
    from dataclasses import replace

    sample, shares = with_attendance()
    base = replace(trial(), sample=sample, shares=shares)
    row = run("compliers", OWN, base=base).loc[f"{AT}{parameter}"]
    estimator, problem, at = problem_of(f"{AT}{parameter}", OWN, base=base)
    terms = estimator.terms(problem, at)
    total = terms.constant + math.fsum(terms.table["weight"] * terms.table["outcome"])
    assert total == pytest.approx(row["estimate"], rel=1e-9)
    assert estimator.counted(problem, at, "n").table["weight"].sum() == row["n"]
    if not math.isnan(row["se"]):
        squares = estimator.squares(problem, at)
        sums = squares.table.groupby("cluster")["score"].sum()
        assert math.sqrt(squares.factor * (sums**2).sum()) == pytest.approx(row["se"], rel=1e-9)
        level = estimator.level(problem, at).table
        assert (level["weight"] * level["outcome"]).sum() == pytest.approx(row["control_mean"])


def test_a_weak_first_stage_is_said_and_has_no_limits():
    generator = np.random.default_rng(1)
    sample, shares = with_attendance()
    sample = sample.assign(attended=pd.array(generator.integers(0, 2, len(sample)), dtype="Int8"))
    rows = run("compliers", OWN, sample=sample, shares=shares)
    assert "weak first stage" in rows.loc[f"{AT}complier", "note"]
    assert rows.loc[f"{AT}first_stage_f", "estimate"] < 4
    assert rows.filter(like="anderson", axis=0)["estimate"].isna().all()
    assert rows.filter(like="anderson", axis=0)["note"].str.contains("not told from zero").all()
    assert not unsaid(rows["note"])


def test_who_all_came_are_compliers_unknown_is_left_out_and_nobody_has_no_estimate():
    sample, shares = with_attendance()
    whole = run("compliers", OWN, sample=sample.assign(attended=sample["treated"].astype("Int8")), shares=shares)
    assert whole.loc[f"{AT}complier", "estimate"] == pytest.approx(whole.loc[f"{AT}offer", "estimate"])
    assert math.isnan(whole.loc[f"{AT}first_stage_f", "estimate"])
    some = sample.assign(attended=sample["attended"].where(sample["person"] > 10))
    rows = run("compliers", OWN, sample=some, shares=shares)
    assert rows.loc[f"{AT}complier", "n"] == len(people_of(some, shares)) < whole.loc[f"{AT}complier", "n"]
    untold = (some["person"] <= 10) & some["person"].isin(trial().people["person"])
    assert f"left out {untold.sum()} persons whose attendance is not known" in rows.loc[f"{AT}complier", "note"]
    incomplete = trial().background[X].isna().any(axis=1) & (trial().background["person"] > 10)
    assert f"left out {incomplete.sum()} persons without every covariate" in rows.loc[f"{AT}complier", "note"]
    nobody = run("compliers", OWN, sample=sample.assign(attended=pd.array([0] * len(sample), "Int8")), shares=shares)
    assert nobody["estimate"].isna().all()
    assert nobody["note"].str.startswith("no estimate: ").all()
    assert not unsaid([*whole["note"], *rows["note"], *nobody["note"]])


def test_with_a_weak_instrument_the_anderson_rubin_set_holds_its_level_and_the_usual_interval_does_not():
    generator, draws, clusters = np.random.default_rng(8), 400, np.repeat(np.arange(40), 8)
    offered = np.tile([0, 1], 160)
    held, usual = 0, 0
    for _ in range(draws):
        hidden = generator.normal(size=320)
        taken = 0.08 * offered + hidden
        y = hidden + 0.2 * generator.normal(size=320)  # no effect of what is taken, which goes with the outcome
        found = fit_compliers(y[:, None], taken, offered, np.zeros((320, 0)), clusters, np.zeros(320, dtype=int))
        critical = float(t.ppf(0.975, found.df))
        low, high = (limit[0] for limit in anderson_rubin(found, critical))
        held += abs(found.offers[0]) <= critical * found.offer_errors[0] if math.isnan(low) else low <= 0 <= high
        usual += abs(found.effects[0]) <= critical * found.standard_errors[0]
    margin = 4 * math.sqrt(0.05 * 0.95 / draws)
    assert held / draws == pytest.approx(0.95, abs=margin)
    assert usual / draws < 0.95 - margin


def declare(folder, column="CAME", cells=("3", "0", "1", "0", "", "0"), at_least=2):
    path = folder / "allocation.csv"
    lines = read_lines(path)
    write_lines(path, [[*lines[0], column], *([*line, cell] for line, cell in zip(lines[1:], cells, strict=False))])
    ingested(folder) if not (folder / "extract.toml").exists() else None
    text = (folder / "extract.toml").read_text(encoding="utf-8")
    text += f'\n[attended]\ncolumn = "CAME"\nat_least = {at_least}\n'
    (folder / "extract.toml").write_text(text, encoding="utf-8")


def test_attendance_is_read_where_the_extract_declares_its_column(tmp_path):
    folder = write_delivery(tmp_path)
    declare(folder)
    told = ingested(folder)["trial.parquet"].set_index("allocation_line")["attended"]
    assert told.astype(object).where(told.notna(), None).tolist() == [1, 0, 0, 0, None, 0]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"cells": ("yes", "0", "0", "0", "0", "0")}, r"line 2, column CAME: .* is no number of times \(1 cells\)"),
        ({"cells": ("1", "0", "-1", "0,5", "0", "0")}, r"line 4, column CAME: .* is no number of times \(2 cells\)"),
        ({"column": "COME"}, r"extract\.toml, \[attended\], column: allocation\.csv has no column 'CAME'\. Mend"),
    ],
)
def test_what_cannot_be_read_as_attendance_is_told(tmp_path, changes, message):
    folder = write_delivery(tmp_path)
    declare(folder, **changes)
    with pytest.raises(InputError, match=message):
        ingested(folder)


def test_the_second_route_reads_the_same_attendance(tmp_path):
    from pipeline.register.receive import register_extract
    from tests.delivery import DAY

    folder = write(tmp_path)
    definitions = [f"{name} = {inline(value)}" for name, value in DEFINITIONS.items()]
    (tmp_path / "config" / "outcomes.toml").write_text("\n".join(definitions), encoding="utf-8")
    path = folder / "allocation.csv"
    lines = read_lines(path)
    cells = ["2", "0", "", "1", "0", "0", "0", "0"]
    write_lines(path, [[*lines[0], "CAME"], *([*line, cells[place]] for place, line in enumerate(lines[1:]))])
    register_extract(folder, folder.parent / "config", DAY)
    text = (folder / "extract.toml").read_text(encoding="utf-8")
    (folder / "extract.toml").write_text(text + '\n[attended]\ncolumn = "CAME"\n', encoding="utf-8")
    require_agreement(compared(folder))


def test_an_effect_of_coming_is_not_promised_where_the_offer_may_have_moved_nobody():
    assert "is estimated where the offer moved any to come" in TOLD["en"]
    assert "er estimeret, hvor tilbuddet fik nogen til at komme" in TOLD["da"]


def test_a_model_without_rows_by_either_route_is_no_fault():
    from pathlib import Path

    from pipeline.verify import estimates

    config, derived = Path("config"), Path("data_derived/twin")
    found, seconds = estimates.compare_model(config, derived, "compliers")
    assert not found.is_wrong
    assert not seconds
    assert not found.agreed
