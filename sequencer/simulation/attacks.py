"""The attackers of one epoch that act alone; a twin needs a second node."""

from sequencer.simulation.attackers import (
    Attacker,
    Equivocator,
    Flooder,
    ForkProposer,
    Garbage,
    Hoarder,
    LateVoter,
    NullifyFinalizer,
    NullifyOnly,
    SelectiveSender,
    Silent,
    StaleCertificates,
    Withholder,
)
from sequencer.simulation.false_historian import FalseHistorian

EACH_ALONE: tuple[type[Attacker], ...] = (
    Silent,
    SelectiveSender,
    LateVoter,
    Withholder,
    Hoarder,
    Equivocator,
    NullifyFinalizer,
    NullifyOnly,
    ForkProposer,
    StaleCertificates,
    Flooder,
    Garbage,
    FalseHistorian,
)
