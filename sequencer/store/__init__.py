"""Finalized blocks, batches and their indices on disk."""
