"""Putting the contracts on L1: parameters, the plan, and the check that all are wired."""
