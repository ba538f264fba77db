"""The user: ether on L1, an endpoint, and nobody who serves it.

It pays for more than the queue shows, because others may queue in front of it in its own block,
and takes back what is not needed (INBOX-2). Its transactions are the last of their blocks.
"""

from dataclasses import dataclass
from enum import Enum

from sequencer.crypto.hashing import keccak, word
from sequencer.l1 import abi
from sequencer.l1.events import MessageKind
from sequencer.l1.rpc import to_hex
from sequencer.types import Address, RollupId
from tests.hostile.accounts import CHAIN_IDS, DELEGATED, GAS, USER, alias, transactions
from tests.hostile.facts import Enqueued, Fact, Forced, Mined
from tests.hostile.l1 import Call, through
from tests.hostile.rules import Message
from tests.hostile.world import Violation, World

ROOM = 300
"""Messages that fit in front of the user's in one block of Anvil here, at a million gas each."""
TARGET = Address(b"\x77" * 20)
DATA = b"let me in"
DEPOSIT_WEI = 12_345


class Account(Enum):
    """What the user acts with (INBOX-7)."""

    KEY = "key"
    DELEGATED = "delegated key"
    CONTRACT = "contract"


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to get into the order: of which rollup, as which kind, from which account."""

    rollup: RollupId
    kind: MessageKind
    account: Account


@dataclass
class User:
    """Acts once `wish` is set."""

    world: World
    wish: Wish | None = None
    _quote: tuple[int, int, int] | None = None
    """Fee at the head, messages enqueued, messages consumed: when the user last asked."""
    _balance_before: int = 0
    _is_forcing: bool = False
    has_forced: bool = False
    """Its own forceInclude was what put the message into the order, on some branch."""

    @property
    def message(self) -> Message | None:
        """The user's message on the present branch of L1."""
        index = self.world.ledger.users_message
        return None if index is None else self.world.ledger.messages[index]

    @property
    def _index(self) -> int:
        assert self.world.ledger.users_message is not None, "asked before it is queued"
        return self.world.ledger.users_message

    @property
    def is_in_order(self) -> bool:
        index = self.world.ledger.users_message
        return index is not None and index < self.world.ledger.consumed

    @property
    def deadline(self) -> int | None:
        """Of a message that still waits."""
        return None if self.message is None or self.is_in_order else self.message.deadline

    def act(self, timestamp: int) -> None:
        """Send what the block of `timestamp` needs from the user, after everybody else."""
        self._quote, self._is_forcing = None, False
        if self.wish is None or self.is_in_order:
            return
        index = self.world.ledger.users_message
        if index is None:
            self._enqueue(self.wish)
        elif self.deadline is not None and timestamp >= self.deadline:
            data = abi.function("ForcedInbox", "forceInclude").call(index + 1)
            call = Call(USER, self.world.base.contracts.forced_inbox, data)
            self.world.send(call, Forced(index + 1), is_users=True)
            self._is_forcing = True

    def check(self, block: Mined) -> None:
        """The promise, block by block; what was paid."""
        if self.wish is None:
            return
        message = self.message
        if message is None:
            raise Violation(f"block {block.number} does not have the user's message")
        if not self.is_in_order and block.timestamp >= message.deadline:
            raise Violation(
                f"the user's message {self._index} is not in the order,"
                f" due at {message.deadline}, L1 is at {block.timestamp}"
            )
        is_forced = self._is_forcing and block.facts[-1:] == (Forced(self._index + 1),)
        self.has_forced = self.has_forced or is_forced
        if message.l1_block == block.number and self._quote is not None:
            self._check_fee(message, self._quote)

    def check_entry(self) -> None:
        """By the rules it is an entry, and included; that derivation agrees is checked apart."""
        if self.wish is None or not self.is_in_order:
            raise Violation("the user's message is not in the order at the end")
        block = self.world.ledger.consumed_in[self._index]
        wanted = self._hash(self.wish)
        entries = self.world.ledger.rollup(self.wish.rollup).entries
        mine = [e for e in entries if e.transaction_hash == wanted and e.l1_block == block]
        if not any(entry.is_included for entry in mine):
            raise Violation(f"the user's message {self._index} is no included entry: {mine}")

    # --- queueing ---

    def _hash(self, wish: Wish) -> bytes:
        assert self.message is not None
        if wish.kind is MessageKind.TRANSACTION:
            return keccak(transactions().users[CHAIN_IDS[wish.rollup - 1]])
        return self.message.hash

    def _enqueue(self, wish: Wish) -> None:
        ledger, inbox = self.world.ledger, self.world.base.contracts.forced_inbox
        content, call = self._message(wish)
        asked = abi.function("ForcedInbox", "fee").call(len(content), GAS)
        answer = self.world.base.l1.view(inbox, asked)
        quote_wei = int.from_bytes(answer or b"", "big")
        if quote_wei != ledger.fee(len(content), GAS, ledger.pending):
            raise Violation(f"the quote is {quote_wei} wei with {ledger.pending} messages pending")
        deposit_wei = DEPOSIT_WEI if wish.kind is MessageKind.ETHER else 0
        value_wei = ledger.fee(len(content), GAS, ledger.pending + ROOM) + deposit_wei
        fact = Enqueued(wish.kind, wish.rollup, self._sender(wish), GAS, content, is_users=True)
        if not any(_is_users(one.fact) for one in self.world.waiting):
            self._quote = (quote_wei, len(ledger.messages), ledger.consumed)
        self._balance_before = self._balance()
        self.world.send(self._by(wish, inbox, call, value_wei), fact, is_users=True)

    def _message(self, wish: Wish) -> tuple[bytes, bytes]:
        """Its content (INBOX-4) and the call that enqueues it."""
        inbox = "ForcedInbox"
        to = to_hex(TARGET)
        match wish.kind:
            case MessageKind.TRANSACTION:
                raw = transactions().users[CHAIN_IDS[wish.rollup - 1]]
                return raw, abi.function(inbox, "enqueue").call(wish.rollup, GAS, raw)
            case MessageKind.CALL:
                call = abi.function(inbox, "enqueueCall").call(wish.rollup, GAS, to, 5, DATA)
                return TARGET + word(5) + DATA, call
            case _:
                arguments = (wish.rollup, GAS, to, DEPOSIT_WEI, DATA)
                call = abi.function(inbox, "depositEther").call(*arguments)
                return TARGET + word(DEPOSIT_WEI) + DATA, call

    def _by(self, wish: Wish, to: Address, data: bytes, value_wei: int) -> Call:
        match wish.account:
            case Account.KEY:
                return Call(USER, to, data, value_wei)
            case Account.DELEGATED:
                return Call(DELEGATED, to, data, value_wei)
            case Account.CONTRACT:
                return through(self.world.base.user_contract, Call(USER, to, data, value_wei))

    def _sender(self, wish: Wish) -> Address:
        """INBOX-7."""
        match wish.account:
            case Account.KEY:
                return USER
            case Account.DELEGATED:
                return DELEGATED
            case Account.CONTRACT:
                return alias(self.world.base.user_contract)

    def _balance(self) -> int:
        base = self.world.base
        return sum(base.l1.balances(USER, DELEGATED, base.user_contract))

    def _check_fee(self, message: Message, quote: tuple[int, int, int]) -> None:
        quote_wei, length, consumed = quote
        assert self.wish is not None
        deposit_wei = DEPOSIT_WEI if self.wish.kind is MessageKind.ETHER else 0
        paid = self._balance_before - self._balance() - deposit_wei
        if paid != message.fee_wei:
            raise Violation(f"the user paid {paid} wei, the fee is {message.fee_wei}")
        ledger = self.world.ledger
        is_alone = self._index == length and ledger.consumed == consumed
        if is_alone and paid != quote_wei:
            raise Violation(f"the user paid {paid} wei, the quote was {quote_wei}")


def _is_users(fact: Fact) -> bool:
    """Somebody may have sent again what a reorg took back."""
    return isinstance(fact, Enqueued) and fact.is_users
