"""`switchyard drill`: outages one after another, each on a network of its own, and a report."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from sequencer.devnet.drill import aftermath
from sequencer.devnet.drill.aftermath import Hashes
from sequencer.devnet.drill.drills import (
    censor,
    comeback,
    congestion,
    kill,
    leaving,
    partition,
    storm,
)
from sequencer.devnet.drill.profile import DRILL
from sequencer.devnet.drill.scene import Scene
from sequencer.devnet.drill.timeline import Moment
from sequencer.devnet.interruption import cancel_on_signals
from sequencer.devnet.network import Profile
from sequencer.errors import LocalFault, SwitchyardError

EXIT_FAILED = 1
EXIT_INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Drill:
    """`title` completes "What if ...?"."""

    name: str
    title: str
    run: Callable[[Scene], Awaitable[None]]


DRILLS = (
    Drill("kill-f", "one of four nodes dies", kill.few),
    Drill("kill-f-plus-1", "two of four nodes die", kill.too_many),
    Drill("kill-all", "every node dies", kill.everybody),
    Drill("censor", "every node censors one user", censor.run),
    Drill("partition", "the network falls apart", partition.run),
    Drill("congestion", "L1 becomes dear, then too dear, then full", congestion.run),
    Drill("storm", "L1 reorganises all the time", storm.run),
    Drill("leaving", "a rollup leaves, under load, and comes back", leaving.run),
    Drill("comeback", "the committee comes back late, with blocks that L1 has not", comeback.run),
)


@dataclass(slots=True)
class Record:
    """A drill as the report has it; `error` says why it is not ok."""

    name: str
    ok: bool = False
    seconds: float = 0.0
    """With the start of the network."""
    error: str | None = None
    hashes: list[Hashes] = field(default_factory=list)
    timeline: list[Moment] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class DrillOptions:
    """The options of the command."""

    only: Sequence[str]
    seed: int
    folder: Path
    report: Path

    def chosen(self) -> list[Drill]:
        """Raises `LocalFault` for a name that is no drill's."""
        known = {drill.name: drill for drill in DRILLS}
        for name in self.only:
            if name not in known:
                raise LocalFault(f"no drill {name!r}; there are {', '.join(known)}")
        return [drill for drill in DRILLS if not self.only or drill.name in self.only]


async def run_drills(options: DrillOptions) -> int:
    """Run what was chosen; returns the exit status. The report is written after each drill."""
    chosen = options.chosen()
    records: list[Record] = []
    work = asyncio.create_task(_run_all(chosen, options, records))
    cancel_on_signals(work)
    try:
        await work
    except asyncio.CancelledError:
        print("Interrupted; everything is stopped.")
        return EXIT_INTERRUPTED
    failed = [record.name for record in records if not record.ok]
    print(f"\n{len(records) - len(failed)} of {len(records)} drills passed; see {options.report}")
    return EXIT_FAILED if failed else 0


async def _run_all(drills: Sequence[Drill], options: DrillOptions, records: list[Record]) -> None:
    for drill in drills:
        print(f"\nWhat if {drill.title}? ({drill.name})", flush=True)
        record = Record(drill.name)
        records.append(record)
        try:
            await carry_out(drill, options.folder / drill.name, options.seed, record)
        finally:
            write_report(options, records)


async def carry_out(
    drill: Drill, folder: Path, seed: int, record: Record, profile: Profile = DRILL
) -> None:
    """One drill on a network of its own, with its checks; what goes wrong is in the record."""
    began = time.monotonic()
    try:
        async with Scene.prepared(folder, profile, seed) as scene:
            record.timeline = scene.timeline.moments
            await scene.network.guard(_under_watch(drill, scene, record))
        record.ok = True
    except (SwitchyardError, TimeoutError) as error:
        record.error = str(error) or type(error).__name__
        print(f"  FAILED: {record.error}\n  Logs are in {folder}/logs.", flush=True)
    finally:
        record.seconds = round(time.monotonic() - began, 1)


async def _under_watch(drill: Drill, scene: Scene, record: Record) -> None:
    async with scene.history.watched():
        async with scene.load.running():
            await scene.until_level()
            scene.say(f"{len(scene.nodes)} nodes order transactions of two rollups, under load")
            await drill.run(scene)
        record.hashes = await aftermath.settle(scene)
    await aftermath.look_back(scene)


def write_report(options: DrillOptions, records: Sequence[Record]) -> None:
    """`drill.json`."""
    report = {
        "ok": all(record.ok for record in records),
        "seed": options.seed,
        "seconds": round(sum(record.seconds for record in records), 1),
        "drills": [asdict(record) for record in records],
    }
    options.report.parent.mkdir(parents=True, exist_ok=True)
    options.report.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
