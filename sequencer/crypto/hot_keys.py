"""The signing keys of one operator (STAKE-11): older committees name older keys."""

from typing import NamedTuple

from sequencer.crypto.digests import Domain, key_possession, typed_digest
from sequencer.crypto.signatures import Signer
from sequencer.types import Address, Committee, MemberIndex


def prove_possession(hot: Signer, domain: Domain, operator: Address, transport_key: bytes) -> bytes:
    """That `hot` is to sign for the operator with this cold key, under a transport key (BOND-1)."""
    return hot.sign(
        typed_digest(domain.separator(), key_possession(operator, hot.address, transport_key))
    )


class Seat(NamedTuple):
    """Where an operator sits in a committee, and the key that signs there."""

    member: MemberIndex
    signer: Signer


class HotKeys:
    """`current` is the one that L1 has now. L1 puts no operator into a committee twice, so one of
    them signs in an epoch, and no other: no two can contradict each other (JOURNAL-9)."""

    def __init__(self, current: Signer, *former: Signer) -> None:
        self.current = current
        self._all = (current, *former)

    @property
    def addresses(self) -> tuple[Address, ...]:
        """The current one first."""
        return tuple(signer.address for signer in self._all)

    def seat(self, committee: Committee) -> Seat | None:
        """None if no key is a member's."""
        for signer in self._all:
            member = committee.index_of(signer.address)
            if member is not None:
                return Seat(member, signer)
        return None
