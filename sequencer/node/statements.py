"""What members have said lately, for whoever watches them (WATCH-3): a bounded memory."""

from collections import deque
from collections.abc import Callable

from sequencer.batches.attestations import SignedAttestation
from sequencer.consensus.messages import SignedVote
from sequencer.evidence.equivocation import (
    SignedStatement,
    statement_of_attestation,
    statement_of_vote,
)
from sequencer.evidence.stream import PAGE_STATEMENTS, Said, encode_page
from sequencer.types import Address, Committee

KEPT = 8_192
"""Statements; the oldest go first. A committee of 16 says as many in about a minute."""


class StatementLog:
    """Statements whose signatures were checked, numbered as they came.

    Numbers begin with the clock's microseconds, so that they go on rising over a restart: whoever
    asks for what came after a number misses nothing that is kept.
    """

    def __init__(self, now_ms: Callable[[], int], kept: int = KEPT) -> None:
        self._number = 1_000 * now_ms()
        self._said: deque[tuple[Address, SignedVote | SignedAttestation]] = deque(maxlen=kept)

    def vote(self, signed: SignedVote, committee: Committee) -> None:
        """A vote of a member of this committee."""
        self._add(committee.members[signed.member].signer, signed)

    def attestation(self, signed: SignedAttestation, committee: Committee) -> None:
        """An attestation of a member of this committee."""
        self._add(committee.members[signed.member].signer, signed)

    def page(self, after: int) -> bytes:
        """The first statements that came after a number (`evidence/stream.py`)."""
        first = self._number - len(self._said)
        skipped = min(max(0, after - first), len(self._said))
        number = first + skipped
        found = list(self._said)[skipped : skipped + PAGE_STATEMENTS]
        said = [Said(signer, _statement(signed)) for signer, signed in found]
        return encode_page(number + len(said), said)

    def _add(self, signer: Address, signed: SignedVote | SignedAttestation) -> None:
        self._said.append((signer, signed))
        self._number += 1


def _statement(signed: SignedVote | SignedAttestation) -> SignedStatement:
    if isinstance(signed, SignedVote):
        return statement_of_vote(signed)
    return statement_of_attestation(signed)
