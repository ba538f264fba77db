"""Evidence files of every kind (EVID-1).

a file
├── what is dumped loads again, and names are by offender, epoch and offence
├── the hash is what L1's types give
├── a value out of its bounds: `DecodeError` that names it
├── tampered with, each signed or proved thing: `PeerFault` in clear words
└── of another kind, too long, or no JSON: `DecodeError`
"""

import json
from collections.abc import Callable
from typing import Any

import pytest
from eth_abi.abi import encode

from sequencer.crypto.hashing import keccak
from sequencer.errors import DecodeError, PeerFault
from sequencer.evidence.disorder import OrderFault
from sequencer.evidence.fields import MAX_EVIDENCE_BYTES, report_commitment
from sequencer.evidence.files import Evidence, dump_evidence, load_evidence, name_of
from sequencer.evidence.promise import promise_of_answer
from sequencer.evidence.words import what_l1_checks, who_did_what
from sequencer.l1 import abi
from tests.unit.evidence import cases

KINDS: dict[str, Callable[[], Evidence]] = {
    "disorder-nonces": cases.disorder,
    "disorder-unearned": lambda: cases.disorder(cases.BEHIND),
    "neglect": cases.neglect,
    "promise": cases.promise,
}
OTHER_WORD = "0x" + "12" * 32


@pytest.mark.parametrize("kind", KINDS)
def test_load__what_was_dumped__is_the_same(kind: str) -> None:
    evidence = KINDS[kind]()
    assert load_evidence(dump_evidence(evidence)) == evidence
    assert name_of(evidence).startswith(f"3-{cases.OFFENDER.address.hex()}-")


def test_names__tell_apart_what_l1_slashes_apart() -> None:
    names = {name_of(make()) for make in KINDS.values()} | {name_of(cases.promise(1))}
    assert len(names) == 4  # the two faults of order are one offence, two promises are two


@pytest.mark.parametrize("kind", ["disorder-nonces", "disorder-unearned", "neglect"])
def test_hash__is_that_of_the_contract(kind: str) -> None:
    evidence = KINDS[kind]()
    attested = evidence.attested
    assert evidence.hash() == keccak(attested.signature + attested.header.hash)
    types = abi.function(evidence.contract, "evidenceHash").types
    assert list(types) == ["bytes", "bytes32"]
    types = abi.function(evidence.contract, "reportCommitment").types
    arguments = cases.BYSTANDER.address, bytes(32), evidence.hash()
    commitment = report_commitment(evidence.hash(), cases.BYSTANDER.address, bytes(32))
    assert commitment == keccak(encode(types, arguments))


def test_promise__challenge_takes_its_arguments() -> None:
    evidence = cases.promise()
    types = abi.function("PromiseSlasher", "challenge").types[:2]
    assert encode(types, evidence.for_contract())
    types = abi.function("PromiseSlasher", "promiseId").types
    assert evidence.id(9) == keccak(encode(types, [9, evidence.promise.for_contract()]))


def test_promise__from_the_answer_of_a_node__against_whoever_signed_it() -> None:
    evidence = cases.promise()
    answer = json.dumps(evidence.signed.to_json()).encode()
    assert promise_of_answer(cases.DOMAIN, answer) == evidence
    for wrong in (b"{}", b"\xff", answer.replace(b'"epoch": 3', b'"epoch": -3')):
        with pytest.raises(DecodeError, match="promise: "):
            promise_of_answer(cases.DOMAIN, wrong)


def test_faults__are_those_of_the_blocks() -> None:
    assert cases.disorder().fault is OrderFault.NONCES
    assert cases.disorder(cases.BEHIND).fault is OrderFault.UNEARNED


def edited(kind: str, edit: Callable[[Any], None]) -> bytes:
    plain = json.loads(dump_evidence(KINDS[kind]()))
    edit(plain)
    return json.dumps(plain).encode()


def put(path: str, value: Any) -> Callable[[Any], None]:
    def edit(plain: Any) -> None:
        *parents, last = path.split(".")
        for name in parents:
            plain = plain[int(name)] if name.isdigit() else plain[name]
        plain[int(last) if last.isdigit() else last] = value

    return edit


