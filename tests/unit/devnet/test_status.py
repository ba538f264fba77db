"""The live status: what is shown for a network that is well, and for one that is not."""

from dataclasses import replace

import msgspec
import pytest

from sequencer.devnet.follower_process import Derived
from sequencer.devnet.node_status import NodeStatus, decode_status, report
from sequencer.devnet.rpc import RpcUnreachable
from sequencer.devnet.status import (
    CommitteeState,
    FollowerView,
    L1Status,
    NodeView,
    View,
    render,
    summary,
)

ANSWER = {
    "signer": "0x" + "aa" * 20,
    "member": 1,
    "epoch": 2,
    "view": 40,
    "height": 1032,
    "finalizedHash": "0x" + "bb" * 32,
    "leader": "0x" + "aa" * 20,
    "finalityMs": {"p50": 8.4, "p99": 21.6, "count": 523},
    "l1": {"head": 142, "confirmed": 140, "connected": True, "lastError": None},
    "forced": {"length": 3, "consumed": 2, "due": 1},
    "batches": {"cut": 18, "committed": 17},
    "mempool": {"transactions": 5, "bytes": 600},
    "peers": {"known": 3, "faults": 0, "dropped": 0},
    "evidence": 0,
    "rssMb": 71.4,
    "somethingNew": True,
}
STATUS = decode_status(ANSWER)
L1 = L1Status(
    head=142,
    epoch=2,
    epoch_seconds_left=23,
    last_batch=17,
    seconds_since_batch=3,
    pending=1,
    due=0,
    bonded_wei=40 * 10**18,
    insured_wei=15 * 10**17,
    promisable_wei=16 * 10**17,
)
DERIVED = Derived(rollup=1, chain_id=7001, entries=523, running_hash="0x" + "12" * 32)
VIEW = View(
    uptime_seconds=133,
    sent=240,
    refused=0,
    l1=L1,
    nodes=(NodeView("node-1", STATUS), NodeView("node-2", None)),
    followers=(FollowerView("follower-1", (DERIVED,)), FollowerView("follower-2", (DERIVED,))),
)


def with_node(status: NodeStatus) -> str:
    return "\n".join(render(replace(VIEW, nodes=(NodeView("node-1", status),))))


def with_second(derived: Derived | None) -> str:
    second = FollowerView("follower-2", None if derived is None else (derived,))
    return "\n".join(render(replace(VIEW, followers=(VIEW.followers[0], second))))


def test_the_screen_is_pinned() -> None:
    head, _, l1, stake, *tables = render(VIEW)
    assert head == (
        "Switchyard devnet, up 2 min; 240 sample transactions sent, 0 refused."
        " Ctrl-C stops everything."
    )
    assert l1 == (
        "L1        head 142, epoch 2 (23 s left), batch 17 committed 3 s ago,"
        " forced queue 1 pending, 0 due"
    )
    assert stake == ("stake     40 ETH bonded, 1.5 ETH insured; promises may carry 1.6 ETH")
    assert tables == [
        "",
        "node      height  epoch   view   finality p50 / p99  mempool   batches   memory",
        "node-1      1032      2     40            8 / 22 ms        5     17/18    71 MB  leads",
        "node-2   does not answer",
        "",
        "follower    rollup  chain id  entries  running hash",
        "follower-1       1      7001      523  0x121212121212  agree",
        "follower-2       1      7001      523  0x121212121212  agree",
    ]


def test_l1__committee_kept_or_missing__is_said() -> None:
    kept, missing = (
        summary(replace(VIEW, l1=replace(L1, committee=state)))
        for state in (CommitteeState.KEPT, CommitteeState.MISSING)
    )
    assert "epoch 2 (23 s left, committee kept from before), batch 17" in kept
    assert "epoch 2 (23 s left, no committee), batch 17" in missing


def test_the_line_is_pinned() -> None:
    assert summary(VIEW) == (
        "up 2 min; heights 1032/-; finality 8 / 22 ms; L1 head 142, epoch 2 (23 s left),"
        " batch 17 committed 3 s ago, forced queue 1 pending, 0 due; followers agree"
    )


def test_nothing_answers() -> None:
    silent = replace(
        VIEW,
        l1=None,
        nodes=(NodeView("node-1", None),),
        followers=(FollowerView("follower-1", None),),
    )
    text = "\n".join(render(silent))
    assert text.count("does not answer") == 3
    assert summary(silent).endswith("L1 does not answer; followers -")


def test_before_the_first_transaction_and_batch() -> None:
    start = msgspec.structs.replace(
        STATUS, finality_ms=msgspec.structs.replace(STATUS.finality_ms, p50=None, p99=None)
    )
    view = replace(
        VIEW, l1=replace(L1, last_batch=0), nodes=(NodeView("node-1", start),), followers=()
    )
    assert "no batch committed yet" in render(view)[2]
    assert "finality - / - ms" in summary(view)


@pytest.mark.parametrize(
    ("changes", "remark"),
    [
        ({"leader": None}, ""),
        ({"member": None}, "follows"),
        ({"evidence": 2}, "2 EVIDENCE"),
        ({"l1": {"connected": False}}, "L1 NOT CONNECTED"),
    ],
)
def test_a_node_s_remark(changes: dict[str, object], remark: str) -> None:
    line = with_node(decode_status({**ANSWER, **changes})).splitlines()[6]
    assert line.partition(" MB")[2].strip() == remark


def test_followers_that_differ() -> None:
    assert "alone" in with_second(None)
    assert "one is behind" in with_second(msgspec.structs.replace(DERIVED, entries=522))
    assert "DISAGREE" in with_second(
        msgspec.structs.replace(DERIVED, running_hash="0x" + "00" * 32)
    )


def test_node_report_for_a_person() -> None:
    lines = dict(line.split(maxsplit=1) for line in report(STATUS).splitlines())
    assert lines["finality"] == "8 / 22 ms (p50 / p99 of 523)"
    assert lines["forced"] == "queue  1 waiting, 1 due"
    assert lines["L1"] == "head 142, confirmed 140, connected"


def test_node_report__idle_and_cut_off() -> None:
    l1 = {"head": None, "confirmed": None, "connected": False, "lastError": "no answer"}
    idle = {**ANSWER, "l1": l1, "finalityMs": {"p50": None, "p99": None, "count": 0}, "epoch": None}
    text = report(decode_status(idle))
    assert "NOT CONNECTED (no answer)" in text
    assert "no transaction yet" in text
    assert "epoch -, view 40" in text


@pytest.mark.parametrize("answer", [None, [], {}, {**ANSWER, "height": "tall"}])
def test_what_is_no_status(answer: object) -> None:
    with pytest.raises(RpcUnreachable, match="seq_status"):
        decode_status(answer)
