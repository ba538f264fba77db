"""What `seq_status` says of L1, by the node's view of it. Times are seconds."""

from itertools import islice

from sequencer.l1.view import L1View

MAX_ROLLUPS = 100
"""Of those with a mode of their own, in one status."""


def forced_status(l1: L1View) -> dict[str, object]:
    """The queue at L1's head."""
    due = 0
    if l1.head is not None:
        waiting = map(l1.message, range(l1.consumed, l1.queue_length))
        due = sum(1 for message in waiting if message and message.deadline <= l1.head.timestamp)
    return {"length": l1.queue_length, "consumed": l1.consumed, "due": due}


def modes_status(l1: L1View) -> list[dict[str, object]]:
    """The rollups that the committee does not order, or that have announced a change (ROLL-3)."""
    if l1.head is None:
        return []
    found: list[dict[str, object]] = []
    for rollup_id in islice(l1.rollups_with_modes(), MAX_ROLLUPS):
        modes = l1.modes_at(rollup_id, l1.head.number)
        order, pending = modes.at(l1.head.timestamp), modes.pending_at(l1.head.timestamp)
        found.append(
            {
                "rollup": rollup_id,
                "mode": order.mode.name.lower(),
                "announced": None if pending is None else pending.mode.name.lower(),
                "effectiveAt": None if pending is None else pending.effective_at,
            }
        )
    return found


def notices_status(l1: L1View) -> list[dict[str, object]]:
    """The rollups that owe for bytes, and when they are dropped (FEE-4)."""
    if l1.head is None:
        return []
    found: list[dict[str, object]] = []
    for rollup_id in l1.rollups_with_notices():
        notice = l1.notice_at(rollup_id, l1.head.number)
        if notice is not None and len(found) < MAX_ROLLUPS:
            is_dropped = notice.is_due(l1.head.timestamp)
            found.append({"rollup": rollup_id, "dropAt": notice.drop_at, "isDropped": is_dropped})
    return found
