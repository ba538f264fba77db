"""Simulated schedules: what holds whatever happens, and how fast it comes back after.

make sim SEEDS=20000        as many as there is time for
make sim SEEDS=1 SEED_BASE=n   the one that failed
"""

import os
import subprocess
import sys
from functools import partial

import pytest

from sequencer.consensus.pacemaker import Timing
from sequencer.consensus.simplex import WINDOW
from sequencer.simulation.application import Temper
from sequencer.simulation.attackers import Attacker, Silent, Twin
from sequencer.simulation.attacks import EACH_ALONE
from sequencer.simulation.draw import draw
from sequencer.simulation.network import Conditions
from sequencer.simulation.scenario import Outage
from sequencer.simulation.world import Outcome, World
from tests.sim.scenarios import TIMING, scenario

SCHEDULES = 200
PORTION = 20


def check(outcome: Outcome) -> None:
    assert not outcome.violations
    assert not outcome.is_stuck


def run_until(world: World, time_ms: int) -> None:
    """Let a world without chaos run on; its own goal is long reached."""
    check(world.run())
    while world.scheduler.now_ms < time_ms:
        world.scheduler.step()
    assert not world.referee.violations


@pytest.mark.parametrize("base", range(0, SCHEDULES, PORTION))
def test_drawn_schedules__safe_and_live(base: int) -> None:
    for seed in range(base, base + PORTION):
        check(World(draw(seed)).run())


@pytest.mark.parametrize("kind", [*EACH_ALONE, Twin], ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("load", ["idle", "busy"])
@pytest.mark.parametrize(("weights", "seats"), [((1, 1, 1, 1), (1,)), ((3, 2, 2, 2, 1), (2, 4))])
def test_attacker__as_many_as_are_less_than_a_third(
    kind: type[Attacker], load: str, weights: tuple[int, ...], seats: tuple[int, ...]
) -> None:
    rough = Conditions(loss=0.05, slow_rate=0.1, slow_ms=300)
    for seed in range(3):
        faced = scenario(
            seed=seed,
            weights=weights,
            attackers=tuple((seat, kind) for seat in seats),
            load=load,
            chaos_ms=1_500,
            weather=((0, rough),),
        )
        check(World(faced).run())


# The same seed is the same schedule


def test_same_seed__same_trace() -> None:
    for seed in (3, 4, 5):
        assert World(draw(seed)).run() == World(draw(seed)).run()


def test_other_seed__other_trace() -> None:
    assert len({World(draw(seed)).run().trace for seed in range(20)}) > 15


def test_same_seed__same_trace_in_another_process() -> None:
    """Nothing depends on how this process hashes strings."""
    program = (
        "from sequencer.simulation.draw import draw\n"
        "from sequencer.simulation.world import World\n"
        "print([World(draw(seed)).run().trace for seed in range(12)])"
    )
    runs = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for hash_seed in ("1", "2")
    }
    assert len(runs) == 1


# More than a third


def overruns(share: int) -> list[World]:
    """Six members, the last `share` of them twins."""
    attackers = tuple((seat, Twin) for seat in range(6 - share, 6))
    worlds = [
        World(
            scenario(
                seed=seed,
                weights=(1,) * 6,
                attackers=attackers,
                chaos_ms=1_500,
                load="busy",
                is_overrun=True,
                timing=Timing(timeout_ms=150, max_timeout_ms=1_000),
            )
        )
        for seed in range(15)
    ]
    for world in worlds:
        check(world.run())
    return worlds


def test_exactly_a_third_twins__no_fork() -> None:
    assert not any(world.referee.forks for world in overruns(2))


def test_more_than_a_third_twins__fork_and_evidence() -> None:
    forked = [world for world in overruns(4) if world.referee.forks]
    assert forked
    for world in forked:
        assert world.referee.has_evidence(world.committee)
        assert world.referee.convicted <= {2, 3, 4, 5}


# Fair weather


