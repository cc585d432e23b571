"""Faults done to builds in folders of their own: kills, full disks, rights, clocks, damaged files, builds at once."""
