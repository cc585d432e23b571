"""The derived tables again from the received files, person by person and week by week, in plain Python."""