@pytest.mark.parametrize("load", ["idle", "busy"])
def test_fair_weather__no_view_is_lost(load: str) -> None:
    world = World(scenario(load=load, observers=1))
    run_until(world, 10_000)
    for node in world.nodes:
        assert node.core.view - 2 <= node.disk.tip.height  # every view ended in a block
        assert node.core._pace.timeout_ms == TIMING.timeout_ms
    assert len({node.disk.tip.height for node in world.nodes}) <= 2
    expected = 10 if load == "idle" else 100
    assert world.nodes[0].disk.tip.height >= expected - 2


def test_idle__one_block_a_heartbeat_and_few_messages() -> None:
    world = World(scenario())
    run_until(world, 60_000)
    height = world.nodes[0].disk.tip.height
    assert 55 <= height <= 61
    assert world.trace.events < height * 60


@pytest.mark.parametrize("load", ["idle", "busy"])
def test_silent_member__costs_its_own_views_only(load: str) -> None:
    """SIMPLEX-10: after 2N views its turns are skipped at once."""
    world = World(scenario(load=load, attackers=((2, Silent),)))
    run_until(world, 30_000 if load == "idle" else 10_000)
    final = world.honest[0].disk
    views, blocks = final.tip.view, final.tip.height
    assert blocks >= views * 3 // 4 - 3
    if load == "idle":
        assert blocks >= 24  # three heartbeats in each four views, and hardly a wait beside
    else:
        assert blocks >= 100


@pytest.mark.parametrize("load", ["idle", "busy"])
def test_network_slower_than_the_base_timeout__progress(load: str) -> None:
    world = World(scenario(load=load, calm=Conditions(delay_ms=(250, 350))))
    run_until(world, 60_000)
    assert world.nodes[0].disk.tip.height >= 15


def test_two_members_that_never_hear_each_other__progress_of_both() -> None:
    calm = Conditions(cuts=frozenset({(0, 1), (1, 0)}))
    world = World(scenario(load="busy", calm=calm))
    run_until(world, 10_000)
    heights = [node.disk.tip.height for node in world.nodes]
    assert min(heights) >= 50
    assert max(heights) - min(heights) <= 3


def test_member_alone_with_an_observer() -> None:
    world = World(scenario(weights=(7,), observers=1, temper=Temper(latency_ms=20), load="busy"))
    run_until(world, 3_000)
    assert min(node.disk.tip.height for node in world.nodes) >= 50


def test_a_thousand_blocks__nothing_grows() -> None:
    outages = tuple(Outage(1_000 * (position + 1), position, 3, 500) for position in range(4))
    world = World(
        scenario(load="busy", outages=outages, chaos_ms=28_000, weather=((0, Conditions()),)),
        chaos_events=10**6,
    )
    check(world.run())
    for node in world.nodes:
        assert node.disk.tip.height >= 1_000
        assert len(node.disk.journal) < 100 + 2 * WINDOW
        assert node.core.sizes()["rounds"] <= WINDOW + 4


# Corners


@pytest.mark.parametrize("steps", range(8))
@pytest.mark.parametrize("load", ["idle", "busy"])
def test_all_crash_at_once__go_on(steps: int, load: str) -> None:
    at_ms = (700, 1_000, 1_030, 1_055, 1_070)
    for seed, moment in enumerate(at_ms):
        outages = tuple(Outage(moment, position, steps, 1) for position in range(4))
        check(
            World(
                scenario(
                    seed=seed,
                    load=load,
                    outages=outages,
                    chaos_ms=1_500,
                    weather=((0, Conditions()),),
                )
            ).run()
        )


def test_one_away_for_long_while_another_dies__back_in_a_moment() -> None:
    """The member is needed for a quorum, and so far behind that its calls are of settled views."""
    away = frozenset(link for p in (0, 1, 2) for link in ((p, 3), (3, p)))
    world = World(
        scenario(load="busy", weather=((0, Conditions(cuts=away)),), chaos_ms=10_000),
        chaos_events=10**6,
    )
    dead = world.nodes[2]
    world.honest.remove(dead)
    world.scheduler.at(9_900, partial(dead.crash_after, 0))
    world.scheduler.at(9_990, partial(setattr, dead, "boot", lambda: None))
    outcome = world.run()
    check(outcome)
    assert not dead.is_up
    assert world.nodes[3].core.view > 100
    assert outcome.recovery_ms < 5_000
