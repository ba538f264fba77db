"""Which instance runs, and what its journal keeps.

advance
├── while one runs: nothing
├── terminal block final: the next epoch's, without touching the disk (EPOCH-6)
├── L1 has taken its committee back (EPOCH-7)
│   ├── the epoch had not begun: wait, and say so if it is in vain
│   └── it had: go on after a restart
└── a journal that is an epoch ahead of the store: each instance gets its own votes back
compact
├── short journal, or no instance: nothing
├── long: attestations, and what is not final
├── final in the core but not in the store, which failed: nothing
├── instance over: nothing, whatever it had under way
└── store lost afterwards: refused at the next start (JOURNAL-7)
"""

import logging
from collections.abc import AsyncIterator, Iterable, Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from sequencer.consensus.events import Fetched, Received
from sequencer.consensus.journal import Record, SettledRecord
from sequencer.consensus.messages import FinalityProof, SignedVote, Vote
from sequencer.errors import LocalFault
from sequencer.l1.events import CommitteeRecorded
from sequencer.node.epochs import COMPACT_BYTES, Epochs
from sequencer.node.instance import Instance
from sequencer.types import ZERO_HASH, Epoch, MemberIndex, View
from tests.unit.consensus.builders import (
    COMMITTEE,
    FINALIZE,
    NOTARIZE,
    NULLIFY,
    START,
    block,
    certificate,
)
from tests.unit.node.chain import (
    SCHEDULE,
    SEPARATOR,
    SIGNERS,
    Chain,
    committee_of,
    next_block,
    proof_of,
)
from tests.unit.node.instances import Idle, Runtime

ATTESTED = "attestations"


class Journal:
    def __init__(self, size: int, *restored: Record) -> None:
        self.size = size
        self.written: list[object] | None = None
        self._restored = restored

    def restored(self) -> Iterator[Record]:
        return iter(self._restored)

    def sync(self) -> None:
        pass

    def rewrite(self, records: Iterable[object]) -> None:
        self.written = list(records)


def epochs_with(size: int) -> tuple[Epochs[Instance], Journal, Runtime]:
    journal = Journal(size)
    services = SimpleNamespace(journal=journal, store=SimpleNamespace(sync=lambda: None))
    attester = SimpleNamespace(records=lambda: [ATTESTED])
    runtime = Runtime(COMMITTEE, MemberIndex(0), Idle())
    anything = cast(Any, None)
    ledger = SimpleNamespace(tip=START)
    epochs: Epochs[Instance] = Epochs(
        cast(Any, services),
        cast(Any, ledger),
        cast(Any, attester),
        anything,
        lambda *_: runtime.instance,
    )
    epochs.instance = runtime.instance
    return epochs, journal, runtime


@pytest.mark.parametrize("size", [0, COMPACT_BYTES - 1])
async def test_compact__short__nothing(size: int) -> None:
    epochs, journal, _ = epochs_with(size)
    epochs.compact()
    assert journal.written is None


async def test_compact__long__attestations_and_what_is_not_final() -> None:
    epochs, journal, runtime = epochs_with(COMPACT_BYTES)
    runtime.instance.start(())
    made = certificate(NOTARIZE, 1, block(1), members=(1, 2, 3))
    runtime.instance.feed(Received(made))
    epochs.compact()
    runtime.instance.stop()
    assert journal.written is not None
    assert journal.written[:3] == [SettledRecord(0), ATTESTED, made]
    assert len(journal.written) == 4  # and the Finalize vote that answered


async def test_compact__instance_over__nothing() -> None:
    epochs, journal, runtime = epochs_with(COMPACT_BYTES)
    runtime.instance.start(())
    runtime.instance.core.handle(Received(certificate(NOTARIZE, 1, block(1))), 0)
    runtime.instance.stop()
    epochs.compact()
    assert journal.written is None


async def test_compact__store_did_not_take_what_is_final__nothing() -> None:
    epochs, journal, runtime = epochs_with(COMPACT_BYTES)
    runtime.instance.start(())
    final = block(1)
    proof = FinalityProof(certificate(FINALIZE, 1, final))
    runtime.instance.feed(Fetched((final,), proof))
    assert runtime.instance.core.tree.root == final.header
    epochs.compact()
    runtime.instance.stop()
    assert journal.written is None


