"""L1, its history on the present branch, and those who follow it."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

from sequencer.derivation.entries import Entry
from sequencer.l1 import abi
from sequencer.l1.reader import L1Reader
from sequencer.types import BatchIndex, Hash32, Height
from tests.hostile.base import Base
from tests.hostile.facts import Committed, Fact, Mined, Other
from tests.hostile.l1 import BLOCK_GAS, Call
from tests.hostile.rules import Ledger, Listed
from tests.integration.l1_world import Follower

USERS_GAS = 4_000_000
"""Room that is left for the user: L1 does not censor it."""
FRESH_WINDOWS = (0, 2, 256)
"""Blocks that a fresh reader reads one by one; below them it reads ranges."""


class Violation(Exception):
    """A promise is broken; the message says which."""


_Question = tuple[str, str, str, tuple[int, ...], tuple[int | bytes, ...]]
"""Whose address, contract, view, its arguments, and what it must answer."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A transaction that waits for a block, and what it means if it succeeds."""

    action: str
    call: Call
    fact: Fact


@dataclass
class World:
    """One case's L1. What waits is mined in the order in which it was sent."""

    base: Base
    blocks: list[Mined] = field(default_factory=list)
    waiting: list[Waiting] = field(default_factory=list)
    taken_back: list[Waiting] = field(default_factory=list)
    """Of blocks that a reorg removed: anyone may send them again."""
    archive: list[tuple[Call, Committed]] = field(default_factory=list)
    """Every commit ever sent, refused ones too."""
    action: str = ""
    """What is going on: the name under which transactions are counted."""
    accepted: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    reorgs: int = 0
    is_between: bool = False
    """A reorg has begun: L1 has no head to show before its next block."""
    _sent: list[list[Waiting]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.ledger: Ledger = self.base.ledger()
        self.live = Follower(self.base.l1.client, self.base.deployment)

    @property
    def head(self) -> Mined:
        return self.blocks[-1] if self.blocks else self.base.blocks[-1]

    @property
    def now(self) -> int:
        return self.head.timestamp

    # --- transactions and blocks ---

    def send(self, call: Call, fact: Fact | None = None, *, is_users: bool = False) -> None:
        """Into the next block, if the block's gas allows it."""
        room = BLOCK_GAS - sum(one.call.gas for one in self.waiting)
        if not is_users and room < call.gas + USERS_GAS:
            return
        action = "user" if is_users else self.action
        self.waiting.append(Waiting(action, call, fact or Other()))
        if isinstance(fact, Committed):
            self.archive.append((call, fact))

    def mine(self, timestamp: int) -> Mined:
        """The next block, with all that waits; the ledger follows."""
        succeeded = self.base.l1.mine([one.call for one in self.waiting], timestamp)
        facts = []
        for one, is_success in zip(self.waiting, succeeded, strict=True):
            (self.accepted if is_success else self.refused)[one.action] += 1
            facts += [one.fact] if is_success else []
        block = Mined(self.head.number + 1, timestamp, tuple(facts))
        self.blocks.append(block)
        self.is_between = False
        self._sent.append(self.waiting)
        self.waiting = []
        self.ledger.take(block)
        return block

    def roll_back(self, count: int) -> None:
        """A reorg: L1 goes on from `count` blocks below its head. What they held, and what waited,
        does not wait any more."""
        self.base.l1.return_to(self.base.mark + len(self.blocks) - count)
        self.taken_back = [one for sent in self._sent[-count:] for one in sent] + self.waiting
        self.waiting = []
        self.reorgs += 1
        self.is_between = True
        del self.blocks[-count:], self._sent[-count:]
        self.ledger = self.base.ledger(self.blocks)

    def tip(self) -> tuple[BatchIndex, Hash32, Hash32, Height, int]:
        """Index and hash of the last batch, hash and height of its last block, and the count
        of forced messages, if the commits that wait are accepted."""
        ledger = self.ledger
        for one in reversed(self.waiting):
            if isinstance(one.fact, Committed):
                b = one.fact.made.batch
                count = max(b.forced_count, ledger.consumed)
                return b.index, b.hash, b.last_block_hash, b.last_height, count
        return (
            BatchIndex(ledger.index),
            ledger.batch_hash,
            ledger.block_hash,
            Height(ledger.height),
            ledger.consumed,
        )

    # --- checks ---

    async def look(self) -> None:
        """The follower that sees every reorg derives what the rules say."""
        if not self.is_between:
            await self.live.reader.advance()
            self._compare("live", self.live)

    async def check_all(self, draw: Random) -> None:
        """Contracts and both derivations, at the present head."""
        self._check_contracts()
        await self.look()
        fresh = Follower(self.base.l1.client, self.base.deployment)
        fresh.reader = L1Reader(
            fresh.client,
            fresh.deployment.contracts,
            fresh.deployment.start_block,
            fresh,
            with_calldata=True,
            window=draw.choice(FRESH_WINDOWS),
        )
        await fresh.reader.advance()
        self._compare("fresh", fresh)
        if fresh.outputs != self.live.outputs:
            raise Violation("two derivations of one L1 differ")

    def _compare(self, who: str, follower: Follower) -> None:
        """Every list: position by position, and its running hash. Who orders each rollup."""
        deriver = follower.deriver
        if deriver.based_until != self.ledger.based_until:
            raise Violation(f"{who} derivation: based until {deriver.based_until}")
        for rollup_id, rollup in self.ledger.rollups.items():
            mode = deriver.modes(rollup_id).at(self.now).mode
            if mode is not rollup.mode_at(self.now):
                raise Violation(f"{who} derivation: rollup {rollup_id} is {mode.name}")
            expected = rollup.entries
            found = [_seen(entry) for entry in follower.entries if entry.rollup_id == rollup_id]
            if found != expected:
                at = next(
                    (i for i, (a, b) in enumerate(zip(found, expected, strict=False)) if a != b),
                    min(len(found), len(expected)),
                )
                raise Violation(
                    f"{who} derivation of rollup {rollup_id} differs at entry {at}:"
                    f" {found[at : at + 1]}, the rules say {expected[at : at + 1]}"
                )
            if deriver.rollup(rollup_id).running_hash != rollup.running_hash:
                raise Violation(f"{who} derivation of rollup {rollup_id}: another running hash")

    def _check_contracts(self) -> None:
        """What the contracts hold is what the rules say of the transactions they accepted."""
        ledger, count = self.ledger, len(self.ledger.messages)
        if not 0 <= ledger.consumed <= count:
            raise Violation(f"{ledger.consumed} of {count} messages are consumed")
        deadlines = [message.deadline for message in ledger.messages]
        if deadlines != sorted(deadlines):  # INBOX-3
            raise Violation(f"deadlines decrease along the queue: {deadlines}")
        questions = list(self._questions())
        at = {name: getattr(self.base.contracts, name) for name in self.base.contracts.__slots__}
        answers = self.base.l1.views(
            *(
                (at[address], abi.function(contract, name).call(*arguments))
                for address, contract, name, arguments, _ in questions
            )
        )
        for (_, contract, name, arguments, expected), answer in zip(
            questions, answers, strict=True
        ):
            wanted = b"".join(_word(one) for one in expected)
            if answer is None or answer[: len(wanted)] != wanted:
                shown = None if answer is None else answer[: len(wanted)].hex()
                raise Violation(
                    f"{contract}.{name}{arguments} is {shown}, the rules say {expected}"
                )
        fees = sum(message.fee_wei for message in ledger.messages)
        (held,) = self.base.l1.balances(self.base.contracts.forced_inbox)
        if held != fees:
            raise Violation(f"the inbox holds {held} wei, the fees of its messages are {fees}")

    def _questions(self) -> Iterator[_Question]:
        """Views, and the first words of their answers by the rules."""
        ledger, inbox, chain = self.ledger, "ForcedInbox", "CommitmentChain"
        count = len(ledger.messages)
        head = (count, ledger.consumed, ledger.accumulator)
        yield "forced_inbox", inbox, "head", (), head
        for index in range(max(0, count - 12), count):
            deadline = ledger.messages[index].deadline
            yield "forced_inbox", inbox, "message", (index,), (deadline,)
        yield "commitment_chain", chain, "lastIndex", (), (ledger.index,)
        yield "commitment_chain", chain, "batchHashAt", (ledger.index,), (ledger.batch_hash,)
        yield "commitment_chain", chain, "isBased", (), (self.now < ledger.based_until,)
        for id_, rollup in ledger.rollups.items():
            mode = rollup.mode_at(self.now).value
            yield "rollup_registry", "RollupRegistry", "modeOf", (id_,), (mode,)


def _seen(entry: Entry) -> Listed:
    return Listed(
        entry.source,
        entry.position,
        entry.l1_block,
        entry.batch_index,
        entry.transaction_hash,
        entry.skipped is None,
    )


def _word(value: int | bytes) -> bytes:
    """As the ABI returns it."""
    return value.ljust(32, b"\0") if isinstance(value, bytes) else value.to_bytes(32, "big")
