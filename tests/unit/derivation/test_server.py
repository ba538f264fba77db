"""What a follower serves (`/status`, `/entries`, `/entry`, `/message`, `/held`), to hostile
requests too.

P35: the running hash that is served is recomputed here from the entries served, so a follower
that answered without deriving would be caught.
"""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from sequencer.crypto.hashing import keccak, word
from sequencer.derivation.entry_store import EntryStore
from sequencer.derivation.following import Following, describe
from sequencer.derivation.server import create_app
from sequencer.l1.deployment import Deployment
from sequencer.l1.events import (
    BasedEnding,
    BasedEntered,
    DataAnswered,
    DataVoided,
    Event,
    L1Block,
    L1Header,
    MessageKind,
    RollupMode,
    RollupRegistered,
)
from sequencer.l1.modes import FOREVER
from sequencer.types import RollupId
from tests.unit.derivation.worlds import (
    ALICE,
    CHAIN_IDS,
    DECLARED_GAS,
    GARBAGE,
    Committee,
    held,
    held_id,
    message,
    transaction,
)
from tests.unit.l1.chains import address, announced, forced, posted
from tests.unit.node.test_node import deployment


class World:
    """A follower over hand-made L1 blocks, served on a port of its own."""

    def __init__(self, folder: Path) -> None:
        self.shown: list[str] = []
        self.store = EntryStore(folder / "entries.sqlite")
        self.deployed: Deployment = deployment()
        separator = self.deployed.domain.separator()
        self.committee = Committee(separator=separator, batch_hash=separator)
        self.committee.last.__dict__["hash"] = separator
        self.following = Following(
            self.deployed, None, self.store, lambda e: self.shown.append(describe(e))
        )
        self.number = 0

    async def see(self, *events: Event) -> None:
        self.number += 1
        header = L1Header(self.number, keccak(word(self.number)), keccak(b""), self.number)
        await self.following.extend(L1Block(header, events))

    async def order(self, *nonces: int) -> None:
        block = self.committee.block((1, [transaction(nonce) for nonce in nonces]))
        await self.see(self.committee.commit(block))


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    made = World(tmp_path)
    await made.see(*(RollupRegistered(rollup, chain) for rollup, chain in CHAIN_IDS.items()))
    yield made
    made.store.close()


@pytest.fixture
async def url(world: World) -> AsyncIterator[str]:
    l1 = SimpleNamespace(is_connected=True, last_error=None)
    runner = web.AppRunner(create_app(lambda: (world.following, world.store, l1)))  # type: ignore[arg-type,return-value]
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def get(url: str) -> tuple[int, Any]:
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        is_json = answer.content_type == "application/json"
        return answer.status, await (answer.json() if is_json else answer.text())


async def test_p35_status__running_hash__is_that_of_the_entries(world: World, url: str) -> None:
    await world.order(0, 1, 2)
    await world.order(3)
    _, status = await get(f"{url}/status")
    _, served = await get(f"{url}/rollup/1/entries")
    running = bytes(32)
    for entry in served["entries"]:
        raw = bytes.fromhex(entry["transaction"][2:])
        running = keccak(running, keccak(raw))
        assert entry["runningHash"] == "0x" + running.hex()
    assert [e["transaction"][2:] for e in served["entries"]] == [
        transaction(nonce).hex() for nonce in range(4)
    ]
    first, second = status["rollups"]
    assert (first["entries"], first["runningHash"]) == (4, "0x" + running.hex())
    assert (second["rollup"], second["chainId"], second["entries"]) == (2, 7002, 0)
    assert status["l1"] == {"head": world.number, "connected": True, "lastError": None}


async def test_status__who_orders__by_time(world: World, url: str) -> None:
    """ROLL-5, FALLBACK-1."""
    effective_at = world.number + 3
    await world.see(BasedEntered(), announced(2, RollupMode.SOLO, effective_at))
    _, status = await get(f"{url}/status")
    assert (status["basedUntil"], status["voidPosts"]) == (FOREVER, 0)
    first, second = status["rollups"]
    assert (first["mode"], first["sequencer"], first["announced"]) == ("shared", None, None)
    sequencer = "0x" + address(2).hex()
    pending = {"mode": "solo", "sequencer": sequencer, "effectiveAt": effective_at}
    assert (second["mode"], second["announced"]) == ("shared", pending)
    await world.see()
    await world.see(BasedEnding(99), posted(2, 0, b"rubbish"))
    _, status = await get(f"{url}/status")
    assert (status["basedUntil"], status["voidPosts"]) == (99, 1)
    second = status["rollups"][1]
    assert (second["mode"], second["sequencer"], second["announced"], second["posts"]) == (
        *("solo", sequencer),
        *(None, 1),
    )


async def test_message__its_receipt__from_the_queue_to_the_order(world: World, url: str) -> None:
    """DERIVE-13: by a batch, by L1 alone, skipped, and back with L1."""
    assert (await get(f"{url}/message/0"))[0] == 404
    await world.see(message(0, transaction(0)), message(1, GARBAGE))
    queued = {
        "index": 0,
        "rollup": 1,
        "kind": "transaction",
        "sender": "0x" + "00" * 20,
        "gasLimit": DECLARED_GAS,
        "hash": "0x" + keccak(transaction(0)).hex(),
        "l1Block": 2,
        "dueAt": 0,
        "state": "queued",
        "consumed": None,
    }
    assert await get(f"{url}/message/0") == (200, queued)
    block = world.committee.block((1, [transaction(1)]), forced=1)
    await world.see(world.committee.commit(block))
    consumed = {"l1Block": 3, "batch": 1, "position": 0, "skipped": None}
    expected = {**queued, "state": "included", "consumed": consumed}
    assert await get(f"{url}/message/0") == (200, expected)
    await world.see(forced(1, 2))
    _, found = await get(f"{url}/message/1")
    assert found["state"] == "skipped"
    place = found["consumed"]["l1Block"], found["consumed"]["batch"], found["consumed"]["position"]
    assert place == (4, None, 2)
    assert "RLP" in found["consumed"]["skipped"]
    await world.following.rollback_to(2)
    assert await get(f"{url}/message/0") == (200, queued)


