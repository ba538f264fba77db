"""The simulation behind docs/scale.md: its figures follow from the seed, its links and processors
take the time they should, and nothing is sent that is not counted."""

from dataclasses import replace
from functools import cache
from random import Random

import pytest

from sequencer.blocks.header import Block, genesis
from sequencer.consensus.messages import (
    Blocks,
    Proposal,
    SignedVote,
    Vote,
    VoteKind,
    make_certificate,
)
from sequencer.node.wire import encode_consensus
from sequencer.simulation.keys import SEPARATOR
from sequencer.simulation.scheduler import Scheduler, Trace
from sequencer.simulation.wan.costs import FREE, Costs
from sequencer.simulation.wan.regions import MS, measured_world
from sequencer.simulation.wan.report import Report, Share, report
from sequencer.simulation.wan.run import Run, Setup
from sequencer.simulation.wan.wires import KINDS, Parcel, Wires, pack, wire_bytes
from sequencer.types import Epoch, Hash32, MemberIndex, View

GIGABIT = 1_000_000_000
SMALL = Setup(nodes=16, payload=4 << 10, blocks=8, warm_up=2)
HASH = Hash32(b"\x01" * 32)


@cache
def reported(setup: Setup) -> Report:
    return report(Run(setup).go())


def sent(found: Report, kind: str) -> Share:
    return next(share for share in found.sent if share.kind == kind)


def wires(nodes: int = 10) -> Wires:
    return Wires(measured_world(), nodes, GIGABIT, Scheduler(), Random(1), Trace())


def signed() -> SignedVote:
    vote = Vote(VoteKind.NOTARIZE, Epoch(1), HASH, View(300), HASH)
    return SignedVote(vote, MemberIndex(3), bytes(64))


def arrivals(of: Wires) -> list[tuple[int, int, int]]:
    """Time, receiver, and the length of the parcel."""
    found = []
    while (event := of.next_event()) is not None:
        at_ns, _, receiver, _, parcel = event
        assert parcel is not None
        found.append((at_ns, receiver, parcel.size))
    return found


# What follows from the seed


def test_same_setup__same_report() -> None:
    assert report(Run(SMALL).go()) == reported(SMALL)


def test_other_seed__other_trace() -> None:
    assert reported(replace(SMALL, seed=2)).trace != reported(SMALL).trace


# The world


def test_world__ten_regions_between_1_and_400_ms_apart() -> None:
    world = measured_world()
    assert len(world.names) == len(world.round_trip_ms) == 10
    for here, row in enumerate(world.round_trip_ms):
        assert len(row) == 10
        assert all(1 <= trip_ms < 400 for trip_ms in row)
        assert row[here] == min(row)
        assert all(
            abs(trip - world.round_trip_ms[there][here]) < 10 for there, trip in enumerate(row)
        )


# Links


def test_parcel__kind_and_length_as_encoded() -> None:
    vote = signed()
    certificate = make_certificate({MemberIndex(m): vote for m in range(86)})
    block = Block(genesis(SEPARATOR), bytes(9_000))
    proposal = Proposal(block, None, (), vote)
    messages = (proposal, vote, certificate, Blocks((block,)))
    for kind, message in enumerate(messages):
        parcel = pack(message)
        assert (KINDS[parcel.kind], parcel.kind) == (KINDS[kind], kind)
        assert parcel.size == wire_bytes(len(encode_consensus(message)))
    assert pack(certificate).size > 86 * 64
    assert pack(proposal).size > 9_000


@pytest.mark.parametrize(
    ("encoded", "expected"),
    [
        (150, 150 + 33 + 2 + 90),
        (222, 222 + 33 + 2 + 90),
        (223, 223 + 33 + 9 + 90),
        (1_406, 1_448 + 90),
        (1_407, 1_449 + 2 * 90),
    ],
)
def test_wire_bytes__curve_zmtp_and_one_head_for_each_segment(encoded: int, expected: int) -> None:
    assert wire_bytes(encoded) == expected


