"""CATCHUP-1 to CATCHUP-5: a node far behind, and peers of every kind. The peers here answer after
a while by a fake clock, and the chain is a list of heights: what is believed of an answer is
another module's subject.

A peer may: answer well, slowly, never, nothing, cut short, with a gap, with other blocks than
asked for, too much at once, without being asked, claim a lower or a higher tip.
"""

from collections.abc import Callable
from heapq import heappop, heappush

import msgspec
import pytest

from sequencer.blocks.header import Block
from sequencer.consensus.fetcher import MAX_COPIES, MAX_WANTED, POLL_MS, Fetcher, Limits
from sequencer.consensus.messages import BlockRequest, Blocks, FinalityProof
from sequencer.consensus.standing import FIRST_PATIENCE_MS, MAX_IN_FLIGHT, MAX_REST_MS, UNASKED
from sequencer.errors import PeerFault
from sequencer.types import ZERO_HASH, Hash32, Height
from tests.unit.consensus.builders import FINALIZE, block, certificate

TIP = 1_000
_one = block(1)
_proof = FinalityProof(certificate(FINALIZE, 1, _one))
CHAIN = [
    Block(msgspec.structs.replace(_one.header, height=Height(height)), b"")
    for height in range(1, TIP + 1)
]

Answer = Callable[[BlockRequest], Blocks | None]


def good(request: BlockRequest, tip: int = TIP) -> Blocks:
    """What an honest peer with that tip says."""
    found = tuple(CHAIN[request.have_height : min(request.have_height + request.limit, tip)])
    return Blocks(found, _proof if found else None, request, tip)


class Net:
    """Peers by name, each with how it answers and how long that takes."""

    def __init__(self, limits: Limits = Limits(), **peers: tuple[Answer, int]) -> None:  # noqa: B008
        self.fetcher: Fetcher[str] = Fetcher(limits)
        self.fetcher.set_peers(peers)
        self.peers = peers
        self.now_ms = self.root = 0
        self.asked: list[tuple[str, BlockRequest]] = []
        self.used: dict[str, int] = dict.fromkeys(peers, 0)
        self.lies: set[str] = set()
        """Peers whose blocks do not hold when they are checked."""
        self.blamed: list[str] = []
        self._wire: list[tuple[int, int, str, Blocks]] = []
        self._free_ms = dict.fromkeys(peers, 0)
        self.peak = dict.fromkeys(self.fetcher.sizes(), 0)

    def start(self) -> None:
        self.send(self.fetcher.want(ZERO_HASH, self.root, self.now_ms))

    def send(self, asks: list[tuple[str, BlockRequest]]) -> None:
        self.note_sizes()
        for peer, request in asks:
            self.asked.append((peer, request))
            answer, takes_ms = self.peers[peer]
            reply = answer(request)
            if reply is not None:
                self._free_ms[peer] = max(self._free_ms[peer], self.now_ms) + takes_ms
                heappush(self._wire, (self._free_ms[peer], len(self.asked), peer, reply))

    def run(self, until_ms: int = 600_000) -> None:
        """Until the node has everything."""
        while self.root < TIP and self.now_ms < until_ms:
            next_ms = self.now_ms + POLL_MS
            while self._wire and self._wire[0][0] <= next_ms:
                self.now_ms, _, peer, reply = heappop(self._wire)
                self.deliver(peer, reply)
            self.now_ms = next_ms
            self.send(self.fetcher.poll(self.root, self.now_ms))

    def deliver(self, peer: str, reply: Blocks) -> None:
        try:
            self.fetcher.on_answer(peer, reply, self.root, self.now_ms)
        except PeerFault:
            self.blamed.append(peer)
        self.note_sizes()
        while (found := self.fetcher.next(self.root)) is not None:
            self.apply(*found)
        self.send(self.fetcher.poll(self.root, self.now_ms))

    def note_sizes(self) -> None:
        for name, size in self.fetcher.sizes().items():
            self.peak[name] = max(self.peak[name], size)

    def apply(self, peer: str, reply: Blocks) -> None:
        if peer in self.lies:
            self.blamed.append(peer)
            self.fetcher.refuse(peer, self.now_ms)
            return
        top = reply.blocks[-1].header.height
        self.used[peer] += top - self.root
        self.root = top
        self.fetcher.applied(peer, True, self.now_ms)


def caught_up(net: Net, within_ms: int) -> None:
    net.start()
    net.run()
    assert net.root == TIP
    assert net.now_ms <= within_ms


def test_several_peers__all_of_them_are_used_and_most_the_fastest() -> None:
    net = Net(c=(good, 200), b=(good, 20), a=(good, 10))
    caught_up(net, 500)
    assert net.used["a"] > net.used["b"] > 0
    assert net.used["c"] < net.used["b"]
    alone = Net(c=(good, 200))
    caught_up(alone, 5_000)
    assert alone.now_ms > 5 * net.now_ms


