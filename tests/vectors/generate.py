"""Write tests/vectors/digests.json: ``python -m tests.vectors.generate`` (``--check`` compares).

Keys are 0x..01 to 0x..04 and values count up from one byte, so nobody mistakes them for real.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from tests.vectors import reference as ref

PATH = Path(__file__).with_name("digests.json")

DOMAIN = ref.Domain(chain_id=31337, registry="0x" + "aa" * 20)
SIGNERS = [ref.account_of(number) for number in (1, 2, 3, 4)]
OPERATOR = "0x" + "bb" * 20


def filler(number: int) -> bytes:
    """A 32-byte value that is easy to recognise."""
    return bytes([number]) * 32


# Ids and weights that put the members in another order than they bonded in, with one tie.
CANDIDATES = [
    ref.Member(1, SIGNERS[0].address, 10),
    ref.Member(2, SIGNERS[1].address, 30),
    ref.Member(3, SIGNERS[2].address, 20),
    ref.Member(4, SIGNERS[3].address, 30),
]
MEMBERS = ref.select(CANDIDATES, 3)
COMMITTEE = ref.committee_bytes(MEMBERS)
COMMITTEE_HASH = ref.keccak(COMMITTEE)

HEADER: dict[str, Any] = {
    "epoch": 1,
    "height": 2,
    "view": 3,
    "timestampMs": 1_700_000_000_123,
    "parentHash": filler(0x05),
    "payloadHash": filler(0x06),
    "payloadLength": 7,
    "transactionRoot": filler(0x08),
    "originNumber": 9,
    "originHash": filler(0x0A),
    "originTimestamp": 10,
    "forcedCount": 11,
    "proposer": SIGNERS[0].address,
}
Segments = list[tuple[int, list[bytes]]]
SEGMENTS: Segments = [(2, [b"first", b"second"]), (0x0102, [b"third"])]
# Of each type, with a priority fee above and below what is left of the max fee, and no transaction.
PRICED = [
    *(
        ref.signed_transaction(SIGNERS[0], nonce, fees)
        for nonce, fees in enumerate(
            [
                {"gasPrice": 9},
                {"gasPrice": 4, "type": 1, "accessList": []},
                {"maxFeePerGas": 10, "maxPriorityFeePerGas": 8},
                {"maxFeePerGas": 2, "maxPriorityFeePerGas": 2},
                {"maxFeePerGas": 2**200, "maxPriorityFeePerGas": 2**199},
            ]
        )
    ),
    b"no transaction",
]
HELD = [(number, ref.payload([(number, [b"held %d" % number])])) for number in (1, 0x01020304)]
# Two blocks: one rollup is in both, and one has transactions in the payload and held ones.
USED: list[tuple[Segments, list[tuple[int, bytes]]]] = [
    (SEGMENTS, HELD),
    ([(1, [b"more"]), (2, [b"fourth"])], []),
]
USAGE = ref.usage(USED)
BATCH = ref.Batch(
    index=1,
    parentHash=DOMAIN.separator(),
    firstHeight=1,
    lastHeight=2,
    lastBlockHash=ref.hash_struct("BlockHeader", HEADER),
    forcedCount=11,
    dataHash=ref.keccak(b"batch data"),
    blobsHash=filler(0x0E),
    usageHash=ref.keccak(USAGE),
)
VOTE = {"epoch": 1, "committee": COMMITTEE_HASH, "view": 3}
STATEMENTS: dict[str, dict[str, Any]] = {
    "KeyPossession": {
        "operator": OPERATOR,
        "signer": SIGNERS[0].address,
        "transportKey": filler(0xCC),
    },
    "Notarize": {**VOTE, "blockHash": BATCH.lastBlockHash},
    "Nullify": VOTE,
    "Finalize": {**VOTE, "blockHash": BATCH.lastBlockHash},
    "BatchAttestation": {
        "epoch": 1,
        "committee": COMMITTEE_HASH,
        "index": BATCH.index,
        "batchHash": BATCH.hash(),
    },
    "InclusionPromise": {
        "epoch": 1,
        "committee": COMMITTEE_HASH,
        "rollupId": 2,
        "transactionHash": filler(0xDD),
        "lastHeight": 77,
        "beneficiary": OPERATOR,
        "valueWei": 10**18,
    },
    "ListedTransaction": {
        "epoch": 1,
        "committee": COMMITTEE_HASH,
        "number": 5,
        "rollupId": 2,
        "transactionHash": filler(0xDD),
    },
}
MESSAGE = ref.ForcedMessage(
    kind=0,
    index=0,
    rollup_id=1,
    sender=OPERATOR,
    gas_limit=21_000,
    deadline=1_700_000_600,
    content_hash=ref.keccak(b"transaction"),
)
TOKEN, TO = "0x" + "dd" * 20, "0x" + "ee" * 20
CONTENTS: list[dict[str, Any]] = [
    {"kind": ref.CALL, "addresses": [TO], "amount": 0, "data": b""},
    {"kind": ref.CALL, "addresses": [TO], "amount": 5, "data": b"call data"},
    {"kind": ref.ETHER_DEPOSIT, "addresses": [TO], "amount": 10**18, "data": b""},
    {"kind": ref.TOKEN_DEPOSIT, "addresses": [TOKEN, TO], "amount": 2**256 - 1, "data": b"\x01"},
]
# The last one wraps.
CONTRACTS = ["0x" + "00" * 20, "0x" + "aa" * 20, "0x" + "ff" * 20]


def statement_vectors() -> dict[str, Any]:
    return {
        name: {
            "message": message,
            "digest": DOMAIN.digest(name, **message),
            "signature": ref.sign(SIGNERS[0], DOMAIN.digest(name, **message)),
        }
        for name, message in STATEMENTS.items()
    }


def signature_vectors() -> list[dict[str, Any]]:
    """The forms of ENC-3 around one good signature, and what a reader makes of each."""
    digest = DOMAIN.digest("Notarize", **STATEMENTS["Notarize"])
    good = ref.sign(SIGNERS[0], digest)
    r = int.from_bytes(good[:32], "big")
    s = int.from_bytes(good[32:], "big") % (1 << 255)
    y_parity = good[32] >> 7
    largest, with_largest_s = ref.key_that_signs(digest, ref.MAX_S)
    _, with_high_s = ref.key_that_signs(digest, ref.MAX_S + 1)
    cases: list[tuple[str, bytes, str | None]] = [
        ("canonical", good, SIGNERS[0].address),
        ("s is half the order", with_largest_s, largest.address),
        ("s is just above half the order, and a signer would be recovered", with_high_s, None),
        ("s is zero", ref.compact(r, 0, y_parity), None),
        ("s is just above half the order", ref.compact(r, ref.MAX_S + 1, y_parity), None),
        ("s is the largest the form can hold", ref.compact(r, (1 << 255) - 1, y_parity), None),
        ("r is zero", ref.compact(0, s, y_parity), None),
        ("r is the order", ref.compact(ref.SECP256K1_ORDER, s, y_parity), None),
        ("63 bytes", good[:63], None),
        ("65 bytes, v as 0 or 1", ref.compact(r, s, 0) + bytes([y_parity]), None),
        ("65 bytes, v as 27 or 28", ref.compact(r, s, 0) + bytes([27 + y_parity]), None),
        ("empty", b"", None),
    ]
    return [
        {"name": name, "digest": digest, "signature": signature, "signer": signer}
        for name, signature, signer in cases
    ]


def content_vectors() -> list[dict[str, Any]]:
    """One message of each kind that has parts (INBOX-4)."""
    vectors = []
    for number, parts in enumerate(CONTENTS, start=1):
        content = ref.content(*parts["addresses"], amount=parts["amount"], data=parts["data"])
        message = replace(
            MESSAGE, kind=parts["kind"], index=number, content_hash=ref.keccak(content)
        )
        vectors.append({**parts, "content": content, "index": number, "hash": message.hash()})
    return vectors


def order_vectors() -> list[dict[str, Any]]:
    """The transactions of a rollup under each policy: values and keys (ORDER-2, ORDER-3)."""
    parent = ref.keccak(b"parent")
    vectors = []
    for policy, base_fee in ((0, 0), (0, 3), (1, 0), (2, 0)):
        values = [ref.value(raw, policy, base_fee, parent) for raw in PRICED]
        vectors.append(
            {
                "policy": policy,
                "baseFeeWei": base_fee,
                "parentHash": parent,
                "transactions": PRICED,
                "values": [str(value) for value in values],
                "keys": [str(key) for key in ref.keys(values)],
                "payload": ref.payload([(7, PRICED)], (), {7: (policy, base_fee)}),
                "leaves": ref.leaves([(7, PRICED)], (), {7: (policy, base_fee)}, parent),
            }
        )
    return vectors


def contents_vector(segments: Segments, held: list[tuple[int, bytes]]) -> dict[str, Any]:
    """A block's contents (ENC-10, 11, 15)."""
    leaves = ref.leaves(segments, held)
    return {
        "segments": [{"rollupId": of, "transactions": raws} for of, raws in segments],
        "held": [{"rollupId": of, "data": data, "hash": ref.keccak(data)} for of, data in held],
        "payload": ref.payload(segments, held),
        "leaves": leaves,
        "transactionRoot": ref.merkle_root(leaves),
    }


