"""Promises of a running node: made by the book, on disk before they are told, listed at once
(PROMISE-2 to PROMISE-4)."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import msgspec

from sequencer.errors import DecodeError, LocalFault
from sequencer.ingress.refusal import NoPromise, Refused
from sequencer.ingress.transaction import decode_transaction
from sequencer.mempool.pool import Mempool, TransactionKey
from sequencer.node.listing import Lister
from sequencer.promises.book import OpenPromise, PromiseBook, Standing
from sequencer.promises.promise import SignedPromise
from sequencer.store.promises import PromiseStore
from sequencer.types import Epoch

log = logging.getLogger(__name__)

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(OpenPromise)


@dataclass(slots=True)
class _Group:
    """What goes to the disk with one sync, and what is to happen then."""

    put: list[tuple[TransactionKey, bytes]] = field(default_factory=list)
    drop: list[TransactionKey] = field(default_factory=list)
    waiters: list[asyncio.Future[None]] = field(default_factory=list)
    then: list[Callable[[], None]] = field(default_factory=list)

    def end(self) -> None:
        """Whoever waits tells the promise first: ordering takes milliseconds."""
        for waiter in self.waiters:
            if not waiter.done():
                waiter.set_result(None)
        for callback in self.then:
            asyncio.get_running_loop().call_soon(callback)

    def fail(self, fault: LocalFault) -> None:
        for waiter in self.waiters:
            if not waiter.done():
                waiter.set_exception(fault)


class PromiseFile:
    """Writes what one turn of the event loop has promised with one sync. The loop waits for it, as
    for a vote's: a thread would be told of it milliseconds late where processors are busy."""

    def __init__(self, store: PromiseStore, on_fault: Callable[[Exception], None]) -> None:
        """`on_fault` is called if the disk does not take it; then nothing is told any more."""
        self._store = store
        self._on_fault = on_fault
        self._next = _Group()
        self._is_scheduled = False
        self._fault: LocalFault | None = None

    def put(self, made: OpenPromise) -> None:
        self._next.put.append((made.key, _encoder.encode(made)))
        self._schedule()

    def then(self, callback: Callable[[], None]) -> None:
        """Call it when what was put last is on disk, and those have been woken that wait for it."""
        self._next.then.append(callback)

    def drop(self, keys: Iterable[TransactionKey]) -> None:
        """Forget with the next sync; what a crash loses of this is found out again."""
        self._next.drop += keys

    def tidy(self) -> None:
        """Let what is dropped be forgotten soon."""
        if self._next.drop:
            self._schedule()

    async def durable(self) -> None:
        """Return when all that was put is on disk; raises `LocalFault` if it will not be."""
        if self._fault is not None:
            raise self._fault
        if self._next.put:
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._next.waiters.append(waiter)
            await waiter

    def _schedule(self) -> None:
        if not self._is_scheduled:
            self._is_scheduled = True
            asyncio.get_running_loop().call_soon(self._write)

    def _write(self) -> None:
        group, self._next, self._is_scheduled = self._next, _Group(), False
        try:
            self._store.write(group.put, group.drop)
        except LocalFault as fault:  # in a callback of the loop, where nothing would see it
            self._fault = fault
            group.fail(fault)
            self._on_fault(fault)
        else:
            group.end()


class Promising:
    """What the node's RPC asks for a promise."""

    def __init__(
        self,
        book: PromiseBook,
        store: PromiseStore,
        mempool: Mempool,
        lister: Lister,
        standing: Callable[[], Standing],
        is_ordered: Callable[[TransactionKey], bool],
        on_fault: Callable[[Exception], None],
        *,
        breaks: bool,
    ) -> None:
        """`breaks`: promise, and do nothing about it (PROMISE-9)."""
        self.book = book
        self._store = store
        self.file = PromiseFile(store, on_fault)
        self._mempool = mempool
        self._lister = lister
        self._standing = standing
        self._is_ordered = is_ordered
        self._breaks = breaks

    def make(self, key: TransactionKey, value_wei: int) -> SignedPromise:
        """A promise about a transaction of the pool, or the one that there is. Raises `NoPromise`.
        It is not to be told before `durable`."""
        known = self.book.get(key)
        if known is not None:
            return known
        self._check_rivals(key)
        at = self._standing()
        made = self.book.make(key, value_wei, at)
        self.file.put(made)
        if self._breaks:
            self._mempool.drop(key)
        else:
            self.file.then(lambda: self.list_open(at.now_ms))
        return made.signed

    def _check_rivals(self, key: TransactionKey) -> None:
        """PROMISE-2: each listed transaction of the nonce may take a block of its own before."""
        tx = self._mempool.get(key)
        if tx is not None and self._lister.has_rival(key[0], tx):
            raise NoPromise(f"another transaction of nonce {tx.nonce} of its sender is listed")

    def list_open(self, now_ms: int) -> None:
        """What is open and not listed yet, in this epoch or for want of room, comes before all else
        that this node lists."""
        for one in self.book.open:
            if not self._list(one, now_ms):
                break

    def settled(self, keys: Iterable[TransactionKey]) -> None:
        """These are in a final block."""
        self.file.drop(self.book.settled(keys))

    def upkeep(self, oldest: Epoch) -> None:
        """Forget promises of epochs before `oldest`."""
        self.file.drop(self.book.expire(oldest))
        self.file.tidy()

    def resume(self, now_ms: int) -> None:
        """After a restart: what was promised is in the pool again (PROMISE-3)."""
        found = map(_decoder.decode, self._store.records())
        for one in sorted(found, key=lambda one: one.signed.promise.last_height):
            if self._is_ordered(one.key):
                self.file.drop([one.key])
                continue
            if not self._breaks:
                self._pool(one, now_ms)
            self.book.restore(one)

    def _pool(self, one: OpenPromise, now_ms: int) -> None:
        try:
            tx = decode_transaction(one.raw, one.chain_id)
            self._mempool.add(one.key[0], tx, now_ms)
        except (Refused, DecodeError) as error:
            log.error("promised transaction 0x%s is not in the pool: %s", one.key[1].hex(), error)

    def _list(self, one: OpenPromise, now_ms: int) -> bool:
        """PROMISE-4, but for what has been ordered meanwhile; whether others may follow."""
        tx = self._mempool.get(one.key)
        return tx is None or self._lister.list_one(one.key[0], tx, now_ms)
