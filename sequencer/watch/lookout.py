"""What L1 itself shows that people should know (WATCH-1): who was slashed or absent, challenged
promises, parameters about to change (PARAM-1), overdue forced messages, challenges of data that
have no answer, members that sign little."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from sequencer.batches.seen import Seen
from sequencer.deployment.words import at_time
from sequencer.errors import PeerFault
from sequencer.l1 import abi
from sequencer.l1.logs import Log
from sequencer.l1.rpc import L1Refused
from sequencer.l1.view import L1View
from sequencer.promises.challenge import challenge_of
from sequencer.types import Address, Committee, MemberIndex
from sequencer.watch.desk import Desk
from sequencer.watch.l1 import Contracts

log = logging.getLogger(__name__)

POLL_SECONDS = 2.0
RANGE_BLOCKS = 2_000
MIN_COMMITS = 4
"""Of an epoch: with fewer nobody can be said to sign little."""
PROGRESS = "logs"

_Words = Callable[[dict[str, Any]], str]


def _scheduled(a: dict[str, Any]) -> str:
    return (
        f"a change of parameters is announced, in {a['delay']} seconds at the earliest:"
        f" {_function_of(a['data'])} of {a['target']}"
    )


def _function_of(data: bytes) -> str:
    """By the names in the sources."""
    for contract in ("Parameters", "ParameterTimelock", "SequencingFees", "RollupRegistry"):
        for name, entry in abi.functions(contract).items():
            if entry.hash[:4] == data[:4]:
                return f"{contract}.{name}(0x{data[4:].hex()[:256]})"
    return f"0x{data.hex()[:256]}"


def _slashed(a: dict[str, Any]) -> str:
    return (
        f"operator {a['id']} is slashed for offence {a['offence']} of epoch {a['epoch']},"
        f" {a['partBps'] / 100:g} % of its stake; reporter {a['reporter']}"
    )


def _settled(a: dict[str, Any]) -> str:
    absent = [member for member in range(128) if a["absent"] >> member & 1]
    return f"members {absent} signed no batch of epoch {a['epoch']}" if absent else ""


_EVENTS: dict[tuple[str, str], tuple[str, _Words]] = {
    ("ParameterTimelock", "CallScheduled"): ("parameters", _scheduled),
    ("SlashingLedger", "OperatorSlashed"): ("slashed", _slashed),
    ("Participation", "EpochSettled"): ("absent", _settled),
    ("PromiseSlasher", "PromiseChallenged"): (
        "promise-challenged",
        lambda a: (
            f"a promise of operator {a['operatorId']} is challenged, to be answered until"
            f" {at_time(challenge_of(a['asked']).deadline)}"
        ),
    ),
    ("PromiseSlasher", "PromiseBroken"): (
        "promise-broken",
        lambda a: f"operator {a['operatorId']} broke a promise of epoch {a['epoch']}",
    ),
}


class Lookout:
    """Tells what L1 shows."""

    def __init__(self, desk: Desk, contracts: Contracts, start_block: int) -> None:
        self._desk = desk
        self._store = desk.store
        self._alerts = desk.alerts
        self._contracts = contracts
        self._start_block = start_block
        self._range = RANGE_BLOCKS
        self._seen: Seen | None = None
        self._decoders = {
            (contracts.address(contract), abi.event(contract, name).hash): (
                abi.event(contract, name),
                kind,
                words,
            )
            for (contract, name), (kind, words) in _EVENTS.items()
        }

    async def run(self) -> None:
        """Read logs, for ever."""
        while True:
            try:
                await self.read_logs()
            except PeerFault as fault:
                log.info("logs: %s", fault)
            await asyncio.sleep(POLL_SECONDS)

    async def read_logs(self) -> None:
        """Tell what is new in L1's logs; how far it got is kept after it was told."""
        head = (await self._contracts.client.head()).number
        known = self._store.progress(PROGRESS)
        first = self._start_block if known is None else known + 1
        while first <= head:
            last = min(head, first + self._range - 1)
            addresses = list({address for address, _ in self._decoders})
            try:
                found = await self._contracts.client.logs_between(addresses, first, last)
            except L1Refused:
                if self._range == 1:
                    raise
                self._range //= 2
                continue
            for one in found:
                self._tell(one)
            self._store.note_progress(PROGRESS, last)
            first, self._range = last + 1, min(RANGE_BLOCKS, 2 * self._range)

    def look(self) -> None:
        """Tell what the view of L1 shows now."""
        view = self._desk.view
        head = view.head
        if head is None:
            return
        self._look_at_queue(view, head.timestamp)
        for challenge in view.challenges.open_at(head.timestamp):
            if 2 * (challenge.deadline - head.timestamp) < challenge.deadline - challenge.made_at:
                self._alerts.tell(
                    "unanswered-challenge",
                    challenge.id.hex(),
                    f"the challenge of held data of rollup {challenge.rollup_id} has no answer, and"
                    f" counts as empty from {at_time(challenge.deadline)} on (DATA-4)",
                )
        seen = view.seen
        if self._seen is not None and self._seen.epoch != seen.epoch:
            committee = view.committee_at(self._seen.epoch, head.number)
            if committee is not None:
                self._look_at_members(self._seen, committee)
        self._seen = seen

    def _look_at_queue(self, view: L1View, now: int) -> None:
        index = view.consumed
        while (message := view.message(index)) is not None and message.deadline <= now:
            self._alerts.tell(
                "overdue-message",
                str(index),
                f"forced message {index}, for rollup {message.rollup_id}, is overdue since"
                f" {at_time(message.deadline)}: anyone may include it (INBOX-5)",
            )
            index += 1

    def _look_at_members(self, seen: Seen, committee: Committee) -> None:
        if seen.commits < MIN_COMMITS:
            return
        for number, member in enumerate(committee.members):
            if seen.is_behind(MemberIndex(number)):
                self._alerts.tell(
                    "low-participation",
                    f"{seen.epoch} {number}",
                    f"member {number} (0x{member.signer.hex()}) signed {seen.counts[number]} of"
                    f" {seen.commits} batches of epoch {seen.epoch}",
                )

    def _tell(self, one: Log) -> None:
        entry = self._decoders.get((Address(one.address), one.topics[0])) if one.topics else None
        if entry is None:
            return
        event, kind, words = entry
        text = words(event.decode_event(one.topics, one.data))
        if text:
            place = f"{one.transaction_hash.hex()} {one.index}"
            self._alerts.tell(kind, place, f"{text} (L1 block {one.block_number})")