def test_lowest_range__asked_of_who_fails_least_and_then_of_the_fastest() -> None:
    fetcher: Fetcher[str] = Fetcher()
    fetcher.set_peers("abc")
    for name, misses, ms_per_block in (("a", 0, 2.0), ("b", 0, 1.0), ("c", 1, 0.5)):
        standing = fetcher.standing(name)
        assert standing is not None
        standing.tip, standing.misses, standing.ms_per_block = TIP, misses, ms_per_block
    asks = fetcher.poll(0, 0)
    assert [ask.peer for ask in asks] == ["b", "a", "c"]
    assert [ask.request.have_height for ask in asks] == [0, 64, 128]


def test_one_peer__its_requests_overlap() -> None:
    net = Net(a=(good, 10))
    caught_up(net, 500)
    assert net.peak["open"] == MAX_IN_FLIGHT


def test_every_range__asked_for_once() -> None:
    net = Net(a=(good, 10), b=(good, 10))
    caught_up(net, 500)
    covered = [h for _, r in net.asked for h in range(r.have_height, r.have_height + r.limit)]
    assert len(covered) - len(set(covered)) <= 64  # what was in flight when the tip became known


def test_silent_peer__given_up_and_left_alone_more_and_more() -> None:
    net = Net(mute=(lambda _: None, 0), b=(good, 10))
    caught_up(net, 4_000)
    assert sum(1 for peer, _ in net.asked if peer == "mute") <= 3


def test_slow_peer__the_lowest_range_is_asked_of_another_too() -> None:
    net = Net(slow=(good, 5_000), b=(good, 10))
    caught_up(net, 1_000)
    firsts = [peer for peer, r in net.asked if r.have_height == 0]
    assert firsts == ["slow", "b"][: len(firsts)]
    assert len(firsts) <= MAX_COPIES


def test_liar__refused_once_and_what_else_it_sent_is_dropped() -> None:
    net = Net(liar=(good, 1), b=(good, 20))
    net.lies.add("liar")
    caught_up(net, 2_000)
    assert net.blamed == ["liar"]
    assert net.used["liar"] == 0
    assert net.fetcher.sizes() == {"open": 0, "held": 0, "bytes": 0}


def test_liar__what_waits_for_its_turn_is_dropped_and_its_height_forgotten() -> None:
    fetcher: Fetcher[str] = Fetcher()
    fetcher.set_peers(["liar"])
    asks = fetcher.want(ZERO_HASH, 0, 0)
    for _ in range(2):
        for ask in asks:
            fetcher.on_answer(ask.peer, good(ask.request), 0, 10)
        asks = fetcher.poll(0, 10)
    assert fetcher.sizes()["held"] == 3
    assert fetcher.is_busy(0)
    fetcher.refuse("liar", 10)
    assert fetcher.sizes() == {"open": 0, "held": 0, "bytes": 0}
    assert not fetcher.is_busy(0)


def test_no_answer_in_time__rests() -> None:
    fetcher: Fetcher[str] = Fetcher()
    fetcher.set_peers(["mute"])
    fetcher.want(ZERO_HASH, 0, 0)
    fetcher.poll(0, FIRST_PATIENCE_MS)
    standing = fetcher.standing("mute")
    assert standing is not None
    assert (standing.misses, standing.in_flight) == (0, 1)
    fetcher.poll(0, FIRST_PATIENCE_MS + 1)
    assert (standing.misses, standing.in_flight) == (1, 0)
    assert standing.rests_until_ms > FIRST_PATIENCE_MS + 1


def test_liar__rests_longer_with_each_lie() -> None:
    net = Net(liar=(good, 1))
    rests: list[int] = []
    for _ in range(3):
        net.fetcher.refuse("liar", 0)
        standing = net.fetcher.standing("liar")
        assert standing is not None
        rests.append(standing.rests_until_ms)
    assert rests == [10_000, 20_000, 40_000]


def wrong_height(request: BlockRequest) -> Blocks:
    return msgspec.structs.replace(good(request), blocks=good(request).blocks[1:])


def with_gap(request: BlockRequest) -> Blocks:
    return msgspec.structs.replace(good(request), blocks=good(request).blocks[::2])


def too_many(request: BlockRequest) -> Blocks:
    first = request.have_height
    return msgspec.structs.replace(
        good(request), blocks=tuple(CHAIN[first : first + request.limit + 1])
    )


def too_large(request: BlockRequest) -> Blocks:
    first, *others = good(request).blocks
    return msgspec.structs.replace(
        good(request), blocks=(Block(first.header, bytes(3 << 20)), *others)
    )


def too_large_with_held(request: BlockRequest) -> Blocks:
    first, *others = good(request).blocks
    swollen = msgspec.structs.replace(first, held=bytes(3 << 20))
    return msgspec.structs.replace(good(request), blocks=(swollen, *others))


def unproven(request: BlockRequest) -> Blocks:
    return msgspec.structs.replace(good(request), proof=None)


@pytest.mark.parametrize(
    "lie", [wrong_height, with_gap, too_many, too_large, too_large_with_held, unproven]
)
def test_false_at_first_sight__blamed_and_refused(lie: Answer) -> None:
    net = Net(liar=(lie, 1), b=(good, 10))
    caught_up(net, 1_000)
    assert net.blamed == ["liar"]


