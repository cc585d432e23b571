"""Tests of the fit of the synthetic trial."""
