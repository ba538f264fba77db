"""A committee whose keys are all in one hand: it signs whatever serves it."""

from collections.abc import Sequence
from random import Random
from typing import Any

import msgspec

from sequencer.batches.attestations import Attestation, BatchCertificate, attest
from sequencer.batches.batch import Batch
from sequencer.batches.codec import encode_batch_data
from sequencer.batches.usage import usage_of
from sequencer.blocks.header import Block, Header
from sequencer.blocks.payload import encode_payload
from sequencer.crypto.hashing import keccak, word
from sequencer.l1 import abi
from sequencer.l1.calldata import encode_commit
from sequencer.ordering.order import root_of
from sequencer.types import (
    U64_MAX,
    ZERO_HASH,
    Address,
    BatchIndex,
    Committee,
    Epoch,
    Hash32,
    Height,
    RollupId,
    View,
    decode_committee,
)
from tests.hostile.accounts import CHAIN_IDS, SIGNER_OF, SUBMITTER, transactions
from tests.hostile.base import GENESIS, PARAMETERS, SLOT_SECONDS
from tests.hostile.facts import Committed, Made, MadeBlock, Recorded
from tests.hostile.l1 import Call
from tests.hostile.scene import Scene

COMMIT_GAS = 3_000_000
Segments = list[tuple[RollupId, list[bytes]]]


def commit(scene: Scene, draw: Random) -> None:
    """A good batch, that takes as many messages as a committee that hates some would."""
    _be_ready(scene, draw)
    world = scene.world
    *_, consumed = world.tip()
    length = len(world.ledger.messages)
    count = draw.choice((length, length, draw.randint(min(consumed, length), length)))
    made = _make(scene, draw, [count])
    _send(scene, made, _sign(scene, draw, made.batch))


def commit_any_count(scene: Scene, draw: Random) -> None:
    """Any count that could get past the contract, or might break something behind it."""
    _be_ready(scene, draw)
    ledger, length = scene.world.ledger, len(scene.world.ledger.messages)
    due = sum(message.deadline <= scene.world.now for message in ledger.messages)
    counts = (0, ledger.consumed, due, due + 1, length - 1, length, length + 1, length + 5)
    last = draw.choice((*counts, 2**32, 2**63 - 1))
    steps = sorted(draw.randint(0, max(0, last)) for _ in range(draw.randrange(3)))
    made = _make(scene, draw, [*steps, max(0, last)])
    _send(scene, made, _sign(scene, draw, made.batch))


def commit_rubbish(scene: Scene, draw: Random) -> None:
    """Data that does not decode, behind a valid certificate (DERIVE-5)."""
    _be_ready(scene, draw)
    length = len(scene.world.ledger.messages)
    good = _make(scene, draw, [draw.choice((length, scene.world.ledger.consumed))])
    data = draw.choice(
        (
            b"",
            draw.randbytes(draw.choice((1, 500))),
            good.data[:-1],
            good.data + b"\0",
            b"\x02" + good.data[1:],
            b"\x01" + b"\xf8" * 900,
        )
    )
    batch = msgspec.structs.replace(good.batch, data_hash=keccak(data))
    made = Made(batch, data, None)
    _send(scene, made, _sign(scene, draw, made.batch))


def commit_lie(scene: Scene, draw: Random) -> None:
    """Data that decodes, and a batch that states something else: void, or linked by chance."""
    _be_ready(scene, draw)
    ledger = scene.world.ledger
    length, consumed = len(ledger.messages), ledger.consumed
    counts = draw.choice(([length], [length, consumed], [consumed, length, length]))
    made = _make(scene, draw, counts)
    twist: dict[str, Any] = draw.choice(
        (
            {"last_block_hash": Hash32(draw.randbytes(32))},
            {"first_height": Height(min(made.batch.first_height + 1, U64_MAX))},
            {"last_height": Height(U64_MAX)},
            {"last_height": Height(0)},
            {"forced_count": draw.randint(0, length)},
            {"blobs_hash": Hash32(draw.randbytes(32))},
            {"usage_hash": Hash32(draw.randbytes(32))},
            {},
        )
    )
    made = Made(msgspec.structs.replace(made.batch, **twist), made.data, made.blocks)
    _send(scene, made, _sign(scene, draw, made.batch))


