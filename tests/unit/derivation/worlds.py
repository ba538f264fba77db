"""What happens on an L1, and a plain reading of the derivation rules to compare with."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

from eth_abi.abi import encode
from eth_abi.packed import encode_packed
from eth_account import Account

from sequencer.batches.batch import Batch
from sequencer.batches.codec import encode_batch_data
from sequencer.batches.usage import usage_of
from sequencer.blocks.header import Block, Header, genesis
from sequencer.blocks.held import HeldEntry
from sequencer.blocks.payload import encode_payload
from sequencer.crypto.hashing import keccak, word
from sequencer.l1.events import BatchCommitted, CommitCall, MessageEnqueued
from sequencer.types import ZERO_HASH, Address, BatchIndex, Epoch, Hash32, RollupId
from tests.unit.batches.builders import SEPARATOR, Step, next_block

ALICE = Account.from_key(b"\x01" * 32)
CHAIN_IDS = {RollupId(1): 7001, RollupId(2): 7002}
GARBAGE = b"\x02not a transaction"
DECLARED_GAS = 100_000


@cache
def transaction(nonce: int, chain_id: int = 7001, gas: int = 21_000) -> bytes:
    """A signed transfer."""
    signed = ALICE.sign_transaction(
        {
            "chainId": chain_id,
            "nonce": nonce,
            "gas": gas,
            "maxFeePerGas": 10**9,
            "maxPriorityFeePerGas": 1,
            "to": "0x" + "22" * 20,
            "value": 1,
        }
    )
    return bytes(signed.raw_transaction)


def message(index: int, raw: bytes, rollup: int = 1, gas: int = DECLARED_GAS) -> MessageEnqueued:
    return MessageEnqueued(index, RollupId(rollup), Address(bytes(20)), gas, 0, raw)


def held(rollup: int, *raws: bytes) -> tuple[HeldEntry, bytes]:
    """A held segment (ENC-15) as a block names it, and its bytes."""
    data = encode_payload([(RollupId(rollup), raws)])
    return HeldEntry(RollupId(rollup), len(data), keccak(data)), data


def held_id(block: Block, position: int, entry: HeldEntry, index: int = 1) -> Hash32:
    """DATA-1, in batch `index`, as Solidity writes it; the leaf by ENC-11."""
    leaf = keccak(
        encode_packed(
            ["uint8", "uint32", "uint32", "uint32", "bytes32"],
            [2, entry.rollup, position, entry.length, entry.hash],
        )
    )
    return keccak(encode(["uint64", "bytes32", "bytes32"], [index, block.header.hash, leaf]))


@dataclass
class Committee:
    """Makes blocks and batches as an honest committee does, or with a given twist."""

    separator: Hash32 = SEPARATOR
    index: int = 0
    batch_hash: Hash32 = SEPARATOR
    last: Header = field(default_factory=lambda: genesis(SEPARATOR))

    def block(
        self,
        *segments: tuple[int, list[bytes]],
        held: Sequence[HeldEntry] = (),
        forced: int = 0,
    ) -> Block:
        """The next block; `forced` more messages precede its end."""
        payload = encode_payload([(RollupId(rollup), raws) for rollup, raws in segments], held=held)
        made = next_block(self.last, Step(forced=forced, payload=payload))
        self.last = made.header
        return made

    def commit(self, *blocks: Block, data: bytes | None = None, **twist: object) -> BatchCommitted:
        """The batch of `blocks` on L1; `data` and `twist` replace what an honest one has."""
        data = encode_batch_data(blocks) if data is None else data
        self.index += 1
        last = blocks[-1].header
        honest: dict[str, object] = {
            "index": self.index,
            "parent_hash": self.batch_hash,
            "first_height": blocks[0].header.height,
            "last_height": last.height,
            "last_block_hash": last.hash,
            "forced_count": last.forced_count,
            "data_hash": keccak(data),
            "blobs_hash": ZERO_HASH,
            "usage_hash": keccak(usage_of(blocks)),
        }
        batch = Batch(**{**honest, **twist})  # type: ignore[arg-type]
        self.batch_hash = batch.hash
        return committed(batch, data)


def committed(batch: Batch, data: bytes) -> BatchCommitted:
    call = CommitCall(batch, Epoch(0), 0, b"", data)
    tx_hash = keccak(b"commit", word(batch.index))
    return BatchCommitted(BatchIndex(batch.index), batch.hash, Epoch(0), tx_hash, call)
