"""Looking for a held segment on an L1 that a test moves (DATA-1).

find
├── in the batch that was named, or in any
├── its batch is still in L1's ring: that batch alone
├── it is not: the lowest that is, and all down to it
├── the endpoint bounds ranges of logs: smaller ones are asked for
└── not there: said
answer: the bytes that L1 has
price: by the base fee, though clients take it for zero in a view without a gas price
"""

from typing import cast

import pytest
from eth_abi.abi import decode, encode

from sequencer.batches.attestations import BatchCertificate
from sequencer.blocks.held import held_entry
from sequencer.blocks.payload import encode_payload
from sequencer.crypto.hashing import keccak, word
from sequencer.derivation.found import held_segment
from sequencer.l1.calldata import encode_commit
from sequencer.l1.client import L1Client
from sequencer.l1.events import DataAnswered
from sequencer.l1.rpc import L1Refused
from sequencer.types import Address, BatchIndex, Hash32, RollupId
from sequencer.wallet.held_search import EntryUnknown, HeldSearch
from tests.unit.batches.builders import Step, next_block
from tests.unit.batches.test_attestations import COMMITTEE, GOOD, ONE, pool_of, signed
from tests.unit.derivation.worlds import Committee
from tests.unit.l1.fake_l1 import DEPLOYMENT, FakeL1


class World:
    """Batches 1 to 5, an L1 block each; the second has a held segment."""

    def __init__(self, ring_begins: int = 1) -> None:
        self.l1 = FakeL1()
        self.l1.call = self._call  # type: ignore[attr-defined]
        self.search = HeldSearch(cast(L1Client, self.l1), DEPLOYMENT, None)
        self._ring_begins = ring_begins
        certificate = pool_of(*(signed(n) for n in range(4))).certificate(ONE, GOOD, COMMITTEE)
        assert certificate is not None
        committee, entry = Committee(), held_entry(RollupId(2), b"held")
        self.l1.mine()
        for index in range(1, 6):
            payload = encode_payload([], held=[entry] if index == 2 else ())
            block = next_block(committee.last, Step(payload=payload))
            committee.last = block.header
            if index == 2:
                self.wanted = held_segment(BatchIndex(index), block.header.hash, 0, entry).id
            self._commit(committee, block, certificate)

    def _commit(self, committee: Committee, block: object, certificate: BatchCertificate) -> None:
        event = committee.commit(block)  # type: ignore[arg-type]
        assert event.call is not None
        self.l1.calldata[event.transaction_hash] = encode_commit(
            event.call.batch, certificate, event.call.data
        )
        self.l1.mine(event)

    async def _call(self, _to: Address, data: bytes) -> bytes:
        (index,) = decode(["uint64"], data[4:])
        if index < self._ring_begins:
            error = keccak(b"BatchHashUnavailable(uint64,uint64)")[:4]
            raise L1Refused("reverted", 3, error + encode(["uint64", "uint64"], [index, 5]))
        return bytes(32)


@pytest.mark.parametrize("index", [None, BatchIndex(2)])
async def test_find__in_the_ring__its_batch_alone(index: BatchIndex | None) -> None:
    world = World()
    found = await world.search.find(world.wanted, index)
    assert found.place.entry == held_entry(RollupId(2), b"held")
    assert [batch.index for batch in found.batches] == [2]
    assert found.call.batch.index == 2


@pytest.mark.parametrize("index", [None, BatchIndex(2)])
async def test_find__below_the_ring__from_the_lowest_that_is_in_it(
    index: BatchIndex | None,
) -> None:
    world = World(ring_begins=4)
    found = await world.search.find(world.wanted, index)
    assert [batch.index for batch in found.batches] == [4, 3, 2]
    for child, parent in zip(found.batches, found.batches[1:], strict=False):
        assert child.parent_hash == parent.hash


async def test_find__an_endpoint_that_bounds_ranges__is_asked_for_less() -> None:
    world = World()
    world.l1.range_limit = 2
    found = await world.search.find(world.wanted)
    assert found.call.batch.index == 2


async def test_find__an_endpoint_that_refuses_all__is_said() -> None:
    world = World()
    world.l1.range_limit = 0
    with pytest.raises(L1Refused):
        await world.search.find(world.wanted)


async def test_find__not_there__is_said() -> None:
    world = World()
    with pytest.raises(EntryUnknown, match="in any batch"):
        await world.search.find(Hash32(bytes(32)))
    with pytest.raises(EntryUnknown, match="in batch 3"):
        await world.search.find(world.wanted, BatchIndex(3))


async def test_answer__the_bytes_that_l1_has() -> None:
    world = World()
    with pytest.raises(EntryUnknown, match="no answer"):
        await world.search.answer(world.wanted)
    made = world.l1.mine(
        DataAnswered(keccak(b"another"), b"?"), DataAnswered(world.wanted, b"held")
    )
    answer = await world.search.answer(world.wanted)
    assert (answer.l1_block, answer.data) == (made.header.number, b"held")


async def test_s14_price__by_the_real_base_fee() -> None:
    """As geth and reth run a view (core/vm.NewEVM)."""
    world, base_fee = World(), 7 * 10**9

    async def base_fee_wei() -> int:
        return base_fee

    async def call_priced(_sender: Address, _to: Address, data: bytes, gas_price: int) -> bytes:
        seen = base_fee if gas_price >= base_fee else 0
        (length,) = decode(["uint32"], data[4:])
        return word(length * seen)

    world.l1.base_fee_wei = base_fee_wei  # type: ignore[attr-defined]
    world.l1.call_priced = call_priced  # type: ignore[attr-defined]
    assert await world.search.price(100, Address(b"\x01" * 20)) == 100 * base_fee