def build() -> dict[str, Any]:
    """All vectors, bytes and all; ``to_json`` spells them."""
    first = ref.accumulate(bytes(24), MESSAGE.hash())
    return {
        "domain": {**asdict(DOMAIN), "separator": DOMAIN.separator()},
        "typeHashes": {name: ref.type_hash(name) for name in ref.TYPES},
        "keys": {signer.address: bytes(signer.key) for signer in SIGNERS},
        "statements": statement_vectors(),
        "header": {"message": HEADER, "hash": ref.hash_struct("BlockHeader", HEADER)},
        "contents": [contents_vector(SEGMENTS, held) for held in ([], HELD[:1], HELD)],
        "orders": order_vectors(),
        "batch": {"message": asdict(BATCH), "hash": BATCH.hash()},
        "usage": {
            "payloads": [ref.payload(segments, held) for segments, held in USED],
            "bytes": USAGE,
        },
        "committee": {
            "candidates": [asdict(member) for member in CANDIDATES],
            "maxSize": 3,
            "members": [asdict(member) for member in MEMBERS],
            "bytes": COMMITTEE,
            "hash": COMMITTEE_HASH,
        },
        "signatures": signature_vectors(),
        "forcedQueue": {
            "message": asdict(MESSAGE),
            "hash": MESSAGE.hash(),
            "accumulators": [first, ref.accumulate(first, MESSAGE.hash())],
            "contents": content_vectors(),
            "aliases": {address: ref.aliased(address) for address in CONTRACTS},
        },
    }


def to_json(value: Any) -> Any:
    """Bytes as 0x-hex, the rest as it is."""
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, dict):
        return {key: to_json(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [to_json(entry) for entry in value]
    return value


def text() -> str:
    return json.dumps(to_json(build()), indent=2) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description="write tests/vectors/digests.json")
    parser.add_argument("--check", action="store_true", help="fail if the file differs")
    if parser.parse_args().check:
        return int(PATH.read_text(encoding="utf-8") != text())
    PATH.write_text(text(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
