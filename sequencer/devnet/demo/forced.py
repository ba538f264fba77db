"""A message of the forced queue, from the wallet script to the followers' lists."""

from dataclasses import dataclass

from sequencer.crypto.hashing import keccak
from sequencer.devnet.accounts import WALLETS, Account, account
from sequencer.devnet.demo.ape import run_script
from sequencer.devnet.demo.l1_facts import Happened
from sequencer.devnet.demo.stage import SETTLE_SECONDS, Stage
from sequencer.devnet.waiting import eventually
from sequencer.devnet.wallets import Rollup
from sequencer.types import Hash32


@dataclass(frozen=True, slots=True)
class ForcedMessage:
    """What L1 says of a message that is in the order."""

    index: int
    deadline: int
    included_at: int
    """Seconds on L1."""
    is_by_owner: bool
    """Forced by the account that queued it; else the committee consumed it."""
    transaction_hash: Hash32


async def send_by_script(stage: Stage, owner: Account, rollup: Rollup) -> ForcedMessage:
    """`ape run force_include` to its end, and what L1 then says of its message."""
    to = account(WALLETS[-1]).address
    await run_script(
        stage,
        "force_include",
        owner,
        *("--rollup", str(rollup.id), "--nonce", "0", "--to", f"0x{to.hex()}"),
    )
    sender = "0x" + owner.address.hex()
    queued = [e for e in await _events(stage, "MessageEnqueued") if _by(e, "sender", sender)][-1]
    index = queued.arguments["index"]
    forced = [e for e in await _events(stage, "ForceIncluded") if _covers(e, index)]
    consumed = [e for e in await _events(stage, "MessagesConsumed") if _covers(e, index)]
    (included,) = forced + consumed
    return ForcedMessage(
        index=index,
        deadline=queued.arguments["deadline"],
        included_at=await stage.l1.time_of(included.block),
        is_by_owner=bool(forced) and _by(included, "caller", sender),
        transaction_hash=keccak(queued.arguments["content"]),
    )


async def until_listed(stage: Stage, rollup: Rollup, message: ForcedMessage) -> list[int | None]:
    """Wait until every follower has it as an included entry from the queue; the batches that
    brought it, None where L1 did so alone."""

    async def listed() -> list[int | None] | None:
        batches: list[int | None] = []
        for follower in stage.network.followers:
            found = await follower.find(rollup.id, message.transaction_hash)
            entries = [e for e in found if e.source == "forced" and e.skipped is None]
            if len(entries) != 1:
                return None
            batches.append(entries[0].batch)
        return batches

    return await eventually("the followers list it", listed, seconds=SETTLE_SECONDS)


async def _events(stage: Stage, name: str) -> list[Happened]:
    return await stage.l1.events("ForcedInbox", name)


def _by(event: Happened, key: str, account_address: str) -> bool:
    return bool(event.arguments[key].lower() == account_address)


def _covers(event: Happened, index: int) -> bool:
    return bool(event.arguments["from"] <= index < event.arguments["upTo"])
