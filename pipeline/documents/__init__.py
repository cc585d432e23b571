"""The documents that are written from the settings and the tests."""
