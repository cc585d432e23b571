"""Every estimate again by a package, with the options that give the convention of the pipeline."""
