"""Blocks with held segments, and the proofs that lead from a batch to them (DATA-1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from tests.contracts.network import Network
from tests.contracts.settings import ETHER
from tests.vectors import reference as ref

PRICE_GAS, PRICE_GAS_PER_BYTE, TIP_WEI = 60_000, 40, 10**9
MAX_ANSWER_BYTES = 128 << 10
PROPOSER = to_checksum_address("0x" + "ab" * 20)

Entry = tuple[int, int, int, bytes]
"""`HeldEntry`: rollup id, position, length, hash."""
Proof = tuple[Any, ...]
"""`HeldProof`: batches, headers, siblings, sides."""


def price(length: int, base_fee: int) -> int:
    """DATA-2."""
    gas = PRICE_GAS + PRICE_GAS_PER_BYTE * min(length, MAX_ANSWER_BYTES)
    return gas * (2 * base_fee + TIP_WEI)


@dataclass(frozen=True)
class HeldBlock:
    """A block of plain transactions and then held segments, `(rollup id, data)`."""

    height: int
    parent: bytes
    held: tuple[tuple[int, bytes], ...]
    transactions: int = 0

    @property
    def leaves(self) -> list[bytes]:
        plain = [b"tx%d" % number for number in range(self.transactions)]
        return ref.leaves([(1, plain)], self.held)

    @property
    def header(self) -> dict[str, Any]:
        """ENC-8, in the order of the contract's struct."""
        return {
            "epoch": 0,
            "height": self.height,
            "view": self.height + 2,
            "timestampMs": 1_000 * self.height,
            "parentHash": self.parent,
            "payloadHash": keccak(b"payload"),
            "payloadLength": 77,
            "transactionRoot": ref.merkle_root(self.leaves),
            "originNumber": 5,
            "originHash": keccak(b"origin"),
            "originTimestamp": 60,
            "forcedCount": 0,
            "proposer": PROPOSER,
        }

    @property
    def hash(self) -> bytes:
        return ref.hash_struct("BlockHeader", self.header)

    def entry(self, number: int) -> Entry:
        """Of the held segment of that number."""
        rollup, data = self.held[number]
        return rollup, self.transactions + number, len(data), keccak(data)

    def challenge_id(self, number: int, index: int = 1) -> bytes:
        """DATA-1, in batch `index`: `abi.encode` of three words is the words."""
        return keccak(
            index.to_bytes(32, "big") + self.hash + self.leaves[self.transactions + number]
        )


def chain_of(
    held: Sequence[Sequence[tuple[int, bytes]]],
    *,
    first_height: int = 1,
    transactions: Sequence[int] = (),
) -> list[HeldBlock]:
    """A block for each list of held segments, one after another."""
    blocks: list[HeldBlock] = []
    for number, segments in enumerate(held):
        parent = blocks[-1].hash if blocks else keccak(b"earlier")
        plain = transactions[number] if transactions else 0
        blocks.append(HeldBlock(first_height + number, parent, tuple(segments), plain))
    return blocks


def proof_of(
    batches: Sequence[ref.Batch], blocks: Sequence[HeldBlock], at: int, number: int
) -> Proof:
    """Of held segment `number` in block `at` of `blocks`, those of the last of `batches`."""
    block = blocks[at]
    headers = [tuple(one.header.values()) for one in reversed(blocks[at:])]
    path = path_to(block.leaves, block.transactions + number)
    return [one.as_tuple() for one in batches], headers, *path


def commit_blocks(network: Network, blocks: Sequence[HeldBlock], sender: Any) -> ref.Batch:
    """The next batch on L1, of these blocks."""
    batch = network.next_batch(
        firstHeight=blocks[0].height,
        lastHeight=blocks[-1].height,
        lastBlockHash=blocks[-1].hash,
    )
    network.commit(batch, sender=sender)
    return batch


def challenge_held(
    network: Network,
    blocks: Sequence[HeldBlock],
    at: int,
    number: int,
    sender: Any,
    *,
    batches: Sequence[ref.Batch],
    wei: int = ETHER,
) -> Any:
    """DATA-1: held segment `number` of block `at`; the blocks are those of the last batch."""
    proof = proof_of(batches, blocks, at, number)
    return network.data.challenge(blocks[at].entry(number), proof, value=wei, sender=sender)


def path_to(leaves: list[bytes], at: int) -> tuple[list[bytes], int]:
    """Siblings and sides of a leaf, as proofs have them."""
    path = _path(leaves, at)
    sides = sum(1 << level for level, (_, is_left) in enumerate(path) if is_left)
    return [one for one, _ in path], sides


def _path(leaves: list[bytes], at: int) -> list[tuple[bytes, bool]]:
    """The siblings from the bottom up, each with whether it stands on the left; as
    `reference.merkle_root`, from the top."""
    if len(leaves) < 2:
        return []
    split = 1 << ((len(leaves) - 1).bit_length() - 1)
    left, right = leaves[:split], leaves[split:]
    if at < split:
        return [*_path(left, at), (ref.merkle_root(right), False)]
    return [*_path(right, at - split), (ref.merkle_root(left), True)]
