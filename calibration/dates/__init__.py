"""Step 1: the allocation dates."""
