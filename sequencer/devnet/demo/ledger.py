"""What is in the order: as the nodes finalized it, and as a follower derives it from L1."""

from collections.abc import Iterable, Sequence

import msgspec

from sequencer.devnet.follower_process import DerivedEntry, FollowerProcess
from sequencer.devnet.node_process import NodeProcess
from sequencer.devnet.rpc import Call, NodeRpc, RpcRefused, RpcUnreachable
from sequencer.devnet.wallets import Signed
from sequencer.types import RollupId

_PAGE = 200


class Placed(msgspec.Struct, frozen=True):
    """A transaction in a block."""

    rollup: int
    hash: str


class FinalBlock(msgspec.Struct, frozen=True, rename="camel"):
    """A finalized block, as `seq_getBlock` shows it."""

    height: int
    hash: str
    proposer: str
    transactions: tuple[Placed, ...]
    epoch: int = 0
    view: int = 0
    timestamp_ms: int = 0
    origin_timestamp: int = 0
    """Of the L1 block that it names, in seconds."""


class Ordering(msgspec.Struct, frozen=True, rename="camel"):
    """TX-7."""

    state: str
    height: int
    position: int
    batch_index: int | None


class _Receipt(msgspec.Struct, frozen=True):
    ordering: Ordering


async def blocks(node: NodeProcess, first: int, last: int) -> list[FinalBlock]:
    """The finalized blocks of these heights; raises `RpcUnreachable` if one is not there."""
    found: list[FinalBlock] = []
    for start in range(first, last + 1, _PAGE):
        heights = range(start, min(start + _PAGE, last + 1))
        answers = await node.rpc.batch([Call("seq_getBlock", (height,)) for height in heights])
        found += msgspec.convert(_all_there(node.name, answers), list[FinalBlock])
    return found


def _all_there(name: str, answers: Sequence[object]) -> Sequence[object]:
    if any(not isinstance(answer, dict) for answer in answers):
        raise RpcUnreachable(f"{name} does not have all blocks that were asked for")
    return answers


def order_of(chain: Iterable[FinalBlock], rollup: RollupId) -> list[str]:
    """The transaction hashes of a rollup, in finalized order."""
    return [tx.hash for block in chain for tx in block.transactions if tx.rollup == rollup]


async def placements(rpc: NodeRpc, sent: Sequence[Signed]) -> list[Ordering | None]:
    """Where transactions of one rollup stand, by their receipts; None before they are final.

    Raises `RpcRefused` while the node does not know the rollup, `RpcUnreachable`.
    """
    found: list[Ordering | None] = []
    for start in range(0, len(sent), _PAGE):
        page = sent[start : start + _PAGE]
        calls = [Call("eth_getTransactionReceipt", ("0x" + tx.hash.hex(),)) for tx in page]
        answers = await rpc.batch(calls, rollup=page[0].rollup.id)
        for answer in answers:
            if isinstance(answer, RpcRefused):
                raise answer
        receipts = msgspec.convert(answers, list[_Receipt | None])
        found += [None if receipt is None else receipt.ordering for receipt in receipts]
    return found


async def derived_order(follower: FollowerProcess, rollup: RollupId) -> list[str]:
    """The hashes that blocks brought into a rollup's list, in the order a follower has them."""
    return [e.hash for e in await follower.entries(rollup) if is_from_block(e)]


def is_from_block(entry: DerivedEntry) -> bool:
    """Brought by a block, not by the forced queue, and not skipped."""
    return entry.source == "block" and entry.skipped is None
