"""The resampling of the report's curves beside other packages on the same data, and its cost as a trial grows."""
