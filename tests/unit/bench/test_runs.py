from pathlib import Path

import msgspec
import pytest

from bench.throughput.bed import Setup, parameters
from bench.throughput.plan import Node, Outcome, Plan, Request
from bench.throughput.runs import Accepted, Run, accepted_of, finals_of
from bench.throughput.transactions import Chunk, Pool
from bench.throughput.trouble import parts

SECOND = 10**9


def plan(pool: Pool) -> Plan:
    nodes = (Node("h", 1), Node("h", 2))
    return Plan(nodes=nodes, paths=("/",), pool=pool, first_group=0, seconds=4.0, rate=2.0)


def outcome(requests: list[Request]) -> Outcome:
    return Outcome(
        started_ns=0,
        ended_ns=4 * SECOND,
        cpu_seconds=0.5,
        requests=requests,
        refusals=0,
        first_refusal="",
        not_sent=0,
        groups_used=1,
    )


def run(accepted: Accepted, finals: dict[int, dict[bytes, int]]) -> Run:
    told, cpu = plan(Pool("", (7001,))), {"node-1": 1.0, "generator": 0.5}
    read = {node: finals_of(node, accepted, found.items()) for node, found in finals.items()}
    return Run(told, outcome([]), accepted, read, cpu, {})


def test_accepted_of__refused_and_unanswered__are_left_out(tmp_path: Path) -> None:
    pool = Pool(str(tmp_path), (7001,), depth=1)
    ids = b"".join(number.to_bytes(8, "big") for number in range(400))
    pool.path(0).write_bytes(msgspec.msgpack.encode(Chunk(b"", ids, b"")))
    requests = [
        Request(group=0, first=10, count=3, node=0, due_ns=5, answered_ns=6, refused=(1,)),
        Request(group=2, first=0, count=1, node=1, due_ns=7, answered_ns=8),
        Request(group=3, first=0, count=9, node=1, due_ns=7),
    ]
    found = accepted_of(plan(pool), outcome(requests), targets=(4, 6))
    assert {int.from_bytes(tx, "big"): place for tx, place in found.items()} == {
        10: (4, 5),
        12: (4, 5),
        200: (6, 7),
    }


def test_run__latency__is_of_the_node_that_was_sent_it_after_the_warm_up() -> None:
    accepted = {
        b"early": (0, 0),
        b"a": (0, 2 * SECOND),
        b"b": (1, 3 * SECOND),
        b"lost": (1, SECOND),
    }
    finals = {
        0: {b"early": 1, b"a": 2 * SECOND + 5_000_000, b"b": 9 * SECOND},
        1: {b"a": 9 * SECOND, b"b": 3 * SECOND + 7_000_000},
    }
    assert run(accepted, finals).latencies_ms() == [5.0, 7.0]


def test_run__throughput__is_that_of_the_slowest_node() -> None:
    steady = {bytes([n]): n * SECOND // 2 for n in range(8)}  # two a second
    slow = {bytes([n]): n * SECOND for n in range(4)}  # one a second
    assert run({}, {0: steady}).final_tx_s() == 2.0
    assert run({}, {0: steady, 1: slow}).final_tx_s() == 1.0
    assert run({}, {0: steady, 1: {}}).final_tx_s() == 0.0


def test_run__all_final_after_the_load__still_has_a_rate() -> None:
    late = {bytes([n]): 8 * SECOND - 1 for n in range(16)}
    assert run({}, {0: late}).final_tx_s() == pytest.approx(2.0)


def test_run__figures__share_cpu_among_final_transactions() -> None:
    accepted = {b"a": (0, 2 * SECOND), b"b": (0, 2 * SECOND), b"lost": (0, 2 * SECOND)}
    found = run(accepted, {0: {b"a": 3 * SECOND, b"b": 3 * SECOND}}).figures()
    assert (found["accepted"], found["final"]) == (3, 2)
    assert found["cpu_us_per_tx"] == {"node-1": 500_000.0, "generator": 250_000.0}
    assert found["cpu_us_per_tx_all"] == 750_000.0


def test_parts__latencies__stand_in_the_quarter_in_which_they_began() -> None:
    accepted = {b"a": (0, 0), b"b": (0, 4 * SECOND - 1), b"lost": (0, SECOND)}
    finals = {0: {b"a": 2_000_000, b"b": 4 * SECOND + 2_999_999}}
    assert parts(run(accepted, finals), 4) == [[2.0], [], [], [3.0]]


def test_parameters__committee_of_one__is_allowed() -> None:
    assert [parameters(Setup(nodes)).committee.min_size for nodes in (1, 4, 7)] == [1, 3, 3]
