"""L1 with the contracts, the operators of one committee, and rollups of every policy."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sequencer.blocks.order import Ordering, OrderingPolicy
from sequencer.crypto import digests
from sequencer.crypto.hashing import keccak, word
from sequencer.crypto.signatures import Signer
from sequencer.deployment.artifacts import load_artifact
from sequencer.deployment.economy import (
    BPS,
    GWEI,
    FeesSection,
    SlashingSection,
    StakeSection,
    WorkSection,
)
from sequencer.deployment.parameters import (
    CommitteeSection,
    DataSection,
    FallbackSection,
    InboxSection,
    Parameters,
    RollupsSection,
    TimelockSection,
    TimesSection,
)
from sequencer.deployment.plan import CONTRACTS, deployment_of, init_codes, plan_deployment
from sequencer.evidence.promise import promise_id
from sequencer.l1 import abi
from sequencer.l1.client import L1Client
from sequencer.l1.deployment import Deployment
from sequencer.l1.promises import find_challenge
from sequencer.l1.reverts import describe_revert, revert_name
from sequencer.l1.rpc import hex_data, to_hex
from sequencer.l1.view import L1View
from sequencer.l1.watcher import L1Watcher
from sequencer.promises.challenge import PromiseChallenge
from sequencer.promises.promise import InclusionPromise
from sequencer.types import Address, Epoch, RollupId
from tests.hostile.accounts import account
from tests.hostile.l1 import Call, HostileL1
from tests.integration.l1_world import CHAIN_ID, DEPLOYER, START

GENESIS = START + 120
SLOT_SECONDS = 12
CREATION_GAS = 8_000_000
CALLS_TO_BLOCK = 100
ETHER = 10**18
ACCEPTED = "accepted"
"""The answer of a contract that convicts."""
PARAMETERS = Parameters(
    genesis_delay_seconds=120,
    times=TimesSection(
        epoch_seconds=60,
        commit_grace_seconds=120,
        evidence_seconds=86_400,
        unbonding_seconds=90_000,
    ),
    stake=StakeSection(min_bond_gwei=GWEI, operator_cap_bps=BPS),
    slashing=SlashingSection(jail_seconds=180),
    work=WorkSection(min_commits=4, floor_bps=3_000),
    fees=FeesSection(notice_seconds=3_600),
    timelock=TimelockSection(delay_seconds=90_120),
    committee=CommitteeSection(min_size=3, max_size=100),
    inbox=InboxSection(force_window_seconds=60),
    rollups=RollupsSection(exit_delay_seconds=60),
    fallback=FallbackSection(liveness_seconds=3_600, overdue_seconds=3_600, tail_seconds=20),
    data=DataSection(window_seconds=120, answer_seconds=40),
)
"""Evidence lives longer than a run, so that age is never why it is refused. Every weight is the
stake behind it (COMM-5): so a simulated committee has the hash of L1's."""

_GWEI_TIP = Ordering(OrderingPolicy.PRIORITY, 7 * GWEI)
ROLLUPS = (
    (RollupId(1), 7001, False, Ordering()),
    (RollupId(2), 7001, False, _GWEI_TIP),
    (RollupId(3), 7002, False, Ordering(OrderingPolicy.SHUFFLED)),
    (RollupId(4), 7003, False, Ordering(OrderingPolicy.ARRIVAL)),
    (RollupId(5), 7004, True, Ordering()),
)
"""Id, chain id, whether it holds its data, policy. Two have one chain id, and so transactions."""
LATE_ROLLUP = (RollupId(6), 7005, False, Ordering())
"""Registered when the chain is under way: its first blocks are not provable (ORDER-7)."""
OWNER, SUBMITTER, REPORTER = (account(name) for name in ("owner", "submitter", "reporter"))

_SNAPSHOT = abi.function("Committee", "snapshot")
_REGISTER = abi.function("RollupRegistry", "register")


