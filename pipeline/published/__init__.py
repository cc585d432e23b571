"""The numbers the report prints, set beside the rebuilt ones: rules, errata, distances and the page of both."""
