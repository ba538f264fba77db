"""KZG in a process of its own: requests on standard input, answers on standard output.

A request or an answer is `u32 length ‖ msgpack`. The process ends with its input, so it never
outlives the node that started it, however that one ends.
"""

import os
import signal
import sys
from enum import IntEnum
from typing import BinaryIO

import msgspec

from sequencer.crypto import kzg

NICENESS = 5
"""Whoever votes on this machine goes first; but a batch must not wait for ever either."""
LENGTH_BYTES = 4


class Work(IntEnum):
    """What is asked about one blob."""

    COMMIT = 0
    """Its commitment."""
    PROVE = 1
    """Its proof, of the commitment that is given."""
    CELLS = 2
    """A proof for each of its cells."""
    VERIFY = 3
    """The commitment, if it and the proof that are given are right."""


class Request(msgspec.Struct, frozen=True, array_like=True):
    work: Work
    blob: bytes
    commitment: bytes = b""
    proof: bytes = b""


class Answer(msgspec.Struct, frozen=True, array_like=True):
    points: list[bytes] = []
    error: str | None = None


def perform(request: Request) -> Answer:
    try:
        match request.work:
            case Work.COMMIT:
                return Answer([kzg.commit(request.blob)])
            case Work.PROVE:
                return Answer([kzg.prove(request.blob, request.commitment)])
            case Work.CELLS:
                return Answer(kzg.cell_proofs(request.blob))
            case Work.VERIFY:
                kzg.verify(request.blob, request.commitment, request.proof)
                return Answer([request.commitment])
    except ValueError as error:
        return Answer(error=str(error))


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Until the input ends."""
    decoder, encoder = msgspec.msgpack.Decoder(Request), msgspec.msgpack.Encoder()
    while length := requests.read(LENGTH_BYTES):
        request = decoder.decode(requests.read(int.from_bytes(length, "big")))
        answer = encoder.encode(perform(request))
        answers.write(len(answer).to_bytes(LENGTH_BYTES, "big") + answer)
        answers.flush()


if __name__ == "__main__":
    # Ctrl-C goes to every process of the terminal; the node decides when this one ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(NICENESS)
    serve(sys.stdin.buffer, sys.stdout.buffer)
