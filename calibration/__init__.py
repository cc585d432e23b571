"""The fit of the synthetic trial to the printed report: dates, survey, histories, follow-up (README.md).

It writes the stored tables from which pipeline.twin makes the trial, and computes what it aims at by its own algebra:
nothing here imports the pipeline's estimators, outcome builders or sample rules, so that a published number the
pipeline misses is a fault in one of the two.
"""
