"""What is compared: who was there through every reorg, with L1 itself and with who comes now."""

from typing import TYPE_CHECKING, Any

from sequencer.derivation.entries import Source
from sequencer.l1.view import L1View
from sequencer.l1.watcher import L1Watcher
from sequencer.types import BatchIndex, Epoch
from tests.reorgs.contracts import DEPLOYMENT, ROLLUP, committee_of
from tests.reorgs.follower import Follower
from tests.reorgs.l1 import ReorgingL1
from tests.reorgs.members import Node
from tests.reorgs.promises import Promises, contents

if TYPE_CHECKING:
    from tests.reorgs.play import Sequence


def check_view(node: Node, l1: ReorgingL1, promises: Promises) -> None:
    """A view at L1's head says what L1 has."""
    view, head = node.view, l1.head
    if view.head != head.header:
        return
    state = head.after
    found = (view.queue_length, view.consumed, view.last_index)
    expected = (len(state.queue), state.consumed, len(state.batches))
    if found != expected:
        promises.broken(f"node {node.number} at L1's head sees {found}, L1 has {expected}")
    for number in range(max(0, head.header.number - view.window), head.header.number + 1):
        block, known = l1.blocks[number], view.block_at(number)
        if known is not None and (
            known != block.header or view.queue_length_at(number) != len(block.after.queue)
        ):
            promises.broken(f"node {node.number} sees another L1 block {number}")
    for message in state.queue[view.first_message :]:
        seen = view.message(message.index)
        if seen is None or (seen.content, seen.deadline) != (message.content, message.deadline):
            promises.broken(f"node {node.number} sees another message {message.index}")
    beyond = view.message(len(state.queue)), view.commit_of(BatchIndex(len(state.batches) + 1))
    if beyond != (None, None):
        promises.broken(f"node {node.number} sees what L1 has taken back: {beyond}")
    for index in range(view.final_index + 1, view.last_index + 1):
        commit = view.commit_of(BatchIndex(index))
        if commit is None or commit.batch_hash != state.batches[index - 1]:
            promises.broken(f"node {node.number} sees another batch {index}")
    for epoch in range(state.committees[-1] + 2):
        expected_committee = committee_of(epoch) if epoch in state.committees else None
        if view.committee_at(Epoch(epoch), head.header.number) != expected_committee:
            promises.broken(f"node {node.number} sees another committee of epoch {epoch}")


def check_follower(follower: Follower, l1: ReorgingL1, promises: Promises) -> None:
    """A follower at L1's head lists all that L1 has consumed, and no more."""
    if follower.reader.tip != l1.head.header:
        return
    state = l1.head.after
    forced = [e.transaction for e in follower.entries() if e.source is Source.FORCED]
    if forced != [message.content for message in state.queue[: state.consumed]]:
        promises.broken(f"the follower lists {len(forced)} messages, L1 has {state.consumed}")


async def check_story(world: "Sequence") -> None:
    """At rest."""
    promises, l1 = world.promises, world.l1
    await _check_fresh(world)
    state = l1.head.after
    ledger = world.peers.up[0].ledger
    cut = [ledger.batch(BatchIndex(index + 1)) for index in range(ledger.last_batch)]
    if [batch and batch.hash for batch in cut] != list(state.batches):
        promises.broken("L1 has other batches than the committee has cut")
    entries = world.follower.entries()
    listed = [e.transaction_hash for e in entries if e.source is Source.BLOCK]
    final = [
        transaction.hash
        for height in range(1, (cut[-1].last_height if cut and cut[-1] else 0) + 1)
        if (block := ledger.block(height)) is not None  # type: ignore[arg-type]
        for _, transaction in world.peers.up[0].application.transactions(block)
    ]
    if listed != final:
        promises.broken(f"{len(final)} transactions are final, the follower lists {len(listed)}")
    queued = contents(state)
    for user in world.users:
        for errand in user.errands:
            if queued[errand.content] != 1:
                promises.broken(f"a wallet's message is queued {queued[errand.content]} times")
    for node in world.peers.up:
        promises.journaled(node.number, world.folder / f"node{node.number}" / "journal")


async def _check_fresh(world: "Sequence") -> None:
    """A follower and a view that see L1 for the first time agree with those that saw it all."""
    promises = world.promises
    fresh = Follower(world.folder / "fresh.sqlite", world.client(), 256)
    try:
        await fresh.step()
        await world.follower.step()
        for name, told in fresh.told().items():
            if world.follower.told()[name] != told:
                promises.broken(f"two followers differ in {name}")
    finally:
        fresh.store.close()
    for node in world.peers.up:
        await node.watcher.step()
        view = L1View(node.view.confirmations, DEPLOYMENT.schedule, node.view.window)
        await L1Watcher(world.client(), view, DEPLOYMENT, 1.0, lambda: None).step()
        if (found := tell(node.view)) != (expected := tell(view)):
            differing = [name for name in found if found[name] != expected[name]]
            promises.broken(f"node {node.number} differs from a fresh view in {differing}")


def tell(view: L1View) -> dict[str, Any]:
    """What a view answers, of the blocks of its window."""
    assert view.head is not None
    head = view.head.number
    # One that has just begun may keep a block less than one that has gone through them all.
    first = max(DEPLOYMENT.start_block, head - view.window + 1)
    numbers = range(first, head + 1)
    return {
        "head": (view.head, view.confirmed),
        "blocks": [view.block_at(number) for number in numbers],
        "queue": [view.queue_length_at(number) for number in numbers],
        "rollup": [view.chain_id_of(ROLLUP, number) for number in numbers],
        "modes": view.modes_at(ROLLUP, head),
        "operators": [view.operators_at(number) for number in numbers],
        "epochs": [view.latest_epoch_recorded_at(number) for number in numbers],
        "committees": [
            view.committee_at(Epoch(epoch), head)
            for epoch in range((view.latest_epoch_recorded_at(head) or 0) + 2)
        ],
        "messages": [view.message(i) for i in range(view.consumed, view.queue_length + 1)],
        "counts": (view.consumed, view.queue_length, view.last_index, view.based_until),
    }
