"""Estimators: arrays in, one small frozen dataclass out; nothing here knows files, tables or the trial."""
