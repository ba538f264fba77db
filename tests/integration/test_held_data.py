"""Challenges of held data on Anvil, with the real contracts (DATA-1 to DATA-6, HELD-3, HELD-4)."""

from typing import Any

import pytest
from eth_abi.abi import decode

from sequencer.batches.batch import Batch
from sequencer.blocks.payload import decode_segment
from sequencer.derivation.entries import Entry, Source
from sequencer.l1 import abi
from sequencer.l1.operators import OperatorStatus
from sequencer.types import Address, BatchIndex, Hash32, RollupId
from sequencer.wallet.held_proof import challenge_arguments
from sequencer.wallet.held_search import EntryUnknown, FoundHeld, HeldSearch
from tests.integration.l1_world import COLD, DEPLOYER, PARAMETERS, Follower, World
from tests.unit.derivation.worlds import transaction

CHALLENGER = COLD[5]
HOLDER = RollupId(2)
QUORUM = 3
"""Of four equal members."""
HELD = [transaction(nonce) for nonce in range(3)]
PLAIN = [transaction(nonce) for nonce in range(3, 5)]


def call_of(name: str, *arguments: object) -> bytes:
    return abi.function("DataAvailabilityChallenge", name).call(*arguments)


class Ground:
    """A rollup that holds its data, and a batch on L1 with a held segment in its second block."""

    def __init__(self, world: World, follower: Follower) -> None:
        self.world = world
        self.follower = follower
        self.contract = world.deployment.contracts.data_availability_challenge
        self.search = HeldSearch(world.nodes[0].client, world.deployment, follower.blobs)

    @classmethod
    async def make(cls, world: World) -> "Ground":
        register = abi.function("RollupRegistry", "register").call(7002, bytes(20), True, (0, 0))
        await world.anvil.send(DEPLOYER, world.deployment.contracts.rollup_registry, register)
        await world.anvil.mine()
        world.batch(world.block(), world.block(PLAIN, held=[(HOLDER, HELD)]), world.block())
        made = cls(world, await world.follower())
        await made.until_committed(BatchIndex(1))
        return made

    async def until_committed(self, index: BatchIndex) -> None:
        node = self.world.nodes[index % 4]
        await node.step()
        assert node.view.last_index == index
        await self.follower.reader.advance()

    @property
    def entry(self) -> Entry:
        (found,) = [entry for entry in self.follower.entries if entry.held is not None]
        return found

    async def challenge(self, found: FoundHeld, batches: tuple[Batch, ...] = ()) -> int:
        """Pays the price exactly, at the head's base fee; the price."""
        length = found.place.entry.length
        price = await self.search.price(length, CHALLENGER)
        data = call_of("challenge", *challenge_arguments(found.place, batches or found.batches))
        await self.send(CHALLENGER, data, 2 * price)
        surplus = await self.credit(CHALLENGER)
        assert 0 <= 2 * price - surplus <= price  # the base fee falls
        return 2 * price - surplus

    async def call(self, data: bytes) -> bytes:
        return await self.world.nodes[0].client.call(self.contract, data)

    async def send(self, sender: Address, data: bytes, value_wei: int = 0) -> None:
        sent = await self.world.anvil.send(sender, self.contract, data, value_wei)
        await self.world.anvil.mine()
        assert await self.world.anvil.is_success(sent)

    async def credit(self, account: Address) -> int:
        return int.from_bytes(await self.call(call_of("credit", "0x" + account.hex())), "big")

    async def drawn(self) -> list[dict[str, Any]]:
        """DATA-8."""
        event = abi.event("DataAvailabilityChallenge", "CreditWithdrawn")
        client = self.world.nodes[0].client
        logs = await client.logs_between([self.contract], 1, (await client.head()).number)
        found = [log for log in logs if log.topics[0] == event.hash]
        return [event.decode_event(log.topics, log.data) for log in found]

    async def step(self) -> None:
        """Each node does what is its turn, be it an answer or another thing that is due."""
        for node in self.world.nodes:
            await node.step()
        await self.look()

    async def look(self) -> None:
        for node in self.world.nodes:
            await node.watcher.step()
        await self.follower.reader.advance()

    def open(self) -> list[Hash32]:
        return [challenge.id for challenge in self.world.nodes[0].view.challenges.open_at(0)]


@pytest.fixture
async def ground(world: World) -> Ground:
    return await Ground.make(world)


