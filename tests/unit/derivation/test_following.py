"""A followed derivation goes back with L1 in everything it shows (DERIVE-9)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sequencer.crypto.hashing import keccak
from sequencer.derivation.entries import Entry
from sequencer.derivation.entry_store import EntryStore
from sequencer.derivation.following import Following
from sequencer.l1.events import DataAnswered
from sequencer.types import RollupId
from tests.unit.derivation.worlds import Committee, message, transaction
from tests.unit.l1.chains import block, forced, posted, registered
from tests.unit.l1.fake_l1 import DEPLOYMENT
from tests.unit.turns import turns_during

A, B = transaction(0), transaction(1)
ONE = RollupId(1)


class Followed:
    def __init__(self, folder: Path, only: RollupId | None = None) -> None:
        self.store = EntryStore(folder / "entries.sqlite")
        self.shown: list[Entry] = []
        self.following = Following(DEPLOYMENT, only, self.store, self.shown.append)

    def listed(self) -> list[bytes]:
        return [entry.transaction for entry in self.store.read(ONE, 0, 100)]

    def committee(self) -> Committee:
        separator = DEPLOYMENT.domain.separator()
        made = Committee(separator=separator, batch_hash=separator)
        made.last.__dict__["hash"] = separator
        return made


@pytest.fixture
def followed(tmp_path: Path) -> Iterator[Followed]:
    made = Followed(tmp_path)
    yield made
    made.store.close()


async def test_rollback__entries_rollups_and_voids_of_the_orphaned_blocks_go(
    followed: Followed,
) -> None:
    following = followed.following
    await following.extend(block(1, registered(1, 7001), message(0, A)))
    await following.extend(block(2, registered(2, 7002), forced(0, 1)))
    committee = followed.committee()
    void = committee.commit(committee.block((1, [B])), data=b"rubbish")
    await following.extend(block(3, void))
    assert (followed.listed(), following.void_batches) == ([A], 1)
    assert following.chain_ids == {1: 7001, 2: 7002}

    await following.rollback_to(1)
    assert (followed.listed(), following.void_batches) == ([], 0)
    assert following.chain_ids == {1: 7001}

    await following.extend(block(2, message(1, B), forced(0, 2), branch="other"))
    assert followed.listed() == [A, B]
    assert [entry.transaction for entry in followed.shown] == [A, A, B]


async def test_void_posts__are_counted_on_the_present_branch(followed: Followed) -> None:
    following = followed.following
    await following.extend(block(1, registered(1, 7001)))
    await following.extend(block(2, posted(1, 0, b"rubbish")))
    assert (following.void_posts, following.void_batches) == (1, 0)
    await following.rollback_to(1)
    assert following.void_posts == 0
    await following.extend(block(2, posted(1, 0, b"rubbish"), branch="other"))
    following.begin()
    assert following.void_posts == 0


async def test_answers_on_l1__are_kept_by_hash_and_go_with_their_blocks(followed: Followed) -> None:
    """DERIVE-17: whoever asks the follower has what L1 has."""
    following, wanted = followed.following, keccak(b"data")
    await following.extend(block(1, registered(1, 7001, holds_data=True)))
    await following.extend(block(2, DataAnswered(keccak(b"id"), b"data")))
    assert followed.store.answer(wanted) == b"data"
    await following.rollback_to(1)
    assert followed.store.answer(wanted) is None
    await following.extend(block(2, DataAnswered(keccak(b"id"), b"data"), branch="other"))
    following.begin()
    assert followed.store.answer(wanted) is None


async def test_begin__derives_again_from_nothing(followed: Followed) -> None:
    following = followed.following
    await following.extend(block(1, registered(1, 7001), message(0, A), forced(0, 1)))
    following.begin()
    assert (followed.listed(), following.chain_ids) == ([], {})
    await following.extend(block(1, registered(1, 7001), message(0, B), forced(0, 1)))
    assert followed.listed() == [B]


async def test_one_rollup__knows_no_other(tmp_path: Path) -> None:
    followed = Followed(tmp_path, only=RollupId(2))
    events = (registered(1, 7001), registered(2, 7002), message(0, A), forced(0, 1))
    await followed.following.extend(block(1, *events))
    assert followed.following.chain_ids == {2: 7002}
    assert followed.listed() == []
    followed.store.close()


async def test_extend__a_block_with_entries__lets_others_in(followed: Followed) -> None:
    """Who asks a follower that has much to catch up with is answered meanwhile."""
    assert await turns_during(followed.following.extend(block(1, registered(1, 7001)))) == 0
    assert await turns_during(followed.following.extend(block(2, message(0, A)))) > 3
