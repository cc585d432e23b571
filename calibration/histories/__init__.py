"""Step 3: the register weeks, before allocation, after it, and activation."""
