"""One post on its way to L1 (WALLET-8): for a rollup whose order is anyone's, or the signer's."""

from sequencer.errors import PeerFault
from sequencer.l1.deployment import Deployment
from sequencer.types import ZERO_HASH
from sequencer.wallet.endpoint import Endpoint
from sequencer.wallet.options import Options
from sequencer.wallet.queue import Queue
from sequencer.wallet.receipt import PostReceipt, Stage
from sequencer.wallet.sender import FileNotes, drafting, outbox, payment_wei
from sequencer.wallet.signers import Signer
from sequencer.wallet.state_file import State, StateFile


class PostFailed(PeerFault):
    """L1 has carried the post out, and refused it: its rollup is not open for it any more."""


class Post:
    """As `Message`; there is nothing to wait for but the block."""

    def __init__(
        self,
        endpoint: Endpoint,
        deployment: Deployment,
        signer: Signer,
        file: StateFile,
        fresh: State,
        options: Options,
    ) -> None:
        self.errand = errand = fresh.errand()
        self._endpoint = endpoint
        self._queue = queue = Queue(endpoint, deployment.contracts)
        notes = FileNotes(file, fresh, "enqueue")
        self._outbox = outbox(endpoint, deployment, signer, notes, options)
        inbox = deployment.contracts.rollup_inbox
        self._draft = drafting(
            endpoint, inbox, signer.address, errand, lambda: payment_wei(errand, queue, options)
        )

    def step(self) -> PostReceipt:
        """Raises as `Message.step`, and `PostFailed`."""
        mined = self._outbox.succeeded()
        if mined is not None:
            number, head = self._queue.post_in(mined), self._endpoint.head()
            confirmations = max(0, head.number - mined.block)
            return PostReceipt(Stage.ORDERED, mined.hash, number, mined.block, confirmations)
        if (failed := self._outbox.failed()) is not None:
            raise PostFailed(
                f"L1 transaction 0x{failed.hash.hex()} has failed in block {failed.block}:"
                " the rollup was not open for this post any more"
            )
        self._outbox.push(self.errand.call_data(), self._draft)
        last = self._outbox.last()
        return PostReceipt(Stage.SENDING, ZERO_HASH if last is None else last.hash)
