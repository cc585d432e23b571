"""The auditor's tools: from a printed number back to the cells of the received files."""
