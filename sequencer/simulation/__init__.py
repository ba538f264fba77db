"""Consensus under faults: many cores, a fake clock, a seeded network, named attackers."""
