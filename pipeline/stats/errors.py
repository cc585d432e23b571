"""What an estimator raises where the data give no estimate, as against an error of the code that calls it."""


class NoEstimateError(ValueError):
    """The data give no estimate; the message is the reason, and goes into the note of the estimate that is missing."""
