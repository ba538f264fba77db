"""The wallet's way on Anvil with the real contracts (WALLET-1 to WALLET-8).

a message
├── the committee is honest, slow → it consumes the message, nothing is forced
├── censors, is dead → forced in the first two blocks that are due
├── based, rollup solo or based → the same, and posts
├── another is quicker with forceInclude → that counts
├── L1 does not mine → replaced at the same nonce
├── the fee rises between quote and block → the margin covers it, or it is queued again, once
├── L1 reorganises → queued again, at whichever index
└── the account's nonce goes to another transaction → another one, once that is final
"""

import pytest
from web3 import HTTPProvider, Web3

from sequencer.errors import DecodeError
from sequencer.l1 import abi
from sequencer.l1.events import RollupMode
from sequencer.l1.rpc import to_hex
from sequencer.types import Address
from sequencer.wallet import errands
from sequencer.wallet.forced import ForcedInclusion
from sequencer.wallet.outbox import TooDear
from sequencer.wallet.post import PostFailed
from sequencer.wallet.queue import Queue
from sequencer.wallet.receipt import Stage
from sequencer.wallet.sender import Refused
from sequencer.wallet.signers import Unsigned, sign
from tests.integration.l1_world import (
    DEPLOYER,
    ROLLUP,
    ROLLUP_CHAIN_ID,
    SECONDS,
)
from tests.integration.wallet_world import WINDOW, Ground
from tests.unit.derivation.worlds import transaction

pytestmark = pytest.mark.asyncio(loop_scope="module")

A, B, C = (errands.transaction(ROLLUP, ROLLUP_CHAIN_ID, transaction(nonce)) for nonce in range(3))
TO = Address(bytes([0x11]) * 20)


