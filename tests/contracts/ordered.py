"""Blocks of transactions with whatever order keys, who attested them, and proofs of what is in them
(ORDER-6, ATTEST-1, PROOF-1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak

from tests.contracts.held import HeldBlock, path_to
from tests.contracts.network import Actor, Network
from tests.vectors import reference as ref

Entry = tuple[int, int, bytes, int]
"""`TransactionEntry`: rollup id, position, hash, order key."""
ProvedEntry = tuple[Entry, list[bytes], int, bytes]
"""`ProvedEntry`: entry, siblings, sides, transaction."""
AttestedBlock = tuple[int, bytes, tuple[Any, ...], list[tuple[Any, ...]]]
"""`AttestedBlock`: epoch, signature, batch, headers."""


class OrderFault(IntEnum):
    """In the order of the contract's enum."""

    RISING = 0
    OVERSTATED = 1
    UNEARNED = 2
    NONCES = 3


@dataclass(frozen=True)
class Placed:
    """A transaction in a block, with the key that its leaf states."""

    raw: bytes
    key: int
    rollup: int = 1


@dataclass(frozen=True)
class OrderedBlock:
    """A block of transactions, in order or not."""

    height: int
    parent: bytes
    placed: tuple[Placed, ...] = ()
    origin_timestamp: int = 60
    forced_count: int = 0
    epoch: int = 0

    def entry(self, position: int) -> Entry:
        one = self.placed[position]
        return one.rollup, position, keccak(one.raw), one.key

    @property
    def leaves(self) -> list[bytes]:
        return [leaf_of(self.entry(position)) for position in range(len(self.placed))]

    @property
    def header(self) -> dict[str, Any]:
        """ENC-8, in the order of the contract's struct."""
        return HeldBlock(self.height, self.parent, ()).header | {
            "epoch": self.epoch,
            "transactionRoot": ref.merkle_root(self.leaves),
            "originTimestamp": self.origin_timestamp,
            "forcedCount": self.forced_count,
        }

    @property
    def hash(self) -> bytes:
        return ref.hash_struct("BlockHeader", self.header)

    def proved(self, position: int) -> ProvedEntry:
        path = path_to(self.leaves, position)
        return self.entry(position), *path, self.placed[position].raw


def leaf_of(entry: Entry) -> bytes:
    """ENC-11."""
    rollup, position, hash_, key = entry
    place = rollup.to_bytes(4, "big") + position.to_bytes(4, "big")
    return keccak(b"\0" + place + hash_ + key.to_bytes(16, "big"))


def transaction(signer: LocalAccount, nonce: int, tip: int) -> bytes:
    """Of type 2, with this priority fee."""
    return ref.signed_transaction(
        signer, nonce, {"maxFeePerGas": 10**12, "maxPriorityFeePerGas": tip}
    )


def blocks_of(
    contents: Sequence[Sequence[Placed]],
    origin_timestamp: int,
    *,
    first_height: int = 1,
    forced_counts: Sequence[int] = (),
) -> list[OrderedBlock]:
    """A block for each list, one after another."""
    blocks: list[OrderedBlock] = []
    for number, placed in enumerate(contents):
        parent = blocks[-1].hash if blocks else keccak(b"earlier")
        forced = forced_counts[number] if forced_counts else 0
        blocks.append(
            OrderedBlock(first_height + number, parent, tuple(placed), origin_timestamp, forced)
        )
    return blocks


def batch_of(network: Network, blocks: Sequence[OrderedBlock], **changes: Any) -> ref.Batch:
    """The next batch, of these blocks."""
    last = blocks[-1]
    fields = {"lastHeight": last.height, "lastBlockHash": last.hash}
    return network.next_batch(firstHeight=blocks[0].height, **{**fields, **changes})


def attested(
    network: Network,
    actor: Actor,
    blocks: Sequence[OrderedBlock],
    at: int = 0,
    *,
    epoch: int = 0,
    batch: ref.Batch | None = None,
) -> AttestedBlock:
    """Block `at` of a batch of `blocks` that `actor` attested."""
    batch = batch or batch_of(network, blocks)
    signature = ref.sign(actor.key, network.attestation_digest(batch, epoch))
    return epoch, signature, batch.as_tuple(), headers_down_to(blocks, at)


def headers_down_to(blocks: Sequence[OrderedBlock], at: int) -> list[tuple[Any, ...]]:
    """From the last one."""
    return [tuple(one.header.values()) for one in reversed(blocks[at:])]


def inclusion_proof(
    batches: Sequence[ref.Batch], blocks: Sequence[OrderedBlock], at: int, position: int
) -> tuple[Any, ...]:
    """`InclusionProof` of a transaction in block `at` of `blocks`: those of the last batch."""
    entry, siblings, sides, _ = blocks[at].proved(position)
    headers = headers_down_to(blocks, at)
    return [one.as_tuple() for one in batches], headers, entry, siblings, sides
