"""What the matrix looks for would be found.

a final block that has another hash or other transactions on some node; one that is not on disk
two votes of one view in one journal, in journals before and after a rewrite, in a certificate
two attestations of one index
"""

from pathlib import Path

import pytest

from sequencer.consensus.journal import AttestedRecord, Journal, Record
from sequencer.consensus.messages import SignedVote, Vote, VoteKind, make_certificate
from sequencer.devnet.demo.ledger import FinalBlock, Placed
from sequencer.devnet.layout import Layout
from sequencer.devnet.node_process import NodeProcess, NodeSettings
from sequencer.devnet.outages.history import History
from sequencer.devnet.outages.promises import Promises
from sequencer.types import Address, Epoch, Hash32, MemberIndex, View

NOBODY = Address(bytes(20))
SEPARATOR = Hash32(bytes(32))


@pytest.fixture
def node(tmp_path: Path) -> NodeProcess:
    """Not started; its files are there."""
    return NodeProcess(Layout(tmp_path), 1, NOBODY, NodeSettings("", 0, 0))


@pytest.fixture
def journal(node: NodeProcess) -> Journal:
    return Journal(node.data_dir / "journal", SEPARATOR, NOBODY)


def block(height: int, name: str = "0xaa", transaction: str = "0xbb") -> FinalBlock:
    return FinalBlock(height, name, "0xcc", (Placed(1, transaction),))


def vote(kind: VoteKind, content: bytes = bytes(32)) -> SignedVote:
    said = Vote(kind, Epoch(3), Hash32(b"c" * 32), View(5), Hash32(content))
    return SignedVote(said, MemberIndex(1), bytes(64))


NULLIFY = vote(VoteKind.NULLIFY)
FINALIZE = vote(VoteKind.FINALIZE, b"x" * 32)
NOTARIZE = vote(VoteKind.NOTARIZE, b"x" * 32)
OTHER = vote(VoteKind.NOTARIZE, b"y" * 32)


@pytest.mark.parametrize("other", [block(2, name="0xdd"), block(2, transaction="0xdd")])
def test_history__another_block_at_a_height__is_noted(node: NodeProcess, other: FinalBlock) -> None:
    history = History([node])
    history.note("node-1", [block(1), block(2)])
    history.note("node-2", [block(1), block(2), block(3)])
    assert not history.changed
    assert history.height == 3
    history.note("node-3", [block(1), other])
    assert history.changed == ["node-3 shows another block 2"]


@pytest.mark.parametrize(
    ("hashes", "is_lost"),
    [
        (["0x1", "0x2"], False),
        (["0x1", "0x2", "0x3"], False),
        (["0x1"], True),
        (["0x1", "0x3"], True),
    ],
)
def test_history__not_on_disk__is_noted(
    node: NodeProcess, hashes: list[str], is_lost: bool
) -> None:
    history = History([node])
    history.note("node-1", [block(1, "0x1"), block(2, "0x2")])
    history.check_stored("node-2", hashes)
    assert bool(history.changed) == is_lost


def keep(journal: Journal, *records: Record) -> None:
    for record in records:
        journal.append(record)


@pytest.mark.parametrize(
    ("before", "after", "broken"),
    [
        ([NOTARIZE, FINALIZE], [], 0),
        ([NOTARIZE, NULLIFY], [NOTARIZE], 0),
        ([FINALIZE, NULLIFY], [], 1),
        ([NOTARIZE], [OTHER], 1),
        ([NULLIFY], [make_certificate({MemberIndex(1): FINALIZE})], 1),
        ([AttestedRecord(1, b"x" * 32)], [AttestedRecord(1, b"x" * 32)], 0),
        ([AttestedRecord(1, b"x" * 32)], [AttestedRecord(1, b"y" * 32)], 1),
    ],
)
def test_promises__that_contradict_each_other__are_found(
    node: NodeProcess, journal: Journal, before: list[Record], after: list[Record], broken: int
) -> None:
    """Those of `before` are forgotten by a rewrite before anybody looks again."""
    promises = Promises([node])
    keep(journal, *before)
    promises.read_journals()
    keep(journal, NOTARIZE)
    journal.rewrite(after)
    promises.read_journals()
    promises.close()
    journal.close()
    assert len(promises.evidence()) == broken


def test_promises__written_just_before_a_rewrite__are_not_missed(
    node: NodeProcess, journal: Journal
) -> None:
    promises = Promises([node])
    journal.append(FINALIZE)
    journal.rewrite([NULLIFY])
    promises.read_journals()
    promises.close()
    journal.close()
    assert len(promises.broken) == 1
