"""Which forced messages a block consumes (BLOCK-4), and what a denied sender costs (POOL-6)."""

from sequencer.blocks.header import Header
from sequencer.errors import DecodeError, NotYet, PeerFault
from sequencer.ingress.transaction import decode_transaction
from sequencer.l1.events import L1Header, MessageKind
from sequencer.l1.view import ForcedMessage, L1View
from sequencer.ordering.origins import origin_of
from sequencer.types import Address


class Forced:
    """One node's choice and judgement of forced counts."""

    def __init__(self, l1: L1View, margin_seconds: int, deny_senders: frozenset[Address]) -> None:
        """`margin_seconds`: how long before its deadline a message is pressing."""
        self._l1 = l1
        self._margin_seconds = margin_seconds
        self._deny_senders = deny_senders

    def count(self, origin: L1Header, parent: Header) -> int:
        """How many messages a block with this origin consumes: all that its origin shows."""
        length = self._length_at(origin)
        if length is None or length <= parent.forced_count:
            return parent.forced_count
        if self._deny_senders:
            return self._count_before_denied(parent.forced_count, length)
        return length

    def check(self, header: Header, parent: Header) -> None:
        """BLOCK-4; raises `PeerFault`, and `NotYet` if it depends on another L1 branch."""
        length = self._length_at(origin_of(header))
        most = parent.forced_count if length is None else max(parent.forced_count, length)
        if length is None and header.forced_count > most:
            raise NotYet(
                f"forced count {header.forced_count} is by an origin that is not on this node's"
                " L1 branch"
            )
        if not parent.forced_count <= header.forced_count <= most:
            raise PeerFault(
                f"forced count {header.forced_count}, expected {parent.forced_count} to {most}"
            )
        if header.forced_count == most:
            return
        deadline = self._l1.deadline(header.forced_count)
        pressing_from = header.origin_timestamp + self._margin_seconds
        if deadline is None or deadline > pressing_from:
            return
        if self._deny_senders:
            return  # POOL-6: this node would have left it over too
        raise PeerFault(
            f"forced message {header.forced_count} is left over, due at {deadline},"
            f" pressing at origin time {header.origin_timestamp}"
        )

    def is_neglected(self, header: Header) -> bool:
        """NEGLECT-1: whether the first message that a block left over was due at its origin, and
        this node does not leave any over itself (POOL-6)."""
        deadline = self._l1.deadline(header.forced_count)
        is_due = deadline is not None and deadline <= header.origin_timestamp
        return is_due and not self._deny_senders

    def _length_at(self, origin: L1Header) -> int | None:
        """Of the queue; None if the origin is not on this node's branch. After a reorg that is so
        of the origin that blocks keep from their parents until another is confirmed."""
        known = self._l1.block_at(origin.number)
        if known is None or known.hash != origin.hash:
            return None
        return self._l1.queue_length_at(origin.number)

    def _count_before_denied(self, start: int, end: int) -> int:
        """POOL-6."""
        for index in range(max(start, self._l1.consumed), end):
            message = self._l1.message(index)
            if message is None:
                continue
            if self._signer_of(message) in self._deny_senders:
                return index
        return end

    def _signer_of(self, message: ForcedMessage) -> Address | None:
        """Who acts on the rollup by a message; None if its transaction is no good."""
        if message.kind is not MessageKind.TRANSACTION:
            return message.sender
        chain_id = self._l1.chain_id_of(message.rollup_id, message.l1_block)
        if chain_id is None:
            return None
        try:
            return decode_transaction(message.content, chain_id).sender
        except DecodeError:
            return None
