"""What changed from one extract to the next: files, persons, cells, settings, and why the estimates moved."""
