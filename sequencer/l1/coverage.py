"""What promises of this node may carry, as L1 says it at the confirmed block (INS-5, PROMISE-2)."""

import asyncio
import logging
from collections.abc import Iterable

from sequencer.errors import DecodeError
from sequencer.l1 import abi
from sequencer.l1.client import L1Client
from sequencer.l1.deployment import Deployment
from sequencer.l1.events import L1Header
from sequencer.l1.operators import Operator
from sequencer.l1.rpc import L1Error
from sequencer.l1.view import L1View
from sequencer.types import Address

log = logging.getLogger(__name__)

RETRY_SECONDS = 1.0
_COVERAGE_OF = abi.function("InsurancePool", "coverageOf")


class Coverage:
    """Asks once for each confirmed block. What L1 said of one counts until it answers about the
    next; if it does not answer, there is no coverage."""

    def __init__(
        self, client: L1Client, view: L1View, deployment: Deployment, own: Iterable[Address]
    ) -> None:
        """`own` are the hot keys of this node."""
        self._client = client
        self._view = view
        self._pool = deployment.contracts.insurance_pool
        self._own = frozenset(own)
        self._read: L1Header | None = None
        self._poked = asyncio.Event()
        self.wei: int | None = None
        """None while L1 has not said."""

    def poke(self) -> None:
        """The view of L1 has changed."""
        if self._view.confirmed != self._read:
            self._poked.set()

    async def run(self) -> None:
        """For ever. What fails is noted and tried again."""
        while True:
            await self._poked.wait()
            self._poked.clear()
            if not await self.step():
                await asyncio.sleep(RETRY_SECONDS)
                self._poked.set()

    async def step(self) -> bool:
        """Ask about the confirmed block, if it is another one; False if that has failed."""
        confirmed = self._view.confirmed
        if confirmed is None or confirmed == self._read:
            return True
        try:
            self.wei = await self._ask(confirmed)
        except (L1Error, DecodeError) as error:
            if self.wei is not None:
                log.warning("L1: no promises, coverage is not known: %s", error)
            self.wei = self._read = None
            return False
        self._read = confirmed
        return True

    async def _ask(self, confirmed: L1Header) -> int:
        current = self._operators(confirmed.number)
        if not current:
            return 0
        call = _COVERAGE_OF.call(current[0].id)
        answer = await self._client.call(self._pool, call, confirmed.number)
        return int(_COVERAGE_OF.returned(answer))

    def operator_ids(self) -> frozenset[int]:
        """Of the places that this node's keys hold at L1's head."""
        head = self._view.head
        return frozenset(one.id for one in self._operators(head.number)) if head else frozenset()

    def _operators(self, number: int) -> list[Operator]:
        found = self._view.operators_at(number)
        return [one for one in found if not self._own.isdisjoint((one.signer, *one.former))]
