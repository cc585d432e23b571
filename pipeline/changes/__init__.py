"""What changed from one extract to the next and why estimates moved; any number with a received cell changed."""
