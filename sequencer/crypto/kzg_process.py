"""KZG beside the event loop: a worker process that starts when it is first needed.

A thread would not do: c-kzg keeps Python's lock for the whole of its tenth of a second.
"""

import asyncio
import contextlib
import hashlib
import sys
from collections.abc import Sequence

import msgspec

from sequencer.crypto.kzg import ProvenBlob, versioned_hash
from sequencer.crypto.kzg_worker import LENGTH_BYTES, Answer, Request, Work
from sequencer.errors import SwitchyardError
from sequencer.types import Hash32

MAX_ANSWER_BYTES = 1 << 20
REMEMBERED = 64
"""Commitments: a node asks for the same one to attest, to submit and to archive."""
_MODULE = "sequencer.crypto.kzg_worker"
_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Answer)


class KzgFailed(SwitchyardError):
    """The worker ended; the next request starts another."""


class KzgProcess:
    """One request at a time; others wait their turn. Every method raises `KzgFailed`, and
    `ValueError` for bytes that are no blob, commitment or proof."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()
        self._commitments: dict[bytes, bytes] = {}
        """By hash of the blob, the last ones."""

    async def commit(self, blobs: Sequence[bytes]) -> tuple[bytes, ...]:
        """The commitments of blobs."""
        return tuple([await self._commit(blob) for blob in blobs])

    async def versioned_hashes(self, blobs: Sequence[bytes]) -> tuple[Hash32, ...]:
        return tuple(versioned_hash(commitment) for commitment in await self.commit(blobs))

    async def prove(self, blob: bytes) -> ProvenBlob:
        """A blob with its commitment and proof."""
        (commitment,) = await self.commit([blob])
        (proof,) = await self._ask(Request(Work.PROVE, blob, commitment))
        return ProvenBlob(commitment, proof, blob)

    async def cell_proofs(self, blobs: Sequence[bytes]) -> tuple[bytes, ...]:
        """Of all cells of all blobs, in order."""
        found = [await self._ask(Request(Work.CELLS, blob)) for blob in blobs]
        return tuple(proof for proofs in found for proof in proofs)

    async def verify(self, proven: ProvenBlob) -> None:
        """Raises `ValueError` also when the proof shows nothing."""
        await self._ask(Request(Work.VERIFY, proven.blob, proven.commitment, proven.proof))

    async def close(self) -> None:
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def _commit(self, blob: bytes) -> bytes:
        key = hashlib.sha256(blob).digest()
        if key not in self._commitments:
            (self._commitments[key],) = await self._ask(Request(Work.COMMIT, blob))
            if len(self._commitments) > REMEMBERED:
                del self._commitments[next(iter(self._commitments))]
        return self._commitments[key]

    async def _ask(self, request: Request) -> list[bytes]:
        async with self._turn:
            try:
                answer = await self._exchange(_encoder.encode(request))
            except (OSError, EOFError, msgspec.DecodeError) as error:
                await self.close()
                raise KzgFailed(f"the KZG worker ended: {error!r}") from error
            except asyncio.CancelledError:
                await self.close()  # what it still answers would be taken for the next answer
                raise
        if answer.error is not None:
            raise ValueError(answer.error)
        return answer.points

    async def _exchange(self, request: bytes) -> Answer:
        process = await self._running()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(len(request).to_bytes(LENGTH_BYTES, "big") + request)
        await process.stdin.drain()
        length = int.from_bytes(await process.stdout.readexactly(LENGTH_BYTES), "big")
        if length > MAX_ANSWER_BYTES:
            raise EOFError(f"an answer of {length} bytes")
        return _decoder.decode(await process.stdout.readexactly(length))

    async def _running(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", _MODULE),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
            )
        return self._process
