"""Who is compared: samples, the two sides of a split, the rest of a cluster, and the windows before allocation."""
