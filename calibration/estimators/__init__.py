"""The published estimators as algebra of the outcomes: weights of means and coefficients, hazards, Tobit, errors."""
