"""The twin: an invented trial in the format of the real one, calibrated to the published numbers.

Nothing here imports the pipeline's estimators, outcome builders or sample rules: what the calibration computes, it
computes by its own algebra, so that a published number the pipeline misses is a fault in one of the two.
"""
