"""Whatever the design, an estimate is what brute force makes it or is missing with a reason, and names do not matter.

The designs are small and ugly on purpose: strata and clusters of one, one arm, nobody, constant covariates, answers and
weeks that are missing, outcomes that do not vary.
"""

from dataclasses import dataclass, fields, replace

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.estimate import discrete_hazard
from pipeline.estimate.estimators import checked_models, estimate_all
from pipeline.estimate.problem import gather_data
from pipeline.settings.base import convert
from pipeline.settings.study import Study
from tests.models import unsaid

HORIZON = 4
WORDS = {"column": "x", "singular_en": "x", "plural_en": "x", "singular_da": "x", "plural_da": "x"}
ARM = {"value": "1", "label_en": "x", "label_da": "x"}
STUDY = convert(
    {
        "time": {"horizon_weeks": HORIZON},
        "outcomes": {"unknown_weeks": "missing", "hazard_interval_weeks": 2},
        "inference": {"level": 0.9, "stars": {}},
        "design": {
            "person": "x", "arm": "x", "treated": ARM, "control": ARM,
            "stratum": {"name": "site", **WORDS}, "cluster": {"name": "class", **WORDS},
        },
        "samples": {"all": {"label_en": "x", "label_da": "x", "conditions": []}},
        "splits": {"score": {"variable": "score", "at_most": 0.5}},
    },
    Study,
    "study.toml",
)  # fmt: skip
BASE = {
    "name_en": "", "name_da": "", "report": "", "equation": "", "formula": "", "words_en": "", "words_da": "",
    "reason": "requested", "purpose": "exploratory", "stage": "any", "estimator": "ols",
    "outcomes": ["share"], "weeks": [1, 3, 4], "samples": ["all"],
    "treatment": "treated", "covariates": ["score", "fixed"], "fixed_effects": "site", "cluster": "class",
}  # fmt: skip
PLAIN = {"covariates": [], "fixed_effects": "none", "cluster": "none", "weeks": "none"}
MODELS = {
    "ols": BASE,
    "ols_alone": {**BASE, "fixed_effects": "none", "cluster": "none"},
    "split": {**BASE, "splits": ["score"], "weeks": "last"},
    "group_ols": {**BASE, "estimator": "group_ols"},
    "stratum_effects": {**BASE, "estimator": "stratum_effects", "cluster": "none"},
    "stratum_effects_plain": {**BASE, "estimator": "stratum_effects", "cluster": "none", "covariates": []},
    "mean": {**BASE, **PLAIN, "estimator": "mean", "outcomes": ["score", "fixed"], "treatment": "none"},
    "count": {**BASE, **PLAIN, "estimator": "count", "outcomes": ["treated", "control", "clusters"], "samples": "site"},
    "kaplan_meier": {**BASE, **PLAIN, "estimator": "kaplan_meier", "outcomes": ["exit"], "weeks": "all"},
    "hazard": {**BASE, "estimator": "discrete_hazard", "link": "logit", "outcomes": ["exit"], "weeks": "none"},
    "hazard_alone": {**BASE, **PLAIN, "estimator": "discrete_hazard", "link": "logit", "outcomes": ["exit"]},
}
VARIABLES = pd.DataFrame(columns=["name", "risk_factor", "tables"])
# What is left of a unit column after projection, or of a vector after a sum: rounding leaves 1e-15 of it.
NOTHING = 1e-8


@dataclass(frozen=True)
class Tables:
    """The derived tables of one design."""

    sample: pd.DataFrame
    background: pd.DataFrame
    shares: pd.DataFrame
    durations: pd.DataFrame
    exclusions: pd.DataFrame


