"""Who enqueues: wallets, which see to it that their message comes, and others, who do not."""

from dataclasses import replace
from pathlib import Path
from random import Random

from coincurve import PrivateKey

from sequencer.crypto.hashing import keccak, word
from sequencer.ingress.transaction import Transaction, decode_transaction
from sequencer.l1 import abi
from sequencer.l1.rpc import L1Unavailable
from sequencer.wallet import errands
from sequencer.wallet.errands import Errand
from sequencer.wallet.forced import ForcedInclusion
from sequencer.wallet.options import Options
from sequencer.wallet.receipt import Receipt, Stage
from sequencer.wallet.signers import KeySigner
from tests.reorgs.contracts import CHAIN_ID, DEPLOYMENT, ROLLUP, ROLLUP_CHAIN_ID
from tests.reorgs.rpc import Endpoint
from tests.unit.ingress.builders import Raw

RESUBMIT_SECONDS = 60
STRANGERS = 3
STRANGER_WEI = 10**9


def transaction(number: int) -> bytes:
    """Of the rollup; each from an account of its own."""
    key = PrivateKey(keccak(b"user of the rollup", word(number)))
    return Raw(chain=ROLLUP_CHAIN_ID, nonce=0, gas=21_000, key=key).encode()


class Killed(BaseException):
    """The program ends here: nothing catches it."""


class Provider:
    """The `web3` of a wallet."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.provider = endpoint


class User:
    """One account with a wallet, and what it wants to be in the order."""

    def __init__(self, number: int, folder: Path, endpoint: Endpoint, wanted: list[bytes]) -> None:
        self.errands = [errands.transaction(ROLLUP, ROLLUP_CHAIN_ID, raw) for raw in wanted]
        self._signer = KeySigner(keccak(b"wallet", word(number)))
        self._folder = folder
        self._endpoint = endpoint
        self._options = replace(Options(), resubmit_seconds=RESUBMIT_SECONDS)
        self.receipts: dict[bytes, Receipt] = {}
        self.refusals = 0
        """How often a step came to nothing, and was asked for again."""

    def step(self, errand: Errand, *, is_calm: bool) -> None:
        """A program starts, takes one step, and ends; in the middle of it, if it is killed."""
        try:
            wallet = ForcedInclusion(
                Provider(self._endpoint), DEPLOYMENT, self._signer, self._folder, self._options
            )
            with wallet.open(errand) as message:
                self.receipts[errand.content] = message.step()
        except Killed:
            pass
        except L1Unavailable:
            if is_calm:
                raise
            self.refusals += 1

    @property
    def is_content(self) -> bool:
        return all(
            (found := self.receipts.get(errand.content)) is not None
            and found.stage is Stage.ORDERED
            for errand in self.errands
        )


class Strangers:
    """They sign one enqueue after another and look back at none."""

    def __init__(self, draw: Random) -> None:
        self._draw = draw
        self._nonces = [0] * STRANGERS
        self._said = 0

    def enqueue(self) -> Transaction:
        """The next one; its nonce may leave a gap, if L1 has forgotten those before."""
        number = self._draw.randrange(STRANGERS)
        self._said += 1
        content = b"stranger's message %d" % self._said
        data = abi.function("ForcedInbox", "enqueue").call(ROLLUP, 21_000, content)
        key = PrivateKey(keccak(b"stranger", word(number)))
        raw = Raw(
            chain=CHAIN_ID,
            nonce=self._nonces[number],
            to=bytes(DEPLOYMENT.contracts.forced_inbox),
            value=STRANGER_WEI,
            data=data,
            key=key,
        )
        self._nonces[number] += 1
        return decode_transaction(raw.encode(), CHAIN_ID)

    def start_over(self, nonces: list[int]) -> None:
        """They see what L1 has of them."""
        self._nonces = nonces
