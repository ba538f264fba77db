"""What peers send, decoded and handed to the stage it is for; faults are counted (NET-3, NET-4),
time is shared out (NET-8)."""

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from sequencer.batches.attestations import SignedAttestation
from sequencer.consensus.messages import BlockRequest, Proposal
from sequencer.errors import PeerFault
from sequencer.ingress.transactions import HINT_BYTES
from sequencer.node.attester import Attester
from sequencer.node.backend import NodeBackend
from sequencer.node.budget import PeerBudget
from sequencer.node.clock import Clock
from sequencer.node.early import EarlyMessages, epoch_of
from sequencer.node.epochs import Epochs
from sequencer.node.gossip import PeerFaults
from sequencer.node.instance import Instance
from sequencer.node.listing import Lister
from sequencer.node.wire import GossipedTransaction, Message, decode, is_bulk, is_consensus
from sequencer.ordering.listings import Listing
from sequencer.types import Address

log = logging.getLogger(__name__)

_Heard = tuple[Address, tuple[GossipedTransaction, ...]]
"""A message of transactions, and who has sent it."""

_HINTED_COST, _UNHINTED_COST = 3_000, 8_000
"""What a signature costs, in bytes of transactions that are hashed for the same (docs/adr/0009)."""


class Inbound:
    """The receiving end of the transport. `receive` never raises: what fails in this node
    goes to `on_failure`, what a peer did wrong is counted."""

    def __init__(  # noqa: PLR0913, PLR0917 - the stages it hands to
        self,
        epochs: Epochs[Instance],
        attester: Attester,
        backend: NodeBackend,
        lister: Lister,
        faults: PeerFaults,
        budget: PeerBudget,
        clock: Clock,
        on_failure: Callable[[Exception], None],
        hasten: Callable[[Address], None],
    ) -> None:
        """`hasten` hands over what waits of a peer."""
        self._epochs = epochs
        self._attester = attester
        self._backend = backend
        self._lister = lister
        self._faults = faults
        self._budget = budget
        self._clock = clock
        self._on_failure = on_failure
        self._hasten = hasten
        self._early = EarlyMessages()

    def receive(self, peer: Address, data: bytes) -> None:
        if is_bulk(data):
            self.receive_transactions([(peer, data)])
            return
        now_ms = self._clock.now_ms()
        if self._faults.is_silenced(peer, now_ms):
            return
        try:
            self._dispatch(peer, data, now_ms)
        except PeerFault as fault:
            self.blame(peer, fault)
        except Exception as error:  # a fault of this node: stop it, with the cause
            self._on_failure(error)

    def receive_transactions(self, messages: Sequence[tuple[Address, bytes]]) -> int:
        """As `receive`, of messages with nothing but transactions, of any peers: their signatures
        are checked together (POOL-5). Gives how many bytes of these were looked at."""
        now_ms = self._clock.now_ms()
        wanted = [
            (peer, data)
            for peer, data in messages
            if not self._faults.is_silenced(peer, now_ms) and self._budget.has_room(peer)
        ]
        try:
            heard = [*self._decode_transactions(wanted)]
            costs = Counter[Address]()
            for peer, message in heard:
                costs[peer] += sum(map(_cost, message))
            self._budget.spend(costs, lambda: self._admit(heard, now_ms))
            if self._epochs.instance is not None:
                self._epochs.instance.on_work()
        except Exception as error:
            self._on_failure(error)
        return sum(len(data) for _, data in wanted)

    def blame(self, peer: Address, fault: PeerFault) -> None:
        """NET-4: also for what shows to be false later only."""
        self._faults.add(peer, self._clock.now_ms())
        log.warning("peer 0x%s: %s", peer.hex(), fault)

    def replay(self) -> None:
        """EPOCH-5: an instance has started; what came for its epoch comes once more."""
        instance = self._epochs.instance
        if instance is not None:
            for peer, data in self._early.take(instance.committee.epoch):
                self.receive(peer, data)

    def _dispatch(self, peer: Address, data: bytes, now_ms: int) -> None:
        """Consensus does not wait: its messages are small, or few, or known before they cost much.
        What a peer can make up without end has a budget."""
        if not is_consensus(data):
            self._within_budget(peer, lambda: self._handle(peer, decode(data), now_ms))
            return
        message = decode(data)
        if isinstance(message, BlockRequest):
            self._within_budget(peer, lambda: self._handle(peer, message, now_ms))
        else:
            self._keep_early(peer, message, data)
            instance = self._epochs.instance
            if isinstance(message, Proposal) and instance is not None and instance.is_news(message):
                self._hasten(peer)  # with what is in its block
            self._handle(peer, message, now_ms)

    def _keep_early(self, peer: Address, message: Message, data: bytes) -> None:
        """EPOCH-5."""
        epoch, instance = epoch_of(message), self._epochs.instance
        if epoch is not None and instance is not None and epoch > instance.committee.epoch:
            self._early.keep(peer, epoch, data)

    def _within_budget(self, peer: Address, work: Callable[[], None]) -> None:
        if self._budget.has_room(peer):
            self._budget.spend({peer: 1}, work)

    def _handle(self, peer: Address, message: Message, now_ms: int) -> None:
        instance = self._epochs.instance
        if isinstance(message, SignedAttestation):
            self._attester.on_attestation(message)
        elif isinstance(message, Listing):
            if self._lister.on_listing(message, now_ms) and instance is not None:
                instance.on_work()
        elif instance is not None:
            assert not isinstance(message, tuple), "transactions"
            instance.on_message(peer, message)

    def _decode_transactions(self, messages: Sequence[tuple[Address, bytes]]) -> Iterator[_Heard]:
        for peer, data in messages:
            try:
                message = decode(data)
            except PeerFault as fault:
                self.blame(peer, fault)
            else:
                assert isinstance(message, tuple)
                yield peer, message

    def _admit(self, heard: Sequence[_Heard], now_ms: int) -> None:
        """POOL-5: the same checks as a wallet's; one bad transaction spoils none beside it."""
        faults = self._backend.admit_passed_on([message for _, message in heard], now_ms)
        for (peer, _), fault in zip(heard, faults, strict=True):
            if fault is not None:
                self.blame(peer, fault)


def _cost(transaction: GossipedTransaction) -> int:
    is_hinted = len(transaction.hint) == HINT_BYTES
    return len(transaction.raw) + (_HINTED_COST if is_hinted else _UNHINTED_COST)
