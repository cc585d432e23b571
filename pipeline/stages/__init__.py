"""The stages of the pipeline, one module each with one pure function `run`."""
