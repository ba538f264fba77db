"""d. With honest nodes nobody has to force anything."""

from typing import Any

from sequencer.devnet.accounts import WALLETS, account
from sequencer.devnet.demo.forced import send_by_script, until_listed
from sequencer.devnet.demo.stage import Stage

TITLE = "d. With honest nodes, a message in the forced queue needs no force."


async def run(stage: Stage, facts: dict[str, Any]) -> None:
    rollup = stage.network.rollups[1]
    message = await send_by_script(stage, account(WALLETS[1]), rollup)
    early = message.deadline - message.included_at
    facts.update(message=message.index, consumed_seconds_before_deadline=early)
    stage.story.check(
        not message.is_by_owner and early > 0,
        f"L1 says: message #{message.index} was consumed {early} s before its deadline",
    )
    batches = await until_listed(stage, rollup, message)
    facts["batch"] = batches[0]
    stage.story.check(
        None not in batches and len(set(batches)) == 1,
        f"both followers list it as brought by batch {batches[0]}",
    )
