"""Every check of a delivery: a rule is a row of words, a function looks, and all that it finds is told at once."""