def test_broadcast__leaves_one_by_one() -> None:
    links = wires()
    parcel = Parcel(signed(), 0, 125_000)  # 1 ms at 1 Gbit/s
    for receiver in range(1, 10):
        links.put(0, receiver, parcel, 0)
    for at_ns, receiver, _ in arrivals(links):
        light_ns = links.one_way_ns(0, receiver)
        assert receiver * MS + light_ns <= at_ns <= receiver * MS + 1.06 * light_ns


def test_arrivals__come_in_one_by_one() -> None:
    links = wires()
    parcel = Parcel(signed(), 0, 125_000)
    assert [links.arrive(0, parcel, 7) for _ in range(3)] == [MS + 7, 2 * MS + 7, 3 * MS + 7]


def test_connection__keeps_its_order() -> None:
    links = wires()
    for size in range(100, 400):
        links.put(0, 6, Parcel(signed(), 1, size), 0)
    assert [size for _, _, size in arrivals(links)] == list(range(100, 400))


def test_slow_link__later_finality() -> None:
    fast, slow = (
        reported(replace(SMALL, costs=FREE, bits_per_second=rate)) for rate in (10**12, 10**7)
    )
    takes_ms = 8 * SMALL.payload * 1_000 / 10**7
    assert slow.finality.median > fast.finality.median + takes_ms * SMALL.nodes / 2


# Nodes


def test_light_alone__three_trips_to_two_thirds_of_the_members() -> None:
    """With nothing but light in the way no quorum is nearer than the eleventh of sixteen."""
    light = reported(replace(SMALL, costs=FREE, bits_per_second=10**12))
    links = wires(SMALL.nodes)
    nearest = min(sorted(links.one_way_ns(p, q) for q in range(16))[10] / MS for p in range(16))
    assert 2 * nearest < light.finality.median < 3 * 164 * 1.06
    assert light.cpu_ms == 0


def test_work__takes_its_time() -> None:
    light = reported(replace(SMALL, costs=FREE))
    slow = reported(replace(SMALL, costs=replace(Costs(), verify_us=2_000)))
    votes = sent(slow, "vote").messages
    assert slow.cpu_ms > 2 * votes
    assert slow.finality.median > light.finality.median + 8


def test_traffic__each_kind_in_the_number_the_rules_ask_for() -> None:
    found = reported(SMALL)
    assert 0.8 < sent(found, "proposal").messages < 1.1  # 15 by one of 16
    assert 28 < sent(found, "vote").messages < 32  # Notarize, Finalize
    assert 5 < sent(found, "certificate").messages < 8  # SIMPLEX-4: log2 16, the last of two kinds
    assert sent(found, "proposal").octets > 0.8 * SMALL.payload
    assert found.received_messages == pytest.approx(sum(s.messages for s in found.sent), rel=0.05)
    assert found.lost_views == 0


def test_silent_third__goes_on_and_loses_their_views() -> None:
    run = Run(replace(SMALL, silent=frozenset(range(2, 16, 3)))).go()
    found = report(run)
    assert found.lost_views > 0.2
    assert all(not sum(run.wires.received[p].messages) for p in run.setup.silent)
    assert all(not run.members[p].final_ns for p in run.setup.silent)


def test_lost_region__goes_on() -> None:
    gone = measured_world().inhabitants(0, 16)
    run = Run(replace(SMALL, lost=gone)).go()
    assert gone == {0, 10}
    assert all(m.disk.tip.height >= run.last_height for m in run.alive)
    assert all(run.members[p].disk.tip.height < run.last_height for p in gone)


def test_more_than_a_third_silent__is_told() -> None:
    with pytest.raises(RuntimeError, match="height 2 is not final at 2 nodes"):
        Run(replace(SMALL, nodes=4, silent=frozenset({1, 3}))).go()
