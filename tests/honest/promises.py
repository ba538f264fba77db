"""Attempts at PromiseSlasher, with promises that honest members made and kept (PROMISE-5 to
PROMISE-7).

What is no evidence is refused at once. What is, is challenged on L1, answered with the proof that
a node makes, and cannot be settled before that or after.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from dataclasses import replace as evolve
from itertools import chain as chain_of
from itertools import islice
from random import Random

from msgspec.structs import astuple, replace

from sequencer.batches.batch import Batch
from sequencer.blocks.payload import decode_payload
from sequencer.l1 import abi
from sequencer.ordering.order import payload_entries
from sequencer.promises.challenge import PromiseChallenge
from sequencer.promises.inclusion import InclusionProof, prove_inclusion
from sequencer.promises.promise import InclusionPromise, SignedPromise
from sequencer.types import Address, BatchIndex, Hash32, Height, RollupId
from tests.honest.chain import Chain
from tests.honest.ground import (
    ACCEPTED,
    ETHER,
    Attempt,
    Failure,
    distinct,
    judge,
)

KIND = "promise"
SHARE = 8
"""Of so many attempts one is a challenge that stands."""
CHALLENGE_GAS = 400_000
ANSWER_GAS = 2_000_000
_CHALLENGE = abi.function("PromiseSlasher", "challenge")
_ANSWER = abi.function("PromiseSlasher", "answer")
_SETTLE = abi.function("PromiseSlasher", "settle")


NOTHING = PromiseChallenge(Address(bytes(20)), 0, 0, False, Hash32(bytes(32)))
"""What nobody has asked."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A promise whose range has passed."""

    signed: SignedPromise
    operator_id: int
    batch: Batch
    """With the last height."""
    height: Height
    """Of the block that has the transaction."""
    proof: InclusionProof

    @property
    def said(self) -> InclusionPromise:
        return self.signed.promise


def challenge_data(said: InclusionPromise, signature: bytes, batch: Batch) -> bytes:
    return _CHALLENGE.call(said.for_contract(), signature, astuple(batch), bytes(32))


def settle_data(operator_id: int, said: InclusionPromise, challenge: PromiseChallenge) -> bytes:
    return _SETTLE.call(operator_id, said.for_contract(), challenge.for_contract())


@dataclass(frozen=True, slots=True)
class Asked:
    """A challenge."""

    said: InclusionPromise
    signature: bytes
    batch: Batch
    wei: int = ETHER

    def data(self) -> bytes:
        return challenge_data(self.said, self.signature, self.batch)


Altered = tuple[Asked, str]
"""With the error of the contract."""


