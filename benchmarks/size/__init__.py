"""Size and coverage of every test and interval beside the estimates, by simulation with the design of the trial."""
