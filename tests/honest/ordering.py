"""Attempts at OrderingSlasher: every kind of fault (ORDER-6), of leaves of blocks that honest
members attested, with right proofs and with altered ones."""

from collections.abc import Iterator
from dataclasses import replace
from random import Random

from msgspec.structs import replace as replace_struct

from sequencer.blocks.header import Block, Header
from sequencer.blocks.merkle import leaf_hashes, prove, sides_of
from sequencer.blocks.payload import decode_payload
from sequencer.evidence.attested import AttestedBlock
from sequencer.evidence.disorder import OrderFault, ProvedEntry
from sequencer.l1 import abi
from sequencer.ordering.order import payload_entries
from sequencer.types import Epoch, Hash32, RollupId
from tests.honest.chain import Attested, Chain, later_headers
from tests.honest.ground import Attempt, Ground

KIND = "ordering"
_REPORT = abi.function("OrderingSlasher", "report")


def leaves_of(block: Block) -> list[ProvedEntry]:
    """Of the transactions of a block that are on L1."""
    payload = decode_payload(block.payload)
    entries = payload_entries(payload, block.header.parent_hash)
    leaves = leaf_hashes(entries, payload.held)
    raws = [raw for segment in payload.segments for raw in segment.transactions]
    return [
        ProvedEntry(
            *(rollup, at, tx_hash, key), prove(leaves, at), sides_of(len(leaves), at), raws[at]
        )
        for at, (rollup, tx_hash, key) in enumerate(entries)
    ]


def attested_block(attested: Attested, at: int, member: int) -> AttestedBlock:
    headers = tuple(later_headers(attested, at))
    signed = attested.own[member]
    said = signed.attestation
    committee = Hash32(said.committee)
    return AttestedBlock(said.epoch, committee, signed.signature, attested.batch, headers)


def report(
    ground: Ground,
    fault: OrderFault,
    block: AttestedBlock,
    leaves: list[ProvedEntry],
    expected: set[str],
    about: str,
) -> Attempt:
    entries = [leaf.for_contract() for leaf in leaves]
    data = _REPORT.call(int(fault), block.for_contract(), entries, bytes(32))
    slasher = ground.deployment.contracts.ordering_slasher
    return Attempt(KIND, slasher, data, frozenset(expected), f"{fault.name} {about}")


def attempts(chain: Chain, random: Random) -> Iterator[Attempt]:
    """Without end. Half are of the right form, so that the judgement itself has to refuse them."""
    places = [
        (attested, at, leaves)
        for attested in chain.batches
        for at, block in enumerate(attested.blocks)
        if (leaves := leaves_of(block))
    ]
    while places:
        attested, at, leaves = random.choice(places)
        block = attested_block(attested, at, random.randrange(len(attested.own)))
        make = random.choice((_in_form, _in_form, _in_any_form, _altered))
        made = make(chain, block, leaves, random)
        if made is not None:
            yield made


def _in_form(
    chain: Chain, block: AttestedBlock, leaves: list[ProvedEntry], random: Random
) -> Attempt | None:
    """As somebody reports who believes in the fault."""
    fault = random.choice(list(OrderFault))
    last = random.choice(leaves)
    before = leaves[: last.position]
    same = [leaf for leaf in before if leaf.rollup_id == last.rollup_id]
    match fault:
        case OrderFault.OVERSTATED:
            chosen = [last]
        case OrderFault.UNEARNED:
            chosen = [*before[-1:], last]
        case _:
            if not same:
                return None
            chosen = [random.choice(same), last]
    is_early = _is_early(chain, last.rollup_id, block.header)
    return _report(chain, fault, block, chosen, {"NotYetProvable" if is_early else "InOrder"})


def _is_early(chain: Chain, rollup: RollupId, header: Header) -> bool:
    """ORDER-7."""
    found = chain.ground.view.registration_of(rollup)
    assert found is not None
    return header.origin_timestamp < found.provable_from


def _in_any_form(
    chain: Chain, block: AttestedBlock, leaves: list[ProvedEntry], random: Random
) -> Attempt:
    """Any leaves of the block in any order."""
    chosen = [random.choice(leaves) for _ in range(random.choice((0, 1, 2, 2, 2, 3)))]
    fault = random.choice(list(OrderFault))
    expected = {"InOrder", "WrongEntryCount", "WrongPlaces", "DifferentRollups", "NotYetProvable"}
    return _report(chain, fault, block, chosen, expected)


def _altered(
    chain: Chain, block: AttestedBlock, leaves: list[ProvedEntry], random: Random
) -> Attempt | None:
    """In the right form, but for one thing that is not as it was signed."""
    made = random.choice(_ALTERATIONS)(chain, block, leaves, random)
    if made is None:
        return None
    about, altered, last, expected = made
    fault = random.choice((OrderFault.OVERSTATED, OrderFault.UNEARNED))
    if fault is OrderFault.UNEARNED and last.position:
        before = leaves[min(last.position, len(leaves)) - 1]
        return _report(chain, fault, altered, [before, last], expected, about)
    return _report(chain, fault, altered, [last], expected, about)


