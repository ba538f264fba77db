"""The network that drills run on: windows so short that an outage outlasts all of them."""

import msgspec

from sequencer.deployment.parameters import FallbackSection, RollupsSection
from sequencer.devnet.network import DEMO, Profile

_demo = DEMO.parameters

LIVENESS_SECONDS = 15
"""Idle, the committee commits every `batch_age_ms` and some seconds: far more often than this."""

DRILL = Profile(
    msgspec.structs.replace(
        _demo,
        times=msgspec.structs.replace(_demo.times, epoch_seconds=20, commit_grace_seconds=20),
        inbox=msgspec.structs.replace(_demo.inbox, force_window_seconds=12),
        rollups=RollupsSection(exit_delay_seconds=15),
        fallback=FallbackSection(
            liveness_seconds=LIVENESS_SECONDS, overdue_seconds=10, tail_seconds=5
        ),
    ),
    confirmations=4,
    followers=1,
)
