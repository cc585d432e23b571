"""Files as received, whatever their format: rows of text in chunks, each with its line or row number."""