@st.composite
def designs(draw):
    """The tables of a small design; the numbers come from one seed, what is ugly about it from the draws."""
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    sites, classes = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    largest, are_nested = draw(st.sampled_from([1, 4, 9, 9])), draw(st.booleans())
    arms = draw(st.lists(st.sampled_from([0.0, 0.5, 0.5, 0.5, 1.0]), min_size=sites, max_size=sites))
    by_class, missing = draw(st.integers(0, 3)) == 3, draw(st.sampled_from([0.0, 0.0, 0.2, 0.2, 1.0]))
    kind, fixed = (
        draw(st.sampled_from(["any", "any", "binary", "one"])),
        draw(st.sampled_from(["constant", "site", "arm", "any", "any"])),
    )
    end = draw(st.sampled_from([0, 2, HORIZON, HORIZON]))
    group = np.repeat(np.arange(sites * classes), rng.integers(1, largest + 1, sites * classes))
    n, site = len(group), group // classes
    chance = np.array(arms)[site]
    lot = rng.random(sites * classes)[group] if by_class else rng.random(n)
    treated = (lot < chance).astype("int8")
    sample = pd.DataFrame({
        "person": np.arange(1, n + 1), "site": [f"s{number}" for number in site],
        "class": [f"c{number}" for number in (group if are_nested else rng.integers(0, classes + 1, n))],
        "treated": treated,
    })  # fmt: skip
    values = {"constant": np.ones(n), "site": site.astype(float), "arm": treated + 0.0, "any": rng.random(n)}
    score = np.where(rng.random(n) < missing, np.nan, rng.random(n).round(2))
    background = pd.DataFrame({"person": sample["person"], "score": score, "fixed": values[fixed]})
    outcome = {
        "any": rng.random((n, HORIZON)),
        "binary": rng.random((n, HORIZON)) < 0.3,
        "one": np.full((n, HORIZON), 0.7),
    }
    last = np.where(rng.random(n) < 0.3, end, HORIZON)
    share = np.where(np.arange(1, HORIZON + 1) > last[:, None], np.nan, outcome[kind].astype(float))
    shares = pd.DataFrame({
        "person": np.repeat(sample["person"], HORIZON), "outcome": "share",
        "week": np.tile(np.arange(1, HORIZON + 1), n), "share": share.ravel(),
    })  # fmt: skip
    weeks = np.minimum(rng.integers(0, HORIZON + 3, n), last)
    exited = (rng.random(n) < 0.6) & (weeks > 0)
    durations = pd.DataFrame({"person": sample["person"], "outcome": "exit", "weeks": weeks, "exited": exited})
    exclusions = sample[["person", "treated"]].assign(reason="analysed", site_name=sample["site"])
    return Tables(sample, background, shares, durations, exclusions)


def data_of(tables):
    return gather_data({field.name: getattr(tables, field.name) for field in fields(tables)}, STUDY, VARIABLES)


def estimated(tables):
    return estimate_all(MODELS, data_of(tables))["any"].set_index("estimate_id")


# --- Brute force -----------------------------------------------------------------------------------------------------


def people_of(tables, week, covariates):
    """The complete cases with the outcome of a week as y."""
    at = tables.shares[tables.shares["week"] == week].set_index("person")["share"]
    people = tables.sample.merge(tables.background, on="person")
    return people.assign(y=people["person"].map(at)).dropna(subset=["y", *covariates]).reset_index(drop=True)


def dummies(labels):
    return np.equal.outer(np.asarray(labels), np.unique(labels)).astype(float)


def exists(design, contrast):
    """Whether contrast @ coefficients is the same for all least-squares solutions: whether it lies in the row space."""
    scale = np.linalg.norm(design, axis=0)
    scale[scale == 0.0] = 1.0
    own = contrast / scale
    back = np.linalg.pinv(design / scale, rcond=NOTHING) @ (design / scale)
    return bool(np.abs(own @ back - own).max() < NOTHING * np.abs(own).max())


def solved(design, contrast, y):
    """The contrast of the coefficients, its weights, and the residuals, by the pseudo-inverse."""
    scale = np.linalg.norm(design, axis=0)
    scale[scale == 0.0] = 1.0
    inverse = np.linalg.pinv(design / scale, rcond=NOTHING)
    weights = (contrast / scale) @ inverse
    return weights @ y, weights, y - design / scale @ (inverse @ y)


