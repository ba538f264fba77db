"""Where every case starts: the contracts, a committee of five, three rollups, nothing queued."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sequencer.crypto.hashing import keccak, word
from sequencer.crypto.hot_keys import prove_possession
from sequencer.deployment.artifacts import Artifact, load_artifact
from sequencer.deployment.economy import GWEI, FeesSection, SlashingSection, StakeSection
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
from sequencer.deployment.plan import (
    CONTRACTS,
    create_address,
    deployment_of,
    init_codes,
    plan_deployment,
)
from sequencer.l1 import abi
from sequencer.l1.deployment import Contracts, Deployment
from sequencer.l1.rpc import to_hex
from sequencer.types import Address, Epoch
from tests.hostile.accounts import (
    ACCOUNTS,
    CHAIN_IDS,
    COLD,
    DELEGATED,
    OPERATORS,
    OWNER,
    SIGNERS,
    account,
    transactions,
)
from tests.hostile.facts import Mined, Recorded, Registered
from tests.hostile.l1 import Call, HostileL1
from tests.hostile.rules import Ledger
from tests.integration.l1_world import CHAIN_ID, DEPLOYER, START

GENESIS = START + 120
SLOT_SECONDS = 12
CREATION_GAS = 8_000_000
ETHER = 10**18
PARAMETERS = Parameters(
    genesis_delay_seconds=120,
    times=TimesSection(
        epoch_seconds=60,
        commit_grace_seconds=60,
        evidence_seconds=60,
        unbonding_seconds=300,
    ),
    stake=StakeSection(min_bond_gwei=GWEI),
    slashing=SlashingSection(jail_seconds=60),
    fees=FeesSection(notice_seconds=60),
    timelock=TimelockSection(delay_seconds=420),
    committee=CommitteeSection(min_size=3, max_size=4),
    inbox=InboxSection(force_window_seconds=48, max_bytes=4096, congestion_target=8),
    rollups=RollupsSection(exit_delay_seconds=30),
    fallback=FallbackSection(liveness_seconds=60, overdue_seconds=24, tail_seconds=20),
    data=DataSection(window_seconds=24, answer_seconds=12),
)
VAULT = account("vault")


@dataclass(frozen=True, slots=True)
class Base:
    """What stands on L1 before anybody acts; `mark` is its head."""

    l1: HostileL1
    mark: int
    deployment: Deployment
    blocks: tuple[Mined, ...]
    actor: Address
    """A contract of the adversary's: it forwards calls, and is the vault of rollup 2."""
    user_contract: Address

    @property
    def contracts(self) -> Contracts:
        return self.deployment.contracts

    def ledger(self, blocks: tuple[Mined, ...] | list[Mined] = ()) -> Ledger:
        """By the rules, after the base and `blocks`."""
        made = Ledger(self.deployment.domain.separator(), GENESIS, PARAMETERS, transactions().kept)
        for block in (*self.blocks, *blocks):
            made.take(block)
        return made


def deploy(l1: HostileL1, artifacts: Mapping[str, Artifact] | None = None) -> Base:
    """On a fresh L1. `artifacts` stand in for those of the same names."""
    plan = plan_deployment(
        chain_id=CHAIN_ID, deployer=DEPLOYER, first_nonce=0, genesis=GENESIS, parameters=PARAMETERS
    )
    deployment = deployment_of(plan, 1)
    found = {name: load_artifact(name) for name in CONTRACTS} | dict(artifacts or {})
    helper = load_artifact("ContractActor")
    codes = (*init_codes(plan, found), helper.init_code(()), helper.init_code(()))
    actor, user_contract = (create_address(DEPLOYER, len(CONTRACTS) + i) for i in range(2))
    l1.ask(
        *(("anvil_setBalance", to_hex(one), hex(10**6 * ETHER)) for one in ACCOUNTS),
        ("anvil_setCode", to_hex(DELEGATED), "0xef0100" + VAULT.hex()),
    )
    _mine(l1, START + SLOT_SECONDS, [Call(DEPLOYER, None, c, gas=CREATION_GAS) for c in codes])

    registry = deployment.contracts.rollup_registry
    calls = [_bond(deployment, number) for number in range(OPERATORS)]
    for chain_id, vault in zip(CHAIN_IDS, (VAULT, actor, bytes(20)), strict=True):
        register = abi.function("RollupRegistry", "register").call(
            chain_id, to_hex(vault), False, (0, 0)
        )
        calls.append(Call(OWNER, registry, register))
    calls.append(Call(OWNER, actor, helper.call_data("refuseEther", (True,))))
    _mine(l1, START + 2 * SLOT_SECONDS, calls)
    registered = Mined(2, START + 2 * SLOT_SECONDS, tuple(map(Registered, CHAIN_IDS)))

    _mine(l1, GENESIS + 1, [])
    epochs = (Epoch(0), Epoch(1))
    snapshot = abi.function("Committee", "snapshot")
    committee = deployment.contracts.committee
    calls = [Call(OWNER, committee, snapshot.call(epoch), gas=2_000_000) for epoch in epochs]
    _mine(l1, GENESIS + SLOT_SECONDS, calls)
    recorded = Mined(4, GENESIS + SLOT_SECONDS, tuple(map(Recorded, epochs)))
    return Base(l1, l1.mark, deployment, (registered, recorded), actor, user_contract)


def _mine(l1: HostileL1, timestamp: int, calls: Sequence[Call]) -> None:
    succeeded = l1.mine(calls, timestamp)
    assert all(succeeded), f"the deployment failed: {succeeded}"


def _bond(deployment: Deployment, number: int) -> Call:
    """The fifth has the least weight, so that it has no seat at first (COMM-2)."""
    signer, transport_key = SIGNERS[number], keccak(b"transport", word(number))
    bond = abi.function("BondRegistry", "bond").call(
        (
            to_hex(signer.address),
            transport_key,
            0,
            f"tcp://127.0.0.1:{number + 1}",
            prove_possession(signer, deployment.domain, COLD[number], transport_key),
        )
    )
    amount_wei = (10 if number < OPERATORS - 1 else 5) * ETHER
    return Call(COLD[number], deployment.contracts.bond_registry, bond, amount_wei)
