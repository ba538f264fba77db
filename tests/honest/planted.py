"""What no honest member signs, on the same L1: all of it must be accepted, or the attempts prove
nothing."""

from collections.abc import Sequence
from dataclasses import replace
from random import Random

from msgspec.structs import replace as replace_struct

from sequencer.blocks.merkle import leaf_hashes, prove, sides_of, transaction_root
from sequencer.blocks.order import Ordering, value_of
from sequencer.crypto.hashing import keccak
from sequencer.evidence.attested import AttestedBlock
from sequencer.evidence.disorder import OrderFault, ProvedEntry
from sequencer.evidence.equivocation import SignedStatement, Statement, StatementKind
from sequencer.ingress.transaction import read_fees
from sequencer.promises.promise import InclusionPromise
from sequencer.types import Hash32, Height, MemberIndex, RollupId
from tests.honest import data, equivocation, inactivity, neglect, ordering
from tests.honest.chain import KEYS, Chain
from tests.honest.ground import (
    ACCEPTED,
    ETHER,
    OWNER,
    ROLLUPS,
    SLOT_SECONDS,
    Attempt,
    Failure,
    Ground,
    judge,
)
from tests.honest.ordering import report
from tests.honest.promises import KIND as PROMISE
from tests.honest.promises import challenge_data, settle_data
from tests.hostile.l1 import Call
from tests.unit.ingress.builders import Raw

CULPRIT = MemberIndex(0)
CONVICTED = frozenset({ACCEPTED})
_ROLLUP, _CHAIN_ID, _, _POLICY = ROLLUPS[0]


