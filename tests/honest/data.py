"""Attempts at DataAvailabilityChallenge: attestations of batches whose held data is given to
whoever challenges it (DATA-1 to DATA-5)."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain as chain_of
from itertools import islice
from random import Random

from sequencer.batches.attestations import SignedAttestation
from sequencer.blocks.merkle import prove, sides_of
from sequencer.blocks.payload import decode_payload
from sequencer.derivation.found import held_segment
from sequencer.l1 import abi
from sequencer.ordering.order import payload_leaves
from sequencer.types import Hash32
from sequencer.wallet.held_proof import HeldPlace, challenge_arguments
from tests.honest.chain import Attested, Chain, later_headers
from tests.honest.ground import ACCEPTED, ETHER, Attempt, Failure, distinct, judge

KIND = "data"
SHARE = 20
"""Of so many attempts one is about a challenge that is answered, at most."""
CHALLENGE_GAS = 1_000_000
_CHALLENGE, _ANSWER, _SETTLE, _PUNISH = (
    abi.function("DataAvailabilityChallenge", name)
    for name in ("challenge", "answer", "settle", "punish")
)


@dataclass(frozen=True, slots=True)
class Held:
    """A held segment of a batch."""

    id: Hash32
    data: bytes
    place: HeldPlace
    attested: Attested


def find_segments(chain: Chain) -> Iterator[Held]:
    """Of the one rollup that holds its data: a block has one at most."""
    for attested in chain.batches:
        for at, block in enumerate(attested.blocks):
            payload = decode_payload(block.payload)
            for position, entry in enumerate(payload.held, start=len(payload)):
                leaves = payload_leaves(payload, block.header.parent_hash)
                sides = sides_of(len(leaves), position)
                headers = tuple(later_headers(attested, at))
                place = HeldPlace(entry, position, headers, prove(leaves, position), sides)
                found = held_segment(attested.batch.index, block.header.hash, position, entry)
                yield Held(found.id, block.held, place, attested)


class DataAttempts:
    def __init__(self, chain: Chain, random: Random) -> None:
        self.chain = chain
        self.segments = list(find_segments(chain))
        self._random = random

    def challenge(self, held: Held, expected: str, wei: int = ETHER) -> Attempt:
        arguments = challenge_arguments(held.place, [held.attested.batch])
        return self._attempt(held, _CHALLENGE.call(*arguments), expected, "challenged", wei)

    def answer(self, held: Held) -> Attempt:
        return self._attempt(held, _ANSWER.call(held.id, held.data), ACCEPTED, "answered")

    def settle(self, held: Held, expected: str) -> Attempt:
        return self._attempt(held, _SETTLE.call(held.id), expected, "settled")

    def punish(self, held: Held, signed: SignedAttestation, expected: str) -> Attempt:
        data = _PUNISH.call(held.id, signed.attestation.epoch, signed.signature)
        return self._attempt(held, data, expected, f"punish {signed.member}")

    def refused(self) -> Iterator[Attempt]:
        """Whatever the state of the challenges, without end."""
        while self.segments:
            held = self._random.choice(self.segments)
            if self._random.random() < 0.2:
                yield self._altered(held)
                continue
            attested = held.attested
            if self._random.random() < 0.3:
                attested = self._random.choice(self.chain.batches)
            signed = self._random.choice((*attested.own, *attested.later))
            yield self.punish(held, signed, "WrongStatus")

    def _altered(self, held: Held) -> Attempt:
        """A challenge that nobody could answer, if it stood."""
        place, entry = held.place, held.place.entry
        altered = self._random.choice(
            (
                replace(place, entry=replace(entry, length=entry.length + 1)),
                replace(place, entry=replace(entry, hash=Hash32(self._random.randbytes(32)))),
                replace(place, position=place.position + 1 + self._random.randrange(99)),
                replace(place, siblings=(*place.siblings, Hash32(self._random.randbytes(32)))),
            )
        )
        return self.challenge(replace(held, place=altered), "WrongRoot")

    def _attempt(self, held: Held, data: bytes, expected: str, how: str, wei: int = 0) -> Attempt:
        to = self.chain.ground.deployment.contracts.data_availability_challenge
        about = f"segment in batch {held.attested.batch.index} {how}"
        return Attempt(KIND, to, data, frozenset({expected}), about, wei)


async def run(
    chain: Chain, random: Random, count: int
) -> tuple[Counter[str], list[Failure], Counter[str]]:
    """How often L1 gave each answer to what it has to refuse, what it should not have answered,
    and how many segments were challenged and answered."""
    ground, attempts = chain.ground, DataAttempts(chain, random)
    # The last one stays, for the one that is withheld on purpose.
    *others, _ = attempts.segments
    chosen = random.sample(others, min(len(others), -(-count // SHARE)))
    opening = [attempts.challenge(held, "WrongStatus") for held in chosen]
    answers = [attempts.answer(held) for held in chosen]
    counted: Counter[str] = Counter()
    failures: list[Failure] = []

    async def offer(*some: Iterable[Attempt]) -> None:
        more, wrong = await judge(ground, chain_of(*some))
        counted.update(more)
        failures.extend(wrong)

    stream = distinct(attempts.refused())
    await offer(islice(stream, count // 3))
    await ground.carry_out(opening, CHALLENGE_GAS)
    unsettled = (attempts.settle(held, "NotYetDue") for held in chosen)
    await offer(opening, unsettled, islice(stream, count // 3))
    failures += (await judge(ground, iter(answers)))[1]
    await ground.carry_out(answers, CHALLENGE_GAS)
    await ground.wait_to_answer()
    settled = (attempts.settle(held, "WrongStatus") for held in chosen)
    await offer(opening, settled, islice(stream, count - 2 * (count // 3)))
    return counted, failures, Counter({"segments answered": len(chosen)})
