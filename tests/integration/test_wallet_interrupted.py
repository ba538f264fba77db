"""WALLET-1: killed between any two steps and started again, one message is queued, once.

A kill is an exception that nothing catches, at every place where the wallet does something that
outlives it: before and after each signature, each write of the state file, each sending. All that
is left for the next one is the file and L1.
"""

from collections.abc import Callable
from typing import Any

import pytest

from sequencer.errors import LocalFault
from sequencer.wallet import errands
from sequencer.wallet.endpoint import Endpoint
from sequencer.wallet.receipt import Receipt, Stage
from sequencer.wallet.signers import KeySigner
from sequencer.wallet.state_file import StateFile
from tests.integration.l1_world import ROLLUP, ROLLUP_CHAIN_ID, SECONDS
from tests.integration.wallet_world import Ground
from tests.unit.derivation.worlds import transaction

pytestmark = pytest.mark.asyncio(loop_scope="module")

PLACES = (
    (KeySigner, "sign_transaction"),
    (StateFile, "save"),
    (Endpoint, "send_raw"),
)


class Killed(BaseException):
    """Not an `Exception`: nothing in the wallet may catch it."""


class Fuse:
    """Raises `Killed` at the `at`-th place; counts them."""

    def __init__(self, at: int | None = None) -> None:
        self._at = at
        self.passed = 0

    def burn(self) -> None:
        if self.passed == self._at:
            raise Killed
        self.passed += 1

    def install(self, patch: pytest.MonkeyPatch) -> None:
        for owner, name in PLACES:
            patch.setattr(owner, name, self._around(getattr(owner, name)))

    def _around(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*arguments: Any) -> Any:
            self.burn()
            result = real(*arguments)
            self.burn()
            return result

        return wrapped


async def run(ground: Ground, fuse: Fuse, *, is_stuck: bool, blocks_between: int = 0) -> Receipt:
    """One errand on a fresh branch of L1, killed where the fuse says, and started again."""
    errand = errands.transaction(ROLLUP, ROLLUP_CHAIN_ID, transaction(7))
    for path in ground.folder.iterdir():
        path.unlink()
    options = {"resubmit_seconds": SECONDS} if is_stuck else {}

    async def to_the_end() -> Receipt:
        with ground.wallet(**options).open(errand) as message:
            if is_stuck:
                message.step()
                await ground.world.anvil.ask("anvil_setNextBlockBaseFeePerGas", hex(10**11))
                await ground.world.anvil.mine()
            return await ground.until(message, lambda found: found.stage is Stage.ORDERED)

    with pytest.MonkeyPatch.context() as patch:
        fuse.install(patch)
        try:
            return await to_the_end()
        except Killed:
            pass
    await ground.world.anvil.mine(blocks_between)
    is_stuck = False
    return await to_the_end()


@pytest.mark.parametrize("is_stuck", [False, True], ids=["plain", "replaced"])
async def test_killed_anywhere__one_message_in_the_order(ground: Ground, is_stuck: bool) -> None:
    """It is started again at once, or some blocks later, in turn."""
    start = str(await ground.world.anvil.ask("evm_snapshot"))
    whole = Fuse()
    await run(ground, whole, is_stuck=is_stuck)
    assert whole.passed == (18 if is_stuck else 12)  # three places, twice, for each transaction
    for at in range(whole.passed):
        await ground.world.anvil.ask("evm_revert", start)
        start = str(await ground.world.anvil.ask("evm_snapshot"))
        receipt = await run(ground, Fuse(at), is_stuck=is_stuck, blocks_between=4 * (at % 2))
        assert receipt.consumption is not None
        assert await ground.enqueued() == [transaction(7)], f"killed at place {at}"
        assert len(await ground.events("ForcedInbox", "ForceIncluded")) == 1, f"place {at}"
    follower = await ground.world.follower()
    assert follower.included == [transaction(7)]


async def test_killed__and_queued_meanwhile_by_a_reorg__still_one(ground: Ground) -> None:
    """Interrupted with the transaction in the pool; while the wallet is gone L1 mines it, and
    takes it back."""
    errand = errands.transaction(ROLLUP, ROLLUP_CHAIN_ID, transaction(7))
    before = str(await ground.world.anvil.ask("evm_snapshot"))
    with ground.wallet().open(errand) as message:
        message.step()
    await ground.world.anvil.mine(2)
    await ground.world.anvil.ask("evm_revert", before)
    await ground.world.anvil.mine(4)
    assert (await ground.ordered(errand)).stage is Stage.ORDERED
    assert await ground.enqueued() == [transaction(7)]


async def test_after_the_end__nothing_is_sent(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    errand = errands.transaction(ROLLUP, ROLLUP_CHAIN_ID, transaction(7))
    first = await ground.ordered(errand)
    Fuse(0).install(monkeypatch)
    assert await ground.ordered(errand) == first


async def test_two_programs__one_errand__the_second_is_refused(ground: Ground) -> None:
    errand = errands.transaction(ROLLUP, ROLLUP_CHAIN_ID, transaction(7))
    with (
        ground.wallet().open(errand),
        pytest.raises(LocalFault, match="another program"),
        ground.wallet().open(errand),
    ):
        pass
