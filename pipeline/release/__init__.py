"""What leaves the machine: an archive of aggregates with its results, records and guide, and the page of a witness."""
