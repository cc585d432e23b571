"""The auditor's tools: from a number shown back to the cells of the received files, and from one build to the next."""
