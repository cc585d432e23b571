"""Persons' numbers replaced by a keyed hash: the key of an extract, the pseudonyms, and the one file that leads back."""
