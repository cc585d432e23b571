"""From estimates to what a reader sees: numbers shown, tables, figures, and the report as page, Word and PDF."""
