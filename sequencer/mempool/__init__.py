"""Transactions waiting to be ordered."""
