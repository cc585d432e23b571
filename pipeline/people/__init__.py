"""Who is analysed and compared: exclusions, samples, sides of splits, the rest of a cluster, windows before draws."""
