"""The calls that commit batches, with calldata or with blobs (SUBMIT-2, SUBMIT-5)."""

import logging
from typing import Protocol

from sequencer.batches.attestations import BatchCertificate
from sequencer.batches.batch import Batch
from sequencer.batches.blobs import blobs_needed
from sequencer.consensus.messages import bitmap_members
from sequencer.crypto.kzg_process import KzgFailed
from sequencer.l1 import abi
from sequencer.l1.account import MAX_GAS, L1Account, L1Call
from sequencer.l1.calldata import encode_commit, encode_commit_blobs
from sequencer.l1.deployment import Contracts
from sequencer.l1.reverts import revert_name
from sequencer.l1.rpc import L1Refused
from sequencer.l1.sidecar import Sidecar
from sequencer.l1.submission import Commit, Prices, commit_wei
from sequencer.types import ZERO_HASH, BatchIndex

log = logging.getLogger(__name__)

FORCE_GAS = 120_000
"""Above what `forceInclude` takes, however many it includes (INBOX-5)."""

_FORCE = abi.function("ForcedInbox", "forceInclude")


class BatchSource(Protocol):
    """What is asked of a node that commits."""

    def seat(self) -> tuple[int, int] | None:
        """This node's member index and the committee's size; None if it has no seat."""

    def ready(self, index: BatchIndex) -> tuple[Batch, BatchCertificate] | None:
        """A batch that this node cut, and its quorum; None while one of them is missing."""

    def data(self, batch: Batch) -> bytes:
        """ENC-13."""

    async def sidecar(self, batch: Batch) -> Sidecar:
        """Its blobs, of a batch that has such a form (ENC-14); raises `KzgFailed`."""


class Committing:
    """Chooses the form of each commit by price. L1 takes one form from an account at a time, so
    the calls that go together have one form, and the one that L1 refuses gives way to the other.
    """

    def __init__(self, account: L1Account, contracts: Contracts, source: BatchSource) -> None:
        self._account = account
        self._contracts = contracts
        self._source = source
        self._refused: tuple[BatchIndex, bool] | None = None
        """The first of the batches whose calls L1 refused, and whether they had blobs."""

    async def calls(self, step: Commit) -> list[L1Call]:
        """In order. The first batch is tried out, so that what L1 would refuse is known before
        it is paid for. Raises `L1Error`."""
        calls: list[L1Call] = []
        if step.force_up_to is not None:
            label, data = f"forceInclude({step.force_up_to})", _FORCE.call(step.force_up_to)
            calls.append(L1Call(label, self._contracts.forced_inbox, data, FORCE_GAS))
        prices = await self._account.prices()
        form: bool | None = None
        for batch in step.batches:
            ready = self._source.ready(batch.index)
            if ready is None or ready[0] != batch:
                break
            with_blobs = self._goes_as_blobs(step, batch, ready[1], prices)
            if form is None:
                await self._try_out(batch, ready[1], is_forced=bool(calls))
            elif with_blobs != form:
                break
            form = with_blobs
            calls.append(await self._call(batch, ready[1], with_blobs))
        return calls

    def refused(self, step: Commit, calls: list[L1Call]) -> None:
        """L1's pool did not take these."""
        self._refused = step.batches[0].index, calls[-1].sidecar is not None

    def _goes_as_blobs(
        self, step: Commit, batch: Batch, certificate: BatchCertificate, prices: Prices
    ) -> bool:
        if batch.blobs_hash == ZERO_HASH or prices.blob_gas is None:
            return False
        if step.force_up_to is not None:  # a call without blobs goes before
            return False
        if self._refused is not None and self._refused[0] == step.batches[0].index:
            return not self._refused[1]
        data, signers = self._source.data(batch), signers_of(certificate)
        plain = commit_wei(prices, encode_commit(batch, certificate, data), signers)
        blobs = blobs_needed(len(data))
        return commit_wei(prices, encode_commit_blobs(batch, certificate), signers, blobs) < plain

    async def _call(self, batch: Batch, certificate: BatchCertificate, with_blobs: bool) -> L1Call:
        sidecar: Sidecar | None = None
        if with_blobs:
            try:
                sidecar = await self._source.sidecar(batch)
            except KzgFailed as error:
                log.warning("batch %d goes as calldata: %s", batch.index, error)
        if sidecar is None:
            calldata = encode_commit(batch, certificate, self._source.data(batch))
        else:
            calldata = encode_commit_blobs(batch, certificate)
        to, gas_limit = self._contracts.commitment_chain, commit_gas(certificate, calldata)
        return L1Call(f"commit({batch.index})", to, calldata, gas_limit, sidecar)

    async def _try_out(self, batch: Batch, certificate: BatchCertificate, is_forced: bool) -> None:
        """With calldata in either case: all but the form is alike, and not every endpoint tries
        a call with blobs."""
        data = encode_commit(batch, certificate, self._source.data(batch))
        try:
            await self._account.estimate(self._contracts.commitment_chain, data)
        except L1Refused as refusal:
            # The contract looks at the queue last: with this error all else is right, and the
            # call that stands before takes the message out of the way.
            if not is_forced or revert_name(refusal.data) != "DueMessageLeft":
                raise


def commit_gas(certificate: BatchCertificate, calldata: bytes) -> int:
    """A limit that any commit stays below: the dearest calldata (EIP-7623) and the checks."""
    signers = signers_of(certificate)
    return min(MAX_GAS, 21_000 + 40 * len(calldata) + 200_000 + 10_000 * signers)


def signers_of(certificate: BatchCertificate) -> int:
    """How many signed."""
    return sum(1 for _ in bitmap_members(int.from_bytes(certificate.signers, "big")))
