"""Spammers and strangers at the ForcedInbox."""

from random import Random

from sequencer.crypto.hashing import keccak, word
from sequencer.l1 import abi
from sequencer.l1.events import MessageKind
from sequencer.l1.rpc import to_hex
from sequencer.types import Address, RollupId
from tests.hostile.accounts import (
    CHAIN_IDS,
    GAS,
    SPAMMER,
    STRANGER,
    alias,
    transactions,
)
from tests.hostile.base import PARAMETERS, SLOT_SECONDS
from tests.hostile.facts import Enqueued, Forced
from tests.hostile.l1 import Call, through
from tests.hostile.scene import Scene

ROOM = 300
INBOX = "ForcedInbox"
TARGET = Address(b"\x66" * 20)


def spam(scene: Scene, draw: Random) -> None:
    """A burst of small messages, at whatever the fee has risen to."""
    sender = draw.choice((SPAMMER, STRANGER))
    for _ in range(draw.choice((1, 2, 4, 12))):
        if draw.random() < 0.3:
            _call(scene, draw, sender)
        else:
            _transaction(scene, draw, sender, _raw(draw))


def big_message(scene: Scene, draw: Random) -> None:
    """As long as the queue takes, or a byte longer."""
    length = PARAMETERS.inbox.max_bytes + draw.choice((0, 0, 1))
    _transaction(scene, draw, SPAMMER, b"\x02" + bytes(length - 1))


def deposit(scene: Scene, draw: Random) -> None:
    """Ether for a vault: a good one, one that refuses, and none."""
    rollup = RollupId(draw.choice((1, 1, 1, 2, 3)))
    amount_wei, data = draw.choice((0, 1, 10**15)), draw.randbytes(draw.choice((0, 40)))
    call = abi.function(INBOX, "depositEther").call(rollup, GAS, to_hex(TARGET), amount_wei, data)
    content = TARGET + word(amount_wei) + data
    fact = Enqueued(MessageKind.ETHER, rollup, SPAMMER, GAS, content)
    value_wei = _room_fee(scene, len(content)) + amount_wei
    scene.world.send(Call(SPAMMER, _inbox(scene), call, value_wei), fact)


def message_of_contract(scene: Scene, draw: Random) -> None:
    """The adversary's contract refuses its refund, unless what it pays is exact."""
    rollup, raw = _rollup(draw), _raw(draw)
    value_wei = scene.world.ledger.fee(len(raw), GAS, scene.world.ledger.pending)
    fact = Enqueued(MessageKind.TRANSACTION, rollup, alias(scene.world.base.actor), GAS, raw)
    data = abi.function(INBOX, "enqueue").call(rollup, GAS, raw)
    call = Call(SPAMMER, _inbox(scene), data, value_wei + draw.choice((0, 0, 1)))
    scene.world.send(through(scene.world.base.actor, call), fact)


def invalid_message(scene: Scene, draw: Random) -> None:
    """What INBOX-1 and INBOX-2 refuse."""
    raw = _raw(draw)
    rollup, gas, paid = draw.choice(
        ((99, GAS, 1), (0, GAS, 1), (1, 20_999, 1), (1, 2**63, 1), (1, GAS, 0))
    )
    data = abi.function(INBOX, "enqueue").call(rollup, gas, raw)
    fact = Enqueued(MessageKind.TRANSACTION, RollupId(rollup), SPAMMER, gas, raw)
    value_wei = paid * _room_fee(scene, len(raw))
    scene.world.send(Call(SPAMMER, _inbox(scene), data, value_wei), fact)


def force(scene: Scene, draw: Random) -> None:
    """Others force too, up to wherever they like."""
    ledger = scene.world.ledger
    soon = scene.world.now + SLOT_SECONDS
    due = [i for i, m in enumerate(ledger.messages) if m.deadline <= soon]
    up_to = draw.choice(
        (
            *(ledger.consumed, ledger.consumed + 1, len(ledger.messages), 2**64 - 1),
            *(len(ledger.messages) + 1, 0, *([len(due)] * 3)),
            *([ledger.users_message] * 2 if ledger.users_message else []),
        )
    )
    call = Call(STRANGER, _inbox(scene), abi.function(INBOX, "forceInclude").call(up_to))
    if draw.random() < 0.2:
        call = through(scene.world.base.actor, call)
    scene.world.send(call, Forced(up_to))


def _transaction(scene: Scene, draw: Random, sender: Address, raw: bytes) -> None:
    rollup, gas = _rollup(draw), draw.choice((21_000, GAS, GAS))
    data = abi.function(INBOX, "enqueue").call(rollup, gas, raw)
    fact = Enqueued(MessageKind.TRANSACTION, rollup, sender, gas, raw)
    value_wei = _room_fee(scene, len(raw))
    scene.world.send(Call(sender, _inbox(scene), data, value_wei), fact)


def _call(scene: Scene, draw: Random, sender: Address) -> None:
    rollup, value, data = _rollup(draw), draw.choice((0, 2**256 - 1)), draw.randbytes(40)
    call = abi.function(INBOX, "enqueueCall").call(rollup, GAS, to_hex(TARGET), value, data)
    fact = Enqueued(MessageKind.CALL, rollup, sender, GAS, TARGET + word(value) + data)
    value_wei = _room_fee(scene, 52 + len(data))
    scene.world.send(Call(sender, _inbox(scene), call, value_wei), fact)


def _inbox(scene: Scene) -> Address:
    return scene.world.base.contracts.forced_inbox


def _room_fee(scene: Scene, length: int) -> int:
    """More than it can cost in this block; the rest comes back."""
    return scene.world.ledger.fee(length, 2_000_000, scene.world.ledger.pending + ROOM)


def _rollup(draw: Random) -> RollupId:
    return RollupId(draw.randint(1, 3))


def _raw(draw: Random) -> bytes:
    """Valid for some rollup, not for another, or for none; the user's own, copied; noise."""
    known, chain_id = transactions(), draw.choice(CHAIN_IDS)
    return draw.choice(
        (
            *known.valid[chain_id],
            known.greedy[chain_id],
            known.users[chain_id],
            draw.choice(known.garbage),
            keccak(draw.randbytes(4)),
        )
    )
