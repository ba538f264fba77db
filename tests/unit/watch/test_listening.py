"""Listening to nodes, which may be anyone's.

step
├── two statements that contradict each other, from two nodes: evidence
├── a stranger's, a forged one, one of another committee: dropped
├── what was heard before a restart, and its contradiction after: evidence
├── a node's own evidence: kept; of another deployment, or that L1 would refuse: not
└── a node that is down, or answers nonsense: noted, asked again
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from sequencer.blocks.order import Ordering, OrderingPolicy
from sequencer.crypto.digests import Domain
from sequencer.crypto.hashing import keccak
from sequencer.evidence.equivocation import EquivocationEvidence, SignedStatement, StatementKind
from sequencer.evidence.files import Evidence, dump_evidence, load_evidence
from sequencer.evidence.stream import Said
from sequencer.l1.events import MessageEnqueued
from sequencer.types import Address, BatchIndex, Hash32
from sequencer.watch.faults import find_faults
from sequencer.watch.listening import Ear, Listener
from sequencer.watch.nodes import WatchedNode
from tests.unit.evidence import cases
from tests.unit.watch.world import MEMBERS, STRANGER, Shown, World, said, serving

DUE = MessageEnqueued(0, cases.ROLLUP, Address(bytes(20)), 21_000, 1_000, b"raw")
"""What `cases.neglect` is about."""
ONE, ANOTHER = keccak(b"one"), keccak(b"another")


async def listen_once(world: World, *shown: Shown) -> list[tuple[BatchIndex, Hash32]]:
    """One poll of each; which batches were attested."""
    attested: list[tuple[BatchIndex, Hash32]] = []
    ear = Ear(world.desk, lambda index, batch: attested.append((index, batch)))
    for one in shown:
        async with serving(one) as url:
            node = WatchedNode(url)
            listener = Listener(node, world.desk, ear)
            await listener.step()
            assert listener.is_up
            await node.close()
    return attested


async def test_step__contradiction_in_two_nodes_streams__is_evidence(tmp_path: Path) -> None:
    world = World(tmp_path)
    await listen_once(world, Shown([said(ONE)]), Shown([said(ANOTHER)]))
    assert world.files.names == [f"3-{cases.OFFENDER.address.hex()}-notarize.json"]


async def test_step__double_attestation__is_evidence_and_both_are_looked_at(
    tmp_path: Path,
) -> None:
    world = World(tmp_path)
    both = [said(content, kind=StatementKind.ATTESTATION) for content in (ONE, ANOTHER)]
    attested = await listen_once(world, Shown(both))
    assert attested == [(9, ONE), (9, ANOTHER)]
    assert world.files.names == [f"3-{cases.OFFENDER.address.hex()}-attestation.json"]


async def test_step__what_no_member_signed__is_dropped(tmp_path: Path) -> None:
    world = World(tmp_path)
    honest = said(ONE)
    forged = said(ANOTHER, by=STRANGER)
    strange = [said(content, STRANGER) for content in (ONE, ANOTHER)]
    mangled = Said(honest.signer, type(honest.signed)(honest.signed.statement, b"\xff" * 64))
    await listen_once(world, Shown([honest, forged, mangled, *strange]))
    assert world.files.names == []
    assert world.store.statements_of(STRANGER.address, 9) == []
    assert world.store.statements_of(cases.OFFENDER.address, 9) == [honest.signed]


async def test_step__contradiction_after_a_restart__is_evidence(tmp_path: Path) -> None:
    world = World(tmp_path)
    await listen_once(world, Shown([said(ONE)]))
    world.close()
    again = World(tmp_path)
    await listen_once(again, Shown([said(ANOTHER)]))
    assert len(again.files) == 1


async def test_step__long_stream__is_read_to_its_end_and_not_twice(tmp_path: Path) -> None:
    world = World(tmp_path)
    stream = [said(ONE, signer, position=view) for view in range(400) for signer in MEMBERS]
    shown = Shown(stream)
    async with serving(shown) as url:
        node = WatchedNode(url)
        listener = Listener(node, world.desk, Ear(world.desk, lambda *_: None))
        await listener.step()
        assert world.store.statements_of(cases.BYSTANDER.address, 399) == [stream[-1].signed]
        assert world.store.progress(f"statements of {node.endpoint}") == 800
        await node.close()


async def test_step__numbers_that_went_back__everything_is_heard_again(tmp_path: Path) -> None:
    world, shown = World(tmp_path), Shown([said(ONE, position=1), said(ONE, position=2)])
    async with serving(shown) as url:
        node = WatchedNode(url)
        listener = Listener(node, world.desk, Ear(world.desk, lambda *_: None))
        await listener.step()
        shown.said = [said(ONE, position=3)]
        await listener.step()
        assert len(world.store.statements_of(cases.OFFENDER.address, 3)) == 1
        await node.close()


async def test_step__evidence_of_nodes__is_kept_if_it_convicts_here(tmp_path: Path) -> None:
    """What would convict nobody must not stand where the real one will."""
    world = World(tmp_path, DUE)
    ours, foreign = cases.neglect(), cases.promise()
    domain = Domain(1, cases.DOMAIN.registry)
    elsewhere = type(foreign)(domain, foreign.signer, foreign.signed)
    await listen_once(world, Shown(evidence=[ours, foreign, elsewhere]))
    assert world.files.names == [f"3-{cases.OFFENDER.address.hex()}-neglect.json"]


def of_another_committee() -> Evidence:
    pair = [
        SignedStatement(other, cases.OFFENDER.sign(other.digest(cases.SEPARATOR)))
        for content in (ONE, ANOTHER)
        for other in [replace(said(content).signed.statement, committee=keccak(b"another one"))]
    ]
    return EquivocationEvidence(cases.DOMAIN, cases.OFFENDER.address, *pair)


def of_a_stranger() -> Evidence:
    pair = [said(content, STRANGER).signed for content in (ONE, ANOTHER)]
    return EquivocationEvidence(cases.DOMAIN, STRANGER.address, *pair)


def by_another_policy() -> Evidence:
    """In order by PRIORITY, which the rollup has; and the file says ARRIVAL."""
    ordering = Ordering(OrderingPolicy.ARRIVAL)
    (found,) = find_faults(
        cases.DOMAIN, cases.attested(cases.chain(cases.IN_ORDER)), cases.by(ordering), {}.get
    )
    return found


@pytest.mark.parametrize(
    "made", [of_another_committee, of_a_stranger, by_another_policy, cases.neglect, cases.promise]
)
async def test_step__evidence_that_l1_would_refuse__is_dropped(
    made: Callable[[], Evidence], tmp_path: Path
) -> None:
    world = World(tmp_path)
    evidence = made()
    assert load_evidence(dump_evidence(evidence)) == evidence, "it is well made"
    await listen_once(world, Shown(evidence=[evidence]))
    assert world.files.names == []


async def test_step__fault_of_order_by_the_rollups_policy__is_kept(tmp_path: Path) -> None:
    world = World(tmp_path)
    await listen_once(world, Shown(evidence=[cases.disorder()]))
    assert world.files.names == [f"3-{cases.OFFENDER.address.hex()}-ordering.json"]


async def test_step__nonsense_or_nobody__is_noted_and_asked_again(tmp_path: Path) -> None:
    world, shown = World(tmp_path), Shown([said(ONE)], page=b'{"next": -1, "statements": []}')
    async with serving(shown) as url:
        node = WatchedNode(url)
        listener = Listener(node, world.desk, Ear(world.desk, lambda *_: None))
        await listener.step()
        assert not listener.is_up
        shown.page = None
        await listener.step()
        assert listener.is_up
        await node.close()
    node = WatchedNode("http://127.0.0.1:9")
    listener = Listener(node, world.desk, Ear(world.desk, lambda *_: None))
    await listener.step()
    assert not listener.is_up
    await node.close()
