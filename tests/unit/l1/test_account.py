"""Getting an L1 transaction mined (SUBMIT-3, P34).

send
├── the nonce is read from L1 for each, so a restart or a reorg loses none (P34)
├── mined: the receipt
├── not mined in time: replaced at the same nonce, both fees 12.5% up; whichever is mined counts
├── would revert: refused before anything is paid, in words
├── failed on L1: says in which block
└── fees above the limit: waits instead of paying
"""

from collections.abc import Callable
from typing import cast

import pytest
import rlp
from eth_abi.abi import encode

from sequencer.crypto.hashing import keccak
from sequencer.errors import PeerFault
from sequencer.l1 import account as module
from sequencer.l1.account import Fees, L1Account, Reverted
from sequencer.l1.client import L1Client, Receipt
from sequencer.l1.rpc import L1Refused
from sequencer.types import Address, Hash32

TO = Address(b"\x22" * 20)
RESUBMIT_MS = 1_000


class FakeL1:
    """An endpoint with one account; `mines` says which of the sent transactions is mined."""

    def __init__(self, mines: Callable[[int], bool]) -> None:
        self.mines = mines
        self.now = 0
        self.mined = 7
        self.base_fee = 100
        self.revert: bytes | None = None
        self.is_success = True
        self.sent: list[tuple[int, int, int]] = []
        self.hashes: list[Hash32] = []

    async def estimate_gas(self, *_: object) -> int:
        if self.revert is not None:
            raise L1Refused("refused", 3, self.revert)
        return 100_000

    async def nonce(self, _: Address) -> int:
        return self.mined

    async def base_fee_wei(self) -> int:
        return self.base_fee

    async def send_raw(self, raw: bytes) -> Hash32:
        fields = rlp.decode(raw[1:])
        nonce, tip, fee = (int.from_bytes(field, "big") for field in fields[1:4])
        self.sent.append((nonce, tip, fee))
        self.hashes.append(keccak(raw))
        return self.hashes[-1]

    async def receipt(self, transaction_hash: Hash32) -> Receipt | None:
        self.now += 300
        if not self.mines(self.hashes.index(transaction_hash)):
            return None
        self.mined = self.sent[-1][0] + 1
        return Receipt(self.is_success, 42, Hash32(bytes(32)), 90_000)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "POLL_SECONDS", 0)


def account_on(l1: FakeL1) -> L1Account:
    return L1Account(cast(L1Client, l1), 31_337, b"\x01" * 32, RESUBMIT_MS, lambda: l1.now)


async def test_send__mined__gives_the_receipt() -> None:
    l1 = FakeL1(lambda _: True)
    receipt = await account_on(l1).send(TO, b"\x01")
    assert receipt.block_number == 42
    assert l1.sent == [(7, module.TIP_WEI, 200 + module.TIP_WEI)]


async def test_p34_send__after_a_restart__takes_the_nonce_from_l1() -> None:
    l1 = FakeL1(lambda _: True)
    await account_on(l1).send(TO, b"\x01")
    await account_on(l1).send(TO, b"\x02")
    l1.mined = 7  # a reorg took both back
    await account_on(l1).send(TO, b"\x01")
    assert [nonce for nonce, _, _ in l1.sent] == [7, 8, 7]


async def test_p34_send__stuck__is_replaced_at_the_same_nonce_with_higher_fees() -> None:
    l1 = FakeL1(lambda index: index == 2)
    await account_on(l1).send(TO, b"\x01")
    assert [nonce for nonce, _, _ in l1.sent] == [7, 7, 7]
    for (_, tip, fee), (_, next_tip, next_fee) in zip(l1.sent, l1.sent[1:], strict=False):
        assert next_tip * 1000 >= tip * 1125
        assert next_fee * 1000 >= fee * 1125


async def test_send__the_replaced_one_is_mined_after_all__counts() -> None:
    l1 = FakeL1(lambda index: index == 0 and l1.now > 2 * RESUBMIT_MS)
    assert (await account_on(l1).send(TO, b"\x01")).is_success
    assert len(l1.sent) > 1


async def test_send__that_would_revert__is_refused_in_words_and_not_sent() -> None:
    l1 = FakeL1(lambda _: True)
    l1.revert = keccak(b"NotDue(uint64,uint64,uint64)")[:4] + encode(["uint64"] * 3, [3, 20, 10])
    with pytest.raises(Reverted, match=r"NotDue\(index=3"):
        await account_on(l1).send(TO, b"\x01")
    assert l1.sent == []


async def test_send__refused_without_data__stays_the_endpoints_fault() -> None:
    l1 = FakeL1(lambda _: True)
    l1.revert = b""
    with pytest.raises(L1Refused):
        await account_on(l1).send(TO, b"\x01")


async def test_send__failed_on_l1__names_the_block() -> None:
    l1 = FakeL1(lambda _: True)
    l1.is_success = False
    with pytest.raises(Reverted, match="L1 block 42"):
        await account_on(l1).send(TO, b"\x01")


async def test_send__l1_too_dear__waits() -> None:
    l1 = FakeL1(lambda _: True)
    l1.base_fee = module.MAX_FEE_WEI
    with pytest.raises(PeerFault, match="at most"):
        await account_on(l1).send(TO, b"\x01")
    assert l1.sent == []


@pytest.mark.parametrize("fee", [1, 7, 8, 10**9])
def test_bumped__is_at_least_an_eighth_more(fee: int) -> None:
    bumped = Fees(fee, fee).bumped()
    assert bumped.max_fee * 8 >= fee * 9
    assert bumped.max_priority_fee * 8 >= fee * 9
