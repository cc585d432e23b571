"""The probability of answering and weighted least squares, against statsmodels and a known truth."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from pipeline.stats.errors import NoEstimateError
from pipeline.stats.ols import fit_cluster_ols
from pipeline.stats.response import effective_size, response_probabilities


def draw_response(seed=1, n=300):
    """Who answered by arm and two covariates of unlike scale, the second of which moves the arms differently."""
    rng = np.random.default_rng(seed)
    arm, covariates = rng.random(n) < 0.6, np.column_stack([rng.normal(size=n), 100 + 30 * rng.normal(size=n)])
    chance = 1 / (1 + np.exp(-(1.0 + 0.5 * arm + 0.8 * covariates[:, 0] + 0.02 * arm * (covariates[:, 1] - 100))))
    return rng.random(n) < chance, arm, covariates


def test_probabilities_are_those_of_one_logit_with_every_product():
    answered, arm, covariates = draw_response()
    design = np.column_stack([np.ones(len(arm)), arm, covariates, covariates * arm[:, None]])
    fit = sm.GLM(answered.astype(float), design, sm.families.Binomial()).fit(tol=1e-14)
    assert response_probabilities(answered, arm, covariates) == pytest.approx(fit.predict(), rel=1e-9)
    doubled = np.column_stack([covariates, covariates[:, 0] * 2 + 1])  # what the others determine changes nothing
    assert response_probabilities(answered, arm, doubled) == pytest.approx(fit.predict(), rel=1e-9)


def test_an_arm_where_all_answer_has_probability_one_and_one_that_is_predicted_has_none():
    answered, arm, covariates = draw_response()
    found = response_probabilities(answered | arm, arm, covariates)
    assert (found[arm] == 1.0).all()
    assert found[~arm] == pytest.approx(response_probabilities(answered, arm, covariates)[~arm], rel=1e-12)
    with pytest.raises(NoEstimateError, match="no maximum"):
        response_probabilities(covariates[:, 0] > 0.1, arm, covariates)
    with pytest.raises(NoEstimateError, match="one arm only"):
        response_probabilities(answered & arm, arm, covariates)


def test_weighted_least_squares_is_that_of_statsmodels_with_dummies_written_out():
    rng, (answered, arm, covariates) = np.random.default_rng(2), draw_response()
    n, weights = len(arm), 1 / response_probabilities(answered, arm, covariates)
    strata, clusters = rng.integers(0, 6, n), rng.integers(0, 20, n)
    outcomes = np.column_stack([rng.normal(size=n) + arm, rng.integers(0, 3, n)])
    design = np.column_stack([covariates, arm])
    found = fit_cluster_ols(outcomes, design, clusters, absorbed=strata, weights=weights)
    written = np.column_stack([pd.get_dummies(strata, dtype=float), design])
    for place in (0, 1):
        fit = sm.WLS(outcomes[:, place], written, weights=weights).fit(
            cov_type="cluster", cov_kwds={"groups": clusters}, use_t=True
        )
        assert found.coefficients[:, place] == pytest.approx(fit.params[-3:], rel=1e-9)
        assert found.standard_errors[:, place] == pytest.approx(fit.bse[-3:], rel=1e-9)
    assert found.weights @ outcomes == pytest.approx(found.coefficients, rel=1e-12)
    alike = fit_cluster_ols(outcomes, design, clusters, absorbed=strata, weights=np.full(n, 7.0))
    plain = fit_cluster_ols(outcomes, design, clusters, absorbed=strata)
    assert alike.standard_errors == pytest.approx(plain.standard_errors, rel=1e-12)
    assert effective_size(np.full(n, 7.0)) == pytest.approx(n)


def test_weights_undo_non_response_that_is_known_of():
    """An effect of 1 that grows with what moves answering: unweighted it is far off, weighted it is not."""
    rng, weighted, plain = np.random.default_rng(4), [], []
    for _ in range(60):
        known, arm = rng.normal(size=800), rng.random(800) < 0.5
        answered = rng.random(800) < 1 / (1 + np.exp(-(0.5 + np.where(arm, 1.5, 0.3) * known)))
        y = known + arm * (1 + known) + rng.normal(size=800)
        weights = 1 / response_probabilities(answered, arm, known[:, None])[answered]
        design, own = np.column_stack([np.ones(800), arm])[answered], y[answered, None]
        clusters = np.arange(answered.sum())
        weighted.append(fit_cluster_ols(own, design, clusters, weights=weights).coefficients[1, 0])
        plain.append(fit_cluster_ols(own, design, clusters).coefficients[1, 0])
    assert abs(np.mean(weighted) - 1) < 3 * np.std(weighted) / np.sqrt(60)
    assert abs(np.mean(plain) - 1) > 0.3
