"""The numbers the report prints, set beside the rebuilt ones."""
