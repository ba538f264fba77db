"""Everybody against one user (docs/hostile.md).

A case is a list of actions of every role: a committee whose keys are all in one hand, submitters,
spammers, owners of rollups, sequencers, posters, operators, and whoever makes L1's blocks. They are
drawn from a seed and run against the real contracts on Anvil, transactions in the order that
the adversary likes. The real derivation reads what comes of it, once live through every reorg
and once afterwards. `rules.py` is a second, plain reading of the rules to compare with.

One user has ether and an L1 endpoint. Whatever the others do, its transaction is queued in the next
block, and is in the order of its rollup, included, once the first block at or after the
deadline is there: within the window and two L1 blocks. After a reorg that took one of the two
back, this begins anew with what is left.

Modelled: time and order of L1, and that L1 does not censor the user beyond putting it last.
"""
