"""What a node says of itself (`seq_status`), typed; and one node's report for a person."""

from typing import Any

import msgspec

from sequencer.devnet.rpc import NodeRpc, RpcUnreachable


class Finality(msgspec.Struct, frozen=True):
    """From RPC accept to Finalize certificate, in ms, over the last transactions; None before
    the first."""

    p50: float | None = None
    p99: float | None = None
    count: int = 0


class L1Status(msgspec.Struct, frozen=True, rename="camel"):
    head: int | None = None
    confirmed: int | None = None
    connected: bool = False
    last_error: str | None = None


class ForcedQueue(msgspec.Struct, frozen=True):
    length: int = 0
    consumed: int = 0
    due: int = 0


class Batches(msgspec.Struct, frozen=True):
    cut: int = 0
    committed: int = 0


class Pool(msgspec.Struct, frozen=True):
    transactions: int = 0
    bytes: int = 0


class Peers(msgspec.Struct, frozen=True):
    known: int = 0
    faults: int = 0
    dropped: int = 0


class NodeStatus(msgspec.Struct, frozen=True, rename="camel"):
    """`epoch`, `view`, `member` and `leader` are None while the node takes part in no epoch,
    `member` also while it only follows."""

    signer: str
    height: int
    finalized_hash: str
    finality_ms: Finality
    l1: L1Status
    forced: ForcedQueue
    batches: Batches
    mempool: Pool
    peers: Peers
    member: int | None = None
    epoch: int | None = None
    view: int | None = None
    leader: str | None = None
    evidence: int = 0
    rss_mb: float = 0.0


def decode_status(answer: Any) -> NodeStatus:
    """Raises `RpcUnreachable` for an answer that is not a status."""
    try:
        return msgspec.convert(answer, NodeStatus)
    except msgspec.ValidationError as error:
        raise RpcUnreachable(f"seq_status: {error}") from error


async def fetch_status(url: str) -> Any:
    """The raw `seq_status` of a node; raises `RpcUnreachable`."""
    async with NodeRpc(url) as rpc:
        return await rpc.call("seq_status")


def report(status: NodeStatus) -> str:
    """A node's state in a few lines."""
    seat = "follows only" if status.member is None else f"member {status.member}"
    l1 = status.l1
    connection = "connected" if l1.connected else f"NOT CONNECTED ({l1.last_error})"
    waiting = status.forced.length - status.forced.consumed
    lines = [
        ("signer", f"{status.signer} ({seat})"),
        (
            "consensus",
            f"epoch {_or(status.epoch)}, view {_or(status.view)}, height {status.height}",
        ),
        ("leader", _or(status.leader)),
        ("finality", finality_text(status.finality_ms)),
        ("L1", f"head {_or(l1.head)}, confirmed {_or(l1.confirmed)}, {connection}"),
        ("batches", f"{status.batches.cut} cut, {status.batches.committed} on L1"),
        ("forced queue", f"{waiting} waiting, {status.forced.due} due"),
        ("mempool", f"{status.mempool.transactions} transactions, {status.mempool.bytes} bytes"),
        ("peers", f"{status.peers.known} known, {status.peers.faults} faults"),
        ("evidence", f"{status.evidence} files"),
        ("memory", f"{status.rss_mb:.0f} MB"),
    ]
    return "\n".join(f"{name:13} {value}" for name, value in lines)


def finality_text(finality: Finality) -> str:
    if finality.p50 is None or finality.p99 is None:
        return "no transaction yet"
    return f"{finality.p50:.0f} / {finality.p99:.0f} ms (p50 / p99 of {finality.count})"


def _or(value: object) -> str:
    return "-" if value is None else str(value)
