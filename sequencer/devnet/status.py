"""The live status of a network as text. Pure: a `View` alone decides what is shown."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from sequencer.deployment.words import ether, span
from sequencer.devnet.follower_process import Derived
from sequencer.devnet.node_status import Finality, NodeStatus

HASH_DIGITS = 12


@dataclass(frozen=True, slots=True)
class NodeView:
    """A node; `status` is None while it does not answer."""

    name: str
    status: NodeStatus | None


class CommitteeState(IntEnum):
    """How the current epoch has its committee (COMM-6)."""

    MISSING = 0
    KEPT = 1
    RECORDED = 2


_COMMITTEES = {
    CommitteeState.MISSING: ", no committee",
    CommitteeState.KEPT: ", committee kept from before",
    CommitteeState.RECORDED: "",
}


@dataclass(frozen=True, slots=True)
class L1Status:
    """L1 at its head, and what the contracts say there (CERT-9). Times in seconds."""

    head: int
    epoch: int
    epoch_seconds_left: int
    last_batch: int
    seconds_since_batch: int
    pending: int
    due: int
    committee: CommitteeState = CommitteeState.RECORDED
    bonded_wei: int = 0
    insured_wei: int = 0
    promisable_wei: int = 0
    """INS-5."""


@dataclass(frozen=True, slots=True)
class FollowerView:
    """A follower; `derived` is None while it does not answer."""

    name: str
    derived: tuple[Derived, ...] | None


@dataclass(frozen=True, slots=True)
class View:
    """All that is shown. `l1` is None while L1 does not answer."""

    uptime_seconds: int
    sent: int
    refused: int
    l1: L1Status | None
    nodes: tuple[NodeView, ...]
    followers: tuple[FollowerView, ...]


def render(view: View) -> list[str]:
    """The screen, line by line."""
    traffic = f"{view.sent} sample transactions sent, {view.refused} refused"
    return [
        f"Switchyard devnet, up {span(view.uptime_seconds)}; {traffic}. Ctrl-C stops everything.",
        "",
        f"L1        {_l1(view.l1)}",
        f"stake     {_coverage(view.l1)}",
        "",
        *_nodes(view.nodes),
        "",
        *_followers(view.followers),
    ]


def summary(view: View) -> str:
    """One line, for an output that is no terminal."""
    statuses = [node.status for node in view.nodes if node.status is not None]
    heights = "/".join(str(node.status.height) if node.status else "-" for node in view.nodes)
    p50 = _milliseconds([s.finality_ms.p50 for s in statuses])
    p99 = _milliseconds([s.finality_ms.p99 for s in statuses])
    followers = ", ".join(sorted({_verdict(view.followers, rollup) for rollup in _rollups(view)}))
    return (
        f"up {span(view.uptime_seconds)}; heights {heights}; finality {p50} / {p99} ms;"
        f" L1 {_l1(view.l1)}; followers {followers or '-'}"
    )


def _l1(l1: L1Status | None) -> str:
    if l1 is None:
        return "does not answer"
    batch = (
        f"batch {l1.last_batch} committed {span(l1.seconds_since_batch)} ago"
        if l1.last_batch
        else "no batch committed yet"
    )
    left = f"{span(l1.epoch_seconds_left)} left{_COMMITTEES[l1.committee]}"
    return (
        f"head {l1.head}, epoch {l1.epoch} ({left}), {batch},"
        f" forced queue {l1.pending} pending, {l1.due} due"
    )


def _coverage(l1: L1Status | None) -> str:
    if l1 is None:
        return "-"
    return (
        f"{ether(l1.bonded_wei)} bonded, {ether(l1.insured_wei)} insured; promises may carry"
        f" {ether(l1.promisable_wei)}"
    )


def _nodes(nodes: tuple[NodeView, ...]) -> Iterator[str]:
    yield (
        f"{'node':8} {'height':>7} {'epoch':>6} {'view':>6} {'finality p50 / p99':>20}"
        f" {'mempool':>8} {'batches':>9} {'memory':>8}"
    )
    for node in nodes:
        if node.status is None:
            yield f"{node.name:8} does not answer"
            continue
        s = node.status
        batches = f"{s.batches.committed}/{s.batches.cut}"
        yield (
            f"{node.name:8} {s.height:>7} {_or(s.epoch):>6} {_or(s.view):>6}"
            f" {_finality(s.finality_ms):>20} {s.mempool.transactions:>8} {batches:>9}"
            f" {s.rss_mb:>5.0f} MB  {_remark(s)}"
        ).rstrip()


def _remark(status: NodeStatus) -> str:
    if not status.l1.connected:
        return "L1 NOT CONNECTED"
    if status.evidence:
        return f"{status.evidence} EVIDENCE"
    if status.member is None:
        return "follows"
    return "leads" if status.leader == status.signer else ""


def _followers(followers: tuple[FollowerView, ...]) -> Iterator[str]:
    yield f"{'follower':11} {'rollup':>6} {'chain id':>9} {'entries':>8}  running hash"
    for follower in followers:
        if follower.derived is None:
            yield f"{follower.name:11} does not answer"
            continue
        for derived in follower.derived:
            digits = derived.running_hash[: HASH_DIGITS + 2]
            yield (
                f"{follower.name:11} {derived.rollup:>6} {derived.chain_id:>9}"
                f" {derived.entries:>8}  {digits}  {_verdict(followers, derived.rollup)}"
            )


def _rollups(view: View) -> set[int]:
    return {d.rollup for follower in view.followers for d in follower.derived or ()}


def _verdict(followers: tuple[FollowerView, ...], rollup: int) -> str:
    """What followers that share nothing but L1 say about one rollup."""
    said = [
        (derived.entries, derived.running_hash)
        for follower in followers
        for derived in follower.derived or ()
        if derived.rollup == rollup
    ]
    if len(said) < 2:
        return "alone"
    if len({entries for entries, _ in said}) > 1:
        return "one is behind"
    return "agree" if len({running for _, running in said}) == 1 else "DISAGREE"


def _finality(finality: Finality) -> str:
    if finality.p50 is None or finality.p99 is None:
        return "-"
    return f"{finality.p50:.0f} / {finality.p99:.0f} ms"


def _milliseconds(values: list[float | None]) -> str:
    """The worst of several nodes."""
    known = [value for value in values if value is not None]
    return f"{max(known):.0f}" if known else "-"


def _or(value: object) -> str:
    return "-" if value is None else str(value)
