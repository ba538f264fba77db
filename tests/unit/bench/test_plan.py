import msgspec
import pytest

from bench.throughput.plan import Node, Plan, batch_for
from bench.throughput.transactions import Pool

POOL = Pool("", (7001, 7002))


def plan(**options: object) -> Plan:
    nodes = tuple(Node("127.0.0.1", port) for port in (1, 2, 3))
    base = {"nodes": nodes, "paths": ("/rollup/1", "/rollup/2"), "pool": POOL, "connections": 2}
    return Plan(**{**base, "first_group": 24, "seconds": 1.0, **options})  # type: ignore[arg-type]


def test_plan__streams__cover_each_node_and_rollup_alike() -> None:
    told = plan()
    pairs = [(told.node_of(s), told.rollup_of(s)) for s in range(told.streams)]
    assert sorted(pairs) == sorted([(n, r) for n in range(3) for r in range(2)] * 2)


def test_plan__groups__are_taken_once_and_fit_the_rollup_of_their_stream() -> None:
    told = plan()
    taken = [told.group_of(s, turn) for turn in range(4) for s in range(told.streams)]
    assert taken == list(range(24, 24 + 4 * told.streams))
    for stream in range(told.streams):
        rollups = {told.group_of(stream, turn) % 2 for turn in range(4)}
        assert rollups == {told.rollup_of(stream)}


@pytest.mark.parametrize("transactions", [1, 800, 9_600, 9_601, 100_000])
def test_plan__groups_for__hold_what_is_offered(transactions: int) -> None:
    told = plan()
    groups = told.groups_for(transactions)
    assert groups % told.streams == 0
    assert transactions <= groups * POOL.group <= transactions + 2 * told.streams * POOL.group


@pytest.mark.parametrize(
    ("rate", "streams", "batch"),
    [(20, 8, 1), (159, 8, 1), (800, 8, 5), (16_000, 8, 100), (1e6, 1, 100)],
)
def test_batch_for__rate__lets_each_connection_send_often(
    rate: float, streams: int, batch: int
) -> None:
    assert batch_for(rate, streams) == batch


def test_plan__as_bytes__comes_back() -> None:
    told = plan(rate=5.0, finals=("a", "b"))
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(told), type=Plan) == told
