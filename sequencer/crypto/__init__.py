"""Hashes, digests, signatures and keystores."""