def close(found, expected, size=1.0):
    assert np.isclose(found, expected, rtol=1e-7, atol=1e-9 * max(1.0, size)), (found, expected)


def check_coefficient(row, data, design, place, nominal):
    """Row by row: the coefficient of a column, its clustered or robust error, or a reason that holds."""
    contrast = np.equal(np.arange(design.shape[1]), place).astype(float)
    is_there = len(data) > 0 and exists(design, contrast)
    if np.isnan(row["estimate"]):
        assert not row["converged"]
        assert "no estimate: " in row["note"]
        assert not is_there or len(data) <= nominal or "one arm only" in row["note"]
        return
    assert is_there
    y = data["y"].to_numpy()
    estimate, weights, residuals = solved(design, contrast, y)
    close(row["estimate"], estimate)
    assert row["n"] == len(data)
    rank, scores = np.linalg.matrix_rank(design), weights * residuals
    clusters = data["cluster"]
    g, sums = clusters.nunique(), pd.Series(scores).groupby(clusters.to_numpy()).sum()
    expected = np.sqrt(g / (g - 1) * (len(data) - 1) / (len(data) - rank) * (sums**2).sum()) if g > 1 else 0.0
    if np.isnan(row["se"]):
        assert expected < 1e-9 * max(1.0, np.sqrt((weights**2) @ (y**2)))
        assert "no standard error" in row["note"]
    else:
        close(row["se"], expected)


def check_regressions(table, tables):
    covariates = BASE["covariates"]
    for week in BASE["weeks"]:
        data = people_of(tables, week, covariates)
        x = data[covariates].to_numpy()
        for name, strata, cluster in (
            ("ols", data["site"], data["class"]),
            ("ols_alone", data["y"] * 0, data["person"]),
        ):
            design = np.column_stack([dummies(strata), x, data["treated"]])
            row = table.loc[f"{name}/all/share/{week}/treated"]
            check_coefficient(row, data.assign(cluster=cluster), design, design.shape[1] - 1, design.shape[1])
        means = data.groupby(["class", "site", "treated"], as_index=False)[["y", *covariates]].mean()
        design = np.column_stack([dummies(means["site"]), means[covariates], means["treated"]])
        row = table.loc[f"group_ols/all/share/{week}/treated"]
        check_coefficient(row, means.assign(cluster=means["class"]), design, design.shape[1] - 1, design.shape[1])


def check_split(table, tables):
    data = people_of(tables, HORIZON, BASE["covariates"])
    side = np.where(data["score"] <= 0.5, "low", "high")
    effects = [data["treated"] * (side == name) for name in ("low", "high")]
    design = np.column_stack([dummies(data["site"] + side), data[BASE["covariates"]], *effects])
    for place, name in enumerate(("low", "high")):
        row = table.loc[f"split/score/share/{HORIZON}/treated:{name}"]
        data = data.assign(cluster=data["class"])
        check_coefficient(row, data, design, design.shape[1] - 2 + place, design.shape[1])
        own = data[side == name]
        for described, expected in (
            ("control_mean", own.loc[own["treated"] == 0, "y"].mean()),
            ("size", len(own) / len(data) if len(data) else np.nan),
        ):
            found = table.loc[f"split/score/share/{HORIZON}/{described}:{name}"]
            assert np.isclose(found["estimate"], expected, equal_nan=True)
            assert found["converged"] == np.isfinite(expected)


