"""The effect evaluation of the LTJS trial, from register files to exhibits."""
