"""What a rollup executes, in order: a follower's list with the held data filled in (DERIVE-17).

A library for whoever executes a rollup. The follower is trusted as L1 is, so run one; nodes, which
serve held data, are not trusted. Nothing is kept from one call to the next, so that a void mark or
a reorg that came meanwhile is seen.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

from sequencer.blocks.payload import decode_segment
from sequencer.crypto.hashing import keccak
from sequencer.derivation.entries import Entry
from sequencer.derivation.follower_client import FollowerClient
from sequencer.derivation.found import judge_transaction
from sequencer.derivation.held import HeldMissing, HeldReader
from sequencer.errors import DecodeError, NotYet, PeerFault
from sequencer.types import ZERO_HASH, Address, Hash32, RollupId


class ListChanged(NotYet):
    """L1 went back: the list is not the one that was read. Go back too, and read on from there."""


@dataclass(frozen=True, slots=True)
class Ordered:
    """A transaction in the order of its rollup."""

    hash: Hash32
    raw: bytes = field(repr=False)
    """Of a call or a deposit, its content (INBOX-4)."""
    sender: Address | None
    skipped: str | None
    """Why execution must not see it (DERIVE-6); None if it is included."""


@dataclass(frozen=True, slots=True)
class Step:
    """An entry of the list, and what execution does at it."""

    entry: Entry
    transactions: tuple[Ordered, ...] = ()
    """Of a held segment, any number; of a void mark, none; else the entry's one."""
    empty: str | None = None
    """Why a held segment holds no transactions; None if it does."""
    counterpart: int | None = None
    """At a void mark, the entry that is void: who has executed transactions of it goes back to
    before it (DERIVE-16). At a held segment, its void mark, which may be far ahead: who finds it
    gone with a reorg goes back too. None if the list has none. `execution.py` sees to both."""


class RollupReader:
    """One rollup, from the follower at a URL; held data from it, which has L1's answers, and from
    the nodes at others."""

    def __init__(self, follower: str, rollup: RollupId, nodes: Sequence[str] = ()) -> None:
        self._rollup = rollup
        self._follower = FollowerClient(follower)
        self._held = HeldReader([follower, *nodes])

    async def close(self) -> None:
        await self._follower.close()
        await self._held.close()

    async def read(self, after: int = -1, running_hash: Hash32 = ZERO_HASH) -> AsyncIterator[Step]:
        """The list to its present end: all of it, or what follows the entry `after`, which had that
        running hash.

        Raises `HeldMissing` at a held segment that nobody has and no mark voids; `ListChanged` if
        L1 went back below `after`; `PeerFault` if the follower does not answer, or not so.
        """
        chain_id = await self._follower.chain_id(self._rollup)
        while True:
            page = await self._follower.entries(self._rollup, max(after, 0))
            if after >= 0:
                if not page or page[0][0].running_hash != running_hash:
                    raise ListChanged(f"L1 went back: entry {after} is not the one that was read")
                del page[0]
            if not page:
                return
            for entry, counterpart in page:
                after, running_hash = after + 1, _followed(entry, after + 1, running_hash)
                yield await self._step(entry, chain_id, counterpart)

    async def mark_of(self, index: int) -> int | None:
        """The void mark of the held segment that is entry `index`; None if there is no mark."""
        page = await self._follower.entries(self._rollup, index, 1)
        return page[0][1] if page and page[0][0].held else None

    async def _step(self, entry: Entry, chain_id: int, counterpart: int | None) -> Step:
        if entry.voids is not None:
            if counterpart is not None and counterpart >= entry.index:
                raise PeerFault(f"void mark {entry.index} is before the entry {counterpart}")
            return Step(entry, counterpart=counterpart)
        if entry.held is None:
            hash_, raw = entry.transaction_hash, entry.transaction
            return Step(entry, (Ordered(hash_, raw, entry.sender, entry.skipped),))
        if entry.skipped is not None or counterpart is not None:
            return Step(entry, empty=entry.skipped or "void", counterpart=counterpart)
        try:
            data = await self._held.read(entry.held)
            raws = decode_segment(self._rollup, data)
        except HeldMissing as missing:
            where = f"entry {entry.index} of rollup {self._rollup}"
            id_ = f"id 0x{entry.transaction_hash.hex()}"  # what to challenge
            raise HeldMissing(f"{where}, {id_}, waits for {missing}") from None
        except DecodeError as error:
            return Step(entry, empty=str(error))
        ordered = (Ordered(keccak(raw), raw, *judge_transaction(raw, chain_id)) for raw in raws)
        return Step(entry, tuple(ordered))


def _followed(entry: Entry, index: int, running_hash: Hash32) -> Hash32:
    """The running hash with the entry, which is that of the index (DERIVE-7): pages of two branches
    of L1 do not make one list."""
    if entry.skipped is None:
        running_hash = keccak(running_hash, entry.transaction_hash)
    if (entry.index, entry.running_hash) != (index, running_hash):
        raise PeerFault(f"entry {entry.index} is not the entry {index} that follows (DERIVE-7)")
    return running_hash
