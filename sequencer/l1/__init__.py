"""Reading L1 and writing to it.

`reader` follows the chain through reorgs; `view` (what a node knows of L1) and the derivation
are what it feeds. `submission` decides what to send, `submitter` sends it.
"""
