"""Rollups whose data the committee holds (BLOCK-7, ENC-15).

prepare
├── rollups of both kinds → those that hold their data in a held segment each, the rest as ever
└── more heads of segments than room → as many transactions as fit
process
├── what prepare built → accepted, with positions through both
├── without its held bytes, or with others → refused
├── held though posted, posted though held → refused
├── payload and held segments together too long → refused
├── a held segment that is no payload of its rollup, or breaks BLOCK-5 → refused
└── held segments that inflate to more than a payload may hold → refused
transactions of a final block: as far as it decodes
"""

import random

import msgspec
import pytest

from sequencer.blocks import contents
from sequencer.blocks.header import Block, Header
from sequencer.blocks.held import held_entry
from sequencer.blocks.merkle import transaction_root
from sequencer.blocks.payload import (
    decode_payload,
    decode_segment,
    encode_payload,
)
from sequencer.crypto.hashing import keccak
from sequencer.errors import PeerFault
from sequencer.ingress.transaction import decode_transaction
from sequencer.l1.events import RollupRegistered
from sequencer.ordering.contents import ContentRules
from sequencer.ordering.order import root_of
from sequencer.types import RollupId
from tests.unit.ingress.builders import CHAIN_ID, Raw
from tests.unit.ordering.test_application import (
    BLOCK_BYTES,
    NOW,
    ROLLUP,
    Node,
    new_node,
    ready,
    start,
)

HOLDS, ALSO = RollupId(3), RollupId(4)
RAW = Raw().encode()

Segments = list[tuple[RollupId, list[bytes]]]


def node() -> Node:
    """Rollups 1 and 2 post their data, 3 and 4 hold it."""
    return new_node().see(1_000, *(RollupRegistered(of, CHAIN_ID, True) for of in (HOLDS, ALSO)))


def made(
    posted: Segments, held: list[tuple[RollupId, bytes]], parent: Header | None = None
) -> Block:
    """A block that is whole and has the right root, whatever it holds."""
    entries = [held_entry(rollup, data) for rollup, data in held]
    payload = encode_payload(posted, held=entries)
    block = node().build(parent or start())
    header = msgspec.structs.replace(
        block.header,
        payload_hash=keccak(payload),
        payload_length=len(payload),
        transaction_root=root_of(payload, block.header.parent_hash),
    )
    return Block(header, payload, b"".join(data for _, data in held))


def segment(rollup: RollupId, *raws: bytes) -> tuple[RollupId, bytes]:
    return rollup, encode_payload([(rollup, raws)])


def test_prepare__rollups_of_both_kinds__stand_where_their_data_goes() -> None:
    builder = node()
    last, third, first, second = (
        ready(builder, nonce, rollup)
        for nonce, rollup in ((4, ALSO), (3, HOLDS), (1, ROLLUP), (2, RollupId(2)))
    )
    block = builder.build(start())
    assert list(decode_payload(block.payload)) == [(ROLLUP, first), (2, second)]
    contents = [
        (entry.rollup, *decode_segment(entry.rollup, data)) for entry, data in block.held_segments()
    ]
    assert contents == [(HOLDS, third), (ALSO, last)]
    judge = node()
    judge.judge(block, start())
    expected = [(ROLLUP, first), (2, second), (HOLDS, third), (ALSO, last)]
    for known in (builder, judge, node()):
        found = known.application.transactions(block)
        assert [(rollup, tx.raw) for rollup, tx in found] == expected
        assert known.application.keys(block) == [(rollup, keccak(raw)) for rollup, raw in expected]


def test_prepare__held_transactions_of_a_pending_ancestor__are_not_taken_again() -> None:
    builder = node()
    ready(builder, 5, HOLDS)
    parent = builder.build(start())
    assert parent.held
    again = made([], [segment(HOLDS, Raw(nonce=5).encode())], parent.header)
    for known in (builder, node()):
        assert not known.build(parent.header, [parent]).held
        with pytest.raises(PeerFault, match="in the chain already"):
            known.judge(again, parent.header, [parent])


