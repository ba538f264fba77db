"""The committee across the world: the real core on modelled links, processors and disks.

Real: every node's core, its checks at the edge, what it sends to whom, and the length of each
message as encoded. Modelled: where nodes stand and how long light takes between them
(`regions.py`), a link up and one down for each node with a queue (`wires.py`), one processor for
each node that does one thing at a time, and its disk (`costs.py`, `member.py`). Not modelled:
lost packets and TCP's recovery from them, TCP's slow start, what passing transactions on takes of
the links, the thread that encrypts, L1.

Everything follows from the seed. Times are integers in nanoseconds unless a name says otherwise.
"""
