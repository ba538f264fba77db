"""Evidence files: what is dumped loads again; anything that convicts nobody is refused."""

import json
from typing import Any

import pytest

from sequencer.batches.attestations import Attestation, SignedAttestation
from sequencer.consensus.messages import SignedVote, Vote, VoteKind
from sequencer.crypto.digests import Domain, typed_digest
from sequencer.crypto.hashing import keccak
from sequencer.crypto.signatures import Signer
from sequencer.errors import DecodeError, PeerFault
from sequencer.evidence.equivocation import (
    EquivocationEvidence,
    SignedStatement,
    Statement,
    StatementKind,
    attestations_evidence,
    dump_equivocation,
    is_conflict,
    load_equivocation,
    votes_evidence,
)
from sequencer.types import Address, BatchIndex, Epoch, Hash32, MemberIndex, View

DOMAIN = Domain(31337, Address(bytes([0xAA]) * 20))
SEPARATOR = DOMAIN.separator()
OFFENDER = Signer(bytes([7]) * 32)
BYSTANDER = Signer(bytes([8]) * 32)
COMMITTEE, OTHER_COMMITTEE = keccak(b"committee"), keccak(b"another committee")
BLOCK, OTHER_BLOCK = keccak(b"block"), keccak(b"another block")

NOTARIZE, NULLIFY, FINALIZE, ATTESTATION = StatementKind


def statement(
    kind: StatementKind,
    content: Hash32 | None = None,
    *,
    epoch: int = 3,
    committee: Hash32 = COMMITTEE,
    position: int = 12,
) -> Statement:
    if content is None:
        content = Hash32(bytes(32)) if kind is NULLIFY else BLOCK
    return Statement(kind, Epoch(epoch), committee, position, content)


def evidence(
    first: Statement, second: Statement, signer: Signer = OFFENDER, other: Signer = OFFENDER
) -> EquivocationEvidence:
    return EquivocationEvidence(
        DOMAIN,
        signer.address,
        SignedStatement(first, signer.sign(first.digest(SEPARATOR))),
        SignedStatement(second, other.sign(second.digest(SEPARATOR))),
    )


CONFLICTS = {
    "notarize": (statement(NOTARIZE), statement(NOTARIZE, OTHER_BLOCK)),
    "finalize": (statement(FINALIZE), statement(FINALIZE, OTHER_BLOCK)),
    "finalize-nullify": (statement(FINALIZE), statement(NULLIFY)),
    "attestation": (statement(ATTESTATION), statement(ATTESTATION, OTHER_BLOCK)),
    "attestation-epochs": (
        statement(ATTESTATION),
        statement(ATTESTATION, OTHER_BLOCK, epoch=4, committee=OTHER_COMMITTEE),
    ),
}
INNOCENT = {
    "same-vote": (statement(NOTARIZE), statement(NOTARIZE)),
    "notarize-nullify": (statement(NOTARIZE), statement(NULLIFY)),
    "notarize-finalize": (statement(NOTARIZE), statement(FINALIZE, OTHER_BLOCK)),
    "two-nullify": (statement(NULLIFY), statement(NULLIFY)),
    "views": (statement(NOTARIZE), statement(NOTARIZE, OTHER_BLOCK, position=13)),
    "epochs": (statement(NOTARIZE), statement(NOTARIZE, OTHER_BLOCK, epoch=4)),
    "branches": (
        statement(FINALIZE),
        statement(FINALIZE, OTHER_BLOCK, committee=OTHER_COMMITTEE),
    ),
    "batches": (statement(ATTESTATION), statement(ATTESTATION, OTHER_BLOCK, position=13)),
    "attested-again": (statement(ATTESTATION), statement(ATTESTATION, epoch=4)),
    "attestation-and-vote": (statement(ATTESTATION), statement(NOTARIZE, OTHER_BLOCK)),
}


@pytest.mark.parametrize("name", CONFLICTS)
def test_conflicts_survive_a_file(name: str) -> None:
    """SLASH-1, in either order."""
    for pair in (CONFLICTS[name], CONFLICTS[name][::-1]):
        assert is_conflict(*pair)
        found = evidence(*pair)
        assert load_equivocation(dump_equivocation(found)) == found


@pytest.mark.parametrize("name", INNOCENT)
def test_what_honest_members_sign_is_no_evidence(name: str) -> None:
    for pair in (INNOCENT[name], INNOCENT[name][::-1]):
        assert not is_conflict(*pair)
        with pytest.raises(PeerFault, match="do not contradict"):
            load_equivocation(dump_equivocation(evidence(*pair)))


