"""The wallet's way: forced inclusion by L1 alone, for programs and scripts.

`forced` is where to begin. It needs an L1 endpoint, a deployment file and a signer, and no node of
the sequencer.
"""
