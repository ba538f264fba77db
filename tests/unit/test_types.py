"""ENC-4 gives the bytes of the shared vectors."""

import json

import pytest

from sequencer.errors import DecodeError
from sequencer.types import Epoch, Hash32, decode_committee, encode_committee
from tests.vectors import generate

VECTOR = json.loads(generate.PATH.read_text(encoding="utf-8"))["committee"]
BYTES, HASH = (bytes.fromhex(VECTOR[name][2:]) for name in ("bytes", "hash"))


def test_committee__vector__has_the_members_and_the_bytes() -> None:
    committee = decode_committee(Epoch(1), BYTES, Hash32(HASH))
    found = [(member.signer.hex(), member.weight) for member in committee.members]
    assert found == [(m["signer"][2:].lower(), m["weight"]) for m in VECTOR["members"]]
    assert encode_committee(committee) == BYTES


def test_committee__another_total__refused() -> None:
    with pytest.raises(DecodeError, match="total weight"):
        decode_committee(Epoch(1), bytes(32) + BYTES[32:], Hash32(HASH))