@pytest.mark.parametrize(
    ("kind", "path", "value", "complaint"),
    [
        ("neglect", "type", "slander", "type"),
        ("neglect", "version", 2, "version"),
        ("neglect", "chainId", 0, "chainId"),
        ("neglect", "note", 1, "note"),
        ("neglect", "deadline", -1, "deadline"),
        ("neglect", "deadline", 2**63, "deadline|int"),
        ("neglect", "attested.headers", [], "headers"),
        ("neglect", "attested.headers.0.height", "1", "height"),
        ("neglect", "attested.batch.dataHash", "0x12", "dataHash"),
        ("neglect", "attested.signature", "0x" + "00" * 65, "signature"),
        ("disorder-nonces", "fault", "rude", "fault"),
        ("disorder-nonces", "policy", "none", "policy"),
        ("disorder-nonces", "baseFeeWei", str(2**96), "baseFeeWei"),
        ("disorder-nonces", "entries", [], "entries"),
        ("disorder-nonces", "entries.0.position", 2**32, "position"),
        ("disorder-nonces", "entries.0.orderKey", 1, "orderKey"),
        ("disorder-nonces", "entries.0.orderKey", str(2**128), "orderKey"),
        ("disorder-nonces", "entries.0.siblings", [OTHER_WORD] * 33, "siblings"),
        ("disorder-nonces", "entries.0.transaction", "0x123", "transaction"),
        ("promise", "promise.valueWei", "-1", "valueWei"),
        ("promise", "promise.valueWei", str(2**96), "valueWei"),
        ("promise", "promise.beneficiary", "0x12", "beneficiary"),
        ("promise", "promise.rollupId", 2**32, "rollupId"),
    ],
)
def test_load__value_out_of_bounds__is_named(
    kind: str, path: str, value: Any, complaint: str
) -> None:
    with pytest.raises(DecodeError, match=complaint):
        load_evidence(edited(kind, put(path, value)))


@pytest.mark.parametrize(
    ("kind", "path", "value", "complaint"),
    [
        ("neglect", "chainId", 1, "attested by"),
        ("neglect", "signer", "0x" + "11" * 20, "not by 0x1111"),
        ("neglect", "attested.committee", OTHER_WORD, "attested by"),
        ("neglect", "attested.epoch", 4, "epoch 4"),
        ("neglect", "attested.batch.dataHash", OTHER_WORD, "attested by"),
        ("neglect", "attested.batch.lastBlockHash", OTHER_WORD, "header 0"),
        ("neglect", "attested.headers.0.originTimestamp", 2_000, "header 0"),
        ("neglect", "attested.batch.firstHeight", 3, "below the batch"),
        ("neglect", "attested.signature", "0x" + "7f" * 64, "attestation|attested by"),
        ("neglect", "deadline", 1_001, "was due at 1001"),
        ("disorder-nonces", "attested.headers.1.parentHash", OTHER_WORD, "header 1"),
        ("disorder-nonces", "entries.0.orderKey", "1", "leads to the root"),
        ("disorder-nonces", "entries.0.sides", 1, "leads to the root"),
        ("disorder-nonces", "entries.0.siblings", [], "leads to the root"),
        ("disorder-nonces", "entries.0.transaction", "0x", "the transaction of entry 0"),
        ("disorder-nonces", "fault", "rising", "in order"),
        ("disorder-nonces", "fault", "overstated", "2 entries, expected 1"),
        ("disorder-nonces", "fault", "unearned", "in order"),
        ("disorder-unearned", "policy", "arrival", "in order"),
        ("disorder-unearned", "baseFeeWei", str(10**10), "in order"),
        ("disorder-unearned", "fault", "nonces", "in order"),
        ("promise", "promise.lastHeight", 51, "signed by"),
        ("promise", "promise.valueWei", "1", "signed by"),
        ("promise", "promise.committee", OTHER_WORD, "signed by"),
        ("promise", "promise.signature", "0x" + "ff" * 64, "promise: "),
    ],
)
def test_load__tampered_with__convicts_nobody(
    kind: str, path: str, value: Any, complaint: str
) -> None:
    with pytest.raises(PeerFault, match=complaint):
        load_evidence(edited(kind, put(path, value)))


def test_load__entries_the_other_way_round__convicts_nobody() -> None:
    def swap(plain: Any) -> None:
        plain["entries"].reverse()

    with pytest.raises(PeerFault, match="does not stand after"):
        load_evidence(edited("disorder-nonces", swap))


@pytest.mark.parametrize(
    "data",
    [
        *(b"", b"{", b"[]", b'{"type": 1}', b"\xff", b" " * (MAX_EVIDENCE_BYTES + 1)),
        b'{"note": %b%b, "type": "neglect"}' % (b"[" * 5_000, b"]" * 5_000),
    ],
    ids=["none", "cut", "list", "number", "no text", "long", "lists within lists"],
)
def test_load__other_bytes__are_refused(data: bytes) -> None:
    with pytest.raises(DecodeError, match="evidence: "):
        load_evidence(data)


@pytest.mark.parametrize("kind", KINDS)
def test_words__say_who_and_what_is_left_to_l1(kind: str) -> None:
    evidence = KINDS[kind]()
    told = " ".join(who_did_what(evidence))
    assert f"0x{cases.OFFENDER.address.hex()}" in told
    rule = {"neglect": "NEGLECT-1", "promise": "PROMISE-1"}.get(kind, "ORDER-6")
    assert rule in told
    assert any("bonded" in check for check in what_l1_checks(evidence))