class Succession:
    """Two epochs on a real chain, and a journal with a vote of each."""

    def __init__(self, folder: Path, *restored: Record) -> None:
        self.chain = Chain(folder)
        self.chain.see(CommitteeRecorded(committee_of(1)))
        self.votes = [nullify(Epoch(0)), nullify(Epoch(1))]
        self.journal = Journal(0, *restored, *self.votes)
        runtime = Runtime(committee_of(0), MemberIndex(0), Idle())
        services = runtime.services
        services.journal, services.schedule = self.journal, SCHEDULE
        services.store, services.separator = self.chain.store, SEPARATOR
        services.signer = SIGNERS[0]
        attester = SimpleNamespace(records=list)
        for name in ("start_epoch", "attest_waiting", "restore_pool"):
            setattr(attester, name, lambda _: None)
        self.epochs = Epochs(
            cast(Any, services),
            self.chain.ledger,
            cast(Any, attester),
            self.chain.l1,
            partial(Instance, cast(Any, services)),
        )

    @property
    def instance(self) -> Instance:
        assert self.epochs.instance is not None
        return self.epochs.instance

    def end_epoch(self) -> None:
        """The terminal block is final."""
        terminal = next_block(self.chain.ledger.tip, origin_timestamp=SCHEDULE.start_of(Epoch(1)))
        self.chain.ledger.append((terminal,), proof_of(terminal))
        self.instance.stop()


def nullify(epoch: Epoch) -> SignedVote:
    vote = Vote(NULLIFY, epoch, committee_of(epoch).hash, View(1), ZERO_HASH)
    return SignedVote(vote, MemberIndex(0), b"")


@pytest.fixture
async def succession(tmp_path: Path) -> AsyncIterator[Succession]:
    succession = Succession(tmp_path)
    yield succession
    succession.instance.stop()
    succession.chain.close()


async def test_advance__one_runs__nothing(succession: Succession) -> None:
    assert succession.epochs.advance()
    first = succession.instance
    assert not succession.epochs.advance()
    assert succession.instance is first


async def test_advance__terminal_block_final__next_epoch_and_no_wait_for_the_disk(
    succession: Succession,
) -> None:
    succession.epochs.advance()
    succession.end_epoch()
    assert succession.epochs.advance()
    assert succession.instance.committee.epoch == 1
    assert succession.journal.written is None


async def test_advance__l1_forgot_the_committee__waits_and_says_when_it_is_in_vain(
    succession: Succession, caplog: pytest.LogCaptureFixture
) -> None:
    """EPOCH-7: the reorg took what recorded epoch 1, and L1 went on to epoch 2."""
    caplog.set_level(logging.INFO)
    succession.epochs.advance()
    succession.end_epoch()
    chain = succession.chain
    chain.l1.rollback_to(1)
    chain.height = 1
    for _ in range(2):
        assert not succession.epochs.advance()
    chain.see(CommitteeRecorded(committee_of(2)))
    for _ in range(2):
        assert not succession.epochs.advance()
    assert [record.levelname for record in caplog.records if "committee" in record.message] == [
        "INFO",
        "ERROR",
    ]
    chain.l1.rollback_to(1)
    chain.height = 1
    chain.see(CommitteeRecorded(committee_of(1)))
    assert succession.epochs.advance()


async def test_advance__l1_forgot_the_committee_of_a_begun_epoch__goes_on_after_a_restart(
    tmp_path: Path,
) -> None:
    """EPOCH-7: else a reorg after which all nodes start again would leave nobody to go on."""
    before = Succession(tmp_path)
    before.epochs.advance()
    before.end_epoch()
    before.epochs.advance()
    before.instance.stop()
    before.chain.close()
    after = Succession(tmp_path)
    after.chain.l1.rollback_to(1)
    after.chain.height = 1
    after.chain.see(CommitteeRecorded(committee_of(2)))
    assert after.epochs.advance()
    after.instance.stop()
    after.chain.close()
    assert after.instance.committee == committee_of(1)


async def test_advance__journal_an_epoch_ahead__each_instance_gets_its_own_votes(
    succession: Succession,
) -> None:
    succession.epochs.advance()
    assert list(succession.instance.core.live_records()) == succession.votes[:1]
    succession.end_epoch()
    succession.epochs.advance()
    assert list(succession.instance.core.live_records()) == succession.votes[1:]


async def test_compact__votes_of_an_epoch_to_come_stay(succession: Succession) -> None:
    succession.epochs.advance()
    succession.journal.size = COMPACT_BYTES
    succession.epochs.compact()
    assert succession.journal.written == [SettledRecord(0), *succession.votes]


async def test_compact__store_lost_afterwards__refused(tmp_path: Path) -> None:
    before = Succession(tmp_path)
    before.chain.grow(3)
    before.epochs.advance()
    before.journal.size = COMPACT_BYTES
    before.epochs.compact()
    before.instance.stop()
    before.chain.close()
    assert before.journal.written is not None
    settled = cast(SettledRecord, before.journal.written[0])
    Succession(tmp_path, settled).chain.close()
    (tmp_path / "blocks.sqlite").unlink()
    with pytest.raises(LocalFault, match="ends at block 0, expected at least 3"):
        Succession(tmp_path, settled)