def test_two_signers_convict_nobody() -> None:
    found = evidence(*CONFLICTS["notarize"], other=BYSTANDER)
    with pytest.raises(
        PeerFault, match=f"second statement is signed by 0x{BYSTANDER.address.hex()}"
    ):
        load_equivocation(dump_equivocation(found))


def test_another_deployment_convicts_nobody() -> None:
    plain = json.loads(dump_equivocation(evidence(*CONFLICTS["notarize"])))
    plain["chainId"] = 1
    with pytest.raises(PeerFault, match="first statement is signed by"):
        load_equivocation(json.dumps(plain).encode())


def test_the_file_is_pinned() -> None:
    plain = json.loads(dump_equivocation(evidence(*CONFLICTS["finalize-nullify"])))
    first, second = plain.pop("first"), plain.pop("second")
    assert plain == {
        "type": "equivocation",
        "version": 1,
        "chainId": 31337,
        "registry": "0x" + "aa" * 20,
        "signer": "0x" + OFFENDER.address.hex(),
    }
    assert set(first) == {"kind", "epoch", "committee", "view", "block", "signature"}
    assert set(second) == {"kind", "epoch", "committee", "view", "signature"}
    assert (first["kind"], second["kind"]) == ("finalize", "nullify")


def _set(path: str, value: Any) -> Any:
    def edit(plain: dict[str, Any]) -> None:
        *parents, last = path.split(".")
        for name in parents:
            plain = plain[name]
        plain[last] = value

    return edit


@pytest.mark.parametrize(
    ("edit", "complaint"),
    [
        (_set("type", "slander"), "type"),
        (_set("version", 2), "version"),
        (_set("chainId", "1"), "chainId"),
        (_set("chainId", 0), "chainId"),
        (_set("registry", "0x12"), "registry"),
        (_set("note", "extra"), "note"),
        (_set("first.kind", "vote"), "first"),
        (_set("first.kind", "attestation"), "first"),
        (_set("first.epoch", -1), "first.epoch"),
        (_set("first.view", 1.5), "first.view"),
        (_set("second.block", "0x" + "zz" * 32), "second.block"),
        (_set("second.signature", "0x" + "00" * 65), "second.signature"),
        (_set("second", None), "second"),
    ],
)
def test_malformed_entries_are_named(edit: Any, complaint: str) -> None:
    plain = json.loads(dump_equivocation(evidence(*CONFLICTS["notarize"])))
    edit(plain)
    with pytest.raises(DecodeError, match=complaint):
        load_equivocation(json.dumps(plain).encode())


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"\xff", b" " * 70_000])
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(DecodeError, match="evidence: "):
        load_equivocation(data)


def test_high_s_is_refused() -> None:
    """ENC-3: one form of signature, at the first touch."""
    found = evidence(*CONFLICTS["notarize"])
    high = found.first.signature[:32] + b"\x7f" + b"\xff" * 31
    spoilt = EquivocationEvidence(
        DOMAIN, OFFENDER.address, SignedStatement(found.first.statement, high), found.second
    )
    with pytest.raises(PeerFault, match="first statement: signature s"):
        load_equivocation(dump_equivocation(spoilt))


def test_from_two_votes() -> None:
    votes = []
    for block in (BLOCK, OTHER_BLOCK):
        vote = Vote(VoteKind.NOTARIZE, Epoch(3), COMMITTEE, View(12), block)
        signature = OFFENDER.sign(typed_digest(SEPARATOR, vote.struct_hash()))
        votes.append(SignedVote(vote, MemberIndex(1), signature))
    found = votes_evidence(DOMAIN, OFFENDER.address, *votes)
    assert found == evidence(*CONFLICTS["notarize"])
    with pytest.raises(PeerFault):
        votes_evidence(DOMAIN, BYSTANDER.address, *votes)


def test_from_two_attestations() -> None:
    said = []
    for content in (BLOCK, OTHER_BLOCK):
        attestation = Attestation(Epoch(3), COMMITTEE, BatchIndex(12), content)
        signature = OFFENDER.sign(attestation.digest(SEPARATOR))
        said.append(SignedAttestation(attestation, MemberIndex(1), signature))
    found = attestations_evidence(DOMAIN, OFFENDER.address, *said)
    assert found == evidence(*CONFLICTS["attestation"])
