"""From printed numbers to figures, tables and the page."""
