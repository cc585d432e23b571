"""The twin: an invented trial in the format of the real one, made from the stored fit that `calibration` writes."""
