"""Step 4: who answers after the course, and what."""
