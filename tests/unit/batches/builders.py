"""Blocks and committees for the tests of batches."""

from dataclasses import dataclass

from sequencer.blocks.header import Block, Header, genesis
from sequencer.blocks.payload import EMPTY_PAYLOAD, encode_payload
from sequencer.crypto.hashing import address_word, keccak, word
from sequencer.crypto.signatures import Signer
from sequencer.ordering.order import root_of
from sequencer.types import (
    Address,
    Committee,
    Epoch,
    Hash32,
    Height,
    RollupId,
    View,
    decode_committee,
)

SEPARATOR = keccak(b"deployment")
PROPOSER = Address(b"\x11" * 20)


@dataclass(frozen=True)
class Step:
    """What differs from one block to the next."""

    transactions: tuple[bytes, ...] = ()
    elapsed_ms: int = 0
    origin_advance: int = 0
    forced: int = 0
    epoch: int = 0
    compress: bool = False
    payload: bytes | None = None
    """Instead of `transactions`."""


def next_block(parent: Header, step: Step) -> Block:
    payload = EMPTY_PAYLOAD if step.payload is None else step.payload
    if step.transactions:
        payload = encode_payload([(RollupId(1), step.transactions)], compress=step.compress)
    origin_number = parent.origin_number + step.origin_advance
    header = Header(
        epoch=Epoch(step.epoch),
        height=Height(parent.height + 1),
        view=View(parent.view + 1),
        timestamp_ms=parent.timestamp_ms + step.elapsed_ms,
        parent_hash=parent.hash,
        payload_hash=keccak(payload),
        payload_length=len(payload),
        transaction_root=root_of(payload, parent.hash),
        origin_number=origin_number,
        origin_hash=keccak(b"origin", word(origin_number)),
        origin_timestamp=12 * origin_number,
        forced_count=parent.forced_count + step.forced,
        proposer=PROPOSER,
    )
    return Block(header, payload)


def chain(*steps: Step, separator: Hash32 = SEPARATOR) -> list[Block]:
    """Consecutive blocks on genesis."""
    blocks: list[Block] = []
    parent = genesis(separator)
    for step in steps:
        blocks.append(next_block(parent, step))
        parent = blocks[-1].header
    return blocks


def signers(count: int, seed: bytes = b"signer") -> list[Signer]:
    return [Signer(keccak(seed, word(number))) for number in range(count)]


def committee_of(epoch: int, members: list[Signer], weights: list[int] | None = None) -> Committee:
    """ENC-4, through its bytes."""
    weights = weights or [10**18] * len(members)
    data = word(sum(weights)) + b"".join(
        address_word(member.address)[12:] + weight.to_bytes(12, "big")
        for member, weight in zip(members, weights, strict=True)
    )
    return decode_committee(Epoch(epoch), data, keccak(data))
