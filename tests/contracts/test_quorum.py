"""QuorumLib: the fast tally is the plain one, and the threshold is exact (ENC-5, ENC-6)"""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.contracts.faults import FaultCatalogue
from tests.vectors import reference as ref

DIGEST = ref.keccak(b"what they sign")
KEYS = [ref.account_of(number) for number in range(1, 9)]
SIGNATURES = [ref.sign(key, DIGEST) for key in KEYS]


TALLY_FAULTS = (
    "WrongSigner",
    "WrongSignaturesLength",
    "NonCanonicalSignature",
    "InvalidSignature",
)


def committee_of(weights: list[int]) -> bytes:
    return ref.committee_bytes(
        ref.Member(number, key.address, weight)
        for number, (key, weight) in enumerate(zip(KEYS, weights, strict=False), start=1)
    )


def flip_bit(signatures: bytes, bit: int) -> bytes:
    damaged = bytearray(signatures)
    damaged[bit // 8] ^= 1 << bit % 8
    return bytes(damaged)


def agree(library: Any, faults: FaultCatalogue, *arguments: Any) -> bool:
    """Whether both tallies accept; fails if they differ in verdict or weight."""
    is_good, fast_weight = library.tryTally(*arguments)
    if is_good:
        assert library.plainTally(*arguments) == fast_weight
    else:
        with faults.expect(*TALLY_FAULTS):
            library.plainTally(*arguments)
    return bool(is_good)


@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(
    size=st.integers(1, 8),
    subset=st.integers(0, 255),
    weights=st.lists(st.integers(1, 2**96 - 1), min_size=8, max_size=8),
    damage=st.one_of(st.none(), st.integers(0, 64 * 8 * 8 - 1)),
    cut=st.sampled_from([0, 0, 0, 1, 64, -1, -64]),
)
def test_tally__random_input__fast_equals_plain(
    library: Any,
    faults: FaultCatalogue,
    size: int,
    subset: int,
    weights: list[int],
    damage: int | None,
    cut: int,
) -> None:
    signers = subset & (1 << size) - 1
    indices = [index for index in range(size) if signers >> index & 1]
    good = b"".join(SIGNATURES[index] for index in indices)
    signatures = good
    if damage is not None and signatures:
        signatures = flip_bit(signatures, damage % (8 * len(signatures)))
    if cut > 0:
        signatures = signatures[:-cut]
    signatures += bytes(max(0, -cut))

    accepted = agree(library, faults, committee_of(weights[:size]), DIGEST, signers, signatures)
    assert accepted == (signatures == good)


def test_tally__high_s_and_garbage__neither_accepts(library: Any, faults: FaultCatalogue) -> None:
    rng = random.Random(7)
    r = int.from_bytes(SIGNATURES[0][:32], "big")
    damaged = [
        ref.malleated(SIGNATURES[0]),
        ref.compact(r, ref.MAX_S + 1, 0),
        ref.compact(r, 0, 0),
        bytes(64),
        b"\xff" * 64,
        SIGNATURES[1],
        *(rng.randbytes(64) for _ in range(3)),
    ]
    committee = committee_of([1, 1])
    for first in damaged:
        assert not agree(library, faults, committee, DIGEST, 0b11, first + SIGNATURES[1])
        if first != SIGNATURES[1]:
            assert not agree(library, faults, committee, DIGEST, 0b11, SIGNATURES[0] + first)


def test_tally__largest_s__is_accepted_and_one_more_is_not(
    library: Any, faults: FaultCatalogue
) -> None:
    for s, accepted in ((ref.MAX_S, True), (ref.MAX_S + 1, False)):
        signer, signature = ref.key_that_signs(DIGEST, s)
        committee = ref.committee_bytes([ref.Member(1, signer.address, 1)])
        assert agree(library, faults, committee, DIGEST, 1, signature) is accepted


@pytest.mark.parametrize(
    ("signed", "total", "expected"),
    [
        (2, 3, False),
        (3, 4, True),
        (66, 99, False),
        (67, 99, True),
        (67, 100, True),
        (66, 100, False),
        (2 * 10**27, 3 * 10**27, False),
        (2 * 10**27 + 1, 3 * 10**27, True),
        (0, 0, False),
        (128 * (2**96 - 1), 128 * (2**96 - 1), True),
    ],
)
def test_is_quorum__both_sides__is_strict_and_exact(
    library: Any, signed: int, total: int, expected: bool
) -> None:
    assert library.isQuorum(signed, total) is expected is ref.is_quorum(signed, total)


def test_require_quorum__weights_decide__not_heads(library: Any, faults: FaultCatalogue) -> None:
    committee = committee_of([90, 20, 10, 10, 5])
    with faults.expect("QuorumNotReached", totalWeight=135, signedWeight=90):
        library.requireQuorum(committee, DIGEST, 0b00001, SIGNATURES[0])
    with faults.expect("QuorumNotReached", totalWeight=135, signedWeight=45):
        library.requireQuorum(committee, DIGEST, 0b11110, b"".join(SIGNATURES[1:5]))
    both = SIGNATURES[0] + SIGNATURES[4]
    assert library.requireQuorum(committee, DIGEST, 0b10001, both) == 95 * 100 // 135
