"""Forced inclusion for programs: an errand is seen into a rollup's order by L1 alone.

    wallet = ForcedInclusion("http://127.0.0.1:8545", deployment, KeySigner(key), folder)
    receipt = wallet.force(1, raw_transaction)

What is done depends on L1 alone, looked at anew in each step, so every state of the sequencer is
the same to it: an honest committee takes the message, a slow one takes it late, and for one that
censors or is gone the wallet forces it when it is due. It can be interrupted anywhere (WALLET-1).
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, TypeVar

from sequencer.crypto.hashing import keccak
from sequencer.errors import LocalFault
from sequencer.l1.deployment import Deployment, load_deployment
from sequencer.l1.rpc import L1Unavailable
from sequencer.types import Address, RollupId
from sequencer.wallet import errands
from sequencer.wallet.blocking import Web3Like
from sequencer.wallet.endpoint import Endpoint
from sequencer.wallet.errands import Errand, Kind
from sequencer.wallet.estimate import Estimate, block_seconds, latest_inclusion
from sequencer.wallet.message import Message
from sequencer.wallet.options import Options
from sequencer.wallet.post import Post
from sequencer.wallet.queue import Queue
from sequencer.wallet.receipt import PostReceipt, Receipt, Stage
from sequencer.wallet.sender import payment_wei, price_wei
from sequencer.wallet.signers import Signer
from sequencer.wallet.state_file import State, StateFile, deployment_id, state_of

MAX_ABSENCES = 60
"""Polls in a row that an L1 endpoint may be away."""
_NAME_BYTES = 8
_DEFAULT_GAS = 100_000


class _AnyReceipt(Protocol):
    @property
    def stage(self) -> Stage: ...

    @property
    def confirmations(self) -> int: ...


_R = TypeVar("_R", bound=_AnyReceipt)


class ForcedInclusion:
    """A wallet on one deployment. `l1` is a URL or a `web3.Web3`; `folder` keeps a file for each
    errand, by which an interrupted one goes on.

    The same errand is done once, however often it is asked for: a `label` tells two apart that are
    meant to be done both. Methods wait until the errand is in the order, and call `told` with
    what they know after every look at L1. They raise `L1Error`, `SignerFault`, `Refused`,
    `TooDear` and `LocalFault`; asked again, they go on.
    """

    def __init__(
        self,
        l1: str | Web3Like,
        deployment: Deployment | Path,
        signer: Signer,
        folder: Path,
        options: Options | None = None,
    ) -> None:
        self.deployment: Deployment = (
            load_deployment(deployment) if isinstance(deployment, Path) else deployment
        )
        self.options = Options() if options is None else options
        self.endpoint = Endpoint(l1)
        self.queue = Queue(self.endpoint, self.deployment.contracts)
        self._signer = signer
        self._folder = folder
        if (found := self.endpoint.chain_id()) != self.deployment.chain_id:
            raise LocalFault(
                f"L1 is chain {found}, the deployment is on {self.deployment.chain_id}"
            )

    # --- errands ---

    def force(
        self,
        rollup: int,
        raw: bytes,
        *,
        label: str = "",
        told: Callable[[Receipt], None] | None = None,
    ) -> Receipt:
        """A signed transaction."""
        errand = errands.transaction(RollupId(rollup), self.chain_id_of(rollup), raw)
        return self.see_through(errand, label=label, told=told)

    def call(
        self,
        rollup: int,
        to: Address,
        *,
        value_wei: int = 0,
        data: bytes = b"",
        gas_limit: int = _DEFAULT_GAS,
        label: str = "",
        told: Callable[[Receipt], None] | None = None,
    ) -> Receipt:
        """A call by the signer's address, without a signature on the rollup (INBOX-8)."""
        errand = errands.call(RollupId(rollup), gas_limit, to, value_wei, data)
        return self.see_through(errand, label=label, told=told)

    def deposit_ether(
        self,
        rollup: int,
        to: Address,
        amount_wei: int,
        *,
        data: bytes = b"",
        gas_limit: int = _DEFAULT_GAS,
        label: str = "",
        told: Callable[[Receipt], None] | None = None,
    ) -> Receipt:
        """INBOX-9."""
        errand = errands.ether(RollupId(rollup), gas_limit, to, amount_wei, data)
        return self.see_through(errand, label=label, told=told)

    def deposit_token(
        self,
        rollup: int,
        token: Address,
        to: Address,
        amount: int,
        *,
        data: bytes = b"",
        gas_limit: int = _DEFAULT_GAS,
        label: str = "",
        told: Callable[[Receipt], None] | None = None,
    ) -> Receipt:
        """INBOX-9; the inbox must have been approved for the amount."""
        errand = errands.token(RollupId(rollup), gas_limit, token, to, amount, data)
        return self.see_through(errand, label=label, told=told)

    def post(
        self,
        rollup: int,
        raws: Sequence[bytes],
        *,
        label: str = "",
        told: Callable[[PostReceipt], None] | None = None,
    ) -> PostReceipt:
        """Signed transactions in this order, at once: for a rollup that is based, or solo with this
        signer as its sequencer, or any while the chain is based (WALLET-8)."""
        errand = errands.post(RollupId(rollup), self.chain_id_of(rollup), list(raws))
        with self._file(errand, None, label) as (file, fresh):
            post = Post(self.endpoint, self.deployment, self._signer, file, fresh, self.options)
            return self.run(post.step, told)

    # --- what the above is made of ---

    def estimate(self, errand: Errand) -> Estimate:
        """Of a message sent now; raises `L1Error`, `TooDear`."""
        head = self.endpoint.head()
        seconds = block_seconds(self.endpoint, head)
        deadline = head.timestamp + seconds + self.deployment.force_window_seconds
        length, consumed = self.queue.head()
        return Estimate(
            fee_wei=price_wei(errand, self.queue),
            pay_wei=payment_wei(errand, self.queue, self.options),
            before=length - consumed,
            latest_at=latest_inclusion(deadline, seconds),
        )

    def see_through(
        self,
        errand: Errand,
        *,
        label: str = "",
        told: Callable[[Receipt], None] | None = None,
    ) -> Receipt:
        """A message of any kind, until it is in the order and confirmed."""
        with self.open(errand, label=label) as message:
            return self.run(message.step, told)

    @contextmanager
    def open(
        self, errand: Errand, *, key: bytes | None = None, label: str = ""
    ) -> Iterator[Message]:
        """For a loop of one's own: the message, to be stepped. `key` is what makes it this
        errand; its own bytes if none is given."""
        with self._file(errand, key, label) as (file, fresh):
            yield Message(self.endpoint, self.deployment, self._signer, file, fresh, self.options)

    def begun(self, kind: Kind, key: bytes, *, label: str = "") -> Errand | None:
        """The errand of this key, if it was begun before: with a signature inside, which a
        signer may not give twice alike."""
        found = StateFile(self._path(kind, key, label)).load()
        return None if found is None else found.errand()

    def chain_id_of(self, rollup: int) -> int:
        """Raises `LocalFault` for a rollup that is not registered."""
        chain_id = self.queue.chain_id_of(rollup)
        if not chain_id:
            raise LocalFault(
                f"there is no rollup {rollup}; {self.queue.rollup_count()} are registered"
            )
        return chain_id

    def run(self, step: Callable[[], _R], told: Callable[[_R], None] | None) -> _R:
        """Step until the end is confirmed."""
        absences = 0
        while True:
            try:
                receipt = step()
                absences = 0
                if told is not None:
                    told(receipt)
                is_there = receipt.stage is Stage.ORDERED
                if is_there and receipt.confirmations >= self.options.confirmations:
                    return receipt
            except L1Unavailable:
                absences += 1
                if absences > MAX_ABSENCES:
                    raise
            self.options.pause(self.options.poll_seconds)

    def _path(self, kind: Kind, key: bytes, label: str) -> Path:
        identity = keccak(deployment_id(self.deployment), self._signer.address, key, label.encode())
        return self._folder / f"{kind.value}-{identity[:_NAME_BYTES].hex()}.json"

    @contextmanager
    def _file(
        self, errand: Errand, key: bytes | None, label: str
    ) -> Iterator[tuple[StateFile, State]]:
        fresh = state_of(errand, self.deployment, self._signer.address)
        if key is None:
            key = errand.rollup.to_bytes(4, "big") + errand.gas_limit.to_bytes(8, "big")
            key += errand.content
        with StateFile(self._path(errand.kind, key, label)) as file:
            if (found := file.load()) is not None and not _is_same(found, fresh):
                raise LocalFault(f"{file.path} is about another errand")
            yield file, fresh


def _is_same(found: State, fresh: State) -> bool:
    """But for what was signed since."""
    names = ("deployment", "sender", "kind", "rollup", "gas_limit", "content")
    return all(getattr(found, name) == getattr(fresh, name) for name in names)