_Made = tuple[str, AttestedBlock, ProvedEntry, set[str]]


def _another_epoch(
    _: Chain, block: AttestedBlock, leaves: list[ProvedEntry], random: Random
) -> _Made:
    epoch = Epoch(max(0, block.epoch + random.choice((-1, 1, 2))))
    expected = {"LaterEpoch"} if epoch != block.epoch else {"InOrder", "NotYetProvable"}
    return "of another epoch", replace(block, epoch=epoch), random.choice(leaves), expected


def _attested_later(
    chain: Chain, block: AttestedBlock, leaves: list[ProvedEntry], random: Random
) -> _Made | None:
    """By the committee of the next epoch, which answers for nothing in it (ATTEST-1)."""
    attested = chain.batches[block.batch.index - 1]
    if not attested.later:
        return None
    signature = random.choice(attested.later).signature
    epoch = Epoch(block.epoch + random.choice((0, 1)))
    expected = {"LaterEpoch"} if epoch != block.epoch else {"UnknownSigner"}
    altered = replace(block, epoch=epoch, signature=signature)
    return "attested in the next epoch", altered, random.choice(leaves), expected


def _signed_for_another(
    chain: Chain, block: AttestedBlock, leaves: list[ProvedEntry], random: Random
) -> _Made | None:
    other = random.choice(chain.batches)
    if other.batch == block.batch:
        return None
    altered = replace(block, signature=random.choice(other.own).signature)
    return "signed for another batch", altered, random.choice(leaves), {"UnknownSigner"}


def _another_header(
    chain: Chain, block: AttestedBlock, leaves: list[ProvedEntry], random: Random
) -> _Made | None:
    """A header below the batch, or one that was changed."""
    last = block.headers[-1]
    changed = replace_struct(last, transaction_root=Hash32(random.randbytes(32)))
    headers, error = (*block.headers[:-1], changed), "WrongHeader"
    if random.random() < 0.5 and last.height > 1:
        first = block.batch.first_height
        below = [chain.blocks[at - 1].header for at in range(last.height - 1, first - 2, -1) if at]
        if not below or below[-1].height >= first:
            return None
        headers, error = (*block.headers, *below), "BelowBatch"
    altered = replace(block, headers=headers)
    return "of another header", altered, random.choice(leaves), {error}


def _another_batch(
    _: Chain, block: AttestedBlock, leaves: list[ProvedEntry], random: Random
) -> _Made:
    batch = replace_struct(block.batch, usage_hash=Hash32(random.randbytes(32)))
    altered = replace(block, batch=batch)
    return "of a changed batch", altered, random.choice(leaves), {"UnknownSigner"}


def _another_leaf(
    _: Chain, block: AttestedBlock, leaves: list[ProvedEntry], random: Random
) -> _Made:
    """Another rollup, place or key than the leaf has."""
    last = random.choice(leaves)
    altered = random.choice(
        (
            replace(last, rollup_id=RollupId(last.rollup_id % 6 + 1)),
            replace(last, position=last.position + 1),
            replace(last, order_key=(last.order_key + 1) % 2**128),
            replace(last, order_key=last.order_key // 2 if last.order_key else 1),
        )
    )
    return "of a changed leaf", block, altered, {"WrongRoot"}


def _of_another_block(
    chain: Chain, block: AttestedBlock, _: list[ProvedEntry], random: Random
) -> _Made | None:
    other = random.choice(chain.blocks)
    found = leaves_of(other)
    if not found or other.header == block.headers[-1]:
        return None
    return "of another block", block, random.choice(found), {"WrongRoot"}


def _another_path(
    _: Chain, block: AttestedBlock, leaves: list[ProvedEntry], random: Random
) -> _Made | None:
    last = random.choice(leaves)
    if not last.siblings:
        return None
    altered = random.choice(
        (
            replace(last, siblings=last.siblings[:-1]),
            replace(last, siblings=(*last.siblings, Hash32(bytes(32)))),
            replace(last, sides=last.sides ^ 1),
        )
    )
    return "with another path", block, altered, {"WrongRoot"}


def _another_raw(
    _: Chain, block: AttestedBlock, leaves: list[ProvedEntry], random: Random
) -> _Made:
    last = random.choice(leaves)
    others = [leaf.transaction for leaf in leaves if leaf.transaction != last.transaction]
    raw = random.choice((b"", last.transaction[:-1], last.transaction + b"\0", *others))
    expected = {"WrongTransaction", "NotYetProvable"}
    return "with another transaction", block, replace(last, transaction=raw), expected


_ALTERATIONS = (
    _another_epoch,
    _attested_later,
    _signed_for_another,
    _another_header,
    _another_batch,
    _another_leaf,
    _of_another_block,
    _another_path,
    _another_raw,
)


def _report(
    chain: Chain,
    fault: OrderFault,
    block: AttestedBlock,
    leaves: list[ProvedEntry],
    expected: set[str],
    about: str = "",
) -> Attempt:
    height = block.headers[-1].height if block.headers else 0
    places = [leaf.position for leaf in leaves]
    line = f"in block {height} at {places} {about}".strip()
    return report(chain.ground, fault, block, leaves, expected, line)
