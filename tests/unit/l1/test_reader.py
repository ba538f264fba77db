"""The reader hands on exactly the chain of its endpoint, whatever happens while it reads (L1-1)."""

import asyncio
from contextlib import suppress
from dataclasses import replace

import pytest

from sequencer.errors import PeerFault
from sequencer.l1.calldata import encode_commit, encode_post
from sequencer.l1.events import (
    BatchCommitted,
    CommitCall,
    Event,
    L1Header,
    OperatorBonded,
    ReorgTooDeep,
)
from sequencer.l1.reader import L1Reader
from sequencer.l1.rpc import L1Error, L1Unavailable
from sequencer.types import RollupId
from tests.unit.batches.test_attestations import COMMITTEE, GOOD, ONE, pool_of, signed
from tests.unit.derivation.worlds import Committee, transaction
from tests.unit.l1.chains import (
    address,
    bonded,
    committed,
    enqueued,
    forced,
    posted,
    recorded,
    registered,
)
from tests.unit.l1.fake_l1 import CONTRACTS, FakeL1
from tests.unit.l1.recorder import START, Recorder, reader_of


def grown(*held: tuple[Event, ...]) -> FakeL1:
    """Blocks 1, 2, ... with these events."""
    l1 = FakeL1()
    for events in held:
        l1.mine(*events)
    return l1


class TestFollowing:
    async def test_advance__from_the_start_block__hands_on_every_block(self) -> None:
        l1 = grown((), (bonded(1), recorded(0)), (), (registered(1), enqueued(0)), (forced(0, 1),))
        sink = Recorder()
        reader = reader_of(l1, sink)
        assert await reader.advance()
        assert sink.blocks == l1.blocks[START:]
        assert not await reader.advance()

    async def test_advance__l1_below_the_start_block__waits(self) -> None:
        l1, sink = grown(()), Recorder()
        reader = reader_of(l1, sink)
        assert not await reader.advance()
        l1.mine(bonded(1))
        assert await reader.advance()
        assert sink.blocks == l1.blocks[START:]

    async def test_advance__many_new_blocks__all_in_one_go(self) -> None:
        l1, sink = grown(()), Recorder()
        reader = reader_of(l1, sink)
        for number in range(100):
            l1.mine(enqueued(number))
        await reader.advance()
        assert sink.blocks == l1.blocks[START:]

    async def test_advance__logs_of_strangers__are_left_out(self) -> None:
        l1, sink = grown((), (bonded(1),)), Recorder()
        stranger = replace(CONTRACTS, bond_registry=address(99))
        reader = L1Reader(l1, stranger, START, sink)  # type: ignore[arg-type]
        await reader.advance()
        assert [block.events for block in sink.blocks] == [()]


