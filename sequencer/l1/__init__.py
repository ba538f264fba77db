"""Reading L1 and writing to it."""
