"""The resampling of the report's curves beside other packages on the same data, and its cost as a trial grows."""

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before numpy is imported: threads that wait would count as work
