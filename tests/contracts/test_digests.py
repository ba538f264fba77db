"""Digests.sol, SignatureLib.sol and CommitteeCodec.sol against tests/vectors/digests.json"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.contracts.faults import FaultCatalogue
from tests.vectors import generate
from tests.vectors import reference as ref

VECTORS: dict[str, Any] = json.loads(generate.PATH.read_text(encoding="utf-8"))
# Over the vectors' domain, not over this chain's.
DOMAIN = generate.DOMAIN.separator()


def raw(hex_text: str) -> bytes:
    return bytes.fromhex(hex_text.removeprefix("0x"))


def test_vectors__generated_anew__are_the_committed_ones() -> None:
    assert generate.PATH.read_text(encoding="utf-8") == generate.text()


def test_domain__vector__is_the_same(library: Any, chain: Any) -> None:
    assert chain.chain_id == VECTORS["domain"]["chain_id"]
    separator = library.domainSeparator(VECTORS["domain"]["registry"])
    assert bytes(separator) == raw(VECTORS["domain"]["separator"]) == DOMAIN


def test_type_hashes__vector__are_the_same(library: Any) -> None:
    types = VECTORS["typeHashes"].items()
    expected = [raw(value) for name, value in types if name != "ListedTransaction"]
    assert [bytes(value) for value in library.typeHashes()] == expected


FUNCTIONS = {
    "KeyPossession": "keyPossession",
    "Notarize": "notarize",
    "Nullify": "nullify",
    "Finalize": "finalize",
    "BatchAttestation": "batchAttestation",
    "InclusionPromise": "inclusionPromise",
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_statement__vector__is_the_same_and_signed(library: Any, name: str) -> None:
    vector = VECTORS["statements"][name]
    function = getattr(library, FUNCTIONS[name])
    digest = bytes(function(DOMAIN, *vector["message"].values()))
    assert digest == raw(vector["digest"])
    signer = next(iter(VECTORS["keys"]))
    assert library.recover(digest, raw(vector["signature"])) == signer


@pytest.mark.parametrize("kind", ["Notarize", "Nullify", "Finalize", "BatchAttestation"])
def test_evidence__statement__has_the_digest_of_its_type(library: Any, kind: str) -> None:
    kinds = ["Notarize", "Nullify", "Finalize", "BatchAttestation"]
    vector = VECTORS["statements"][kind]
    epoch, committee, position, *content = vector["message"].values()
    statement = (kinds.index(kind), epoch, committee, position, *(content or [bytes(32)]))
    assert bytes(library.statementDigest(DOMAIN, statement)) == raw(vector["digest"])


def test_header__vector__is_the_same(library: Any) -> None:
    vector = VECTORS["header"]
    header = tuple(vector["message"].values())
    assert bytes(library.headerHash(header)) == raw(vector["hash"])
    assert bytes(library.plainHeaderHash(header)) == raw(vector["hash"])


@pytest.mark.parametrize("depth", [0, 1, 2, 9])
def test_root__of_any_sides__is_the_same_in_both_forms(library: Any, depth: int) -> None:
    siblings = [bytes([number + 1]) * 32 for number in range(depth)]
    for sides in {0, 1, (1 << depth) - 1, 0b101101101}:
        root, plain = library.rootOf(b"\xaa" * 32, siblings, sides)
        assert root == plain


def test_batch__vector__is_the_same_in_both_forms(library: Any) -> None:
    vector = VECTORS["batch"]
    batch = tuple(vector["message"].values())
    assert bytes(library.batchHash(batch)) == raw(vector["hash"])
    assert bytes(library.plainBatchHash(batch)) == raw(vector["hash"])


def test_committee__vector__is_the_same(library: Any) -> None:
    vector = VECTORS["committee"]
    candidates = [tuple(member.values()) for member in vector["candidates"]]
    encoded = bytes(library.encodeCommittee(candidates, vector["maxSize"], 10_000))
    assert encoded == raw(vector["bytes"])
    assert ref.keccak(encoded) == raw(vector["hash"])


def test_forced_queue__vector__is_the_same(library: Any) -> None:
    vector = VECTORS["forcedQueue"]
    digest = bytes(library.messageHash(tuple(vector["message"].values())))
    assert digest == raw(vector["hash"])
    accumulator = bytes(24)
    for expected in vector["accumulators"]:
        accumulator = bytes(library.accumulate(accumulator, digest))
        assert accumulator == raw(expected)


@pytest.mark.parametrize("vector", VECTORS["forcedQueue"]["contents"])
def test_forced_queue__message_with_parts__has_the_hash_of_its_content(
    library: Any, vector: dict[str, Any]
) -> None:
    message = dict(VECTORS["forcedQueue"]["message"])
    message |= {"kind": vector["kind"], "index": vector["index"]}
    message |= {"content_hash": ref.keccak(raw(vector["content"]))}
    assert bytes(library.messageHash(tuple(message.values()))) == raw(vector["hash"])


@pytest.mark.parametrize("vector", VECTORS["signatures"], ids=lambda vector: vector["name"])
def test_signature__vector__has_one_reading(
    library: Any, faults: FaultCatalogue, vector: dict[str, Any]
) -> None:
    digest, signature = raw(vector["digest"]), raw(vector["signature"])
    if vector["signer"] is not None:
        assert library.recover(digest, signature) == vector["signer"]
    elif len(signature) != 64:
        with faults.expect("InvalidSignatureLength", expected=64, actual=len(signature)):
            library.recover(digest, signature)
    elif vector["name"].startswith("s "):
        with faults.expect("NonCanonicalSignature", maximum=ref.MAX_S):
            library.recover(digest, signature)
    else:
        with faults.expect("InvalidSignature"):
            library.recover(digest, signature)
