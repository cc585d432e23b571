"""Step 2: the scores before allocation, self-efficacy first."""
