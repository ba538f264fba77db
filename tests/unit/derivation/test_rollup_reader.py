"""What a rollup executes, from a follower that is served and held data from others (DERIVE-17).

read
├── every entry in order, held segments with their transactions, each judged by DERIVE-6
├── held data: L1's answer from the follower, else a node's
├── nobody has it: it stops there, and says for what; a void mark lets it go on
├── void: empty, and nobody is asked; the mark names the entry
├── skipped, no payload, of another rollup: empty, with the reason
├── after an entry: what follows; L1 went back below it: said
└── a follower that does not know the rollup, or cannot be right: said
"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import pytest
from aiohttp import web

from sequencer import cli
from sequencer.blocks.held import HeldEntry, held_entry
from sequencer.blocks.payload import encode_payload
from sequencer.crypto.hashing import keccak
from sequencer.derivation import follower_client
from sequencer.derivation.held import HeldMissing
from sequencer.derivation.listing import ListingOptions, print_transactions
from sequencer.derivation.rollup_reader import ListChanged, RollupReader, Step
from sequencer.derivation.server import create_app
from sequencer.errors import NotYet, PeerFault
from sequencer.l1.events import DataAnswered, DataVoided, RollupRegistered
from sequencer.serving import listen
from sequencer.types import Hash32, RollupId
from tests.unit.derivation.test_server import World
from tests.unit.derivation.worlds import ALICE, GARBAGE, held, held_id, message, transaction
from tests.unit.l1.chains import forced

ONE = RollupId(1)
A, B, C, D = (transaction(nonce) for nonce in range(4))
OTHER = transaction(0, chain_id=7002)


@dataclass
class Served:
    """A follower over hand-made L1 blocks, and a node that holds data."""

    world: World
    follower: str = ""
    node: str = ""
    holds: dict[str, bytes] = field(default_factory=dict)
    """By path."""
    asked: list[str] = field(default_factory=list)

    async def commit(self, *raws: bytes, segment: HeldEntry | None = None) -> Hash32:
        """A batch of one block with these and a held segment; the id of that."""
        committee = self.world.committee
        rows = [(1, list(raws))] if raws else []
        made = committee.block(*rows, held=[segment] if segment else [])
        await self.world.see(committee.commit(made))
        return held_id(made, len(raws), segment, committee.index) if segment else Hash32(b"")

    def hold(self, data: bytes) -> None:
        self.holds[f"/held/0x{keccak(data).hex()}"] = data

    async def read(self, *args: object) -> list[Step]:
        reader = RollupReader(self.follower, ONE, [self.node])
        try:
            return [step async for step in reader.read(*args)]  # type: ignore[arg-type]
        finally:
            await reader.close()

    async def serve_node(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        if request.path not in self.holds:
            raise web.HTTPNotFound
        return web.Response(body=self.holds[request.path])


@asynccontextmanager
async def serving(folder: Path) -> AsyncIterator[Served]:
    made = Served(World(folder))
    world = made.world
    await world.see(RollupRegistered(ONE, 7001, holds_data=True))
    l1 = SimpleNamespace(is_connected=True, last_error=None)
    follower = web.AppRunner(create_app(lambda: (world.following, world.store, l1)))  # type: ignore[arg-type,return-value]
    node_app = web.Application()
    node_app.router.add_get("/{path:.*}", made.serve_node)
    node = web.AppRunner(node_app)
    made.follower = await listen(follower, "127.0.0.1", 0, "follower")
    made.node = await listen(node, "127.0.0.1", 0, "node")
    try:
        yield made
    finally:
        await follower.cleanup()
        await node.cleanup()
        world.store.close()


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    async with serving(tmp_path) as made:
        yield made


def raws(steps: list[Step]) -> list[list[bytes]]:
    return [[found.raw for found in step.transactions] for step in steps]


async def test_read__held_segments__are_their_transactions_in_order(served: Served) -> None:
    segment, data = held(1, B, GARBAGE, OTHER, C)
    served.hold(data)
    await served.world.see(message(0, D))
    await served.commit(A, segment=segment)
    await served.world.see(forced(0, 1))
    steps = await served.read()
    assert raws(steps) == [[A], [B, GARBAGE, OTHER, C], [D]]
    assert [step.entry.index for step in steps] == [0, 1, 2]
    first, garbage, other, last = steps[1].transactions
    assert (first.skipped, last.skipped) == (None, None)
    assert first.sender == bytes.fromhex(ALICE.address[2:])
    assert first.hash == keccak(B)
    assert "RLP" in str(garbage.skipped)
    assert "chain" in str(other.skipped)
    assert [entry.entry for entry in steps] == served.world.store.read(ONE, 0, 10)


async def test_read__what_l1_has_as_an_answer__is_not_asked_of_a_node(served: Served) -> None:
    segment, data = held(1, B)
    id_ = await served.commit(segment=segment)
    await served.world.see(DataAnswered(id_, data))
    assert raws(await served.read()) == [[B]]
    assert served.asked == []


async def test_read__nobody_has_it__stops_there_until_it_is_void(served: Served) -> None:
    segment, _ = held(1, B)
    await served.commit(A)
    id_ = await served.commit(segment=segment)
    await served.commit(C)
    reader = RollupReader(served.follower, ONE, [served.node])
    reading = reader.read()
    before = await anext(reading)
    with pytest.raises(HeldMissing) as caught:
        await anext(reading)
    await reader.close()
    assert raws([before]) == [[A]]
    assert str(caught.value) == (
        f"entry 1 of rollup 1, id 0x{id_.hex()}, waits for held data 0x{segment.hash.hex()}"
        f" of {segment.length} bytes: nobody has it"
        f" ({served.follower} does not have it; {served.node} does not have it)"
    )
    await served.world.see(DataVoided(id_, ONE))
    steps = await served.read(0, before.entry.running_hash)
    assert raws(steps) == [[], [C], []]
    assert (steps[0].empty, steps[0].counterpart) == ("void", 3)
    assert (steps[2].entry.voids, steps[2].counterpart) == (id_, 1)


async def test_read__void_though_a_node_has_it__is_empty(served: Served) -> None:
    """DERIVE-16."""
    segment, data = held(1, B)
    served.hold(data)
    id_ = await served.commit(segment=segment)
    (executed,) = await served.read()
    assert executed.empty is None
    await served.world.see(DataVoided(id_, ONE))
    (mark,) = await served.read(0, executed.entry.running_hash)
    assert mark.counterpart == 0
    served.asked.clear()
    assert raws(await served.read()) == [[], []]
    assert served.asked == []


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\x00rubbish", "cut short"),
        (encode_payload([(RollupId(2), [OTHER])]), "holds rollups 2"),
        (encode_payload([]), "holds rollups none"),
        (encode_payload([(ONE, [A])], held=[held(1, B)[0]]), "held segments"),
    ],
)
async def test_read__bytes_that_are_no_segment__hold_nothing(
    served: Served, data: bytes, reason: str
) -> None:
    served.hold(data)
    await served.commit(segment=held_entry(ONE, data))
    (step,) = await served.read()
    assert step.transactions == ()
    assert reason in str(step.empty)


async def test_read__segment_of_a_rollup_that_holds_no_data__is_skipped(served: Served) -> None:
    await served.world.see(RollupRegistered(RollupId(2), 7002))
    committee = served.world.committee
    await served.world.see(committee.commit(committee.block(held=[held(2, OTHER)[0]])))
    reader = RollupReader(served.follower, RollupId(2), [served.node])
    (step,) = [step async for step in reader.read()]
    await reader.close()
    assert step.empty == "rollup 2 does not hold its data"
    assert served.asked == []


async def test_read__pages__make_one_list(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follower_client, "PAGE", 2)
    await served.commit(A, B, C, D)
    await served.commit(A)
    assert raws(await served.read()) == [[A], [B], [C], [D], [A]]


async def test_read__after_an_entry__unless_l1_went_back_below_it(served: Served) -> None:
    await served.commit(A, B)
    await served.commit(C)
    steps = await served.read()
    place = steps[1].entry.index, steps[1].entry.running_hash
    assert raws(await served.read(*place)) == [[C]]
    last = steps[2].entry.index, steps[2].entry.running_hash
    assert await served.read(*last) == []
    await served.world.following.rollback_to(2)
    with pytest.raises(ListChanged, match="entry 2 is not the one"):
        await served.read(*last)
    await served.world.see(message(0, D), forced(0, 1))
    with pytest.raises(ListChanged):
        await served.read(*last)
    assert raws(await served.read(*place)) == [[D]]


async def test_read__rollup_that_is_not_followed__is_said(served: Served) -> None:
    reader = RollupReader(served.follower, RollupId(9))
    with pytest.raises(NotYet, match="follows no rollup 9"):
        await anext(reader.read())
    await reader.close()


@pytest.mark.parametrize(
    ("status", "page", "said"),
    [
        (b"rubbish", b"", "malformed"),
        (b"{}", b"", "rollups"),
        (b'{"rollups":[{"rollup":1,"chainId":7001}]}', b'{"entries":[{}]}', "missing"),
    ],
)
async def test_read__follower_that_answers_rubbish__is_named(
    served: Served, status: bytes, page: bytes, said: str
) -> None:
    served.holds = {"/status": status, "/rollup/1/entries": page}
    reader = RollupReader(served.node, ONE)
    with pytest.raises(PeerFault, match=served.node) as caught:
        await anext(reader.read())
    await reader.close()
    assert said in str(caught.value)


async def test_read__entry_left_out__is_said(served: Served) -> None:
    """DERIVE-7."""
    await served.commit(A, B)
    served.world.store._db.execute("UPDATE entries SET number = 7 WHERE number = 1")
    with pytest.raises(PeerFault, match="entry 7 is not the entry 1"):
        await served.read()


async def test_print__a_line_for_each_transaction(
    served: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    segment, data = held(1, B, GARBAGE)
    served.hold(data)
    await served.commit(A, segment=segment)
    lost, _ = held(1, D)
    id_ = await served.commit(segment=lost)
    await served.world.see(DataVoided(id_, ONE))
    await print_transactions(ListingOptions(served.follower, ONE, (served.node,)))
    sender = ALICE.address.lower()
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == [
        f"#0 0x{keccak(A).hex()} transaction of {sender}",
        f"#1.0 0x{keccak(B).hex()} held transaction of {sender}",
    ]
    assert lines[2].startswith(
        f"#1.1 0x{keccak(GARBAGE).hex()} held transaction of nobody, skipped"
    )
    assert lines[3:] == [f"#2 {lost.length} held bytes: empty, void", "#3 void mark of #2"]


async def test_print__as_json__is_the_entry_with_what_it_holds(
    served: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    segment, data = held(1, B)
    served.hold(data)
    id_ = await served.commit(segment=segment)
    await print_transactions(ListingOptions(served.follower, ONE, (served.node,), as_json=True))
    line = json.loads(capsys.readouterr().out)
    assert (line["kind"], line["held"]["id"], line["empty"]) == ("held", "0x" + id_.hex(), None)
    (found,) = line["transactions"]
    assert (found["transaction"], found["skipped"]) == ("0x" + B.hex(), None)


def test_transactions__no_follower__is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["transactions", "--follower", "http://127.0.0.1:1", "--rollup", "1"]
    assert cli.main(arguments) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("switchyard: error: /status at http://127.0.0.1:1: no answer")
    assert captured.err.count("\n") == 1