class TestReorgs:
    @pytest.mark.parametrize("depth", [1, 3, 5])
    async def test_advance__another_branch__goes_back_to_the_common_ancestor(
        self, depth: int
    ) -> None:
        l1, sink = grown(*[(enqueued(n),) for n in range(10)]), Recorder()
        reader = reader_of(l1, sink)
        await reader.advance()
        l1.reorg(depth, *[(enqueued(10 - depth + n),) for n in range(depth + 1)])
        await reader.advance()
        assert sink.blocks == l1.blocks[START:]
        assert sink.rollbacks == [10 - depth]

    async def test_advance__another_block_at_the_same_height__is_noticed(self) -> None:
        l1, sink = grown((), (), (bonded(1),)), Recorder()
        reader = reader_of(l1, sink)
        await reader.advance()
        l1.reorg(1, [bonded(2)])
        assert await reader.advance()
        assert sink.blocks == l1.blocks[START:]

    async def test_advance__shorter_branch__is_noticed(self) -> None:
        l1, sink = grown((), (), (), (bonded(1),)), Recorder()
        reader = reader_of(l1, sink)
        await reader.advance()
        l1.reorg(2, [bonded(2)])
        assert await reader.advance()
        assert sink.blocks == l1.blocks[START:]

    async def test_advance__endpoint_behind_on_the_same_branch__keeps_what_it_has(self) -> None:
        """Load balancers answer from nodes that lag."""
        l1, sink = grown((), (), (), (bonded(1),)), Recorder()
        reader = reader_of(l1, sink)
        await reader.advance()
        whole = list(l1.blocks)
        del l1.blocks[-2:]
        assert not await reader.advance()
        assert (sink.blocks, sink.rollbacks) == (whole[START:], [])

    async def test_advance__whole_young_chain_replaced__starts_again(self) -> None:
        l1, sink = grown((), (bonded(1),), ()), Recorder()
        reader = reader_of(l1, sink)
        await reader.advance()
        l1.reorg(10, [], [bonded(2)], [bonded(3)])
        assert await reader.advance()
        assert sink.blocks == l1.blocks[START:]
        assert sink.rollbacks == [START - 1]

    async def test_advance__deeper_than_the_window__is_a_fault(self) -> None:
        l1, sink = grown(*[()] * 20), Recorder()
        reader = reader_of(l1, sink, window=4)
        await reader.advance()
        l1.reorg(5, *[()] * 6)
        with pytest.raises(ReorgTooDeep, match="L1-1"):
            await reader.advance()

    async def test_advance__as_deep_as_the_window__is_followed(self) -> None:
        l1, sink = grown(*[()] * 20), Recorder()
        reader = reader_of(l1, sink, window=4)
        await reader.advance()
        l1.reorg(4, *[()] * 5)
        await reader.advance()
        assert sink.blocks[-1] == l1.blocks[-1]
        assert sink.rollbacks == [16]

    async def test_advance__endpoint_that_synchronises_anew__is_no_reorg(self) -> None:
        """It has only old blocks: nothing says that the others are gone."""
        l1, sink = grown(*[()] * 20), Recorder()
        reader = reader_of(l1, sink, window=4)
        await reader.advance()
        whole = list(l1.blocks)
        del l1.blocks[5:]
        with pytest.raises(L1Error, match="has no block 16"):
            await reader.advance()
        l1.blocks = whole
        assert not await reader.advance()

    async def test_advance__head_and_blocks_from_different_nodes__is_no_reorg(self) -> None:
        """A load balancer: one node knows a new branch, another lags far behind."""
        l1, sink = grown(*[()] * 20), Recorder()
        reader = reader_of(l1, sink, window=4)
        await reader.advance()
        l1.reorg(1, [])
        honest = l1.header

        async def lagging(number: int) -> object:
            return await honest(number) if number < 5 else None

        l1.header = lagging  # type: ignore[method-assign, assignment]
        with pytest.raises(L1Error, match="has no block 16"):
            await reader.advance()
        l1.header = honest  # type: ignore[method-assign]
        await reader.advance()
        assert sink.blocks[-1] == l1.blocks[-1]


