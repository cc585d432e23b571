"""From estimates to what a reader sees: numbers shown, tables, figures and the page."""
