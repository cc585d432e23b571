"""Running one stage: inputs, schemas, records."""
