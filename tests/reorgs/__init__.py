"""Everybody who reads L1, on an L1 that goes back at any moment (docs/l1-reorgs.md).

A sequence is a seed. Four members of a committee, each with the node's own view, watcher, blocks,
batches, journal, attestations and submitter; a follower; and wallets with several errands share
one L1. All ask it by JSON-RPC, in memory, through the clients they have in production. Before any
answer L1 may mine, go back to any block above the last final one, drop what waits, mine it
again in another order or at another height; a node or a wallet may be killed between any
two awaits and started again from its files.

Then L1 is left in peace, and all must come to rest at the one story of its branch.

Modelled: the rules of the contracts that reorgs turn round (`contracts.py`), L1's pool, and
consensus: three of four members that accept a block finalize it. Not modelled: signatures of
certificates on L1, blobs, posts, the fallback and operators that come and go.
"""
