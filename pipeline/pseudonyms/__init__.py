"""Persons' numbers replaced by a keyed hash: the key, the pseudonyms, and the one file that leads back."""
