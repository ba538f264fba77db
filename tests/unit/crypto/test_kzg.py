"""KZG by c-kzg: the setup is Ethereum's, wrong bytes are refused, and the process beside the loop
gives the same."""

import asyncio
import sys

import pytest

from sequencer.batches.blobs import encode_blobs
from sequencer.crypto import kzg
from sequencer.crypto.kzg import ProvenBlob, versioned_hash
from sequencer.crypto.kzg_process import KzgFailed, KzgProcess
from sequencer.crypto.kzg_worker import Answer, Request, Work, perform

(BLOB,) = encode_blobs(b"some batch data")
ZERO_BLOB = bytes(131_072)
INFINITY = b"\xc0" + bytes(47)
NO_BLOB = b"\xff" * 131_072
"""Its field elements are above the modulus."""


def test_commit__of_nothing__is_infinity() -> None:
    assert kzg.commit(ZERO_BLOB) == INFINITY
    assert versioned_hash(INFINITY).hex() == (
        "010657f37554c781402a22917dee2f75def7ab966d7b770905398eba3c444014"
    )


def test_verify__proof_of_the_blob__and_of_no_other() -> None:
    commitment = kzg.commit(BLOB)
    proof = kzg.prove(BLOB, commitment)
    kzg.verify(BLOB, commitment, proof)
    for blob, point, shown in (
        (ZERO_BLOB, commitment, proof),
        (BLOB, INFINITY, proof),
        (BLOB, commitment, INFINITY),
        (NO_BLOB, commitment, proof),
        (BLOB, b"\x01" * 48, proof),
        (BLOB[:-1], commitment, proof),
        (BLOB, commitment, b""),
    ):
        with pytest.raises(ValueError):
            kzg.verify(blob, point, shown)


@pytest.mark.parametrize("blob", [NO_BLOB, b"", BLOB[1:]], ids=["above", "none", "short"])
def test_perform__no_blob__is_an_error_and_not_the_end(blob: bytes) -> None:
    for work in Work:
        answer = perform(Request(work, blob, INFINITY, INFINITY))
        assert answer.points == []
        assert answer.error


async def test_process__through_failures__gives_what_the_library_gives(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One test, because the setup takes two seconds to load."""
    process = KzgProcess()
    with monkeypatch.context() as broken:
        broken.setattr(sys, "executable", "/bin/false")
        with pytest.raises(KzgFailed):
            await process.commit([ZERO_BLOB])

    given_up = asyncio.create_task(process.commit([BLOB]))
    await asyncio.sleep(0)
    given_up.cancel()
    await asyncio.gather(given_up, return_exceptions=True)

    assert await process.commit([ZERO_BLOB]) == (INFINITY,)
    proven = await process.prove(BLOB)
    assert proven.commitment == kzg.commit(BLOB)
    assert await process.versioned_hashes([BLOB]) == (proven.versioned_hash,)
    await process.verify(proven)
    with pytest.raises(ValueError, match="proof"):
        await process.verify(ProvenBlob(proven.commitment, INFINITY, BLOB))
    await process.close()


def test_answer__of_the_worker__has_its_shape() -> None:
    assert perform(Request(Work.COMMIT, ZERO_BLOB)) == Answer([INFINITY])
