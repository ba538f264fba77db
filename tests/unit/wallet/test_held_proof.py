"""What is shown to challenge a held segment, folded as the contract folds it (DATA-1)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sequencer.batches.codec import encode_batch_data
from sequencer.blocks.header import Block
from sequencer.blocks.held import held_entry
from sequencer.blocks.merkle import held_leaf_hash
from sequencer.blocks.payload import encode_payload
from sequencer.crypto.hashing import keccak, word
from sequencer.errors import DecodeError
from sequencer.types import BatchIndex, Hash32, RollupId
from sequencer.wallet.held_proof import HeldPlace, challenge_arguments, find_held
from tests.unit.batches.builders import Step, next_block
from tests.unit.derivation.worlds import Committee

INDEX = BatchIndex(1)


def block_of(committee: Committee, transactions: int, held: int) -> Block:
    """Transactions of rollup 1, and held segments of rollups 2 and up."""
    raws = [b"transaction %d" % number for number in range(transactions)]
    entries = [held_entry(RollupId(2 + number), b"held %d" % number) for number in range(held)]
    payload = encode_payload([(RollupId(1), raws)] if raws else [], held=entries)
    made = next_block(committee.last, Step(payload=payload))
    committee.last = made.header
    return made


def root_of(place: HeldPlace) -> Hash32:
    """MerkleLib.rootOf."""
    node = held_leaf_hash(place.entry.rollup, place.position, place.entry.length, place.entry.hash)
    for at, sibling in enumerate(place.siblings):
        pair = (sibling, node) if place.sides >> at & 1 else (node, sibling)
        node = keccak(b"\x01", *pair)
    return node


def ids_of(block: Block, transactions: int, held: int) -> list[Hash32]:
    """DATA-1, written out."""
    found = []
    for number in range(held):
        entry = held_entry(RollupId(2 + number), b"held %d" % number)
        leaf = held_leaf_hash(entry.rollup, transactions + number, entry.length, entry.hash)
        found.append(keccak(word(INDEX) + block.header.hash + leaf))
    return found


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 4)), min_size=1, max_size=4))
def test_find_held__every_segment_leads_from_the_last_block_to_its_leaf(
    shapes: list[tuple[int, int]],
) -> None:
    committee = Committee()
    blocks = [block_of(committee, *shape) for shape in shapes]
    data = encode_batch_data(blocks)
    for block, (transactions, held) in zip(blocks, shapes, strict=True):
        for number, wanted in enumerate(ids_of(block, transactions, held)):
            place = find_held(INDEX, data, wanted)
            assert place is not None
            assert place.entry == held_entry(RollupId(2 + number), b"held %d" % number)
            assert place.position == transactions + number
            assert place.headers[0] == blocks[-1].header
            assert place.headers[-1] == block.header
            for child, parent in zip(place.headers, place.headers[1:], strict=False):
                assert child.parent_hash == parent.hash
            assert root_of(place) == block.header.transaction_root


def test_find_held__no_such_segment__none() -> None:
    committee = Committee()
    data = encode_batch_data([block_of(committee, 2, 2)])
    assert find_held(INDEX, data, keccak(b"another")) is None


def test_find_held__a_batch_that_does_not_decode__is_said() -> None:
    with pytest.raises(DecodeError):
        find_held(INDEX, b"\x00", keccak(b"any"))


def test_challenge_arguments__are_the_contracts_structs() -> None:
    committee = Committee()
    block = block_of(committee, 1, 1)
    call = committee.commit(block).call
    assert call is not None
    place = find_held(INDEX, call.data, ids_of(block, 1, 1)[0])
    assert place is not None
    entry, (batches, headers, siblings, sides) = challenge_arguments(place, [call.batch])
    assert entry == (2, 1, 6, keccak(b"held 0"))
    assert batches[0][:2] == (call.batch.index, call.batch.parent_hash)
    assert headers[0][1] == block.header.height
    assert (len(siblings), sides) == (1, 1)
