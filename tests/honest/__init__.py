"""Honest runs, fed wholly to the slashers: nothing that an honest node signs convicts it.

`ground.py` is L1 with the contracts; `votes.py` the simulated consensus; `chain.py` honest nodes
that order, attest and promise. `equivocation.py`, `ordering.py`, `neglect.py` and `promises.py`
make evidence of what these signed. `planted.py` shows that the contracts bite.
"""
