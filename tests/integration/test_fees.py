"""A rollup that has not paid, against Anvil and the real contracts (FEE-2 to FEE-5, BLOCK-8)."""

from sequencer.blocks.payload import EMPTY_PAYLOAD, decode_payload
from sequencer.ingress.transaction import decode_transaction
from sequencer.l1 import abi
from sequencer.l1.calldata import encode_commit
from sequencer.l1.charging import CHARGE_BATCHES
from sequencer.mempool.pool import Mempool, MempoolConfig
from sequencer.ordering.application import Application, OrderingParameters
from sequencer.ordering.listings import Listings, ListParameters
from sequencer.ordering.turn import Turn
from sequencer.types import BatchIndex, Epoch, View
from tests.integration.l1_world import (
    COLD,
    PARAMETERS,
    ROLLUP,
    ROLLUP_CHAIN_ID,
    World,
)
from tests.integration.test_fallback import call
from tests.unit.derivation.worlds import transaction

STRANGER = COLD[4]
RAWS = [transaction(nonce) for nonce in range(CHARGE_BATCHES + 2)]
USED = sum(map(len, RAWS[:CHARGE_BATCHES]))


class Orderer:
    """What a member with the world's first view takes in and puts into its next block."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.mempool = Mempool(MempoolConfig())
        parameters = OrderingParameters(52_000, PARAMETERS.inbox.force_window_seconds // 2)
        listings = Listings(ListParameters(), parameters.block_bytes)
        self._application = Application(world.nodes[0].view, self.mempool, parameters, listings)

    def refusal(self) -> str | None:
        return self._application.served.why_not(ROLLUP)

    def next_block(self) -> bytes:
        """Its payload, with the last transaction waiting."""
        if not len(self.mempool):
            self.mempool.add(ROLLUP, decode_transaction(RAWS[-1], ROLLUP_CHAIN_ID), 0)
        parent = self._world.tip
        turn = Turn(Epoch(parent.epoch), View(parent.view + 1), COLD[0])
        return self._application.prepare(turn, parent, [], 10**15).payload


async def record_committee(world: World) -> None:
    """That of the current epoch, without which no block has its origin there (EPOCH-2); and two L1
    blocks, because origins lie one behind."""
    epoch = world.deployment.schedule.epoch_of(await world.anvil.timestamp() + 2)
    snapshot = abi.function("Committee", "snapshot").call(epoch)
    await call(world, STRANGER, world.deployment.contracts.committee, snapshot)
    await world.anvil.mine(2, seconds=2)
    await world.nodes[0].watcher.step()


async def test_empty_account__is_noticed_dropped_and_back_when_it_pays(world: World) -> None:
    live, orderer = await world.follower(), Orderer(world)
    node, fees = world.nodes[0], world.deployment.contracts.sequencing_fees

    for raw in RAWS[:CHARGE_BATCHES]:
        index = world.batch(world.block([raw]))
        data = encode_commit(*world.certified[index], world.data[index])
        await world.anvil.send(STRANGER, world.deployment.contracts.commitment_chain, data)
    await world.anvil.mine(seconds=1)
    assert not await world.nodes[2].step()  # it is member 1's turn
    assert await world.nodes[1].step()
    await node.watcher.step()
    assert node.view.charged.last == CHARGE_BATCHES
    head = node.view.head
    assert head is not None
    notice = node.view.notice_at(ROLLUP, head.number)
    assert notice is not None
    assert notice.drop_at == head.timestamp + PARAMETERS.fees.notice_seconds
    assert orderer.refusal() is None

    await world.anvil.mine_at(notice.drop_at)
    await node.watcher.step()
    refusal = orderer.refusal()
    assert refusal is not None
    assert refusal.startswith(f"rollup {ROLLUP} is dropped since {notice.drop_at}: ")
    await record_committee(world)
    assert orderer.next_block() == EMPTY_PAYLOAD

    await world.enqueue(RAWS[CHARGE_BATCHES])
    await world.anvil.mine()
    await world.anvil.mine(seconds=PARAMETERS.inbox.force_window_seconds)
    force = abi.function("ForcedInbox", "forceInclude").call(1)
    assert await call(world, STRANGER, world.deployment.contracts.forced_inbox, force)
    await live.reader.advance()
    assert live.included == RAWS[: CHARGE_BATCHES + 1]

    prepay = abi.function("SequencingFees", "prepay").call(ROLLUP)
    price = PARAMETERS.fees.fee_wei_per_byte
    assert await call(world, STRANGER, fees, prepay, (USED - 1) * price)
    await node.watcher.step()
    assert orderer.refusal() is not None
    assert await call(world, STRANGER, fees, prepay, 1_000 * price)
    await record_committee(world)
    assert orderer.refusal() is None
    assert list(decode_payload(orderer.next_block())) == [(ROLLUP, RAWS[-1])]
    assert node.view.charged.last == BatchIndex(CHARGE_BATCHES)
