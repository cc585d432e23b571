"""What leaves the machine: an archive of aggregates with their results, records and guide, and the check of one that was received."""
