"""What a proposer builds and what an honest node votes for.

prepare
├── ready transactions: grouped by rollup, without those of pending ancestors
├── forced messages the origin shows: all counted; with a denied sender, those before it
├── origin: the highest confirmed; of a later epoch only with its committee (EPOCH-2)
└── parent terminal: a closing block (EPOCH-3)
process
├── what prepare built on another node: accepted
├── BLOCK-1 place, BLOCK-2 time, BLOCK-3 origin, BLOCK-4 forced, BLOCK-5 payload, BLOCK-6 closing
└── each broken one by one: refused, or not yet
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import msgspec
import pytest

from sequencer.blocks.header import Block, Header, genesis
from sequencer.blocks.payload import EMPTY_PAYLOAD, decode_payload, encode_payload
from sequencer.crypto.hashing import keccak, word
from sequencer.errors import NotYet, PeerFault
from sequencer.ingress.transaction import decode_transaction
from sequencer.l1.events import (
    CommitteeRecorded,
    Event,
    ForceIncluded,
    L1Block,
    L1Header,
    MessageEnqueued,
    RollupRegistered,
)
from sequencer.l1.schedule import Schedule
from sequencer.l1.view import L1View
from sequencer.mempool.pool import Mempool, MempoolConfig
from sequencer.ordering.application import (
    MAX_PAUSE_MS,
    PAUSE_MS_EACH,
    Application,
    OrderingParameters,
)
from sequencer.ordering.listings import Listing, Listings, ListParameters
from sequencer.ordering.order import root_of
from sequencer.ordering.turn import Turn, is_terminal
from sequencer.types import (
    ZERO_HASH,
    Address,
    Committee,
    Epoch,
    Hash32,
    Member,
    MemberIndex,
    RollupId,
    View,
)
from tests.unit.ingress.builders import CHAIN_ID, SENDER, Raw

SEPARATOR = keccak(b"deployment")
PROPOSER = Address(b"\x11" * 20)
ROLLUP = RollupId(1)
SCHEDULE = Schedule(genesis=1_000, epoch_seconds=100)
MARGIN = 10
NOW = 5_000_000
BLOCK_BYTES = 52_000


def l1_hash(number: int) -> Hash32:
    return keccak(b"l1", word(number))


def l1_block(number: int, timestamp: int, *events: Event) -> L1Block:
    parent = l1_hash(number - 1)
    return L1Block(L1Header(number, l1_hash(number), parent, timestamp), tuple(events))


def enqueued(index: int, deadline: int, raw: bytes = b"\x02") -> MessageEnqueued:
    return MessageEnqueued(index, ROLLUP, Address(b"\x22" * 20), 100_000, deadline, raw)


def committee(epoch: int) -> CommitteeRecorded:
    return CommitteeRecorded(Committee(Epoch(epoch), (Member(PROPOSER, 1),), keccak(word(epoch))))


@dataclass
class Node:
    """An application over a view of L1 whose blocks are 1, 2, 3 ... with given events."""

    deny: frozenset[Address] = frozenset()
    confirmations: int = 0
    origin_lag: int = 0
    mempool: Mempool = field(default_factory=lambda: Mempool(MempoolConfig()))

    def __post_init__(self) -> None:
        self.l1 = L1View(self.confirmations, SCHEDULE)
        parameters = OrderingParameters(
            BLOCK_BYTES, MARGIN, deny_senders=self.deny, origin_lag=self.origin_lag
        )
        self.listings = Listings(ListParameters(), BLOCK_BYTES)
        self.application = Application(self.l1, self.mempool, parameters, self.listings)
        self.height = 0

    def see(self, timestamp: int, *events: Event) -> "Node":
        self.height += 1
        self.l1.extend(l1_block(self.height, timestamp, *events))
        return self

    def build(self, parent: Header, pending: Sequence[Block] = (), epoch: int = 0) -> Block:
        return self.application.prepare(turn(parent, epoch), parent, pending, NOW)

    def judge(self, block: Block, parent: Header, pending: Sequence[Block] = ()) -> None:
        self.application.process(turn(parent), block, parent, pending, NOW)


def turn(parent: Header, epoch: int = 0) -> Turn:
    return Turn(Epoch(epoch), View(parent.view + 1), PROPOSER)


def pause(node: Node, parent: Header, *pending: Block) -> int | None:
    return node.application.pause_ms(Epoch(0), parent, pending, NOW)


def ready(node: Node, nonce: int, rollup: RollupId = ROLLUP) -> bytes:
    raw = Raw(nonce=nonce).encode()
    node.mempool.add(rollup, decode_transaction(raw, CHAIN_ID), NOW)
    return raw


def start() -> Header:
    return genesis(SEPARATOR)


def new_node(**options: object) -> Node:
    node = Node(**options)  # type: ignore[arg-type]
    registered = (RollupRegistered(ROLLUP, CHAIN_ID), RollupRegistered(RollupId(2), CHAIN_ID))
    return node.see(1_000, committee(0), *registered)


# --- prepare


def test_prepare__ready_transactions__are_grouped_by_rollup_in_order() -> None:
    node = new_node()
    second = ready(node, 7, RollupId(2))
    first, then = ready(node, 5), ready(node, 6)
    block = node.build(start())
    assert list(decode_payload(block.payload)) == [
        (ROLLUP, first),
        (ROLLUP, then),
        (RollupId(2), second),
    ]
    new_node().judge(block, start())


def test_prepare__transaction_in_a_pending_ancestor__is_not_taken_again() -> None:
    node = new_node()
    ready(node, 5)
    parent = node.build(start())
    child = node.build(parent.header, [parent])
    assert child.payload == EMPTY_PAYLOAD
    assert node.application.pause_ms(Epoch(0), parent.header, [parent], NOW) is None


def test_prepare__promised_behind_another_of_its_nonce__is_in_the_next_block() -> None:
    """PROMISE-4: its sender cannot break the promise with a rival sent to another node."""
    promising, other = new_node(), new_node()
    promised, rival = ready(promising, 5), Raw(nonce=5, max_fee=10**12, priority=10**12).encode()
    promising.mempool.pin((ROLLUP, keccak(promised)))
    other.mempool.add(ROLLUP, decode_transaction(rival, CHAIN_ID), NOW)
    first = other.build(start())
    promising.judge(first, start())
    for node in (promising, other):
        node.mempool.finalized(node.application.transactions(first))
    second = promising.build(first.header)
    other.judge(second, first.header)
    assert list(decode_payload(second.payload)) == [(ROLLUP, promised)]


def test_pause__by_what_the_block_before_had__up_to_a_bound() -> None:
    """BLOCK-10."""
    node = new_node()
    ready(node, 5)
    assert pause(node, start()) == 0, "nobody came lately, so nobody waits for company"
    first = node.build(start())
    ready(node, 6)
    assert pause(node, first.header, first) == PAUSE_MS_EACH
    second = node.build(first.header, [first])
    for nonce in range(7, 40):
        ready(node, nonce)
    third = node.build(second.header, [first, second])
    ready(node, 40)
    assert pause(node, third.header, first, second, third) == MAX_PAUSE_MS


def test_pause__of_what_does_not_wait() -> None:
    """BLOCK-10: a whole block, and a forced message."""
    node = new_node()
    ready(node, 5)
    first = node.build(start())
    ready(node, 6)
    assert pause(node, first.header, first) == PAUSE_MS_EACH
    node.see(1_001, enqueued(0, 1_050))
    assert pause(node, first.header, first) == 0

    node = new_node()
    ready(node, 5)
    first = node.build(start())
    large = Raw(nonce=6, data=bytes(BLOCK_BYTES // 2)).encode()
    node.mempool.add(ROLLUP, decode_transaction(large, CHAIN_ID), NOW)
    assert pause(node, first.header, first) == PAUSE_MS_EACH
    for nonce in range(7, 10):
        large = Raw(nonce=nonce, data=bytes(BLOCK_BYTES // 2)).encode()
        node.mempool.add(ROLLUP, decode_transaction(large, CHAIN_ID), NOW)
    assert pause(node, first.header, first) == 0


def test_prepare__forced_messages__are_all_counted() -> None:
    node = new_node().see(1_001, enqueued(0, 1_050), enqueued(1, 1_050))
    assert node.application.pause_ms(Epoch(0), start(), [], NOW) is not None
    block = node.build(start())
    assert block.header.forced_count == 2
    node.judge(block, start())


def test_prepare__denied_sender__stops_before_its_forced_message() -> None:
    raw = Raw().encode()
    node = new_node(deny=frozenset({SENDER}))
    node.see(1_001, enqueued(0, 1_050), enqueued(1, 1_050, raw), enqueued(2, 1_050))
    block = node.build(start())
    assert block.header.forced_count == 1
    assert node.application.pause_ms(Epoch(0), block.header, [block], NOW) is None


def test_prepare__unconfirmed_blocks__are_no_origin() -> None:
    node = new_node(confirmations=2).see(1_001).see(1_002).see(1_003)
    assert node.build(start()).header.origin_number == 2


def test_prepare__with_a_lag__stays_below_the_highest_confirmed() -> None:
    node = (
        new_node(confirmations=1, origin_lag=1).see(1_001).see(1_002, enqueued(0, 1_050)).see(1_003)
    )
    block = node.build(start())
    assert (block.header.origin_number, block.header.forced_count) == (2, 0)
    assert node.application.pause_ms(Epoch(0), block.header, [block], NOW) is None
    node.see(1_004)
    assert node.application.pause_ms(Epoch(0), block.header, [block], NOW) is not None


def test_prepare__origin_of_a_later_epoch__waits_for_its_committee() -> None:
    node = new_node().see(1_099).see(1_100)
    block = node.build(start())
    assert block.header.origin_number == 2
    node.see(1_101, committee(1))
    terminal = node.build(block.header, [block])
    assert terminal.header.origin_number == 4
    assert is_terminal(SCHEDULE, terminal.header)


def test_prepare__terminal_parent__is_closed_with_an_empty_block() -> None:
    node = new_node().see(1_100, committee(1))
    terminal = node.build(start())
    ready(node, 5)
    closing = node.build(terminal.header, [terminal])
    assert closing.payload == EMPTY_PAYLOAD
    assert closing.header.origin_number == terminal.header.origin_number
    assert closing.header.timestamp_ms == terminal.header.timestamp_ms
    node.judge(closing, terminal.header, [terminal])
    first_of_next = node.build(terminal.header, [], epoch=1)
    assert len(decode_payload(first_of_next.payload)) == 1


# --- process


def changed(block: Block, **fields: object) -> Block:
    return Block(msgspec.structs.replace(block.header, **fields), block.payload)


WRONG_HEADERS: list[tuple[str, Callable[[Block], Block], type[Exception], str]] = [
    ("epoch", lambda b: changed(b, epoch=1), PeerFault, "place"),
    ("view", lambda b: changed(b, view=9), PeerFault, "place"),
    ("proposer", lambda b: changed(b, proposer=b"\x33" * 20), PeerFault, "place"),
    ("parent", lambda b: changed(b, parent_hash=b"\x33" * 32), PeerFault, "place"),
    ("height", lambda b: changed(b, height=2), PeerFault, "place"),
    ("future", lambda b: changed(b, timestamp_ms=NOW + 2_001), NotYet, "ahead of the clock"),
    ("unknown origin", lambda b: changed(b, origin_number=7), NotYet, "not confirmed"),
    ("branch", lambda b: changed(b, origin_hash=b"\x33" * 32), NotYet, "another L1 branch"),
    ("origin time", lambda b: changed(b, origin_timestamp=1), NotYet, "another L1 branch"),
    ("forced beyond", lambda b: changed(b, forced_count=3), PeerFault, "expected 0 to 2"),
    ("forced pressing", lambda b: changed(b, forced_count=0), PeerFault, "left over"),
    ("payload hash", lambda b: changed(b, payload_hash=b"\x33" * 32), PeerFault, "payload"),
    ("payload length", lambda b: changed(b, payload_length=1), PeerFault, "payload"),
    ("root", lambda b: changed(b, transaction_root=b"\x33" * 32), PeerFault, "root"),
]


@pytest.mark.parametrize(
    ("change", "fault", "message"),
    [case[1:] for case in WRONG_HEADERS],
    ids=[case[0] for case in WRONG_HEADERS],
)
def test_process__header_with_one_wrong_field__is_refused(
    change: Callable[[Block], Block], fault: type[Exception], message: str
) -> None:
    node = new_node().see(1_001, enqueued(0, 1_005), enqueued(1, 1_050))
    ready(node, 5)
    block = node.build(start())
    with pytest.raises(fault, match=message):
        node.judge(change(block), start())
    node.judge(block, start())


def test_process__timestamp_before_the_parent__is_refused() -> None:
    node = new_node()
    parent = node.build(start())
    child = changed(node.build(parent.header, [parent]), timestamp_ms=NOW - 1)
    with pytest.raises(PeerFault, match="is before"):
        node.judge(child, parent.header, [parent])


def test_process__origin_below_the_parent__is_refused() -> None:
    node = new_node().see(1_001)
    parent = node.build(start())
    child = changed(
        node.build(parent.header, [parent]),
        origin_number=1,
        origin_hash=l1_hash(1),
        origin_timestamp=1_000,
    )
    with pytest.raises(PeerFault, match="does not follow"):
        node.judge(child, parent.header, [parent])


def test_process__left_over_message_not_pressing__is_accepted() -> None:
    node = new_node().see(1_001, enqueued(0, 1_001 + MARGIN + 1))
    node.judge(changed(node.build(start()), forced_count=0), start())


def test_process__left_over_message_already_forced_on_l1__is_refused() -> None:
    """That L1 had to does not make it good (NEGLECT-1): who attests it is slashed."""
    node = new_node().see(1_001, enqueued(0, 1_002)).see(1_003, ForceIncluded(0, 1))
    block = node.build(start())
    assert block.header.forced_count == 1
    with pytest.raises(PeerFault, match="forced message 0 is left over, due at 1002"):
        node.judge(changed(block, forced_count=0), start())


@pytest.mark.parametrize(("deadline", "is_vouched"), [(1_003, False), (1_004, True)])
def test_vouches__left_over_message_due_at_the_origin__is_not_attested(
    deadline: int, is_vouched: bool
) -> None:
    """ATTEST-2: whoever made it final, and although this node has judged it before."""
    node = new_node().see(1_001, enqueued(0, 1_002), enqueued(1, deadline)).see(1_003)
    block = changed(node.build(start()), forced_count=1)
    assert node.application.vouches_for(block, Epoch(0)) is is_vouched
    node.see(1_005, ForceIncluded(0, 2))
    assert node.application.vouches_for(block, Epoch(0)) is is_vouched
    assert node.application.vouches_for(block, Epoch(1)), "the next committee goes on from it"


def test_vouches__censor__attests_what_it_has_left_over() -> None:
    """POOL-6: and is slashed for it."""
    node = new_node(deny=frozenset({SENDER})).see(1_001, enqueued(0, 1_002)).see(1_003)
    block = changed(node.build(start()), forced_count=0)
    assert node.application.vouches_for(block, Epoch(0))


@pytest.mark.parametrize("provable_from", [0, 1_002])
def test_vouches__final_block_out_of_order__is_not_attested_if_l1_can_tell(
    provable_from: int,
) -> None:
    """ATTEST-2, ORDER-7: on another L1 branch the rollup may have had another policy."""
    rollup = RollupId(2)
    registered = RollupRegistered(rollup, CHAIN_ID, provable_from=provable_from)
    node = Node().see(1_001, RollupRegistered(ROLLUP, CHAIN_ID), registered)
    raws = [Raw(nonce=nonce).encode() for nonce in (1, 0)]
    payload = encode_payload([(rollup, raws)])
    block = changed_payload(node.build(start()), payload)
    assert node.application.vouches_for(block, Epoch(0)) is (provable_from > 1_001)
    assert node.application.vouches_for(block, Epoch(1))
    fine = changed_payload(node.build(start()), encode_payload([(rollup, raws[::-1])]))
    assert node.application.vouches_for(fine, Epoch(0))


def changed_payload(block: Block, payload: bytes) -> Block:
    """Whole, and with the right root."""
    header = msgspec.structs.replace(
        block.header,
        payload_hash=keccak(payload),
        payload_length=len(payload),
        transaction_root=root_of(payload, block.header.parent_hash),
    )
    return Block(header, payload)


def reorganised(messages: int) -> Node:
    """At L1 block 2 of another branch, which has so many messages."""
    node = new_node().see(1_001)
    node.l1.rollback_to(1)
    other = L1Header(2, keccak(b"other branch"), l1_hash(1), 1_001)
    events = [enqueued(index, 1_002) for index in range(messages)]
    node.l1.extend(L1Block(other, tuple(events)))
    return node


def test_process__origin_of_the_parent_on_another_branch__same_count_on_every_branch() -> None:
    """BLOCK-4: what each branch shows at that number is nothing to the block."""
    parent = new_node().see(1_001, enqueued(0, 1_001 + MARGIN + 1)).build(start())
    assert (parent.header.origin_number, parent.header.forced_count) == (2, 1)
    nodes = [reorganised(messages) for messages in (0, 1, 3)]
    for builder in nodes:
        block = builder.build(parent.header, [parent])
        assert (block.header.origin_number, block.header.forced_count) == (2, 1)
        for judge in nodes:
            judge.judge(block, parent.header, [parent])


def test_process__count_by_an_origin_on_another_branch__not_yet() -> None:
    parent = new_node().see(1_001).build(start())
    block = changed(reorganised(0).build(parent.header, [parent]), forced_count=1)
    with pytest.raises(NotYet, match="not on this node's L1 branch"):
        reorganised(3).judge(block, parent.header, [parent])


def test_process__pressing_message_and_a_denying_judge__is_accepted() -> None:
    node = new_node(deny=frozenset({SENDER})).see(1_001, enqueued(0, 1_002))
    node.judge(changed(node.build(start()), forced_count=0), start())


def with_payload(node: Node, payload: bytes, parent: Header) -> Block:
    from sequencer.blocks.merkle import transaction_root
    from sequencer.errors import DecodeError
    from sequencer.ordering.order import payload_leaves

    block = node.build(parent)
    try:
        leaves = payload_leaves(decode_payload(payload), parent.hash)
    except DecodeError:
        leaves = []
    header = msgspec.structs.replace(
        block.header,
        payload_hash=keccak(payload),
        payload_length=len(payload),
        transaction_root=transaction_root(leaves),
    )
    return Block(header, payload)


WRONG_PAYLOADS: list[tuple[str, Callable[[], bytes], str]] = [
    ("garbage", lambda: b"\x07garbage", "codec"),
    ("unknown rollup", lambda: encode_payload([(RollupId(9), [Raw().encode()])]), "rollup 9"),
    ("foreign chain", lambda: encode_payload([(ROLLUP, [Raw(chain=8).encode()])]), "chain id"),
    ("gas below intrinsic", lambda: encode_payload([(ROLLUP, [Raw(gas=1).encode()])]), "gas"),
    ("twice", lambda: encode_payload([(ROLLUP, [Raw().encode()] * 2)]), "in the chain already"),
    ("no transaction", lambda: encode_payload([(ROLLUP, [b"\x02\xc0"])]), "chain_id"),
    (
        "too long",
        lambda: encode_payload([(ROLLUP, [bytes(BLOCK_BYTES)])], compress=False),
        "at most",
    ),
]


@pytest.mark.parametrize(
    ("payload", "message"),
    [case[1:] for case in WRONG_PAYLOADS],
    ids=[case[0] for case in WRONG_PAYLOADS],
)
def test_process__wrong_payload__is_refused(payload: Callable[[], bytes], message: str) -> None:
    node = new_node()
    with pytest.raises(PeerFault, match=message):
        node.judge(with_payload(node, payload(), start()), start())


def test_process__transactions_that_no_gossip_has_brought__are_pooled() -> None:
    """POOL-5: but those of a block that is refused are not."""
    builder, judge, wrong = new_node(), new_node(), new_node()
    raw = ready(builder, 0)
    block = builder.build(start())
    judge.judge(block, start())
    assert (ROLLUP, keccak(raw)) in judge.mempool
    rootless = msgspec.structs.replace(block.header, transaction_root=ZERO_HASH)
    with pytest.raises(PeerFault):
        wrong.judge(Block(rootless, block.payload), start())
    assert len(wrong.mempool) == 0


def test_process__transaction_of_a_pending_ancestor__is_refused() -> None:
    node = new_node()
    ready(node, 5)
    parent = node.build(start())
    again = with_payload(node, parent.payload, parent.header)
    with pytest.raises(PeerFault, match="in the chain already"):
        node.judge(again, parent.header, [parent])


def test_process__closing_block_with_transactions__is_refused() -> None:
    node = new_node().see(1_100, committee(1))
    terminal = node.build(start())
    full = with_payload(node, encode_payload([(ROLLUP, [Raw().encode()])]), terminal.header)
    with pytest.raises(PeerFault, match="closing block"):
        node.judge(full, terminal.header, [terminal])


def test_transactions__of_an_undecodable_final_payload__are_none() -> None:
    node = new_node()
    assert node.application.transactions(with_payload(node, b"\x07", start())) == ()


def test_keys__of_a_final_block__count_what_does_not_decode() -> None:
    """DERIVE-5, DERIVE-6: positions are those of the payload."""
    node, good = new_node(), Raw().encode()
    block = with_payload(node, encode_payload([(ROLLUP, [b"\x03bad", good])]), start())
    assert [tx.raw for _, tx in node.application.transactions(block)] == [good]
    assert node.application.keys(block) == [(ROLLUP, keccak(b"\x03bad")), (ROLLUP, keccak(good))]
    assert node.application.keys(with_payload(node, b"\x07", start())) == []


def listed(node: Node, raw: bytes, since_ms: int) -> None:
    """Another member lists a transaction."""
    found = Committee(Epoch(0), (Member(PROPOSER, 1),), keccak(word(0)))
    if node.listings.committee is None:
        node.listings.begin(found)
    said = Listing(Epoch(0), found.hash, MemberIndex(0), since_ms, ROLLUP, raw, bytes(64))
    assert node.listings.add(said, decode_transaction(raw, CHAIN_ID), since_ms)


def test_process__listed_and_left_out__gets_no_vote() -> None:
    """LIST-4: whoever proposes it; but it may not know of the listing."""
    raw = Raw(nonce=0).encode()
    judge = new_node()
    empty = new_node().build(start())
    listed(judge, raw, NOW - 499)
    judge.judge(empty, start())
    listed(judge, Raw(nonce=1).encode(), NOW - 500)
    with pytest.raises(NotYet, match="is listed, and left out"):
        judge.judge(empty, start())


def test_process__listed_in_an_ancestor__is_accepted() -> None:
    raw = Raw(nonce=0).encode()
    proposer, judge = new_node(), new_node()
    listed(judge, raw, NOW - 500)
    listed(proposer, raw, NOW - 500)
    parent = proposer.build(start())
    judge.judge(parent, start())
    child = proposer.build(parent.header, [parent])
    assert decode_payload(parent.payload).segments
    assert not decode_payload(child.payload).segments
    judge.judge(child, parent.header, [parent])
    proposer.application.settled([(ROLLUP, keccak(raw))])
    assert proposer.application.pause_ms(Epoch(0), start(), (), NOW) is None


def test_prepare__listed_of_a_sender_that_is_denied__is_first_in_the_block() -> None:
    """LIST-5: who censors by itself may; what another member holds it puts in."""
    censor = new_node(deny=frozenset({SENDER}))
    raw = Raw(nonce=3).encode()
    assert censor.application.pause_ms(Epoch(0), start(), (), NOW) is None
    listed(censor, raw, NOW)
    assert censor.application.pause_ms(Epoch(0), start(), (), NOW) is not None
    assert list(decode_payload(censor.build(start()).payload)) == [(ROLLUP, raw)]


def test_prepare__listed_behind_what_is_pooled__stands_in_order_of_nonces() -> None:
    node = new_node()
    pooled = ready(node, 1)
    late, early = Raw(nonce=2).encode(), Raw(nonce=0).encode()
    listed(node, late, NOW)
    listed(node, early, NOW + 1)
    listed(node, Raw(nonce=1, data=b"other").encode(), NOW + 2)
    block = node.build(start())
    other = Raw(nonce=1, data=b"other").encode()
    assert [raw for _, raw in decode_payload(block.payload)] == [early, other, late]
    assert pooled not in decode_payload(block.payload).segments[0].transactions
    node.judge(block, start())


def test_prepare__listed_behind_earlier_nonces_that_fill_a_block__is_in_it() -> None:
    """LIST-5: a sender's own earlier transactions do not push out what a member asks for, or no
    block of an honest proposer would have a vote."""
    node, judge = new_node(), new_node()
    for nonce in (0, 1):
        raw = Raw(nonce=nonce, data=bytes(25_000), gas=2_000_000).encode()
        node.mempool.add(ROLLUP, decode_transaction(raw, CHAIN_ID), NOW)
    late = Raw(nonce=2, data=bytes(3_000)).encode()
    for one in (node, judge):
        listed(one, late, NOW - 500)
    block = node.build(start())
    judge.judge(block, start())
    assert late in decode_payload(block.payload).segments[0].transactions