def check_strata(table, tables):
    for name, covariates in (("stratum_effects", BASE["covariates"]), ("stratum_effects_plain", [])):
        for week in BASE["weeks"]:
            data, row = people_of(tables, week, covariates), table.loc[f"{name}/all/share/{week}/treated"]
            both = [site for site, arms in data.groupby("site")["treated"] if arms.nunique() == 2]
            effects = [data["treated"] * (data["site"] == site) for site in both]
            design = np.column_stack([dummies(data["site"]), data[covariates], *effects])
            sizes = data["site"].value_counts()[both].to_numpy()
            contrast = np.append(np.zeros(design.shape[1] - len(both)), sizes / max(sizes.sum(), 1))
            is_there = bool(both) and exists(design, contrast)
            cells = len(data.drop_duplicates(["site", "treated"]))
            if np.isnan(row["estimate"]):
                assert "no estimate: " in row["note"]
                assert not is_there or len(data) <= cells + len(covariates)
                continue
            assert is_there
            y = data["y"].to_numpy()
            estimate, weights, residuals = solved(design, contrast, y)
            close(row["estimate"], estimate)
            left_out = sorted(set(data["site"]) - set(both))
            assert (f"left out of the average, one arm only: {', '.join(left_out)}" in row["note"]) == bool(left_out)
            leverage = np.einsum("ij,ji->i", design, np.linalg.pinv(design))
            weighty = np.abs(weights) > NOTHING * np.abs(weights).max()
            if (weighty & (leverage > 1 - NOTHING)).any():
                assert np.isnan(row["se"])
                assert "a single person in an arm" in row["note"] or "fitted exactly" in row["note"]
                continue
            squares = np.where(weighty, (weights * residuals) ** 2 / np.where(weighty, 1 - leverage, 1.0), 0.0)
            if np.isnan(row["se"]):
                assert np.sqrt(squares.sum()) < 1e-9
                assert "no standard error" in row["note"]
            else:
                close(row["se"], np.sqrt(squares.sum()))


def check_descriptions(table, tables):
    people = tables.sample.merge(tables.background, on="person")
    for name in ("score", "fixed"):
        assert np.isclose(table.loc[f"mean/all/{name}//mean", "estimate"], people[name].mean(), equal_nan=True)
    for place in (*people["site"].unique(), "total"):
        own = people if place == "total" else people[people["site"] == place]
        counts = {
            "treated": own["treated"].sum(),
            "control": (1 - own["treated"]).sum(),
            "clusters": own["class"].nunique(),
        }
        assert {name: table.loc[f"count/{place}/{name}//n", "estimate"] for name in counts} == counts


def check_survival(table, tables):
    spells = tables.durations.merge(tables.sample, on="person").query("weeks > 0")
    for number, arm in enumerate(("control", "treated")):
        own, survival = spells[spells["treated"] == number], 1.0 if (spells["treated"] == number).any() else np.nan
        for week in range(HORIZON + 1):
            at_risk = own["weeks"] >= week
            left = own["exited"] & (own["weeks"] == week)
            if week and at_risk.any():
                survival *= 1 - left.sum() / at_risk.sum()
            known = survival if at_risk.any() or survival == 0 else np.nan
            row = table.loc[f"kaplan_meier/all/exit/{week}/{arm}"]
            assert np.isclose(row["estimate"], known, equal_nan=True)
            assert row["n"] == at_risk.sum()
            assert np.isfinite(known) or row["note"].startswith("no estimate: nobody is at risk")


REASONS = ("nobody is", "leaves in ", "is at risk", "determined by the others", "the likelihood has no maximum")


