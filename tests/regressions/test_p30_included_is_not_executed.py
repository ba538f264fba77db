"""P30: that a forced message is in the order does not say that it did anything. Its entry says
whether execution sees it at all, and if not, why (DERIVE-6); of what execution makes of it, a stale
nonce say, it says nothing (DERIVE-8)."""

from sequencer.derivation.derive import Deriver
from sequencer.derivation.entries import Entry
from tests.unit.batches.builders import SEPARATOR
from tests.unit.derivation.worlds import DECLARED_GAS, GARBAGE, message, transaction
from tests.unit.l1.chains import block, forced, registered

STALE = transaction(0)


def test_p30_forced_messages__each_entry_says_skipped_and_why_or_no_more_than_ordered() -> None:
    queue = (
        message(0, STALE),
        message(1, STALE),
        message(2, GARBAGE),
        message(3, transaction(1, chain_id=9)),
        message(4, transaction(1, gas=DECLARED_GAS + 1)),
    )
    events = (registered(1), *queue, forced(0, len(queue)))
    outputs = Deriver(SEPARATOR).extend(block(0, *events))

    found = [output for output in outputs if isinstance(output, Entry)]
    assert [entry.position for entry in found] == [0, 1, 2, 3, 4], "each has a receipt"
    assert [entry.skipped is None for entry in found] == [True, True, False, False, False]
    assert len({entry.skipped for entry in found[2:]}) == 3, "each for a reason of its own"
