"""A wallet on the L1 of `l1_world`: blocks come only between two of its steps."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sequencer.crypto.hashing import keccak
from sequencer.l1 import abi
from sequencer.l1.rpc import to_hex
from sequencer.types import BatchIndex
from sequencer.wallet.errands import Errand
from sequencer.wallet.forced import ForcedInclusion
from sequencer.wallet.message import Message
from sequencer.wallet.options import Options
from sequencer.wallet.receipt import Receipt, Stage
from sequencer.wallet.signers import KeySigner
from tests.integration.l1_world import DEPLOYER, SECONDS, World

KEY = keccak(b"a wallet's key")
MAX_STEPS = 60
WINDOW = 30
"""`force_window_seconds` of the world's parameters."""


@dataclass
class Ground:
    """The world, and a wallet with ether on it."""

    world: World
    folder: Path
    signer: KeySigner

    @staticmethod
    async def make(world: World, folder: Path) -> "Ground":
        signer = KeySigner(KEY)
        await world.anvil.ask("anvil_setBalance", to_hex(signer.address), hex(10**20))
        return Ground(world, folder, signer)

    def wallet(self, **options: Any) -> ForcedInclusion:
        """As a program makes it when it starts: nothing in memory is older."""
        chosen = replace(Options(confirmations=0), **options)
        return ForcedInclusion(
            self.world.anvil.url, self.world.deployment, self.signer, self.folder, chosen
        )

    async def ordered(self, errand: Errand, **options: Any) -> Receipt:
        """Step and mine in turn until it is in the order."""
        with self.wallet(**options).open(errand) as message:
            return await self.until(message, lambda found: found.stage is Stage.ORDERED)

    async def until(self, message: Message, is_there: Callable[[Receipt], bool]) -> Receipt:
        for _ in range(MAX_STEPS):
            receipt = message.step()
            if is_there(receipt):
                return receipt
            await self.world.anvil.mine()
        raise AssertionError(f"not there after {MAX_STEPS} blocks: {receipt}")

    async def queued(self, message: Message) -> Receipt:
        return await self.until(message, lambda found: found.message is not None)

    async def commit(self, forced: int, transactions: tuple[bytes, ...] = ()) -> BatchIndex:
        """The committee's next batch, consuming the first `forced` messages."""
        index = self.world.batch(self.world.block(transactions, forced=forced))
        for node in self.world.nodes:
            await node.step()
        return index

    async def events(self, contract: str, name: str) -> list[dict[str, Any]]:
        """All there are now."""
        entry = abi.event(contract, name)
        client = self.world.nodes[0].client
        at = self.world.deployment.contracts
        addresses = [at.forced_inbox, at.commitment_chain, at.rollup_inbox]
        head = await client.head()
        logs = await client.logs_between(addresses, 1, head.number)
        return [
            entry.decode_event(log.topics, log.data) for log in logs if log.topics[0] == entry.hash
        ]

    async def enqueued(self) -> list[bytes]:
        """The contents of all messages."""
        return [e["content"] for e in await self.events("ForcedInbox", "MessageEnqueued")]

    async def force_by_another(self, up_to: int) -> str:
        """At a price that puts it first in its block."""
        data = abi.function("ForcedInbox", "forceInclude").call(up_to)
        to, fee = self.world.deployment.contracts.forced_inbox, hex(10**11)
        call = {"from": to_hex(DEPLOYER), "to": to_hex(to), "data": to_hex(data)}
        call |= {"gas": hex(10**6), "maxFeePerGas": fee, "maxPriorityFeePerGas": fee}
        return str(await self.world.anvil.ask("eth_sendTransaction", call))

    async def finalize(self) -> None:
        """As many blocks as L1 needs to finalize what is there."""
        await self.world.anvil.ask("anvil_mine", hex(65), hex(SECONDS))

    async def balance(self) -> int:
        answer = await self.world.anvil.ask("eth_getBalance", to_hex(self.signer.address), "latest")
        return int(str(answer), 16)
