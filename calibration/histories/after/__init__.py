"""The register weeks after allocation: a draw, how many weeks of each kind, when, then both at once."""
