"""Who is analysed and compared: exclusions, samples, sides of a split, the rest of a cluster, windows before allocation."""
