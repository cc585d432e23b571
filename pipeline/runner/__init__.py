"""Running a stage in a warm process: its inputs, their schemas, what changed, and the record of the run."""
