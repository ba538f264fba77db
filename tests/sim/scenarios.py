"""Schedules that a test writes itself."""

from sequencer.consensus.pacemaker import Timing
from sequencer.simulation.application import Temper
from sequencer.simulation.network import Conditions
from sequencer.simulation.scenario import Scenario

TIMING = Timing(timeout_ms=250, max_timeout_ms=2_000)


def scenario(**changes: object) -> Scenario:
    """Four honest members and nothing to fear."""
    fields: dict[str, object] = {
        "seed": 0,
        "weights": (1, 1, 1, 1),
        "attackers": (),
        "observers": 0,
        "timing": TIMING,
        "chaos_ms": 0,
        "weather": (),
        "outages": (),
        "calm": Conditions(),
        "temper": Temper(),
        "load": "idle",
        "is_overrun": False,
        "is_later_epoch": False,
        "is_encoding": False,
        **changes,
    }
    return Scenario(**fields)  # type: ignore[arg-type]
