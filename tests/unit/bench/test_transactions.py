from collections import Counter
from pathlib import Path

import pytest

from bench.throughput import transactions
from bench.throughput.transactions import LANES, LARGE, SMALL, Pool, make_chunk, read_chunk, senders
from sequencer.crypto.hashing import keccak
from sequencer.ingress.transaction import check_intrinsic, decode_transaction

CHAIN_IDS = (7001, 7002)


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_sign_group__any_size__are_transactions_of_that_size(size: int) -> None:
    group = Pool("", CHAIN_IDS, size, depth=2).sign_group(3)
    assert Counter(map(len, group)).most_common(1)[0][0] == size
    for raw in (group[0], group[LANES]):
        transaction = decode_transaction(raw, CHAIN_IDS[1])
        check_intrinsic(transaction)


def test_sign_group__each_account__has_its_nonces_in_order() -> None:
    pool = Pool("", CHAIN_IDS, depth=3)
    addresses = senders([2])
    decoded = [decode_transaction(raw, CHAIN_IDS[0]) for raw in pool.sign_group(2)[::50]]
    assert [tx.nonce for tx in decoded] == [0, 0, 1, 1, 2, 2]
    assert [tx.sender for tx in decoded] == [addresses[0], addresses[50]] * 3


def test_chunk__written_and_read__gives_parts_and_ids(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transactions, "CHUNK", 4 * LANES)
    pool = Pool(str(tmp_path), CHAIN_IDS, depth=2)
    make_chunk(pool, 1)
    chunk = read_chunk(pool.path(1))
    raw = chunk.part(pool.group + 5, 2)
    assert decode_transaction(raw[0], CHAIN_IDS[1]).nonce == 0  # of the second group in it
    assert [chunk.id(pool.group + 5 + i) for i in range(2)] == [keccak(tx)[:8] for tx in raw]
    assert [path.name for path in tmp_path.iterdir()] == [pool.path(1).name]
