"""Every EIP-712 digest of the protocol, in one place (ENC-1, ENC-2, ENC-8, ENC-12), and the hash of
a forced message (INBOX-4).

The Solidity twin is `contracts/libraries/Digests.sol`; `tests/vectors/digests.json` holds
both to the same bytes.
"""

from dataclasses import dataclass

from sequencer.crypto.hashing import address_word, keccak, word
from sequencer.types import Address, BatchIndex, Epoch, Hash32, Height, RollupId, View

DOMAIN_TYPE = b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
KEY_POSSESSION = keccak(b"KeyPossession(address operator,address signer,bytes32 transportKey)")
NOTARIZE = keccak(b"Notarize(uint64 epoch,bytes32 committee,uint64 view,bytes32 blockHash)")
NULLIFY = keccak(b"Nullify(uint64 epoch,bytes32 committee,uint64 view)")
FINALIZE = keccak(b"Finalize(uint64 epoch,bytes32 committee,uint64 view,bytes32 blockHash)")
BATCH_ATTESTATION = keccak(
    b"BatchAttestation(uint64 epoch,bytes32 committee,uint64 index,bytes32 batchHash)"
)
BLOCK_HEADER = keccak(
    b"BlockHeader(uint64 epoch,uint64 height,uint64 view,uint64 timestampMs,bytes32 parentHash,"
    b"bytes32 payloadHash,uint64 payloadLength,bytes32 transactionRoot,uint64 originNumber,"
    b"bytes32 originHash,uint64 originTimestamp,uint64 forcedCount,address proposer)"
)
BATCH = keccak(
    b"Batch(uint64 index,bytes32 parentHash,uint64 firstHeight,uint64 lastHeight,"
    b"bytes32 lastBlockHash,uint64 forcedCount,bytes32 dataHash,bytes32 blobsHash,"
    b"bytes32 usageHash)"
)


INCLUSION_PROMISE = keccak(
    b"InclusionPromise(uint64 epoch,bytes32 committee,uint32 rollupId,bytes32 transactionHash,"
    b"uint64 lastHeight,address beneficiary,uint96 valueWei)"
)
LISTED_TRANSACTION = keccak(
    b"ListedTransaction(uint64 epoch,bytes32 committee,uint64 number,uint32 rollupId,"
    b"bytes32 transactionHash)"
)


@dataclass(frozen=True, slots=True)
class Domain:
    """ENC-1: where a signature counts."""

    chain_id: int
    registry: Address

    def separator(self) -> Hash32:
        return keccak(
            keccak(DOMAIN_TYPE),
            keccak(b"Switchyard"),
            keccak(b"1"),
            word(self.chain_id),
            address_word(self.registry),
        )


def typed_digest(separator: Hash32, struct_hash: Hash32) -> Hash32:
    """EIP-712: what is signed."""
    return keccak(b"\x19\x01", separator, struct_hash)


def key_possession(operator: Address, signer: Address, transport_key: bytes) -> Hash32:
    return keccak(KEY_POSSESSION, address_word(operator), address_word(signer), transport_key)


def notarize(epoch: Epoch, committee: Hash32, view: View, block_hash: Hash32) -> Hash32:
    return keccak(NOTARIZE, word(epoch), committee, word(view), block_hash)


def nullify(epoch: Epoch, committee: Hash32, view: View) -> Hash32:
    return keccak(NULLIFY, word(epoch), committee, word(view))


def finalize(epoch: Epoch, committee: Hash32, view: View, block_hash: Hash32) -> Hash32:
    return keccak(FINALIZE, word(epoch), committee, word(view), block_hash)


def batch_attestation(
    epoch: Epoch, committee: Hash32, index: BatchIndex, batch_hash: Hash32
) -> Hash32:
    return keccak(BATCH_ATTESTATION, word(epoch), committee, word(index), batch_hash)


def inclusion_promise(
    epoch: Epoch,
    committee: Hash32,
    rollup_id: RollupId,
    tx_hash: Hash32,
    last_height: Height,
    beneficiary: Address,
    value_wei: int,
) -> Hash32:
    """PROMISE-1."""
    what = word(rollup_id), tx_hash, word(last_height), address_word(beneficiary), word(value_wei)
    return keccak(INCLUSION_PROMISE, word(epoch), committee, *what)


def listed_transaction(
    epoch: Epoch, committee: Hash32, number: int, rollup_id: RollupId, tx_hash: Hash32
) -> Hash32:
    """LIST-1. L1 does not know it."""
    what = word(number), word(rollup_id), tx_hash
    return keccak(LISTED_TRANSACTION, word(epoch), committee, *what)


def forced_message(
    kind: int,
    index: int,
    rollup_id: RollupId,
    sender: Address,
    gas_limit: int,
    deadline: int,
    content: bytes,
) -> Hash32:
    """INBOX-4: `messageHash`."""
    numbers = word(kind), word(index), word(rollup_id), address_word(sender)
    return keccak(*numbers, word(gas_limit), word(deadline), keccak(content))