class TestEveryState:
    """Whatever the committee does, the message is in the order in time."""

    async def test_honest__the_next_batch_has_it(self, ground: Ground) -> None:
        with ground.wallet().open(A) as message:
            queued = await ground.queued(message)
            assert (queued.stage, queued.message.index) == (Stage.QUEUED, 0)
            index = await ground.commit(1)
            receipt = message.step()
        assert receipt.stage is Stage.ORDERED
        assert (receipt.consumption.batch, receipt.consumption.caller) == (index, None)
        assert not await ground.events("ForcedInbox", "ForceIncluded")

    async def test_slow__the_last_batch_before_the_deadline_has_it(self, ground: Ground) -> None:
        with ground.wallet().open(A) as message:
            deadline = (await ground.queued(message)).message.deadline
            await ground.commit(0)
            while await ground.world.anvil.timestamp() + SECONDS < deadline:
                assert message.step().stage is Stage.QUEUED
                await ground.world.anvil.mine()
            index = await ground.commit(1)
            assert message.step().consumption.batch == index
        assert not await ground.events("ForcedInbox", "ForceIncluded")

    @pytest.mark.parametrize("is_censored", [True, False], ids=["censoring", "dead"])
    async def test_censoring_or_dead__forced_in_window_and_two_blocks(
        self, ground: Ground, is_censored: bool
    ) -> None:
        await ground.world.anvil.mine(9)  # so many blocks tell how far they are apart
        with ground.wallet().open(A) as message:
            queued = await ground.queued(message)
            asked = await ground.world.anvil.timestamp()
            if is_censored:
                await ground.commit(0)
            receipt = await ground.until(message, lambda found: found.stage is Stage.ORDERED)
        assert receipt.consumption.caller == to_hex(ground.signer.address)
        assert receipt.consumption.batch is None
        took = await ground.world.anvil.timestamp() - asked
        assert WINDOW <= took <= WINDOW + 2 * SECONDS
        assert queued.latest_at == queued.message.deadline + 2 * SECONDS
        follower = await ground.world.follower()
        assert follower.included == [A.content]

    async def test_based__forced_and_posted(self, ground: Ground) -> None:
        with pytest.raises(Refused, match="NotOpen"):
            ground.wallet().post(ROLLUP, [B.content])
        await self._enter_based(ground)
        assert (await ground.ordered(A)).stage is Stage.ORDERED
        receipt = await self._post(ground, [B.content, C.content])
        assert (receipt.stage, receipt.number) == (Stage.ORDERED, 0)

    async def test_solo__forced_as_ever_and_posted_by_its_sequencer(self, ground: Ground) -> None:
        await self._announce(ground, RollupMode.SOLO, ground.signer.address)
        assert (await ground.ordered(A)).stage is Stage.ORDERED
        assert (await self._post(ground, [B.content])).number == 0

    async def test_rollup_based__forced_as_ever_and_posted_by_anyone(self, ground: Ground) -> None:
        await self._announce(ground, RollupMode.BASED, Address(bytes(20)))
        assert (await ground.ordered(A)).stage is Stage.ORDERED
        assert (await self._post(ground, [B.content])).number == 0

    async def test_post__closed_before_it_is_mined__is_not_repeated(self, ground: Ground) -> None:
        """WALLET-8."""
        await self._announce(ground, RollupMode.SOLO, ground.signer.address)
        wallet = ground.wallet(pause=self._never, resubmit_seconds=1_000)
        with pytest.raises(self._Waited):
            wallet.post(ROLLUP, [B.content])
        await ground.world.anvil.ask("anvil_dropAllTransactions")
        await self._announce(ground, RollupMode.SHARED, Address(bytes(20)))
        with pytest.raises(self._Waited):  # sent again as it is
            wallet.post(ROLLUP, [B.content])
        await ground.world.anvil.mine()
        with pytest.raises(PostFailed, match="not open"):
            wallet.post(ROLLUP, [B.content])
        assert not await ground.events("RollupInbox", "BatchPosted")

    class _Waited(Exception):
        pass

    def _never(self, _: float) -> None:
        raise self._Waited

    async def _enter_based(self, ground: Ground) -> None:
        await ground.world.anvil.mine(6)
        chain = ground.world.deployment.contracts.commitment_chain
        call = abi.function("CommitmentChain", "enterBased").call()
        sent = await ground.world.anvil.send(DEPLOYER, chain, call)
        await ground.world.anvil.mine()
        assert await ground.world.anvil.is_success(sent)

    async def _announce(self, ground: Ground, mode: RollupMode, who: Address) -> None:
        registry = ground.world.deployment.contracts.rollup_registry
        call = abi.function("RollupRegistry", "announceMode").call(ROLLUP, mode.value, to_hex(who))
        sent = await ground.world.anvil.send(DEPLOYER, registry, call)
        await ground.world.anvil.mine(7)
        assert await ground.world.anvil.is_success(sent)

    async def _post(self, ground: Ground, raws: list[bytes]):  # type: ignore[no-untyped-def]
        with pytest.raises(self._Waited):
            ground.wallet(pause=self._never).post(ROLLUP, raws)
        await ground.world.anvil.mine()
        return ground.wallet().post(ROLLUP, raws)