def commit_in_other_words(scene: Scene, draw: Random) -> None:
    """The same call written in another way (DERIVE-1): data first, a hole, no padding, a tail."""
    _be_ready(scene, draw)
    made = _make(scene, draw, [len(scene.world.ledger.messages)])
    certificate = _sign(scene, draw, made.batch)
    if certificate is None:
        return
    plain = encode_commit(made.batch, certificate, made.data)
    data = word(len(made.data)) + made.data
    signatures = word(len(certificate.signatures)) + certificate.signatures
    at = 13 * 32 + draw.choice((0, 7, 32))
    hole = draw.randbytes(at - 13 * 32)
    odd = plain[: 4 + 11 * 32] + word(at + len(data)) + word(at) + hole + data + signatures
    _send_call(scene, made, odd + draw.randbytes(draw.choice((0, 9))))


def commit_without_quorum(scene: Scene, draw: Random) -> None:
    """Too few signatures, or one that is wrong (CERT-4)."""
    made = _make(scene, draw, [len(scene.world.ledger.messages)])
    certificate = _sign(scene, draw, made.batch, most=draw.choice((0, 1, 2)))
    _send(scene, made, certificate)


def attest_again(scene: Scene, draw: Random) -> None:
    """What was sent before, signed by another epoch's committee (BATCH-4)."""
    if scene.world.archive:
        _, fact = draw.choice(scene.world.archive[-6:])
        _send(scene, fact.made, _sign(scene, draw, fact.made.batch))


def send_old_commit(scene: Scene, draw: Random) -> None:
    """A commit of any age, as it was: another branch of L1 may take it (CERT-8)."""
    if scene.world.archive:
        scene.world.send(*draw.choice(scene.world.archive))


def record(scene: Scene, draw: Random) -> None:
    """The committee of an epoch (COMM-3): on time, or not at all."""
    present = (scene.world.now + SLOT_SECONDS - GENESIS) // PARAMETERS.times.epoch_seconds
    epoch = Epoch(present + draw.choice((0, 0, 0, 1, 1, 2)))
    _record(scene, epoch)


def _be_ready(scene: Scene, draw: Random) -> None:
    """Often, a hostile committee sees to it that L1 will take its next commit: its epoch is
    recorded, and what it sent before is in a block."""
    if draw.random() < 0.4:
        return
    is_recorded = bool(_open_epochs(scene))
    if not is_recorded:
        present = (scene.world.now + SLOT_SECONDS - GENESIS) // PARAMETERS.times.epoch_seconds
        _record(scene, Epoch(present))
    if not is_recorded or any(isinstance(one.fact, Committed) for one in scene.world.waiting):
        scene.mine(scene.world.now + SLOT_SECONDS)


def _record(scene: Scene, epoch: Epoch) -> None:
    call = abi.function("Committee", "snapshot").call(epoch)
    at = scene.world.base.contracts.committee
    scene.world.send(Call(SUBMITTER, at, call, gas=2_000_000), Recorded(epoch))


# --- making batches ---


