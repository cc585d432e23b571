"""Everybody in the register who came into the trial's state of entry, beside the trial's persons."""
