"""Promises of inclusion (PROMISE-1 to PROMISE-4), and proofs that they were kept (PROOF-1)."""
