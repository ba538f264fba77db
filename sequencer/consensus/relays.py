"""SIMPLEX-4: who passes certificates on to whom."""

from sequencer.types import Committee, MemberIndex


def relays_of(committee: Committee, me: MemberIndex | None) -> tuple[MemberIndex, ...]:
    """The members 1, 2, 4, ... places after `me`, around the committee: a certificate reaches
    everybody in log2(N) steps. An observer passes nothing on."""
    if me is None:
        return ()
    size = len(committee)
    distances = (1 << power for power in range((size - 1).bit_length()))
    return tuple(MemberIndex((me + distance) % size) for distance in distances)