class Promises:
    """What a chain's members promised, and in which blocks it is."""

    def __init__(self, chain: Chain, random: Random) -> None:
        self.chain = chain
        self.slasher = chain.ground.deployment.contracts.promise_slasher
        self._random = random
        self._batch_at = {
            block.header.height: attested.batch
            for attested in chain.batches
            for block in attested.blocks
        }
        self._place: dict[tuple[RollupId, Hash32], tuple[BatchIndex, int, int]] = {}
        for attested in chain.batches:
            for at, block in enumerate(attested.blocks):
                entries = payload_entries(decode_payload(block.payload), block.header.parent_hash)
                for position, (rollup, tx_hash, _) in enumerate(entries):
                    place = (attested.batch.index, at, position)
                    self._place.setdefault((rollup, tx_hash), place)
        self.kept = self._find_kept()
        self._alterations: dict[str, Callable[[Asked], Altered]] = {
            "another batch": self._another_batch,
            "a changed batch": self._changed_batch,
            "a changed promise": self._changed_promise,
            "another signature": self._another_signature,
            "for nobody": self._for_nobody,
            "too cheap": self._too_cheap,
        }

    def _find_kept(self) -> list[Kept]:
        found = {}
        for signed in self.chain.promises:
            batch = self._batch_at.get(signed.promise.last_height)
            if batch is not None:
                found[signed.promise.digest(self.chain.ground.separator, signed.committee)] = signed
        return [self._kept(signed) for signed in found.values()]

    def _kept(self, signed: SignedPromise) -> Kept:
        said = signed.promise
        batch = self._batch_at[said.last_height]
        index, at, position = self._place[said.rollup, said.tx_hash]
        attested = self.chain.batches[index - 1]
        block = attested.blocks[at]
        down = [self.chain.batches[i - 1].batch for i in range(batch.index, index - 1, -1)]
        later = [one.header for one in attested.blocks[at + 1 :]]
        assert block.header.height <= said.last_height, "an honest node broke its promise"
        return Kept(
            signed,
            self._operator_of(signed),
            batch,
            Height(block.header.height),
            prove_inclusion(down, later, block, position),
        )

    def _operator_of(self, signed: SignedPromise) -> int:
        ground = self.chain.ground
        digest = signed.promise.digest(ground.separator, signed.committee)
        (found,) = [
            at
            for at, signer in enumerate(ground.signers)
            if signer.sign(digest) == signed.signature
        ]
        return found + 1

    # --- attempts ---

    def attempt(self, data: bytes, expected: set[str], about: str, wei: int = 0) -> Attempt:
        return Attempt(KIND, self.slasher, data, frozenset(expected), about, wei)

    def refused(self) -> Iterator[Attempt]:
        """Challenges that do not stand, without end; nothing is challenged yet."""
        while self.kept:
            made = self._refused(self._random.choice(self.kept))
            if made is not None:
                yield made

    def _refused(self, kept: Kept) -> Attempt | None:
        asked = Asked(kept.said, kept.signed.signature, kept.batch)
        how = self._random.choice(list(self._alterations))
        altered, error = self._alterations[how](asked)
        if altered == asked:
            return None
        return self.attempt(altered.data(), {error}, f"{_name(kept)}, {how}", altered.wei)

    def _another_batch(self, asked: Asked) -> Altered:
        batch = self._random.choice(self.chain.batches).batch
        is_early = batch.last_height < asked.said.last_height
        return evolve(asked, batch=batch), "NotPassed" if is_early else "PassedBefore"

    def _changed_batch(self, asked: Asked) -> Altered:
        batch = replace(asked.batch, usage_hash=Hash32(self._random.randbytes(32)))
        return evolve(asked, batch=batch), "WrongBatch"

    def _changed_promise(self, asked: Asked) -> Altered:
        """Something else than was signed, whose range has passed with the same batch."""
        said, batch = asked.said, asked.batch
        heights = range(batch.first_height, batch.last_height + 1)
        changes: list[dict[str, object]] = [
            {"epoch": said.epoch ^ 1},
            {"rollup": said.rollup + 1},
            {"tx_hash": self._random.choice(self.kept).said.tx_hash},
            {"last_height": self._random.choice(heights)},
            {"beneficiary": self._random.randbytes(20)},
            {"value_wei": said.value_wei + 1},
        ]
        return evolve(asked, said=replace(said, **self._random.choice(changes))), "UnknownSigner"

    def _another_signature(self, asked: Asked) -> Altered:
        other = self._random.choice(self.kept).signed
        return evolve(asked, signature=other.signature), "UnknownSigner"

    def _for_nobody(self, asked: Asked) -> Altered:
        said = replace(asked.said, beneficiary=Address(bytes(20)))
        return evolve(asked, said=said), "NoBeneficiary"

    def _too_cheap(self, asked: Asked) -> Altered:
        return evolve(asked, wei=self._random.randrange(10**9)), "PriceTooLow"

    def again(self, kept: Kept) -> Attempt:
        data = challenge_data(kept.said, kept.signed.signature, kept.batch)
        return self.attempt(data, {"WrongStatus"}, f"{_name(kept)}, challenged twice", ETHER)

    async def challenge_of(self, kept: Kept) -> PromiseChallenge:
        return await self.chain.ground.challenge_of(kept.operator_id, kept.said)

    def settle(self, kept: Kept, challenge: PromiseChallenge, expected: str) -> Attempt:
        data = settle_data(kept.operator_id, kept.said, challenge)
        return self.attempt(data, {expected}, f"{_name(kept)}, settled")

    def answer(self, kept: Kept, challenge: PromiseChallenge) -> Attempt:
        said, proof = kept.said.for_contract(), kept.proof.for_contract()
        data = _ANSWER.call(kept.operator_id, said, challenge.for_contract(), proof)
        return self.attempt(data, {ACCEPTED}, f"{_name(kept)}, answered")


def _name(kept: Kept) -> str:
    said = kept.said
    return f"promise of {kept.operator_id} up to {said.last_height}, kept at {kept.height}"


async def run(
    chain: Chain, random: Random, count: int
) -> tuple[Counter[str], list[Failure], Counter[str]]:
    """How often L1 gave each answer to what it has to refuse, what it should not have answered,
    and how many promises were challenged and answered."""
    ground, promises = chain.ground, Promises(chain, random)
    chosen = random.sample(promises.kept, min(len(promises.kept), -(-count // SHARE)))
    settles = [promises.settle(kept, NOTHING, "WrongStatus") for kept in chosen]
    again = [promises.again(kept) for kept in chosen]
    rest = islice(distinct(promises.refused()), max(0, count - 6 * len(chosen)))
    counted, failures = await judge(ground, chain_of(settles, rest))

    async def offer(*attempts: Iterable[Attempt]) -> None:
        more, wrong = await judge(ground, chain_of(*attempts))
        counted.update(more)
        failures.extend(wrong)

    await ground.carry_out(again, CHALLENGE_GAS)
    asked = [(kept, await promises.challenge_of(kept)) for kept in chosen]
    await offer(again, (promises.settle(*one, "NotYetDue") for one in asked))
    await offer(promises.settle(kept, NOTHING, "WrongChallenge") for kept in chosen)
    answers = [promises.answer(*one) for one in asked]
    failures += (await judge(ground, iter(answers)))[1]
    await ground.carry_out(answers, ANSWER_GAS)
    await ground.wait_to_answer()
    await offer(again, (promises.settle(*one, "WrongStatus") for one in asked))
    latest = sum(kept.height == kept.said.last_height for kept in chosen)
    facts = {"promises answered": len(chosen), "of them kept at the last height": latest}
    return counted, failures, Counter(facts)
