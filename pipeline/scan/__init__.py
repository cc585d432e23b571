"""The scanner of all that leaves: whatever stands in a file, a member or a field, beside what must stand in none."""