def _make(scene: Scene, draw: Random, counts: Sequence[int]) -> Made:
    """A batch on the last one: a block for each count of forced messages."""
    index, batch_hash, parent, height, _ = scene.world.tip()
    epoch = draw.choice(scene.world.ledger.epochs)
    blocks, made = [], []
    for count in counts:
        segments = _segments(draw)
        height = Height(min(height + 1, U64_MAX))
        block = _block(epoch, parent, height, count, segments)
        blocks.append(block)
        listed = tuple((rollup, raw) for rollup, raws in segments for raw in raws)
        made.append(MadeBlock(block.header, listed))
        parent = block.header.hash
    data = encode_batch_data(blocks)
    first, last = blocks[0].header, blocks[-1].header
    batch = Batch(
        index=BatchIndex(index + 1),
        parent_hash=batch_hash,
        first_height=first.height,
        last_height=last.height,
        last_block_hash=last.hash,
        forced_count=last.forced_count,
        data_hash=keccak(data),
        blobs_hash=ZERO_HASH,
        usage_hash=keccak(usage_of(blocks)),
    )
    return Made(batch, data, tuple(made))


def _segments(draw: Random) -> Segments:
    """Transactions for some rollups, known and unknown, good, copied and bad."""
    known = transactions()
    found: Segments = []
    for rollup in sorted(draw.sample((1, 2, 3, 4, 99), draw.randrange(4))):
        chain_id = draw.choice(CHAIN_IDS)
        pool = (*known.valid[chain_id], known.users[chain_id], *known.garbage)
        found.append((RollupId(rollup), draw.sample(pool, draw.randint(1, 3))))
    return found


def _block(epoch: Epoch, parent: Hash32, height: Height, count: int, segments: Segments) -> Block:
    payload = encode_payload(segments)
    header = Header(
        epoch=epoch,
        height=height,
        view=View(height),
        timestamp_ms=height,
        parent_hash=parent,
        payload_hash=keccak(payload),
        payload_length=len(payload),
        transaction_root=root_of(payload, parent),
        origin_number=1,
        origin_hash=ZERO_HASH,
        origin_timestamp=0,
        forced_count=count,
        proposer=Address(bytes(20)),
    )
    return Block(header, payload)


def committee_of(scene: Scene, epoch: Epoch) -> Committee | None:
    """As L1 has it; None if it was not recorded."""
    call = abi.function("Committee", "committeeBytes").call(epoch)
    answer = scene.world.base.l1.view(scene.world.base.contracts.committee, call)
    if answer is None:
        return None
    content = answer[64 : 64 + int.from_bytes(answer[32:64], "big")]
    return decode_committee(epoch, content, keccak(content))


def _open_epochs(scene: Scene) -> list[Epoch]:
    """Whose committees may commit in an ordinary next block (CERT-3)."""
    times, now = PARAMETERS.times, scene.world.now + SLOT_SECONDS
    first = (now - GENESIS - times.commit_grace_seconds) // times.epoch_seconds
    last = (now - GENESIS) // times.epoch_seconds
    return [epoch for epoch in scene.world.ledger.epochs if first <= epoch <= last]


def _sign(
    scene: Scene, draw: Random, batch: Batch, most: int | None = None
) -> BatchCertificate | None:
    """A certificate of a recent epoch's committee; `most` signs too little."""
    epoch = draw.choice(_open_epochs(scene) * 3 + scene.world.ledger.epochs[-3:])
    committee = committee_of(scene, epoch)
    if committee is None:
        return None
    separator = scene.world.base.deployment.domain.separator()
    signed = [
        attest(batch.index, batch.hash, committee, SIGNER_OF[member.signer], separator)
        for member in committee.members
    ][:most]
    bitmap = sum(1 << one.member for one in signed)
    return BatchCertificate(
        Attestation(epoch, committee.hash, batch.index, batch.hash),
        word(bitmap),
        b"".join(one.signature for one in signed),
    )


def _send(scene: Scene, made: Made, certificate: BatchCertificate | None) -> None:
    """By anyone who has the certificate."""
    if certificate is not None:
        _send_call(scene, made, encode_commit(made.batch, certificate, made.data))


def _send_call(scene: Scene, made: Made, calldata: bytes) -> None:
    chain = scene.world.base.contracts.commitment_chain
    scene.world.send(Call(SUBMITTER, chain, calldata, gas=COMMIT_GAS), Committed(made))
