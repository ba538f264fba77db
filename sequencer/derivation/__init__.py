"""A rollup's canonical list from L1 alone."""
