"""Finalized blocks to batches, and the committee's signatures under them."""