class TestRanges:
    async def test_advance__far_behind__reads_ranges_then_blocks(self) -> None:
        l1 = grown(*[(enqueued(n // 7),) if n % 7 == 0 else () for n in range(100)])
        sink = Recorder()
        await reader_of(l1, sink, window=10, range_blocks=30).advance()
        assert [block for block in sink.blocks if block.events] == [
            block for block in l1.blocks[START:] if block.events
        ]
        assert sink.blocks[-11:] == l1.blocks[-11:]
        assert len(sink.blocks) < 40
        assert l1.calls.count("logs_between") == 3

    async def test_advance__endpoint_refuses_large_ranges__asks_for_smaller_ones(self) -> None:
        l1 = grown(*[(enqueued(n),) for n in range(60)])
        l1.range_limit = 5
        sink = Recorder()
        await reader_of(l1, sink, window=10, range_blocks=40).advance()
        assert sink.blocks == l1.blocks[START:]

    async def test_advance__endpoint_refuses_any_range__gives_up(self) -> None:
        l1 = grown(*[()] * 60)
        l1.range_limit = 0
        with pytest.raises(L1Error, match="too large"):
            await reader_of(l1, Recorder(), window=10).advance()

    async def test_p33_advance__more_logs_than_an_answer_holds__asks_for_less(self) -> None:
        """Whoever posts a lot in few blocks must not keep new readers from ever starting."""
        l1 = grown(*[(enqueued(n),) for n in range(60)])
        l1.logs_limit = 5
        sink = Recorder()
        reader = reader_of(l1, sink, window=10, range_blocks=40)
        faults = 0
        while reader.tip != l1.blocks[-1].header:
            try:
                await reader.advance()
            except L1Error:
                faults += 1
            assert faults < 60
        assert faults > 0
        assert sink.blocks == l1.blocks[START:]

    async def test_advance__after_a_long_absence__reads_ranges_again(self) -> None:
        l1, sink = grown(*[()] * 20), Recorder()
        reader = reader_of(l1, sink, window=4)
        await reader.advance()
        l1.calls.clear()
        for number in range(100):
            l1.mine(*[enqueued(number // 50)] if number % 50 == 0 else [])
        await reader.advance()
        assert l1.calls.count("logs_between") == 1
        assert [block for block in sink.blocks if block.events] == [
            block for block in l1.blocks if block.events
        ]

    async def test_advance__fault_in_the_middle__goes_on_from_there(self) -> None:
        l1, sink = grown(*[(enqueued(n),) for n in range(100)]), Recorder()
        reader = reader_of(l1, sink, window=10, range_blocks=10)

        def fail(method: str) -> None:
            if l1.calls.count("logs_between") == 5 and method == "logs_between":
                raise L1Unavailable("down")

        l1.on_call = fail
        with pytest.raises(L1Unavailable):
            await reader.advance()
        handed_on = len(sink.blocks)
        assert 30 < handed_on < 60
        l1.on_call = lambda method: None
        await reader.advance()
        assert sink.blocks == l1.blocks[START:]

    async def test_advance__sink_refuses_in_the_middle__skips_nothing(self) -> None:
        l1, sink = grown(*[(enqueued(n),) for n in range(60)]), Recorder()
        reader = reader_of(l1, sink, window=10)
        sink.refuse = lambda block: block.header.number == 20
        with pytest.raises(PeerFault):
            await reader.advance()
        sink.refuse = lambda block: False
        await reader.advance()
        assert sink.blocks == l1.blocks[START:]

    @pytest.mark.parametrize("logged", [59, 45, 1])
    async def test_advance__reorg_deeper_than_the_window_while_reading__is_refused(
        self, logged: int
    ) -> None:
        """L1-1, also if the last block of the range has no logs on the new branch."""
        l1, sink = grown(*[(enqueued(n),) for n in range(60)]), Recorder()

        def replace_all(method: str) -> None:
            if method == "logs_between":
                l1.on_call = lambda method: None
                l1.reorg(59, *[[enqueued(n + 1)] if n < logged else [] for n in range(59)])

        l1.on_call = replace_all
        with pytest.raises(L1Error, match="changed block 50"):
            await reader_of(l1, sink, window=10).advance()
        assert sink.blocks == []

    async def test_advance__reorg_below_the_tip_while_reading__is_noticed(self) -> None:
        """L1-1: the tip is compared on the branch that the range is of."""
        l1, sink = grown(*[(enqueued(n),) for n in range(20)]), Recorder()
        reader = reader_of(l1, sink, window=4)
        await reader.advance()
        for _ in range(30):
            l1.mine()
        l1.calls.clear()

        def replace_later(method: str) -> None:
            if len(l1.calls) == 3:  # it knows the head, and either the tip or the range's end
                l1.reorg(32, *[[enqueued(18 + n)] for n in range(32)])

        l1.on_call = replace_later
        await reader.advance()
        assert sink.blocks == l1.blocks[START:]


class TestEndpointFaults:
    async def test_advance__logs_of_another_block__are_refused(self) -> None:
        l1, sink = grown((), (), (bonded(1),)), Recorder()
        genuine = l1.logs_of

        async def wrong(addresses: object, block_hash: object) -> object:
            return await genuine((), l1.blocks[-1].header.hash)  # type: ignore[arg-type]

        l1.logs_of = wrong  # type: ignore[method-assign, assignment]
        with pytest.raises(L1Error, match="asked for"):
            await reader_of(l1, sink).advance()

    @pytest.mark.parametrize("cut", [1, 32, 1000])
    async def test_advance__log_that_does_not_decode__is_refused(self, cut: int) -> None:
        """L1-4."""
        l1, sink = grown((), (enqueued(0),)), Recorder()
        genuine = l1.logs_of

        async def wrong(addresses: object, block_hash: object) -> object:
            return [
                replace(log, data=log.data[:-cut])
                for log in await genuine((), block_hash)  # type: ignore[arg-type]
            ]

        l1.logs_of = wrong  # type: ignore[method-assign, assignment]
        with pytest.raises(L1Error, match="MessageEnqueued"):
            await reader_of(l1, sink).advance()
        assert sink.blocks == []

    async def test_advance__code_that_is_not_the_committee__is_refused(self) -> None:
        l1, sink = grown((), (recorded(0),)), Recorder()
        l1.codes = {pointer: code[:-1] for pointer, code in l1.codes.items()}
        with pytest.raises(L1Error, match="committee of epoch 0"):
            await reader_of(l1, sink).advance()

    async def test_advance__sink_finds_logs_missing__reads_the_window_again(self) -> None:
        """An endpoint that left out logs of an older block heals when it stops doing so."""
        l1, sink = grown(*[(enqueued(n),) for n in range(10)]), Recorder()
        reader = reader_of(l1, sink)
        sink.refuse = lambda block: block.header.number == 8
        with pytest.raises(PeerFault):
            await reader.advance()
        assert sink.blocks == l1.blocks[START : START + 1]
        sink.refuse = lambda block: False
        await reader.advance()
        assert sink.blocks == l1.blocks[START:]

    async def test_advance__endpoint_that_wavers__is_no_endless_loop(self) -> None:
        l1, sink = grown((), (), ()), Recorder()
        reader = reader_of(l1, sink)
        await reader.advance()
        honest = l1.header
        l1.reorg(1, [], [])

        async def wavering(number: int) -> object:
            return sink.blocks[-1].header if number == 3 else await honest(number)

        l1.header = wavering  # type: ignore[method-assign, assignment]
        with pytest.raises(L1Error, match="wavers"):
            await reader.advance()

    async def test_s2_advance__endpoint_that_is_no_utf8__stops_nobody(self) -> None:
        """An operator may bond with any bytes as endpoint: BOND-9 checks the length only."""
        hostile = OperatorBonded(1, address(1), address(2), bytes(32), "tcp://\udcff\udc80")
        l1, sink = grown((), (hostile,)), Recorder()
        await reader_of(l1, sink).advance()
        (event,) = sink.blocks[0].events
        assert isinstance(event, OperatorBonded)
        assert event.endpoint == "tcp://\ufffd\ufffd"


class TestCalldata:
    def commit(self, l1: FakeL1) -> BatchCommitted:
        committee = Committee()
        event = committee.commit(committee.block((1, [transaction(0)])))
        assert event.call is not None
        certificate = pool_of(*(signed(n) for n in range(4))).certificate(ONE, GOOD, COMMITTEE)
        assert certificate is not None
        l1.calldata[event.transaction_hash] = encode_commit(
            event.call.batch, certificate, event.call.data
        )
        return event

    async def test_advance__with_calldata__brings_the_call(self) -> None:
        l1, sink = FakeL1(), Recorder()
        event = self.commit(l1)
        l1.mine()
        l1.mine(event)
        await reader_of(l1, sink, with_calldata=True).advance()
        (found,) = sink.blocks[0].events
        assert isinstance(found, BatchCommitted)
        assert isinstance(found.call, CommitCall)
        assert event.call is not None
        assert (found.call.batch, found.call.data) == (event.call.batch, event.call.data)

    async def test_advance__with_calldata__brings_the_data_of_posts(self) -> None:
        """Of the rollup that is followed."""
        events = [replace(posted(rollup, 0, b"data"), data=None) for rollup in (1, 2)]
        l1, sink = grown((), tuple(events)), Recorder()
        l1.calldata[events[1].transaction_hash] = encode_post(RollupId(2), b"data")
        await reader_of(l1, sink, with_calldata=True, only=RollupId(2)).advance()
        assert sink.blocks[0].events == (events[0], replace(events[1], data=b"data"))

    async def test_advance__without__does_not_ask(self) -> None:
        l1, sink = grown((), (committed(1), replace(posted(1, 0, b"data"), data=None))), Recorder()
        await reader_of(l1, sink).advance()
        assert "transaction" not in l1.calls

    @pytest.mark.parametrize("tamper", ["other batch", "no call", "gone", "moved"])
    async def test_advance__calldata_that_is_not_it__is_refused(self, tamper: str) -> None:
        l1, sink = FakeL1(), Recorder()
        event = self.commit(l1)
        l1.mine()
        wrong = replace(event, batch_hash=GOOD) if tamper == "other batch" else event
        l1.mine(wrong)
        if tamper == "no call":
            l1.calldata[event.transaction_hash] = b"\x12\x34\x56\x78"
        if tamper == "gone":

            async def nothing(transaction_hash: object) -> None:
                return None

            l1.transaction = nothing  # type: ignore[method-assign, assignment]
        if tamper == "moved":
            genuine = l1.transaction

            async def elsewhere(transaction_hash: object) -> object:
                found = await genuine(transaction_hash)  # type: ignore[arg-type]
                return replace(found, block_hash=GOOD)  # type: ignore[type-var]

            l1.transaction = elsewhere  # type: ignore[method-assign, assignment]
        with pytest.raises(L1Error, match="eth_getTransactionByHash"):
            await reader_of(l1, sink, with_calldata=True).advance()
        assert sink.blocks == []


class TestStopping:
    @pytest.mark.parametrize("turns", range(16))
    async def test_advance__cancelled_while_its_calls_fail__ends(self, turns: int) -> None:
        """At every moment between the first failure and the end of the last call."""
        l1 = grown(*[()] * 20)

        class Slow(FakeL1):
            async def header(self, number: int) -> L1Header | None:
                for _ in range(number):
                    await asyncio.sleep(0)
                if number == 4:
                    raise L1Unavailable("down")
                return await super().header(number)

        slow = Slow(blocks=l1.blocks)

        async def follow() -> None:
            while True:
                with suppress(L1Error):
                    await reader_of(slow, Recorder()).advance()

        following = asyncio.create_task(follow())
        for _ in range(turns):
            await asyncio.sleep(0)
        following.cancel()
        for _ in range(100):
            await asyncio.sleep(0)
        assert following.cancelled()
