"""Consensus under faults: many cores, a fake clock, a seeded network, named attackers.

A schedule (`draw.draw`) is a time of chaos and a calm after it. Real: the core, the checks at
the edge but for secp256k1, catch-up between peers. Modelled: the node around the core
(`node.py`), its block store with what a crash takes of it (`disk.py`), its journal (`journals.py`;
in some schedules the real one), the network, L1 (`l1.py`), the application. A third of the
schedules cross epochs (`later_epochs.py`), by the hand-over, edge and origin rules of the running
node. In a quarter clocks are off, and run up to a fifth too fast or too slow.

What is checked, at each step: one chain; no honest contradiction, also across restarts; votes on
disk before they are sent; no honest member convicted or blamed; nothing due for ever. After the
calm: three more blocks and one more epoch at every honest node within two minutes, and bounded
memory. With a third
of the weight or more against it: a fork convicts more than a third.
"""
