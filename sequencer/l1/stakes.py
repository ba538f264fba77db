"""The economy as L1 shows it now: operators, what is staked with them, and coverage (INS-5)."""

import asyncio
from dataclasses import dataclass
from typing import Any

from sequencer.l1 import abi
from sequencer.l1.deployment import Deployment
from sequencer.l1.rpc import JsonRpc, hex_data, to_hex
from sequencer.types import Address

STATUS_NAMES = ("none", "active", "jailed", "exiting", "ejected", "released")
"""`OperatorStatus` of `IBondRegistry`, in its order."""


@dataclass(frozen=True, slots=True)
class OperatorStake:
    """An operator that holds a place; amounts in wei, times in seconds."""

    id: int
    operator: str
    signer: str
    status: str
    staked_wei: int
    own_wei: int
    leaving_wei: int
    shares: int
    min_bond_wei: int
    commission_bps: int
    jailed_until: int
    release_at: int
    coverage_wei: int
    """What its promises may carry (INS-5)."""


@dataclass(frozen=True, slots=True)
class Economy:
    """All operators by id, and what stands behind promises together."""

    operators: tuple[OperatorStake, ...]
    bonded_wei: int
    insured_wei: int
    promisable_wei: int
    pool_wei: int
    obligations_wei: int


async def read_economy(rpc: JsonRpc, deployment: Deployment) -> Economy:
    """Everything at one block; raises `L1Error`, and `DecodeError` for answers of no meaning."""
    block = await rpc.ask(str, str, "eth_blockNumber")
    contracts = deployment.contracts

    async def view(contract: str, at: Address, name: str, *arguments: Any) -> Any:
        entry = abi.function(contract, name)
        call = {"to": to_hex(at), "data": to_hex(entry.call(*arguments))}
        return entry.returned(await rpc.ask(str, hex_data, "eth_call", call, block))

    async def one(operator_id: int) -> OperatorStake:
        registry = "BondRegistry", contracts.bond_registry
        operator, stake, coverage_wei = await asyncio.gather(
            view(*registry, "operator", operator_id),
            view(*registry, "stake", operator_id),
            view("InsurancePool", contracts.insurance_pool, "coverageOf", operator_id),
        )
        return OperatorStake(
            id=operator_id,
            operator=operator["operator"],
            signer=operator["signer"],
            status=STATUS_NAMES[operator["status"]],
            staked_wei=stake["stakedWei"],
            own_wei=stake["ownWei"],
            leaving_wei=stake["leavingWei"],
            shares=stake["shares"],
            min_bond_wei=operator["minBondWei"],
            commission_bps=operator["commissionBps"],
            jailed_until=operator["jailedUntil"],
            release_at=operator["releaseAt"],
            coverage_wei=coverage_wei,
        )

    ids = await view("BondRegistry", contracts.bond_registry, "operatorIds")
    pool = "InsurancePool", contracts.insurance_pool
    coverage, account = await view(*pool, "coverage"), await view(*pool, "account")
    return Economy(
        operators=tuple(await asyncio.gather(*map(one, sorted(ids)))),
        bonded_wei=coverage["bondedWei"],
        insured_wei=coverage["insuredWei"],
        promisable_wei=coverage["promisableWei"],
        pool_wei=account["balanceWei"],
        obligations_wei=account["obligationsWei"],
    )