class TestKinds:
    async def test_call__with_the_senders_address(self, ground: Ground) -> None:
        """INBOX-7, INBOX-8: an account is not aliased."""
        errand = errands.call(ROLLUP, 100_000, TO, 5, b"\x01\x02")
        await ground.ordered(errand)
        (event,) = await ground.events("ForcedInbox", "MessageEnqueued")
        assert event["sender"] == to_hex(ground.signer.address)
        assert event["content"] == errand.content == TO + (5).to_bytes(32, "big") + b"\x01\x02"
        assert event["kind"] == 1

    async def test_ether__no_vault__is_refused_before_anything_is_signed(
        self, ground: Ground
    ) -> None:
        errand = errands.ether(ROLLUP, 100_000, TO, 10**18, b"")
        with ground.wallet().open(errand) as message, pytest.raises(Refused, match="NoVault"):
            message.step()
        assert not list(ground.folder.glob("*.json"))

    async def test_ether__goes_to_the_vault(self, ground: Ground) -> None:
        register = abi.function("RollupRegistry", "register").call(7002, to_hex(TO), False, (0, 0))
        registry = ground.world.deployment.contracts.rollup_registry
        await ground.world.anvil.send(DEPLOYER, registry, register)
        await ground.world.anvil.mine()
        errand = errands.ether(type(ROLLUP)(2), 100_000, TO, 10**18, b"")
        await ground.ordered(errand)
        vault = await ground.world.anvil.ask("eth_getBalance", to_hex(TO), "latest")
        assert int(str(vault), 16) == 10**18

    async def test_call__same_again__is_done_once__with_another_label_twice(
        self, ground: Ground
    ) -> None:
        errand = errands.call(ROLLUP, 100_000, TO, 0, b"")
        first = await ground.ordered(errand)
        assert await ground.ordered(errand) == first
        with ground.wallet().open(errand, label="again") as message:
            await ground.queued(message)
        assert len(await ground.enqueued()) == 2


class TestOthers:
    async def test_force__another_was_quicker__counts(self, ground: Ground) -> None:
        with ground.wallet().open(A) as message:
            await ground.until(message, lambda found: found.stage is Stage.FORCING)
            theirs = await ground.force_by_another(1)  # for more, so it stands before ours
            await ground.world.anvil.mine()
            assert await ground.world.anvil.is_success(theirs)
            assert message._force.failed() is not None
            receipt = message.step()
        assert receipt.stage is Stage.ORDERED
        assert receipt.consumption.caller == to_hex(DEPLOYER)
        assert len(await ground.events("ForcedInbox", "ForceIncluded")) == 1

    async def test_fee__others_queue_first__the_margin_covers_it_and_the_rest_returns(
        self, ground: Ground
    ) -> None:
        """WALLET-3."""
        with ground.wallet().open(A) as message:
            before = await ground.balance()
            receipt = message.step()
            await self._congest(ground, 40)  # the load grows from 64 to 104
            message.step()
            await ground.world.anvil.mine()
            assert message.step().message.index == 40
        gas = await self._gas_cost(ground, receipt.l1_transaction)
        paid = before - await ground.balance() - gas
        assert paid < Queue(message._endpoint, ground.world.deployment.contracts).fee_wei(
            len(A.content), A.gas_limit
        )

    async def test_fee__margin_too_small__queued_again_once_the_failure_is_final(
        self, ground: Ground
    ) -> None:
        with ground.wallet(fee_margin=1).open(A) as message:
            message.step()
            await self._congest(ground, 4)
            message.step()
            await ground.world.anvil.mine()
            assert message.step().stage is Stage.FAILED
            await ground.world.anvil.mine(10)
            assert message.step().stage is Stage.FAILED  # a reorg could still turn it around
            await ground.finalize()
            receipt = await ground.until(message, lambda found: found.message is not None)
        assert receipt.message.index == 4
        assert (await ground.enqueued()).count(A.content) == 1

    async def test_fee__above_what_is_allowed__nothing_is_signed(self, ground: Ground) -> None:
        with ground.wallet(max_queue_fee_wei=1).open(A) as message, pytest.raises(TooDear):
            message.step()
        assert not list(ground.folder.glob("*.json"))

    async def test_nonce__goes_to_another_transaction__another_once_that_is_final(
        self, ground: Ground
    ) -> None:
        """WALLET-1."""
        with ground.wallet().open(A) as message:
            message.step()
            await ground.world.anvil.ask("anvil_dropAllTransactions")
            await self._spend_nonce(ground, 0)
            for _ in range(5):
                await ground.world.anvil.mine()
                assert message.step().stage is Stage.SENDING
            assert len(message._enqueue._notes.load()) == 1
            await ground.finalize()
            await ground.until(message, lambda found: found.message is not None)
            assert [one.nonce for one in message._enqueue._notes.load()] == [0, 1]
        assert await ground.enqueued() == [A.content]

    async def _spend_nonce(self, ground: Ground, nonce: int) -> None:
        asked = Unsigned(31_337, nonce, TO, 1, b"", 21_000, 10**11, 10**10)
        raw = sign(ground.signer, asked).raw
        await ground.world.anvil.ask("eth_sendRawTransaction", to_hex(raw))

    async def _congest(self, ground: Ground, count: int) -> None:
        """Messages of another in front of what waits in the pool, which is sent again."""
        await ground.world.anvil.ask("anvil_dropAllTransactions")
        for number in range(count):
            await ground.world.enqueue(transaction(100 + number))
        await ground.world.anvil.mine()

    async def _gas_cost(self, ground: Ground, transaction_hash: bytes) -> int:
        receipt = await ground.world.anvil.ask(
            "eth_getTransactionReceipt", to_hex(transaction_hash)
        )
        return int(receipt["gasUsed"], 16) * int(receipt["effectiveGasPrice"], 16)  # type: ignore[index]


