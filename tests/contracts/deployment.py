"""All contracts on one chain, wired; the circles close over predicted addresses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from eth_utils.address import to_checksum_address
from eth_utils.conversions import to_bytes

from sequencer.deployment import plan
from sequencer.deployment.plan import CONTRACTS, SLASHERS
from sequencer.types import Address
from tests.contracts.network import Network
from tests.contracts.settings import (
    VALUES,
    DataParameters,
    FallbackParameters,
    FloorParameters,
    InboxParameters,
    Parameter,
    Times,
)
from tests.vectors import reference as ref

INBOX = InboxParameters()
FALLBACK = FallbackParameters()
FLOOR = FloorParameters()
HELD = DataParameters()


def create_address(sender: str, nonce: int) -> str:
    """The address of the contract that ``sender`` creates with this nonce."""
    deployer = Address(to_bytes(hexstr=sender))
    return str(to_checksum_address(plan.create_address(deployer, nonce)))


def predict_addresses(account: Any) -> dict[str, str]:
    """Where ``account`` will have put each contract, if it deploys them next."""
    return {
        name: create_address(account.address, account.nonce + place)
        for place, name in enumerate(CONTRACTS)
    }


def deploy(
    project: Any,
    account: Any,
    times: Times,
    queue: InboxParameters = INBOX,
    *,
    values: Mapping[Parameter, int] | None = None,
    fallback: FallbackParameters = FALLBACK,
    floor: FloorParameters = FLOOR,
    held: DataParameters = HELD,
    exit_delay: int = 300,
    min_size: int = 4,
    max_size: int = 64,
    extra_slashers: Sequence[str] = (),
) -> Network:
    """A whole network; ``values`` go over those of ``VALUES``.

    ``account`` proposes to the timelock, whose delay is the shortest that it may be.
    """
    at = predict_addresses(account)
    all_values = {**VALUES, **(values or {})}
    slashers = [*(at[name] for name in SLASHERS), *extra_slashers]
    margin = max(0, times.unbondingSeconds - exit_delay) + 2 * times.epochSeconds
    delay = exit_delay + margin

    def create(name: str, *arguments: Any) -> Any:
        contract = account.deploy(project.contracts[name], *arguments)
        assert contract.address == at[name]
        return contract

    rollups = create("RollupRegistry", exit_delay)
    timelock = create("ParameterTimelock", delay, margin, rollups, [account.address])
    parameters = create("Parameters", timelock, [all_values[key] for key in Parameter])
    registry = create("BondRegistry", times.as_tuple(), parameters, at["SlashingLedger"])
    committee = create("Committee", registry, min_size, max_size)
    insurance = create("InsurancePool", registry, at["SlashingLedger"])
    ledger = create("SlashingLedger", committee, insurance, slashers)
    inbox = create("ForcedInbox", rollups, at["CommitmentChain"], queue.as_tuple())
    chain = create("CommitmentChain", registry, committee, inbox, fallback.as_tuple())
    slasher = create("EquivocationSlasher", ledger)
    posts = create("RollupInbox", rollups, chain, floor.as_tuple())
    data = create("DataAvailabilityChallenge", ledger, chain, held.as_tuple())
    participation = create("Participation", chain)
    inactivity = create("InactivitySlasher", ledger, participation)
    splitter = create("RevenueSplitter", participation, rollups)
    fees = create("SequencingFees", chain, splitter)
    ordering = create("OrderingSlasher", ledger, rollups)
    neglect = create("NeglectSlasher", ledger, inbox)
    promises = create("PromiseSlasher", ledger, chain, held.answerSeconds)
    proofs = create("InclusionProofs", chain)
    return Network(
        rollups=rollups,
        timelock=timelock,
        parameters=parameters,
        registry=registry,
        committee=committee,
        insurance=insurance,
        ledger=ledger,
        inbox=inbox,
        chain=chain,
        slasher=slasher,
        posts=posts,
        data=data,
        participation=participation,
        inactivity=inactivity,
        splitter=splitter,
        fees=fees,
        ordering=ordering,
        neglect=neglect,
        promises=promises,
        proofs=proofs,
        domain=ref.Domain(account.provider.chain_id, registry.address),
        times=times,
        values=all_values,
        queue=queue,
        fallback=fallback,
        floor=floor,
        held=held,
        exit_delay=exit_delay,
    )
