"""Consensus under faults: many cores, a fake clock, a seeded network, named attackers.

A schedule (`scenario.draw`) is a time of chaos and a calm after it. Real: the core, the checks at
the edge but for secp256k1, catch-up between peers. Modelled: the node around the core
(`node.py`), its journal and block store with what a crash takes of them (`disk.py`), the network,
the application. Not modelled: hand-over between epochs, clocks that run at different speeds.

What is checked, at each step: one chain; no honest contradiction, also across restarts; votes on
disk before they are sent; no honest member convicted or blamed; nothing due for ever. After the
calm: three more blocks at every honest node within two minutes, and bounded memory. With a third
of the weight or more against it: a fork convicts more than a third.
"""
