"""One module an estimator: its problems, its fit, its rows in the table of estimates, and the sum an auditor walks."""