async def test_entry__of_a_call__says_who_acts(world: World, url: str) -> None:
    """DERIVE-12."""
    call = replace(message(0, b"call"), kind=MessageKind.CALL, sender=address(3))
    await world.see(call, forced(0, 1))
    await world.order(0)
    _, served = await get(f"{url}/rollup/1/entries")
    found = [(e["kind"], e["sender"], e["gasLimit"]) for e in served["entries"]]
    assert found == [
        ("call", "0x" + address(3).hex(), DECLARED_GAS),
        ("transaction", ALICE.address.lower(), None),
    ]
    _, receipt = await get(f"{url}/message/0")
    assert receipt["hash"] == served["entries"][0]["hash"]


async def test_held_segment__says_what_is_held_and_the_mark_what_is_void(
    world: World, url: str
) -> None:
    """DERIVE-15, DERIVE-16."""
    await world.see(RollupRegistered(RollupId(3), 7001, holds_data=True))
    stated, _ = held(3, transaction(0))
    made = world.committee.block((3, [transaction(1)]), held=[stated])
    await world.see(world.committee.commit(made))
    id_ = held_id(made, 1, stated)
    view = {"id": "0x" + id_.hex(), "length": stated.length, "hash": "0x" + stated.hash.hex()}
    _, served = await get(f"{url}/rollup/3/entries")
    plain, segment = served["entries"]
    assert (plain["kind"], plain["held"], plain["voids"]) == ("transaction", None, None)
    assert (segment["kind"], segment["hash"], segment["transaction"]) == ("held", view["id"], "0x")
    assert segment["held"] == {**view, "voidedBy": None}

    await world.see(DataVoided(id_, RollupId(3)))
    _, served = await get(f"{url}/rollup/3/entries?from=1")
    segment, mark = served["entries"]
    assert segment["held"] == {**view, "voidedBy": 2}
    assert (mark["kind"], mark["voids"], mark["voidsEntry"]) == ("void", view["id"], 1)
    assert f"{stated.length} held bytes of block 1, batch 1" in world.shown[-2]
    assert f"void mark of {view['id']}, included by L1 alone" in world.shown[-1]


async def test_held__bytes_that_l1_has_as_an_answer(world: World, url: str) -> None:
    """DERIVE-17."""
    path = f"{url}/held/0x{keccak(b'data').hex()}"
    assert (await get(path))[0] == 404
    await world.see(DataAnswered(keccak(b"id"), b"data"))
    async with aiohttp.ClientSession() as session, session.get(path) as answer:
        assert (answer.status, answer.content_type) == (200, "application/octet-stream")
        assert await answer.read() == b"data"


async def test_entry__by_hash__says_where_it_was_ordered(world: World, url: str) -> None:
    await world.order(0)
    status, found = await get(f"{url}/rollup/1/entry/0x{keccak(transaction(0)).hex()}")
    assert status == 200
    (entry,) = found["entries"]
    assert (entry["index"], entry["source"], entry["position"], entry["batch"]) == (
        0,
        "block",
        1,
        1,
    )
    assert entry["skipped"] is None


async def test_entries__after_a_reorg__are_those_of_the_new_branch(world: World, url: str) -> None:
    await world.order(0)
    await world.following.rollback_to(world.number - 1)
    _, served = await get(f"{url}/rollup/1/entries")
    assert served == {"entries": []}


async def test_void_batch__is_counted_and_adds_nothing(world: World, url: str) -> None:
    block = world.committee.block((1, [transaction(0)]))
    await world.see(world.committee.commit(block, data=b"garbage"))
    _, status = await get(f"{url}/status")
    assert (status["voidBatches"], status["rollups"][0]["entries"]) == (1, 0)


async def test_begin__again__derives_from_the_start(world: World) -> None:
    await world.order(0)
    world.following.begin()
    assert world.following.deriver.number == -1
    assert world.store.read(RollupId(1), 0, 10) == []


async def test_describe__an_entry__is_one_line(world: World) -> None:
    await world.order(0)
    (line,) = world.shown
    assert line.startswith("rollup 1 #0 0x")
    assert "block 1, batch 1, L1 block 2, running " in line
    assert "\n" not in line


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/rollup/9/entries", 404, "rollup 9 is not followed here"),
        ("/rollup/x/entries", 400, "rollup is a number"),
        ("/rollup/1/entries?from=-1", 400, "from is a number"),
        ("/rollup/1/entries?limit=1001", 400, "limit is a number from 1 to 1000"),
        ("/rollup/1/entries?limit=0", 400, "limit is a number"),
        ("/rollup/1/entries?from=99999999999999999999999", 400, "from is a number"),
        ("/rollup/1/entry/0x12", 400, "32 bytes in hex"),
        ("/rollup/1/entry/zz", 400, "32 bytes in hex"),
        ("/message/0", 404, "message 0 is not on L1"),
        ("/message/-1", 400, "a message's index is a number"),
        ("/message/99999999999999999999999", 400, "a message's index is a number"),
        ("/held/0x12", 400, "32 bytes in hex"),
        ("/held/0x" + "00" * 32, 404, "no such data"),
        ("/nothing", 404, ""),
    ],
)
async def test_hostile_request__gets_a_clear_error(
    url: str, path: str, status: int, words: str
) -> None:
    found, text = await get(url + path)
    assert found == status
    assert words in text