class TestStuck:
    async def test_p34_enqueue__not_mined__is_replaced_at_the_same_nonce(
        self, ground: Ground
    ) -> None:
        """WALLET-5."""
        with ground.wallet(resubmit_seconds=SECONDS).open(A) as message:
            first = message.step().l1_transaction
            # L1 goes on without it: its fee is below what blocks take now.
            await ground.world.anvil.ask("anvil_setNextBlockBaseFeePerGas", hex(10**11))
            await ground.world.anvil.mine()
            second = message.step()
            assert second.stage is Stage.SENDING
            assert second.l1_transaction != first
            await ground.queued(message)
            (attempt,) = message._enqueue._notes.load()
        before, after = (version.decode(31_337) for version in attempt.versions[:2])
        assert after.max_fee_per_gas >= before.max_fee_per_gas * 9 // 8
        assert after.max_priority_fee_per_gas >= before.max_priority_fee_per_gas * 9 // 8
        assert before.nonce == after.nonce
        assert await ground.enqueued() == [A.content]

    async def test_force__not_mined__is_replaced(self, ground: Ground) -> None:
        with ground.wallet(resubmit_seconds=SECONDS).open(A) as message:
            await ground.until(message, lambda found: found.stage is Stage.FORCING)
            await ground.world.anvil.ask("anvil_setNextBlockBaseFeePerGas", hex(10**11))
            await ground.world.anvil.mine()
            assert message.step().stage is Stage.FORCING
            await ground.world.anvil.mine()
            assert message.step().stage is Stage.ORDERED

    async def test_fees_above_the_cap__are_not_paid(self, ground: Ground) -> None:
        with ground.wallet(max_fee_wei=1).open(A) as message, pytest.raises(TooDear):
            message.step()
        assert not list(ground.folder.glob("*.json"))


