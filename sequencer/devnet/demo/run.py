"""`switchyard demo`: every step, what was measured, and an exit status that tells."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sequencer.devnet.demo.stage import Stage
from sequencer.devnet.demo.steps import (
    censorship,
    crash,
    ending,
    equivocation,
    finality,
    inclusion,
    ordering,
    reorg,
)
from sequencer.devnet.demo.story import Story
from sequencer.devnet.interruption import cancel_on_signals
from sequencer.devnet.layout import Layout
from sequencer.devnet.network import DEMO, running
from sequencer.devnet.progress import Progress
from sequencer.errors import SwitchyardError

EXIT_FAILED = 1
EXIT_INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Step:
    """A chapter: its name in the report, its title in the story, and what happens."""

    name: str
    title: str
    run: Callable[[Stage, dict[str, Any]], Awaitable[None]]


STEPS = (
    Step("finality", finality.TITLE, finality.run),
    Step("a_ordering", ordering.TITLE, ordering.run),
    Step("b_leader_crash", crash.TITLE, crash.run),
    Step("c_censorship", censorship.TITLE, censorship.run),
    Step("d_inclusion", inclusion.TITLE, inclusion.run),
    Step("e_equivocation", equivocation.TITLE, equivocation.run),
    Step("f_l1_reorg", reorg.TITLE, reorg.run),
    Step("ending", ending.TITLE, ending.run),
)


async def run_demo(folder: Path, report: Path) -> int:
    """Run all steps on a network in `folder`; returns the exit status.

    The report is written in any case, and the network stopped; its logs stay.
    """
    story = Story()
    work = asyncio.create_task(_tell(folder, story))
    cancel_on_signals(work)
    began = time.monotonic()
    status = 0
    try:
        await work
    except SwitchyardError as error:
        story.say(f"\nThe demo failed: {error}\nLogs are in {folder}/logs.")
        status = EXIT_FAILED
    except asyncio.CancelledError:
        story.say("Interrupted; everything is stopped.")
        status = EXIT_INTERRUPTED
    seconds = round(time.monotonic() - began, 1)
    write_report(report, story, is_ok=status == 0, seconds=seconds)
    if status == 0:
        story.say(f"\nAll {len(STEPS)} steps passed in {seconds:.0f} s. Figures are in {report}.")
    return status


async def _tell(folder: Path, story: Story) -> None:
    story.say("Four bonded sequencers, two rollups and an L1, all on this machine.\n")
    async with running(Layout(folder), DEMO, progress=Progress()) as network:
        await network.guard(run_steps(Stage(network, story), STEPS))


async def run_steps(stage: Stage, steps: Sequence[Step]) -> None:
    """One after another; raises at the first that fails."""
    for step in steps:
        with stage.story.step(step.name, step.title) as record:
            await step.run(stage, record.facts)
        await stage.statuses()


def write_report(path: Path, story: Story, *, is_ok: bool, seconds: float) -> None:
    """`demo.json`: the steps, and the figures that matter most once more."""
    facts = {name: value for step in story.steps for name, value in step.facts.items()}
    headline = ("finality_ms_p50", "finality_ms_p99", "leader_kill_gap_ms")
    report = {
        "ok": is_ok,
        "seconds": seconds,
        **{name: facts.get(name) for name in headline},
        "follower_matches": facts.get("follower_matches", False),
        "node_rss_mb_max": facts.get("node_rss_mb_max"),
        "steps": [asdict(step) for step in story.steps],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
