"""What the report prints, as intervals of the numbers that print so."""
