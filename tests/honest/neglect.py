"""Attempts at NeglectSlasher: every block that honest members attested (NEGLECT-1)."""

from collections.abc import Iterator
from dataclasses import replace
from random import Random

from msgspec.structs import replace as replace_struct

from sequencer.evidence.attested import AttestedBlock
from sequencer.l1 import abi
from sequencer.types import Epoch
from tests.honest.chain import Attested, Chain
from tests.honest.ground import Attempt, Ground
from tests.honest.ordering import attested_block

KIND = "neglect"
ALTERED = 0.3
_REPORT = abi.function("NeglectSlasher", "report")


def report(ground: Ground, block: AttestedBlock, expected: set[str], about: str) -> Attempt:
    slasher = ground.deployment.contracts.neglect_slasher
    data = _REPORT.call(block.for_contract(), bytes(32))
    return Attempt(KIND, slasher, data, frozenset(expected), about)


def attempts(chain: Chain, random: Random) -> Iterator[Attempt]:
    """Each block and member once, in any order, with altered ones between; then these without
    end."""
    places = [
        (attested, at, member)
        for attested in chain.batches
        for at in range(len(attested.blocks))
        for member in range(len(attested.own))
    ]
    random.shuffle(places)
    for attested, at, member in places:
        block = attested_block(attested, at, member)
        height = block.headers[-1].height
        yield report(chain.ground, block, _refusal(chain, block), f"block {height} by {member}")
        if random.random() < ALTERED:
            yield _altered(chain, attested, block, random)
    while places:
        attested, at, member = random.choice(places)
        yield _altered(chain, attested, attested_block(attested, at, member), random)


def _refusal(chain: Chain, block: AttestedBlock) -> set[str]:
    """The first message left over is not due, or nobody has enqueued it yet."""
    is_queued = block.headers[-1].forced_count < chain.ground.view.queue_length
    return {"NotDueAtOrigin"} if is_queued else {"UnknownMessage"}


def _altered(chain: Chain, attested: Attested, block: AttestedBlock, random: Random) -> Attempt:
    last = block.headers[-1]
    fewer = replace_struct(last, forced_count=random.randint(0, last.forced_count))
    later = replace_struct(last, origin_timestamp=last.origin_timestamp + random.randint(1, 600))
    other = random.choice(chain.batches)
    is_same = other.batch == block.batch
    changed, expected = random.choice(
        (
            (replace(block, headers=(*block.headers[:-1], later)), {"WrongHeader"}),
            (
                replace(block, headers=(*block.headers[:-1], fewer)),
                _refusal(chain, block) if fewer == last else {"WrongHeader"},
            ),
            (replace(block, epoch=Epoch(block.epoch + 1 + random.randrange(4))), {"LaterEpoch"}),
            (
                replace(block, batch=other.batch),
                _refusal(chain, block) if is_same else {"WrongHeader"},
            ),
            (
                replace(block, signature=random.choice(other.own).signature),
                _refusal(chain, block) if is_same else {"UnknownSigner"},
            ),
            (replace(block, headers=()), {"EmptyProof"}),
            (
                replace(block, signature=random.choice(attested.later or attested.own).signature),
                {"UnknownSigner"} if attested.later else _refusal(chain, block),
            ),
        )
    )
    return report(chain.ground, changed, expected, f"block {last.height}, altered")
