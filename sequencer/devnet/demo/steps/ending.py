"""What everything above has left behind."""

from typing import Any

from sequencer.devnet.demo.stage import SETTLE_SECONDS, Stage
from sequencer.devnet.waiting import eventually

TITLE = "In the end."
RSS_BOUND_MB = 200.0


async def run(stage: Stage, facts: dict[str, Any]) -> None:
    check = stage.story.check
    facts["follower_matches"] = False
    await stage.until_derived()
    await _until_followers_agree(stage)
    facts["follower_matches"] = True
    check(True, "both followers list all that was finalized, in that order, and their hashes agree")
    statuses = await stage.statuses()
    facts["node_rss_mb_max"] = stage.rss_mb_max
    check(
        stage.rss_mb_max < RSS_BOUND_MB,
        f"no node ever took more than {stage.rss_mb_max:.0f} MB of memory"
        f" (under {RSS_BOUND_MB:.0f} wanted)",
    )
    facts.update(height=statuses[0].height, batches=len(await stage.l1.batches()))
    check(True, f"{facts['height']} blocks are final, in {facts['batches']} batches on L1")


async def _until_followers_agree(stage: Stage) -> None:
    """Two that follow a moving L1 are seldom at the same block; now and then they are."""

    async def agree() -> bool | None:
        found = [(await follower.status()).rollups for follower in stage.network.followers]
        return all(one == found[0] for one in found) or None

    await eventually("the followers agree", agree, seconds=SETTLE_SECONDS)
