"""One message on its way into the order. `step` may be called at any time, in any process, as
often as one likes: it looks at L1 and does what is next (WALLET-1 to WALLET-5)."""

from sequencer.ingress.transaction import decode_transaction
from sequencer.l1 import abi
from sequencer.l1.deployment import Deployment
from sequencer.types import ZERO_HASH
from sequencer.wallet.endpoint import Endpoint, Head
from sequencer.wallet.errands import Kind
from sequencer.wallet.estimate import block_seconds, latest_inclusion
from sequencer.wallet.execution import Execution, execution_of
from sequencer.wallet.follower import Place, place_of
from sequencer.wallet.options import Options
from sequencer.wallet.outbox import Draft
from sequencer.wallet.queue import Consumption, Queue, Queued
from sequencer.wallet.receipt import Receipt, Stage
from sequencer.wallet.sender import FileNotes, drafting, outbox, payment_wei
from sequencer.wallet.signers import Signer
from sequencer.wallet.state_file import State, StateFile

FORCE_GAS = 100_000
"""The same for any number of messages, under 65,000 (INBOX-5). It cannot be estimated: a block
early, the call still fails."""


class Message:
    """An errand of a message; `file` is open, `fresh` what it begins with."""

    def __init__(
        self,
        endpoint: Endpoint,
        deployment: Deployment,
        signer: Signer,
        file: StateFile,
        fresh: State,
        options: Options,
    ) -> None:
        self.errand = fresh.errand()
        self._endpoint = endpoint
        self._queue = Queue(endpoint, deployment.contracts)
        self._inbox = deployment.contracts.forced_inbox
        self._options = options
        notes = FileNotes(file, fresh, "enqueue"), FileNotes(file, fresh, "force")
        self._enqueue = outbox(endpoint, deployment, signer, notes[0], options)
        self._force = outbox(endpoint, deployment, signer, notes[1], options, is_repeatable=True)
        self._draft = drafting(endpoint, self._inbox, signer.address, self.errand, self._value_wei)
        self._block_seconds: int | None = None

    def step(self) -> Receipt:
        """Raises `L1Error`, `SignerFault`, `Refused`, `TooDear`, `LocalFault`; the next call goes
        on from there."""
        mined = self._enqueue.succeeded()
        if mined is None:
            self._enqueue.push(self.errand.call_data(), self._draft)
            return self._unqueued()
        head = self._endpoint.head()
        message = self._queue.message_in(mined)
        consumption = self._queue.consumption_of(message, head.number)
        stage = Stage.QUEUED
        if consumption is not None:
            stage = Stage.ORDERED
        elif is_due_next(message, head):
            stage = Stage.FORCING
            self._push_force(message)
        return Receipt(
            stage,
            mined.hash,
            message,
            consumption,
            None if consumption else latest_inclusion(message.deadline, self._seconds(head)),
            0 if consumption is None else max(0, head.number - consumption.block),
            self._place(message, consumption),
            self._execution(consumption),
        )

    def before(self, message: Queued) -> int:
        """Messages that wait before it."""
        return max(0, message.index - self._queue.head()[1])

    def _unqueued(self) -> Receipt:
        last = self._enqueue.last()
        stage = Stage.SENDING if self._enqueue.failed() is None else Stage.FAILED
        return Receipt(stage, ZERO_HASH if last is None else last.hash)

    def _value_wei(self) -> int:
        payment = payment_wei(self.errand, self._queue, self._options)
        return payment + self.errand.deposit_wei

    def _push_force(self, message: Queued) -> None:
        """A force of an index that the message has had before an L1 reorg is replaced, or fails
        and is followed by another."""
        data = abi.function("ForcedInbox", "forceInclude").call(message.index + 1)
        self._force.push(data, lambda: Draft(self._inbox, data, 0, FORCE_GAS))

    def _seconds(self, head: Head) -> int:
        if self._block_seconds is None:
            self._block_seconds = block_seconds(self._endpoint, head)
        return self._block_seconds

    def _place(self, message: Queued, consumption: Consumption | None) -> Place | None:
        if consumption is None or self._options.follower_url is None:
            return None
        return place_of(self._options.follower_url, message)

    def _execution(self, consumption: Consumption | None) -> Execution | None:
        """Only a signed transaction has a hash that the rollup's node can be asked for."""
        url = self._options.rollup_url
        if consumption is None or url is None or self.errand.kind is not Kind.TRANSACTION:
            return None
        chain_id = self._queue.chain_id_of(self.errand.rollup)
        return execution_of(url, decode_transaction(self.errand.content, chain_id))


def is_due_next(message: Queued, head: Head) -> bool:
    """Whether the next L1 block is due for certain: times of blocks increase (WALLET-4)."""
    return head.timestamp + 1 >= message.deadline