def test_cut_short__less_is_asked_of_it_and_the_rest_of_others() -> None:
    def short(request: BlockRequest) -> Blocks:
        whole = good(request)
        return msgspec.structs.replace(whole, blocks=whole.blocks[:2])

    net = Net(short=(short, 10), b=(good, 10))
    caught_up(net, 1_000)
    assert net.used["b"] > 5 * net.used["short"]
    asked = [r.limit for peer, r in net.asked if peer == "short"]
    assert max(asked[2:], default=0) <= 4


def test_claims_a_lower_tip__not_asked_for_more() -> None:
    net = Net(low=(lambda r: good(r, tip=10), 1), b=(good, 10))
    caught_up(net, 1_000)
    assert net.used["low"] <= 10
    assert sum(1 for peer, _ in net.asked if peer == "low") <= 2


def test_claims_a_higher_tip__costs_nothing_but_its_own_requests() -> None:
    net = Net(high=(lambda r: msgspec.structs.replace(good(r), tip=10**12), 10), b=(good, 10))
    caught_up(net, 1_000)
    before = len(net.asked)
    for _ in range(200):
        net.now_ms += POLL_MS
        net.send(net.fetcher.poll(net.root, net.now_ms))
    assert {peer for peer, _ in net.asked[before:]} <= {"high", "b"}
    assert sum(1 for peer, _ in net.asked[before:] if peer == "b") <= 1
    assert len(net.asked) - before < 10 * MAX_REST_MS // POLL_MS


def test_busy_peer__asked_again_after_a_while() -> None:
    refused = [0]

    def busy(request: BlockRequest) -> Blocks:
        refused[0] += 1
        is_busy = refused[0] % 2 == 0
        return Blocks((), None, request, TIP) if is_busy else good(request)

    net = Net(busy=(busy, 10))
    caught_up(net, 5_000)


def test_unasked__dropped_then_a_fault() -> None:
    net = Net(flooder=(good, 1))
    for _ in range(UNASKED):
        net.deliver("flooder", good(BlockRequest(Height(0))))
    assert net.blamed == []
    net.deliver("flooder", good(BlockRequest(Height(0))))
    assert net.blamed == ["flooder"]
    assert net.root == 0
    assert net.fetcher.sizes()["held"] == 0


def but_the_first(request: BlockRequest) -> Blocks | None:
    return good(request) if request.have_height else None


def test_bounds__however_much_comes_while_the_lowest_does_not() -> None:
    limits = Limits(requests=3, answers=6, stride=16)
    net = Net(limits, **dict.fromkeys("abcd", (but_the_first, 90)))
    for name in "abcd":
        standing = net.fetcher.standing(name)
        assert standing is not None
        standing.tip = TIP
    net.run(until_ms=900)
    assert net.root == 0
    assert net.peak["open"] == 3
    assert 0 < net.peak["held"] <= 6
    fewer = Net(Limits(answer_bytes=100 << 10, expected_bytes=20 << 10), a=(good, 1_000))
    fewer.start()
    fewer.run(until_ms=900)
    assert fewer.peak["bytes"] <= 100 << 10


def test_want__another_peer_each_time_and_nothing_while_blocks_come_in() -> None:
    net = Net(a=(good, 1), b=(good, 1), c=(good, 1))
    wanted = Hash32(b"w" * 32)
    peers = [ask.peer for _ in range(4) for ask in net.fetcher.want(wanted, 0, 0)]
    assert sorted(peers) == ["a", "b", "c"]
    caught_up(net, 1_000)
    net.fetcher.applied("a", True, net.now_ms)
    assert net.fetcher.want(wanted, TIP - 1, net.now_ms) == []
    assert len(net.fetcher.want(wanted, TIP - 1, net.now_ms + 2_000)) == 1


def test_want__thousands_of_blocks__few_requests_in_flight_and_room_again_once_answered() -> None:
    net = Net(a=(good, 1), b=(good, 1))
    missing = [Hash32(bytes([*divmod(number, 256)]) * 16) for number in range(1, 2_000)]
    asks = [ask for block in missing for ask in net.fetcher.want(block, 0, 0)]
    assert len(asks) == net.fetcher.sizes()["open"] == MAX_WANTED
    assert net.fetcher.want(ZERO_HASH, 0, 0)  # ranges do not wait for them
    peer, request = asks[0]
    net.fetcher.on_answer(peer, Blocks((), None, request, 0), 0, 1)
    assert len(net.fetcher.want(missing[-1], 0, 1)) == 1
    assert net.fetcher.want(missing[-2], 0, 1) == []


def test_peer_gone__its_answers_too() -> None:
    net = Net(a=(good, 1), b=(good, 10))
    net.start()
    net.send(net.fetcher.poll(0, 0))
    net.fetcher.set_peers(["b"])
    net.deliver("a", good(BlockRequest(Height(0))))
    assert (net.root, net.fetcher.sizes()["held"], net.fetcher.standing("a")) == (0, 0, None)
