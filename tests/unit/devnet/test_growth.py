"""The verdict on memory: a line through samples.

a leak on top of noise: its slope is found, and it is not flat
noise alone, a step in the warm-up: flat
too few samples: refused
"""

import random

import pytest

from sequencer.devnet.flooding.growth import MIB, Sample, judge, warm_up_seconds

HOUR = 3_600.0


def samples(mib_per_hour: float, noise_mib: float = 10.0) -> list[Sample]:
    """An hour, with 50 MiB more after the first five minutes."""
    dice = random.Random(1)
    return [
        Sample(
            at_seconds=at,
            rss_bytes=int(
                MIB
                * (
                    50
                    + (50 if at > 300 else 0)
                    + mib_per_hour * at / HOUR
                    + dice.uniform(-noise_mib, noise_mib)
                )
            ),
            open_files=0,
            disk_bytes=0,
            log_bytes=0,
            height=0,
        )
        for at in (5.0 * number for number in range(720))
    ]


def test_judge__a_leak_under_noise__is_not_flat() -> None:
    verdict = judge(samples(30.0), warm_up_seconds(HOUR))
    assert verdict.slope_mib_per_hour == pytest.approx(30.0, abs=3.0)
    assert verdict.growth_mib == pytest.approx(25.0, abs=3.0)
    assert not verdict.is_flat(16.0)


def test_judge__noise_after_the_warm_up__is_flat() -> None:
    verdict = judge(samples(0.0), warm_up_seconds(HOUR))
    assert verdict.is_flat(4.0)
    assert verdict.range_mib == pytest.approx(20.0, abs=1.0)


def test_warm_up__of_a_short_run__is_a_sixth_of_it() -> None:
    assert (warm_up_seconds(HOUR), warm_up_seconds(300)) == (600.0, 50.0)


def test_judge__too_few_samples__says_so() -> None:
    with pytest.raises(ValueError, match="3 samples after 10 s"):
        judge(samples(0.0)[:5], 10.0)