class TestReorgs:
    async def test_queued__gone__is_queued_again(self, ground: Ground) -> None:
        before = str(await ground.world.anvil.ask("evm_snapshot"))
        with ground.wallet().open(A) as message:
            await ground.queued(message)
            await ground.world.anvil.ask("evm_revert", before)
            await ground.world.anvil.mine(3)
            assert message.step().stage is Stage.SENDING
            await ground.queued(message)
            assert len(message._enqueue._notes.load()) == 1
        assert await ground.enqueued() == [A.content]

    async def test_queued__moved_to_another_index__is_followed_there(self, ground: Ground) -> None:
        before = str(await ground.world.anvil.ask("evm_snapshot"))
        with ground.wallet().open(A) as message:
            assert (await ground.queued(message)).message.index == 0
            await ground.world.anvil.ask("evm_revert", before)
            await ground.world.enqueue(B.content)
            await ground.world.anvil.mine()
            assert (await ground.queued(message)).message.index == 1
            receipt = await ground.until(message, lambda found: found.stage is Stage.ORDERED)
        assert receipt.message.index == 1
        assert await ground.enqueued() == [B.content, A.content]
        follower = await ground.world.follower()
        assert follower.included == [B.content, A.content]

    async def test_forcing__moved_meanwhile__the_force_follows(self, ground: Ground) -> None:
        """A force of the old index waits in the pool: the new one takes its nonce."""
        before = str(await ground.world.anvil.ask("evm_snapshot"))
        with ground.wallet().open(A) as message:
            await ground.until(message, lambda found: found.stage is Stage.FORCING)
            await ground.world.anvil.ask("evm_revert", before)
            await ground.world.enqueue(B.content)
            await ground.world.anvil.mine()
            receipt = await ground.until(message, lambda found: found.stage is Stage.ORDERED)
            assert receipt.message.index == 1
        assert await ground.enqueued() == [B.content, A.content]

    async def test_ordered__taken_back__is_forced_again(self, ground: Ground) -> None:
        with ground.wallet().open(A) as message:
            await ground.until(message, lambda found: found.stage is Stage.FORCING)
            before = str(await ground.world.anvil.ask("evm_snapshot"))
            await ground.world.anvil.mine()
            assert message.step().stage is Stage.ORDERED
            await ground.world.anvil.ask("evm_revert", before)
            await ground.world.anvil.mine()
            message.step()
            receipt = await ground.until(message, lambda found: found.stage is Stage.ORDERED)
        assert receipt.consumption.caller == to_hex(ground.signer.address)
        assert await ground.enqueued() == [A.content]

    async def test_forgotten__errand_that_is_done__is_sent_by_the_next_one(
        self, ground: Ground, caplog: pytest.LogCaptureFixture
    ) -> None:
        """WALLET-9: nobody asks for A any more, and L1 takes nothing of B before it."""
        before = str(await ground.world.anvil.ask("evm_snapshot"))
        with ground.wallet().open(A) as done:
            await ground.queued(done)
        with ground.wallet().open(B) as message:
            await ground.queued(message)
            await ground.world.anvil.ask("evm_revert", before)
            before = str(await ground.world.anvil.ask("evm_snapshot"))
            await ground.world.anvil.ask("anvil_dropAllTransactions")
            await ground.queued(message)
            assert await ground.enqueued() == [A.content, B.content]
            assert not caplog.records

            await ground.world.anvil.ask("evm_revert", before)
            await ground.world.anvil.ask("anvil_dropAllTransactions")
            for path in ground.folder.glob("*.json"):
                if path != message._enqueue._notes._file.path:
                    path.unlink()
            message.step()
        assert "L1 waits for nonce 0 of" in caplog.text


async def test_estimate__holds(ground: Ground) -> None:
    """WALLET-3, WALLET-4: a dead committee, and no block is missed."""
    estimate = ground.wallet().estimate(A)
    assert estimate.before == 0
    assert estimate.pay_wei == 4 * estimate.fee_wei
    receipt = await ground.ordered(A)
    assert receipt.stage is Stage.ORDERED
    assert await ground.world.anvil.timestamp() <= estimate.latest_at


async def test_web3__instead_of_a_url(ground: Ground) -> None:
    provider = Web3(HTTPProvider(ground.world.anvil.url))
    wallet = ForcedInclusion(provider, ground.world.deployment, ground.signer, ground.folder)
    with wallet.open(A) as message:
        assert (await ground.queued(message)).message.index == 0


async def test_confirmations__the_end_is_waited_for(ground: Ground) -> None:
    wallet = ground.wallet(confirmations=3)
    with wallet.open(A) as message:
        await ground.until(message, lambda found: found.confirmations == 3)


async def test_errand__not_the_rollups__is_refused() -> None:
    with pytest.raises(DecodeError, match="chain id"):
        errands.transaction(ROLLUP, 1, transaction(0))