def test_prepare__many_rollups__leave_out_what_their_heads_have_no_room_for() -> None:
    """Each held segment adds up to 64 bytes: of a full pool no block that is too long is made."""
    count = 600
    builder = new_node().see(
        1_000, *(RollupRegistered(RollupId(3 + at), CHAIN_ID, True) for at in range(count))
    )
    for at in range(count):
        raw = Raw(nonce=at, data=random.Random(at).randbytes(40)).encode()
        builder.mempool.add(RollupId(3 + at), decode_transaction(raw, CHAIN_ID), NOW)
    block = builder.build(start())
    assert BLOCK_BYTES - 4_000 < block.content_bytes <= BLOCK_BYTES
    assert 0 < len(decode_payload(block.payload).held) < count
    builder.judge(block, start())


@pytest.mark.parametrize("held", [b"", b"other", RAW])
def test_process__without_its_held_bytes__is_refused(held: bytes) -> None:
    good = made([], [segment(HOLDS, RAW)])
    node().judge(good, start())
    with pytest.raises(PeerFault, match="not what the header commits to"):
        node().judge(Block(good.header, good.payload, held), start())


WRONG = [
    ("posted", made([(HOLDS, [RAW])], []), "rollup 3 are posted"),
    ("held", made([], [segment(ROLLUP, RAW)]), "rollup 1 are held back"),
    ("unknown rollup", made([], [segment(RollupId(9), RAW)]), "rollup 9 does not exist"),
    ("foreign chain", made([], [segment(HOLDS, Raw(chain=8).encode())]), "chain id"),
    ("gas below intrinsic", made([], [segment(HOLDS, Raw(gas=1).encode())]), "gas"),
    ("twice", made([], [segment(HOLDS, RAW, RAW)]), "in the chain already"),
    ("another's segment", made([], [(HOLDS, segment(ALSO, RAW)[1])]), "holds rollups 4"),
    ("no payload", made([], [(HOLDS, b"\x07")]), "codec 7"),
    (
        "names others",
        made([], [(HOLDS, encode_payload([(HOLDS, [RAW])], held=[held_entry(ALSO, b"x")]))]),
        "names 1 held",
    ),
    (
        "too long",
        made([(ROLLUP, [RAW])], [(HOLDS, bytes(BLOCK_BYTES - 100))]),
        f"bytes, at most {BLOCK_BYTES}",
    ),
]


@pytest.mark.parametrize(
    ("block", "problem"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG]
)
def test_process__held_segments_against_a_rule__are_refused(block: Block, problem: str) -> None:
    with pytest.raises(PeerFault, match=problem):
        node().judge(block, start())


def test_process__a_root_without_the_held_segments__is_refused() -> None:
    good = made([], [segment(HOLDS, RAW)])
    rootless = msgspec.structs.replace(good.header, transaction_root=transaction_root([]))
    with pytest.raises(PeerFault, match="root"):
        node().judge(Block(rootless, good.payload, good.held), start())


def test_process__segments_of_more_than_a_payload_together__are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Three segments of 1,000 bytes, of which two fit."""
    monkeypatch.setattr(contents, "MAX_PLAIN_BYTES", 2_000)
    monkeypatch.setattr(ContentRules, "_checked", lambda *_: [decode_transaction(RAW, CHAIN_ID)])
    large = [segment(RollupId(3 + at), bytes(1_000)) for at in range(3)]
    judge = new_node().see(1_000, *(RollupRegistered(of, CHAIN_ID, True) for of, _ in large))
    fitting, more = made([], large[:2]), made([], large)
    assert more.content_bytes < BLOCK_BYTES
    judge.judge(fitting, start())
    with pytest.raises(PeerFault, match="3 transactions and 3000 bytes so far"):
        judge.judge(more, start())


def test_transactions__of_a_final_block_that_does_not_decode__end_there() -> None:
    block = made([(ROLLUP, [RAW])], [(HOLDS, b"\x07"), segment(ALSO, RAW)])
    found = node().application.transactions(block)
    assert [(rollup, tx.raw) for rollup, tx in found] == [(ROLLUP, RAW)]
