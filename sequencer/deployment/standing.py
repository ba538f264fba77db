"""`switchyard stake`: who operates, what stands behind each, and what their promises may carry."""

from pathlib import Path

from sequencer.deployment.words import at_time, ether, percent
from sequencer.errors import LocalFault
from sequencer.l1.deployment import load_deployment
from sequencer.l1.rpc import JsonRpc
from sequencer.l1.stakes import Economy, OperatorStake, read_economy

_COLUMNS = ("id", "status", "staked", "own", "leaving", "commission", "coverage", "cold key")


async def fetch_economy(l1_url: str, deployment_path: Path) -> Economy:
    """Of the contracts of a deployment; raises `LocalFault` and `L1Error`."""
    deployment, rpc = load_deployment(deployment_path), JsonRpc(l1_url)
    try:
        chain_id = int(await rpc.ask(str, str, "eth_chainId"), 16)
        if chain_id != deployment.chain_id:
            raise LocalFault(
                f"{deployment_path} is for chain {deployment.chain_id}, but {l1_url} is of chain"
                f" {chain_id}"
            )
        return await read_economy(rpc, deployment)
    finally:
        await rpc.close()


def standing(economy: Economy) -> str:
    """A table with a line for each operator, and the whole below."""
    rows = [_COLUMNS, *map(_row, economy.operators)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_COLUMNS))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    pool = f"{ether(economy.pool_wei)}, {ether(economy.obligations_wei)} owed to victims"
    lines += [
        "",
        f"bonded      {ether(economy.bonded_wei)}",
        f"promisable  {ether(economy.promisable_wei)}: what promises of all may carry (INS-5)",
        f"insurance   {pool}",
    ]
    return "\n".join(lines)


def _row(one: OperatorStake) -> tuple[str, ...]:
    return (
        str(one.id),
        _status(one),
        ether(one.staked_wei),
        ether(one.own_wei),
        ether(one.leaving_wei),
        percent(one.commission_bps),
        ether(one.coverage_wei),
        one.operator,
    )


def _status(one: OperatorStake) -> str:
    if one.status == "jailed":
        return f"jailed until {at_time(one.jailed_until)}"
    if one.release_at and one.status in ("exiting", "ejected"):
        return f"{one.status}, released {at_time(one.release_at)}"
    return one.status