async def test_challenge__is_answered_and_the_price_paid(ground: Ground) -> None:
    """The transactions are nowhere in the batch; a follower lists their segment; whoever asks for
    it gets the bytes from L1."""
    entry = ground.entry
    found = await ground.search.find(entry.transaction_hash)
    assert not any(raw in found.call.data for raw in HELD)
    assert (found.place.entry, found.place.position) == (entry.held, len(PLAIN))
    price = await ground.challenge(found)
    await ground.look()
    assert ground.open() == [entry.transaction_hash]
    await ground.step()
    assert ground.open() == []
    (drawn,) = await ground.drawn()
    assert drawn["amountWei"] == price
    signers = ["0x" + node.account.address.hex() for node in ground.world.nodes]
    assert drawn["account"] == drawn["to"]
    assert drawn["account"] in signers
    answer = await ground.search.answer(entry.transaction_hash)
    assert decode_segment(HOLDER, answer.data) == tuple(HELD)


async def test_challenge__nobody_answers__void_and_every_signer_slashed(ground: Ground) -> None:
    entry = ground.entry
    ground.world.held.clear()
    found = await ground.search.find(entry.transaction_hash, BatchIndex(1))
    await ground.challenge(found)
    await ground.step()
    (challenge,) = ground.world.nodes[0].view.challenges.open_at(0)
    await ground.world.anvil.mine_at(challenge.deadline)
    paid = await ground.credit(CHALLENGER)
    await ground.send(DEPLOYER, call_of("settle", challenge.id))
    assert await ground.credit(CHALLENGER) > paid
    call, signatures = found.call, found.call.signatures
    for at in range(0, len(signatures), 64):
        punish = call_of("punish", challenge.id, call.epoch, signatures[at : at + 64])
        await ground.send(DEPLOYER, punish)
    await ground.look()
    view = ground.world.nodes[0].view
    operators = view.operators_at(view.head.number)  # type: ignore[union-attr]
    statuses = [operator.status for operator in operators]
    assert len(signatures) == 64 * QUORUM
    assert statuses.count(OperatorStatus.EJECTED) == QUORUM  # what is left is below the minimum
    assert statuses.count(OperatorStatus.ACTIVE) == 1
    mark = ground.follower.entries[-1]
    assert (mark.source, mark.rollup_id, mark.voids) == (Source.VOID, HOLDER, challenge.id)


async def test_challenge__reorganised_away_and_back(ground: Ground) -> None:
    """The nodes answer what L1 has now: nothing, and then the challenge."""
    anvil, entry = ground.world.anvil, ground.entry
    found = await ground.search.find(entry.transaction_hash)
    before = str(await anvil.ask("evm_snapshot"))
    await ground.challenge(found)
    await ground.look()
    assert ground.open() == [entry.transaction_hash]
    await anvil.ask("evm_revert", before)
    await anvil.mine(2)
    await ground.look()
    assert ground.open() == []
    await ground.step()
    await ground.challenge(found)
    await ground.look()
    assert ground.open() == [entry.transaction_hash]
    await ground.step()
    assert ground.open() == []


async def test_challenge__through_a_later_batch(ground: Ground) -> None:
    """As when L1's ring has turned over (DATA-1)."""
    later = ground.world.batch(ground.world.block())
    await ground.until_committed(later)
    found = await ground.search.find(ground.entry.transaction_hash)
    assert [batch.index for batch in found.batches] == [1]
    chain = tuple(ground.world.certified[BatchIndex(index)][0] for index in (2, 1))
    await ground.challenge(found, chain)
    await ground.look()
    assert ground.open() == [ground.entry.transaction_hash]


async def test_find__no_such_segment(ground: Ground) -> None:
    later = ground.world.batch(ground.world.block())
    await ground.until_committed(later)
    with pytest.raises(EntryUnknown, match="in any batch"):
        await ground.search.find(Hash32(bytes(32)))
    with pytest.raises(EntryUnknown, match="in batch 2"):
        await ground.search.find(ground.entry.transaction_hash, later)


async def test_checkpoint__is_noted_and_closes_the_window(ground: Ground) -> None:
    """HELD-4, DATA-6."""
    anvil, view = ground.world.anvil, ground.world.nodes[3].view
    await ground.step()
    assert view.challenges.checkpoint is not None
    assert view.challenges.checkpoint.index == 1
    await anvil.mine_at(await anvil.timestamp() + PARAMETERS.data.window_seconds)
    (settled,) = decode(["uint64"], await ground.call(call_of("settledIndex")))
    assert settled == 1