async def find_missed(chain: Chain) -> list[Failure]:
    """Of the planted ones, those that L1 refuses."""
    attempts = [*double_statements(chain), *disorders(chain), neglected(chain)]
    _, failures = await judge(chain.ground, iter(attempts))
    failures += await _broken_promise(chain)
    failures += await _withheld(chain)
    return failures + await _absent([wei // ETHER for wei in chain.ground.weights])


def double_statements(chain: Chain) -> list[Attempt]:
    kinds = StatementKind
    pairs = [
        (kinds.NOTARIZE, kinds.NOTARIZE),
        (kinds.FINALIZE, kinds.FINALIZE),
        (kinds.NULLIFY, kinds.FINALIZE),
        (kinds.ATTESTATION, kinds.ATTESTATION),
    ]
    return [
        equivocation.report(
            chain.ground,
            (_said(chain, first, b"one"), _said(chain, second, b"other")),
            CONVICTED,
            f"planted {first.name} and {second.name}",
        )
        for first, second in pairs
    ]


def _said(chain: Chain, kind: StatementKind, content: bytes) -> SignedStatement:
    found = Hash32(bytes(32)) if kind is StatementKind.NULLIFY else keccak(content)
    committee = chain.committee
    statement = Statement(kind, committee.epoch, committee.hash, 7, found)
    signature = chain.ground.signers[CULPRIT].sign(statement.digest(chain.ground.separator))
    return SignedStatement(statement, signature)


# --- blocks ---


def disorders(chain: Chain) -> list[Attempt]:
    """One block for each fault."""
    cheap, dear = _raw(0, 0, 5), _raw(1, 0, 9)
    second, first = _raw(2, 4, 5), _raw(2, 3, 5)
    planted: list[tuple[OrderFault, list[bytes], int]] = [
        (OrderFault.RISING, [cheap, dear], 0),
        (OrderFault.OVERSTATED, [cheap], 1),
        (OrderFault.UNEARNED, [dear], -1),
        (OrderFault.NONCES, [second, first], 0),
    ]
    found = []
    for fault, raws, surplus in planted:
        block, leaves = _attest_leaves(chain, raws, surplus)
        found.append(report(chain.ground, fault, block, leaves, {ACCEPTED}, "planted"))
    return found


def _raw(key: int, nonce: int, tip: int) -> bytes:
    return Raw(chain=_CHAIN_ID, nonce=nonce, priority=tip, max_fee=100, key=KEYS[key]).encode()


def _attest_leaves(
    chain: Chain, raws: Sequence[bytes], surplus: int
) -> tuple[AttestedBlock, list[ProvedEntry]]:
    """A block of these in this order, each with its value, and a surplus, as order key."""
    parent_hash = chain.batches[-1].blocks[-1].header.parent_hash
    entries = [(_ROLLUP, keccak(raw), _value(_POLICY, raw, parent_hash) + surplus) for raw in raws]
    leaves = leaf_hashes(entries)
    block = _attest(chain, transaction_root=transaction_root(leaves))
    return block, [
        ProvedEntry(
            *(rollup, at, tx_hash, key), prove(leaves, at), sides_of(len(leaves), at), raws[at]
        )
        for at, (rollup, tx_hash, key) in enumerate(entries)
    ]


def _value(ordering: Ordering, raw: bytes, parent_hash: Hash32) -> int:
    return value_of(ordering, read_fees(raw), keccak(raw), parent_hash)


def _attest(chain: Chain, **changes: object) -> AttestedBlock:
    """The last block that is attested, otherwise; and the batch that ends with it."""
    honest = ordering.attested_block(chain.batches[-1], len(chain.batches[-1].blocks) - 1, CULPRIT)
    header = replace_struct(honest.headers[0], **changes)
    batch = replace_struct(honest.batch, last_block_hash=header.hash)
    said = replace_struct(chain.batches[-1].own[CULPRIT].attestation, batch_hash=batch.hash)
    signature = chain.ground.signers[CULPRIT].sign(said.digest(chain.ground.separator))
    return replace(honest, signature=signature, batch=batch, headers=(header,))


def neglected(chain: Chain) -> Attempt:
    """Nothing of the queue is in, whose first message is long due."""
    block = _attest(chain, forced_count=0)
    return neglect.report(chain.ground, block, {ACCEPTED}, "planted")


# --- promises ---


async def _broken_promise(chain: Chain) -> list[Failure]:
    """Challenged for real: nobody can answer, and after the deadline it is lost."""
    ground, committee, batch = chain.ground, chain.committee, chain.batches[-1].batch
    said = InclusionPromise(
        epoch=committee.epoch,
        rollup=RollupId(1),
        tx_hash=keccak(b"left out"),
        last_height=Height(batch.last_height),
        beneficiary=OWNER,
        value_wei=ETHER,
    )
    signature = ground.signers[CULPRIT].sign(said.digest(ground.separator, committee.hash))
    slasher = ground.deployment.contracts.promise_slasher
    asked = Call(OWNER, slasher, challenge_data(said, signature, batch), ETHER)
    await ground.mine([asked], ground.timestamp + SLOT_SECONDS)
    await ground.wait_to_answer()
    data = settle_data(CULPRIT + 1, said, await ground.challenge_of(CULPRIT + 1, said))
    attempt = Attempt(PROMISE, slasher, data, CONVICTED, "planted")
    return (await judge(ground, iter([attempt])))[1]


# --- data, participation ---


async def _withheld(chain: Chain) -> list[Failure]:
    """Data that nobody gives: who attested its batch is punished."""
    ground, attempts = chain.ground, data.DataAttempts(chain, Random(0))
    held = attempts.segments[-1]
    await ground.carry_out([attempts.challenge(held, ACCEPTED)], data.CHALLENGE_GAS)
    await ground.wait_to_answer()
    await ground.carry_out([attempts.settle(held, ACCEPTED)], data.CHALLENGE_GAS)
    signed = held.attested.own[CULPRIT]
    return (await judge(ground, iter([attempts.punish(held, signed, ACCEPTED)])))[1]


async def _absent(weights: Sequence[int]) -> list[Failure]:
    """On an L1 of its own the last member attests nothing for an epoch."""
    ground = await Ground.start(weights)
    try:
        chain = Chain(ground, Random(0))
        absent = MemberIndex(len(weights) - 1)
        chain.silent.add(absent)
        while chain.epoch == 0:
            await chain.grow(1)
        await inactivity.settle(chain)
        attempt = inactivity.punish(ground, 0, absent, ACCEPTED)
        return (await judge(ground, iter([attempt])))[1]
    finally:
        await ground.stop()
