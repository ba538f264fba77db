"""What a node shows to strangers that watch: bounded answers, and numbers and names that are
checked."""

import pytest
from aiohttp import ClientSession
from yarl import URL

from sequencer.evidence.files import load_evidence, name_of
from sequencer.evidence.stream import decode_page
from sequencer.ingress import exhibits
from sequencer.watch.nodes import WatchedNode
from tests.unit.evidence import cases
from tests.unit.watch.world import Shown, said, serving

BLOCKS = cases.chain(cases.IN_ORDER, ())
BATCH = cases.batch_of(BLOCKS)


async def test_get__what_is_there__is_what_a_watchtower_reads() -> None:
    evidence = cases.neglect()
    shown = Shown([said(bytes(32))], [evidence], {BATCH.index: BATCH}, BLOCKS)
    async with serving(shown) as url:
        node = WatchedNode(url)
        assert (await node.statements(0)).statements == tuple(shown.said)
        assert await node.evidence_names() == [name_of(evidence)]
        assert await node.evidence(name_of(evidence)) == evidence
        assert await node.batch(BATCH.index, BATCH.hash) == BATCH
        assert await node.batch(BATCH.index, BATCH.parent_hash) is None
        assert await node.blocks(BATCH) == BLOCKS
        await node.close()


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/statements", 200),
        ("/statements?after=-1", 400),
        ("/statements?after=x", 400),
        (f"/statements?after={2**63}", 400),
        ("/evidence/none.json", 404),
        ("/evidence/..%2f..%2fjournal", 400),
        ("/evidence/A.json", 400),
        ("/batches/7", 404),
        ("/batches/0x4", 400),
        ("/blocks/99", 404),
        ("/blocks/-1", 400),
    ],
)
async def test_get__whatever_strangers_ask__has_a_status(path: str, status: int) -> None:
    async with (
        serving(Shown()) as url,
        ClientSession() as session,
        session.get(URL(url + path, encoded=True)) as answer,
    ):
        assert answer.status == status


async def test_get__too_many_at_once__are_told_to_come_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(exhibits, "MAX_IN_FLIGHT", 0)
    async with (
        serving(Shown()) as url,
        ClientSession() as session,
        session.get(f"{url}/statements") as answer,
    ):
        assert answer.status == 503


async def test_evidence__as_it_is_served__is_a_file() -> None:
    evidence = cases.disorder()
    async with serving(Shown(evidence=[evidence])) as url, ClientSession() as session:
        async with session.get(f"{url}/evidence/{name_of(evidence)}") as answer:
            assert load_evidence(await answer.read()) == evidence
        async with session.get(f"{url}/statements") as answer:
            assert decode_page(await answer.read()).next == 0
