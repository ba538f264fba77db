"""What a node takes in (TX-6), and what it says of a rollup that leaves the committee or is dropped
(TX-8, FEE-4)."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest
from coincurve import PrivateKey

from sequencer.blocks.contents import transaction_keys
from sequencer.consensus.messages import VoteKind
from sequencer.crypto.hashing import keccak
from sequencer.crypto.signatures import public_key_address
from sequencer.errors import PeerFault
from sequencer.ingress.jsonrpc import Code
from sequencer.ingress.methods import Methods
from sequencer.ingress.refusal import (
    AlreadyKnown,
    Busy,
    L1Unread,
    NoPromise,
    OverLimit,
    Refused,
    RollupAway,
)
from sequencer.ingress.rpc import Rpc
from sequencer.ingress.transaction import decode_transaction
from sequencer.ingress.transactions import HINT_BYTES, decode_with_hints
from sequencer.l1.events import (
    BasedEntered,
    Event,
    L1Block,
    L1Header,
    ModeAnnounced,
    NoticeCleared,
    NoticeGiven,
    RollupMode,
)
from sequencer.l1.modes import FOREVER
from sequencer.mempool.admission import Admission
from sequencer.node import node as node_module
from sequencer.node.backend import Admitted
from sequencer.node.node import Node
from sequencer.node.wire import GossipedTransaction, encode_consensus, encode_transactions
from sequencer.store.blocks import FinalizedBlock
from sequencer.types import Address, RollupId
from tests.unit.consensus.builders import COMMITTEE, block, proposal, signed
from tests.unit.ingress.builders import Raw
from tests.unit.l1.chains import registered
from tests.unit.node.chain import CHAIN_ID, ROLLUP, l1_hash, next_block, next_holding_block
from tests.unit.node.test_node import SECRET, config, deployment, stop, until

LEAVES = 2_000
SEQUENCER = Address(b"\x05" * 20)
PEER, OTHER = Address(b"\x06" * 20), Address(b"\x07" * 20)


class World:
    """A node that is told of L1 by hand: a rollup, and enough blocks to confirm it. The margin is
    10 seconds."""

    def __init__(self, folder: Path) -> None:
        self.node = Node(config(folder), deployment(), SECRET)
        self.see(1_900, registered(1, CHAIN_ID))
        for timestamp in range(1_901, 1_905):
            self.see(timestamp)

    def see(self, timestamp: int, *events: Event) -> None:
        head = self.node.l1.head
        number = head.number + 1 if head else 1
        header = L1Header(number, l1_hash(number), l1_hash(number - 1), timestamp)
        self.node.l1.extend(L1Block(header, events))

    def announce(self) -> None:
        self.see(1_910, ModeAnnounced(ROLLUP, RollupMode.SOLO, SEQUENCER, LEAVES))

    def admit(self, nonce: int) -> None:
        self.node._backend.admit(ROLLUP, Raw(nonce=nonce).encode(), 0)

    def modes(self) -> Any:
        return self.node.status()["modes"]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.node.close()


def test_admit__rollup_that_leaves__is_refused_from_the_margin_on(world: World) -> None:
    world.announce()
    world.see(LEAVES - 11)
    world.admit(0)
    world.see(LEAVES - 10)
    with pytest.raises(RollupAway, match=f"rollup 1 leaves the committee at {LEAVES} to be SOLO"):
        world.admit(1)
    world.see(LEAVES)
    with pytest.raises(RollupAway, match="rollup 1 is SOLO, ordered by 0x0505"):
        world.admit(1)


def test_chain_id__l1_not_read_to_its_head__is_not_said_of_a_rollup_that_is_not_known(
    world: World,
) -> None:
    """TX-10."""
    assert world.node._backend.chain_id(ROLLUP) == CHAIN_ID
    with pytest.raises(L1Unread, match="knows nothing of rollup 2"):
        world.node._backend.chain_id(RollupId(2))
    world.node._watcher.is_connected = True
    assert world.node._backend.chain_id(RollupId(2)) is None


def test_admit__rollup_that_is_dropped__is_refused_until_it_has_paid(world: World) -> None:
    world.see(1_910, NoticeGiven(ROLLUP, LEAVES))
    world.see(LEAVES - 1)
    world.admit(0)
    assert world.node.status()["feeNotices"] == [
        {"rollup": 1, "dropAt": LEAVES, "isDropped": False}
    ]
    world.see(LEAVES)
    with pytest.raises(RollupAway, match=f"rollup 1 is dropped since {LEAVES}: its sequencing"):
        world.admit(1)
    world.see(LEAVES + 1, NoticeCleared(ROLLUP))
    for later in range(2, 6):
        world.see(LEAVES + later)
    world.admit(1)
    assert world.node.status()["feeNotices"] == []


def test_admit__ordered_already__is_known(world: World) -> None:
    """TX-6, as far as the pool does not remember it; of many, each by itself."""
    raws = [Raw(nonce=nonce).encode() for nonce in range(4)]
    block = next_block(world.node.ledger.tip, raws[0], raws[2])
    world.node._store.put_finalized([FinalizedBlock(block, None, transaction_keys(block))])
    with pytest.raises(AlreadyKnown):
        world.admit(0)
    too_long = bytes(200_000)
    found = world.node._backend.admit_many(ROLLUP, [*raws, too_long, raws[1]], 0)
    assert [type(outcome) for outcome in found] == [
        *(AlreadyKnown, Admitted, AlreadyKnown, Admitted),
        *(PeerFault, AlreadyKnown),
    ]
    assert len(world.node.mempool) == 2


def test_submit_many__at_the_bound__refuses_wallets_unseen_and_no_peer(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """POOL-7."""
    monkeypatch.setattr(Admission, "limit", 3)
    monkeypatch.setattr(world.node._gossip, "add", lambda _: None)
    raws = [Raw(nonce=nonce).encode() for nonce in range(5)]
    backend = world.node._backend
    assert backend.reserve(5) == 3
    assert backend.reserve(2) == 0
    backend.release(3, None)
    told = backend.submit_many(ROLLUP, raws[:3], 0)
    assert told == [keccak(raw) for raw in raws[:3]]
    assert backend.reserve(1) == 0
    with pytest.raises(Busy):
        backend.check_room()
    assert len(world.node.mempool) == 3
    passed_on = [GossipedTransaction(ROLLUP, raw) for raw in raws[3:]]
    world.node._receive(PEER, encode_transactions(passed_on))
    assert len(world.node.mempool) == 5


async def test_send__at_the_bound__says_when_to_try_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """POOL-7."""
    monkeypatch.setattr(Admission, "limit", 0)
    rpc = Rpc(Methods(world.node._backend, lambda: 0))
    raw = "0x" + Raw(nonce=0).encode().hex()
    call = {"jsonrpc": "2.0", "id": 1, "method": "eth_sendRawTransaction", "params": [raw]}
    alone = json.loads(await rpc.answer(str(ROLLUP), json.dumps(call).encode()))
    together = json.loads(await rpc.answer(str(ROLLUP), json.dumps([call, call]).encode()))
    for answer in (alone, *together):
        assert answer["error"]["code"] == Code.LIMIT
        assert answer["error"]["data"] == {"retryAfterMs": 50}
    assert len(together) == 2
    assert len(world.node.mempool) == 0


def test_gossip__with_hints_right_and_wrong__is_taken_in_all_the_same(world: World) -> None:
    """NET-11: who passes on does not decide who has sent."""
    keys = [PrivateKey(bytes([number]) * 32) for number in range(1, 21)]
    raws = [Raw(key=key).encode() for key in keys]
    _, hints = decode_with_hints(raws, CHAIN_ID)
    hints[3], hints[5], hints[7] = hints[4], b"", b"\xff" * HINT_BYTES
    passed_on = [
        GossipedTransaction(ROLLUP, raw, hint) for raw, hint in zip(raws, hints, strict=True)
    ]
    parts = [encode_transactions(part) for part in (passed_on[:10], passed_on[10:])]
    world.node._receive_transactions([(PEER, parts[0]), (OTHER, parts[1])])
    pooled = [world.node.mempool.get((ROLLUP, keccak(raw))) for raw in raws]
    assert pooled == [decode_transaction(raw, CHAIN_ID) for raw in raws]
    senders = [public_key_address(key.public_key) for key in keys]
    assert [tx.sender for tx in pooled if tx] == senders
    assert world.node._faults.total == 1


def test_gossip__of_several_peers__each_is_blamed_for_its_own(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """NET-4, POOL-5: one message spoils none beside it."""
    blamed: list[tuple[Address, str]] = []
    monkeypatch.setattr(
        world.node._inbound, "blame", lambda peer, fault: blamed.append((peer, str(fault)))
    )
    raws = [Raw(nonce=nonce).encode() for nonce in range(20)]
    _, hints = decode_with_hints(raws, CHAIN_ID)
    good = [GossipedTransaction(ROLLUP, *each) for each in zip(raws, hints, strict=True)]
    wrong_chain = GossipedTransaction(ROLLUP, Raw(chain=8).encode())
    wrong_hint = msgspec.structs.replace(good[0], hint=hints[1])
    unknown = GossipedTransaction(RollupId(9), Raw(nonce=99).encode())
    peers = [Address(bytes([number]) * 20) for number in range(5)]
    told = [
        encode_transactions(good[1:10]),
        encode_transactions([wrong_hint, good[10]]),
        encode_transactions([good[11], wrong_chain, unknown]),
        b"\x02garbage",
        encode_transactions([unknown, *good[12:]]),
    ]
    world.node._receive_transactions(list(zip(peers, told, strict=True)))
    assert [peer for peer, _ in blamed] == [peers[3], peers[1], peers[2]]  # decoded first
    assert [fault.split(":")[0] for _, fault in blamed] == [
        "transactions",
        "a hint does not show who has sent its transaction",
        "chain id 8, this rollup has 7",
    ]
    assert all((ROLLUP, keccak(raw)) in world.node.mempool for raw in raws)


def test_proposal__what_its_proposer_has_passed_on__is_taken_in_before(world: World) -> None:
    """NET-11."""
    raw = Raw(nonce=0).encode()
    passed_on = encode_transactions([GossipedTransaction(ROLLUP, raw)])
    vote, proposed = signed(1, VoteKind.NOTARIZE, 1), proposal(block(1))
    transport = world.node.transport
    assert transport._is_bulk(passed_on)
    assert not transport._is_bulk(encode_consensus(proposed))
    transport._bulk.put(PEER, passed_on)
    listener = SimpleNamespace(
        committee=COMMITTEE,
        is_news=lambda found: found == proposed,
        on_message=lambda *_: None,
        on_work=lambda: None,
    )
    world.node.epochs.instance = cast(Any, listener)
    world.node._receive(PEER, encode_consensus(vote))
    assert len(world.node.mempool) == 0
    world.node._receive(PEER, encode_consensus(proposed))
    world.node.epochs.instance = None
    assert (ROLLUP, keccak(raw)) in world.node.mempool


@pytest.mark.parametrize("withhold_data", [False, True])
def test_held_segment__is_given_unless_withheld(tmp_path: Path, withhold_data: bool) -> None:
    """HELD-2, HELD-5."""
    node = Node(config(tmp_path, withhold_data=withhold_data), deployment(), SECRET)
    block = next_holding_block(node.ledger.tip, b"posted", b"held")
    node._store.put_finalized([FinalizedBlock(block, None, [])])
    expected = None if withhold_data else block.held
    assert node._backend.held_segment(keccak(block.held)) == expected
    assert node._backend.held_segment(keccak(b"")) is None
    node.close()


def test_refusal__is_the_wallets_and_no_fault_of_a_peer() -> None:
    """TX-4: code -32000."""
    assert issubclass(RollupAway, Refused)
    assert not issubclass(RollupAway, OverLimit | PeerFault)


async def test_upkeep__what_waits_for_a_rollup_that_leaves__goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(node_module, "UPKEEP_SECONDS", 0.01)
    world = World(tmp_path)
    world.admit(0)
    running = asyncio.create_task(world.node.run())
    await until((tmp_path / "endpoints.json").exists)
    assert len(world.node.mempool) == 1
    world.announce()
    world.see(LEAVES - 10)
    await until(lambda: len(world.node.mempool) == 0)
    await stop(running)


def test_status__shows_who_has_announced_and_who_has_left(world: World) -> None:
    assert (world.modes(), world.node.status()["basedUntil"]) == ([], 0)
    world.announce()
    assert world.modes() == [
        {"rollup": 1, "mode": "shared", "announced": "solo", "effectiveAt": LEAVES}
    ]
    world.see(LEAVES, BasedEntered())
    assert world.modes() == [{"rollup": 1, "mode": "solo", "announced": None, "effectiveAt": None}]
    assert world.node.status()["basedUntil"] == FOREVER


async def test_submit_for_promise__none_made__is_taken_in_and_passed_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    passed_on: list[bytes] = []
    monkeypatch.setattr(world.node._gossip, "add", lambda gossiped: passed_on.append(gossiped.raw))
    raw = Raw(nonce=0).encode()
    tx_hash, made = world.node._backend.submit_for_promise(ROLLUP, raw, 0, 0)
    assert isinstance(made, NoPromise)
    assert "no member of the committee" in str(made)
    assert (ROLLUP, tx_hash) in world.node.mempool
    assert passed_on == [raw]
    assert world.node.status()["promises"] == {"open": 0, "openWei": "0", "coverageWei": None}