def check_hazards(table, tables):
    """At the estimate the scores of the person-weeks add up to zero along every column: it is the maximum."""
    data = data_of(tables)
    for name, covariates in (("hazard", BASE["covariates"]), ("hazard_alone", [])):
        model = checked_models(MODELS, STUDY.design)[name]
        row = table.loc[f"{name}/all/exit//treated"]
        if np.isnan(row["estimate"]):
            assert any(reason in row["note"] for reason in REASONS), row["note"]
            continue
        (problem,) = discrete_hazard.spells(model, data)
        fit = discrete_hazard.fit(problem).hazard
        people = tables.sample.merge(tables.background, on="person").merge(tables.durations, on="person")
        scores, count, gone = dict.fromkeys(fit.columns, 0.0), 0, {drop.level for drop in fit.drops}
        values = dict(zip(fit.columns, fit.coefficients, strict=True))
        for person in people.dropna(subset=covariates).to_dict("records"):
            for week in range(1, person["weeks"] + 1):
                interval = "1-2" if week <= 2 else "3-4"
                if interval in gone or (covariates and person["site"] in gone):
                    continue
                levels = {f"weeks:{interval}": 1.0, f"site:{person['site']}": 1.0}
                column = {key: levels.get(key, person.get(key, 0.0)) for key in fit.columns}
                residual = float(person["exited"] and week == person["weeks"]) - 1 / (
                    1 + np.exp(-sum(values[key] * column[key] for key in fit.columns))
                )
                count += 1
                for key in fit.columns:
                    scores[key] += residual * column[key]
        assert np.abs(list(scores.values())).max() < 1e-7
        assert row["n"] == count
        assert row["estimate"] == values["treated"]


DESIGNS = settings(max_examples=30, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@DESIGNS
@given(tables=designs())
def test_every_estimate_is_that_of_brute_force_or_missing_with_a_reason(tables):
    table = estimated(tables)
    known = np.isfinite(table["estimate"])
    assert (table["converged"] == known).all()
    assert (known | table["note"].str.contains("no estimate: ")).all()
    assert not unsaid(table["note"])
    assert table.loc[~known, ["se", "p_value", "ci_low", "ci_high"]].isna().all(axis=None)
    check_regressions(table, tables)
    check_split(table, tables)
    check_strata(table, tables)
    check_descriptions(table, tables)
    check_survival(table, tables)
    check_hazards(table, tables)


def rearranged(tables, rng):
    """The tables cut in two by rows and put together the other way round, and each of them shuffled."""

    def turned(table):
        cut = len(table) // 2
        return pd.concat([table.iloc[cut:], table.iloc[:cut]])

    def shuffled(table):
        return table.iloc[rng.permutation(len(table))]

    for change in (turned, shuffled):
        yield replace(tables, **{field.name: change(getattr(tables, field.name)) for field in fields(tables)})


def renamed(tables, rng):
    """The same design with other numbers and names, in another order; and the new name of each site."""
    persons = dict(zip(tables.sample["person"], rng.permutation(len(tables.sample)) * 7 + 3, strict=True))
    names = {
        column: dict(zip(levels, [f"{column}{number}" for number in rng.permutation(len(levels))], strict=True))
        for column in ("site", "class")
        for levels in [sorted(tables.sample[column].unique())]
    }
    changed = {
        field.name: getattr(tables, field.name).assign(person=getattr(tables, field.name)["person"].map(persons))
        for field in fields(tables)
    }
    changed["sample"] = changed["sample"].assign(**{key: changed["sample"][key].map(new) for key, new in names.items()})
    changed["exclusions"] = changed["exclusions"].assign(
        site_name=changed["exclusions"]["site_name"].map(names["site"])
    )
    return Tables(**changed), names["site"]


@DESIGNS
@given(tables=designs(), seed=st.integers(0, 10**6))
def test_order_and_names_change_addresses_and_nothing_else(tables, seed):
    rng, table = np.random.default_rng(seed), estimated(tables)
    for again in rearranged(tables, rng):
        pd.testing.assert_frame_equal(estimated(again), table, check_exact=True)
    other, sites = renamed(tables, rng)
    parts = table.index.str.split("/")
    own = ["/".join([*part[:1], sites.get(part[1], part[1]), *part[2:]]) for part in parts]
    numbers = ["estimate", "se", "df", "p_value", "ci_low", "ci_high", "n", "n_treated", "n_control", "n_clusters",
               "control_mean", "converged"]  # fmt: skip
    found = estimated(other).loc[own, numbers].reset_index(drop=True)
    # Sums in another order, through the inverse of a small and sometimes ill-conditioned design.
    pd.testing.assert_frame_equal(found, table[numbers].reset_index(drop=True), rtol=1e-6, atol=1e-9)
