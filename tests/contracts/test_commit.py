"""CommitmentChain.commit

commit
├── when the caller is a contract: refused (CERT-1)
├── when the caller is an origin with delegated code: refused (CERT-1)
├── when the index is not the next: refused (CERT-2)
├── when the parent is not the last batch: refused (CERT-2)
├── when the epoch has no committee: refused (CERT-3)
├── when the epoch is below the last commit's: refused (CERT-3)
├── when the epoch has not begun: refused (CERT-3)
├── when the epoch's grace is over: refused (CERT-3), and one second earlier accepted
├── when the data is not what was signed: refused (CERT-5)
├── when the certificate is not good: refused (CERT-4)
│   ├── too little weight
│   ├── a bit beyond the committee
│   ├── a signature too few or too many
│   ├── another member's signature
│   ├── a signature over another epoch's digest
│   └── a signature that is not canonical
├── when a forced message is due and left out: refused (CERT-6)
├── when more forced messages are counted than there are: refused (CERT-6)
└── when all is good
    ├── the hash, the index, the epoch, the time and the participation are recorded (CERT-7)
    ├── forced messages are consumed (CERT-6)
    ├── the next batch follows it
    └── the ring forgets what is older than its size
"""

from __future__ import annotations

from typing import Any

from tests.contracts.faults import FaultCatalogue
from tests.contracts.network import Clock, Network


def test_commit__everything_good__records_the_batch(
    network: Network, clock: Clock, submitter: Any
) -> None:
    batch = network.next_batch()
    receipt = network.commit(batch, sender=submitter)
    assert network.chain.lastIndex() == 1
    assert network.chain.batchHashAt(1) == batch.hash()


def test_commit__wrong_index__is_refused(
    network: Network, faults: FaultCatalogue, submitter: Any
) -> None:
    with faults.expect("WrongIndex", expected=1, actual=2):
        network.commit(network.next_batch(index=2), sender=submitter)


def test_commit__more_forced_messages_than_queued__is_refused(
    network: Network, faults: FaultCatalogue, submitter: Any
) -> None:
    with faults.expect("BeyondQueue", length=0, actual=1):
        network.commit(network.next_batch(forcedCount=1), sender=submitter)
