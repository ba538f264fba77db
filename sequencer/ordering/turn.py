"""Whose block it is, when an epoch ends, and the blocks that end it (EPOCH-2, EPOCH-3)."""

from dataclasses import dataclass

from sequencer.blocks.header import Block, Header
from sequencer.blocks.merkle import transaction_root
from sequencer.blocks.payload import EMPTY_PAYLOAD
from sequencer.crypto.hashing import keccak
from sequencer.errors import PeerFault
from sequencer.l1.schedule import Schedule
from sequencer.types import Address, Epoch, Height, View


@dataclass(frozen=True, slots=True)
class Turn:
    """Whose block is asked about: the epoch and view, and the signer that leads it."""

    epoch: Epoch
    view: View
    proposer: Address


def origin_epoch(schedule: Schedule, timestamp: int) -> Epoch:
    """The epoch of an L1 origin; what lies before `genesis` counts as epoch 0."""
    return schedule.epoch_of(timestamp) or Epoch(0)


def is_terminal(schedule: Schedule, header: Header) -> bool:
    """EPOCH-2: a block (terminal or closing) whose origin lies in a later epoch than itself."""
    return origin_epoch(schedule, header.origin_timestamp) > header.epoch


def has_to_close(schedule: Schedule, epoch: Epoch, parent: Header) -> bool:
    """EPOCH-3: whether a block of `epoch` on `parent` is a closing block."""
    return parent.epoch == epoch and is_terminal(schedule, parent)


def closing_block(turn: Turn, parent: Header) -> Block:
    """EPOCH-3, BLOCK-6: the only block of this turn that may follow a terminal or closing one."""
    header = Header(
        epoch=turn.epoch,
        height=Height(parent.height + 1),
        view=turn.view,
        timestamp_ms=parent.timestamp_ms,
        parent_hash=parent.hash,
        payload_hash=keccak(EMPTY_PAYLOAD),
        payload_length=len(EMPTY_PAYLOAD),
        transaction_root=transaction_root([]),
        origin_number=parent.origin_number,
        origin_hash=parent.origin_hash,
        origin_timestamp=parent.origin_timestamp,
        forced_count=parent.forced_count,
        proposer=turn.proposer,
    )
    return Block(header, EMPTY_PAYLOAD)


def check_closing(block: Block, turn: Turn, parent: Header) -> None:
    """Raises `PeerFault` for any other."""
    if block != closing_block(turn, parent):
        raise PeerFault("closing block is not empty, or not like its parent")