@dataclass(frozen=True, slots=True)
class Attempt:
    """A call that would convict somebody, and what may come of it."""

    kind: str
    to: Address
    data: bytes
    expected: frozenset[str]
    """Errors of the contracts; or `ACCEPTED`."""
    about: str
    """For a person."""
    value_wei: int = 0


@dataclass(frozen=True, slots=True)
class Failure:
    """An attempt that L1 answered otherwise."""

    attempt: Attempt
    answer: str

    def line(self) -> str:
        expected = ", ".join(sorted(self.attempt.expected))
        return (
            f"{self.attempt.kind}: {self.attempt.about}: {self.answer}, expected {expected}\n"
            f"  to {to_hex(self.attempt.to)} data {to_hex(self.attempt.data)}"
        )


class Ground:
    """One L1. Who sits where is the same in all epochs: `signers` by member index."""

    def __init__(self, l1: HostileL1, deployment: Deployment, weights: Sequence[int]) -> None:
        self.l1 = l1
        self.deployment = deployment
        self.weights = tuple(weights)
        """In wei."""
        self.secrets = tuple(keccak(b"honest key", word(at)) for at in range(len(weights)))
        self.signers = tuple(map(Signer, self.secrets))
        self.separator = deployment.domain.separator()
        self.view = L1View(1, deployment.schedule)
        self._client = L1Client(l1.anvil.url)
        self._watcher = L1Watcher(self._client, self.view, deployment, 0.1, lambda: None)
        self._next_epoch = Epoch(0)
        self.timestamp = START
        """Of L1's head."""

    @staticmethod
    async def start(weights: Sequence[int]) -> "Ground":
        """Weights in ether, not rising. L1 is then in epoch 0."""
        plan = plan_deployment(
            chain_id=CHAIN_ID,
            deployer=DEPLOYER,
            first_nonce=0,
            genesis=GENESIS,
            parameters=PARAMETERS,
        )
        l1 = await HostileL1.start()
        made = Ground(l1, deployment_of(plan, 1), [weight * ETHER for weight in weights])
        artifacts = {name: load_artifact(name) for name in CONTRACTS}
        codes = init_codes(plan, artifacts)
        cold = [account(f"operator {at}") for at in range(len(weights))]
        funded = (OWNER, SUBMITTER, REPORTER, *cold)
        l1.ask(*(("anvil_setBalance", to_hex(one), hex(10**6 * ETHER)) for one in funded))
        made._send(
            START + SLOT_SECONDS, [Call(DEPLOYER, None, code, gas=CREATION_GAS) for code in codes]
        )
        bonds = [made._bond(at, operator) for at, operator in enumerate(cold)]
        made._send(START + 2 * SLOT_SECONDS, [*bonds, *map(made.register, ROLLUPS)])
        made._send(GENESIS + 1, [])
        await made.mine([], GENESIS + 6)
        return made

    async def stop(self) -> None:
        await self._client.close()
        await self.l1.stop()

    async def mine(self, calls: Iterable[Call], timestamp: int) -> None:
        """A block of these, which all succeed; committees are recorded as soon as L1 allows."""
        now = self.deployment.schedule.epoch_of(self.timestamp) or Epoch(0)
        snapshots = []
        while self._next_epoch <= now + 1:
            data = _SNAPSHOT.call(self._next_epoch)
            committee = self.deployment.contracts.committee
            snapshots.append(Call(OWNER, committee, data, gas=2_000_000))
            self._next_epoch = Epoch(self._next_epoch + 1)
        self._send(timestamp, [*snapshots, *calls])
        await self._watcher.step()
        assert self.view.head is not None, self._watcher.last_error
        assert self.view.head.timestamp == timestamp, self._watcher.last_error

    async def carry_out(self, attempts: Sequence[Attempt], gas: int) -> None:
        """For real, in order."""
        calls = [Call(REPORTER, one.to, one.data, one.value_wei, gas) for one in attempts]
        for at in range(0, len(calls), CALLS_TO_BLOCK):
            await self.mine(calls[at : at + CALLS_TO_BLOCK], self.timestamp + 1)

    async def challenge_of(self, operator_id: int, said: InclusionPromise) -> PromiseChallenge:
        """As L1 has told it."""
        return await find_challenge(self._client, self.deployment, promise_id(operator_id, said))

    async def wait_to_answer(self) -> None:
        """Until what is challenged now, and not answered, is lost."""
        for _ in range(PARAMETERS.data.answer_seconds // SLOT_SECONDS + 1):
            await self.mine([], self.timestamp + SLOT_SECONDS)

    async def wait_for_end(self, epoch: Epoch) -> None:
        """Until it can have no more commits."""
        end = self.deployment.schedule.end_of(epoch) + PARAMETERS.times.commit_grace_seconds
        while self.timestamp < end:
            await self.mine([], self.timestamp + SLOT_SECONDS)

    def register(self, rollup: tuple[RollupId, int, bool, Ordering]) -> Call:
        _, chain_id, holds_data, ordering = rollup
        named = (int(ordering.policy), ordering.base_fee_wei)
        data = _REGISTER.call(chain_id, bytes(20), holds_data, named)
        return Call(OWNER, self.deployment.contracts.rollup_registry, data)

    async def answers(self, attempts: Sequence[Attempt]) -> list[str]:
        """What L1 says to each: `ACCEPTED`, or the name of an error."""
        asked = [("eth_call", _call_fields(attempt), "latest") for attempt in attempts]
        # In a thread: Anvil writes a line for each call, which the loop has to read meanwhile.
        found = await asyncio.to_thread(self.l1.ask, *asked)
        return [_answer(one) for one in found]

    def _send(self, timestamp: int, calls: Sequence[Call]) -> None:
        succeeded = self.l1.mine(calls, timestamp)
        assert all(succeeded), f"L1 refused a call of the run: {succeeded}"
        self.timestamp = timestamp

    def _bond(self, at: int, operator: Address) -> Call:
        signer, transport_key = self.signers[at], keccak(b"transport", word(at))
        statement = digests.key_possession(operator, signer.address, transport_key)
        possession = signer.sign(digests.typed_digest(self.separator, statement))
        host = f"tcp://127.0.0.1:{at + 1}"
        named = (to_hex(signer.address), transport_key, 0, host, possession)
        data = abi.function("BondRegistry", "bond").call(named)
        return Call(operator, self.deployment.contracts.bond_registry, data, self.weights[at])


BATCH = 100
"""Attempts that go to L1 together."""


def distinct(attempts: Iterator[Attempt]) -> Iterator[Attempt]:
    """Without calls that were there before."""
    seen: set[bytes] = set()
    for attempt in attempts:
        if attempt.data not in seen:
            seen.add(attempt.data)
            yield attempt


async def judge(ground: Ground, attempts: Iterator[Attempt]) -> tuple[Counter[str], list[Failure]]:
    """How often L1 gave each answer, and those it should not have given."""
    counted: Counter[str] = Counter()
    failures = []
    while part := list(islice(attempts, BATCH)):
        for attempt, answer in zip(part, await ground.answers(part), strict=True):
            counted[answer] += 1
            if answer not in attempt.expected:
                failures.append(Failure(attempt, answer))
    return counted, failures


def _call_fields(attempt: Attempt) -> dict[str, str]:
    return {
        "from": to_hex(REPORTER),
        "to": to_hex(attempt.to),
        "data": to_hex(attempt.data),
        "value": hex(attempt.value_wei),
    }


def _answer(found: Any) -> str:
    if isinstance(found, str):
        return ACCEPTED
    data = hex_data(found["data"]) if isinstance(found.get("data"), str) else b""
    return revert_name(data) or f"{describe_revert(data)} {found.get('message', '')}"
