"""P26: L1 forces messages between blocks that the committee has finalized. The blocks stay valid as
they were signed and keep their order among themselves; only the forced messages stand earlier than
the blocks said, and once."""

import pytest

from sequencer.derivation.derive import Deriver
from sequencer.derivation.entries import DerivedBatch, Entry
from tests.unit.batches.builders import SEPARATOR
from tests.unit.derivation.worlds import Committee, message, transaction
from tests.unit.l1.chains import block, forced, registered

ORDERED = [transaction(nonce) for nonce in range(4)]
FORCED = [transaction(nonce) for nonce in range(10, 12)]


@pytest.mark.parametrize("forced_up_to", [0, 1, 2])
def test_p26_forced_before_the_batch__finalized_blocks_are_derived_as_signed(
    forced_up_to: int,
) -> None:
    committee = Committee()
    # Finalized before L1 forced anything: the second block counts both messages.
    first = committee.block((1, ORDERED[:2]))
    second = committee.block((1, ORDERED[2:]), forced=2)
    force = [forced(0, forced_up_to)] if forced_up_to else []
    events = [
        registered(1),
        *(message(index, raw) for index, raw in enumerate(FORCED)),
        *force,
        committee.commit(first, second),
    ]
    outputs = Deriver(SEPARATOR).extend(block(0, *events))

    assert [output.void for output in outputs if isinstance(output, DerivedBatch)] == [None]
    listed = [output.transaction for output in outputs if isinstance(output, Entry)]
    early, in_place = FORCED[:forced_up_to], FORCED[forced_up_to:]
    assert listed == [*early, *ORDERED[:2], *in_place, *ORDERED[2:]]
