"""Owners of rollups, their sequencers, and anyone who posts."""

from random import Random

from sequencer.blocks.payload import EMPTY_PAYLOAD, encode_payload
from sequencer.crypto.hashing import word
from sequencer.l1 import abi
from sequencer.l1.events import RollupMode
from sequencer.l1.rpc import to_hex
from sequencer.types import Address, RollupId
from tests.hostile.accounts import (
    CHAIN_IDS,
    HEIR,
    OWNER,
    POSTER,
    SOLO,
    STRANGER,
    transactions,
)
from tests.hostile.base import ETHER, PARAMETERS, SLOT_SECONDS
from tests.hostile.facts import Announced, Cancelled, Entered, Posted, Registered
from tests.hostile.l1 import Call, through
from tests.hostile.scene import Scene

REGISTRY = "RollupRegistry"


def announce(scene: Scene, draw: Random) -> None:
    """Any mode, at any time, again and again."""
    rollup, mode = RollupId(draw.randint(1, 3)), draw.choice(list(RollupMode))
    sequencer = Address(bytes(20))
    if mode is RollupMode.SOLO:
        sequencer = draw.choice((SOLO, SOLO, scene.world.base.actor))
    arguments = (rollup, mode.value, to_hex(sequencer))
    _as_owner(scene, draw, "announceMode", arguments, Announced(rollup, mode))


def cancel(scene: Scene, draw: Random) -> None:
    soon = scene.world.now + SLOT_SECONDS
    rollups = scene.world.ledger.rollups.items()
    announced = [id_ for id_, r in rollups if r.announced is not None and r.announced[1] > soon]
    rollup = draw.choice([RollupId(draw.randint(1, 3)), *announced * 3])
    _as_owner(scene, draw, "cancelMode", (rollup,), Cancelled(rollup))


def hand_over(scene: Scene, draw: Random) -> None:
    """The rollup changes hands, perhaps."""
    rollup = draw.randint(1, 3)
    at = scene.world.base.contracts.rollup_registry
    for sender, to in ((OWNER, HEIR), (HEIR, OWNER)):
        offer = abi.function(REGISTRY, "transferOwnership").call(rollup, to_hex(to))
        scene.world.send(Call(sender, at, offer))
        if draw.random() < 0.5:
            accept = abi.function(REGISTRY, "acceptOwnership").call(rollup)
            scene.world.send(Call(to, at, accept))


def register(scene: Scene, draw: Random) -> None:
    """Another rollup, whose chain id is somebody else's."""
    chain_id = draw.choice((*CHAIN_IDS, 0, 2**64 - 1))
    call = abi.function(REGISTRY, "register").call(
        chain_id, to_hex(scene.world.base.actor), False, (0, 0)
    )
    at = scene.world.base.contracts.rollup_registry
    scene.world.send(Call(STRANGER, at, call), Registered(chain_id))


def enter(scene: Scene, draw: Random) -> None:
    """FALLBACK-2, if L1 agrees."""
    call = abi.function("CommitmentChain", "enterBased").call()
    at = scene.world.base.contracts.commitment_chain
    scene.world.send(Call(draw.choice((STRANGER, POSTER)), at, call), Entered())


def post(scene: Scene, draw: Random) -> None:
    """Transactions of the rollup, or of others: the user's too."""
    rollup = _open(scene, draw)
    known = transactions()
    found = [
        draw.choice((*known.valid[one], known.users[one], known.greedy[one], *known.garbage))
        for one in draw.choices(CHAIN_IDS, k=draw.randint(1, 4))
    ]
    data = encode_payload([(rollup, found)], compress=draw.random() < 0.5)
    _post(scene, draw, data, Posted(rollup, tuple(found)))


def post_rubbish(scene: Scene, draw: Random) -> None:
    """Void posts (DERIVE-10): of another rollup, of two, of none, and bytes."""
    raw = transactions().valid[CHAIN_IDS[0]][0]
    one, two = (RollupId(1), [raw]), (RollupId(2), [raw])
    data = draw.choice(
        (
            encode_payload([one, two]),
            encode_payload([(RollupId(9), [raw])]),
            encode_payload([one])[:-1],
            encode_payload([one]) + b"\0",
            EMPTY_PAYLOAD,
            b"\x01\xff\xff\xff\xff" + draw.randbytes(30),
            draw.randbytes(draw.choice((1, 300))),
            b"",
        )
    )
    _post(scene, draw, data, Posted(_open(scene, draw), None))


def _open(scene: Scene, draw: Random) -> RollupId:
    """A rollup that may be posted for in an ordinary next block, if there is one (POST-1)."""
    ledger, soon = scene.world.ledger, scene.world.now + SLOT_SECONDS
    known = sorted(ledger.rollups)
    if soon >= ledger.based_until:
        open_ones = [one for one in known if ledger.rollup(one).mode_at(soon) != RollupMode.SHARED]
        known = open_ones * 4 + known
    return draw.choice(known)


def _post(scene: Scene, draw: Random, data: bytes, fact: Posted) -> None:
    posted = abi.function("RollupInbox", "post").call(fact.rollup, data)
    if draw.random() < 0.2:  # the same in other words: a hole, no padding, a tail (DERIVE-1)
        hole, tail = draw.randbytes(7), draw.randbytes(draw.choice((0, 9)))
        posted = posted[:36] + word(64 + len(hole)) + hole + word(len(data)) + data + tail
    at = scene.world.base.contracts.rollup_inbox
    value_wei = draw.choice((ETHER, ETHER, ETHER, 0))
    call = Call(draw.choice((POSTER, SOLO, SOLO, STRANGER)), at, posted, value_wei)
    if draw.random() < 0.3:
        fallback = PARAMETERS.fallback
        exact_wei = fallback.floor_wei + len(data) * fallback.floor_wei_per_byte
        call = Call(POSTER, at, posted, draw.choice((0, exact_wei)))
        call = through(scene.world.base.actor, call)
    scene.world.send(call, fact)


def _as_owner(
    scene: Scene,
    draw: Random,
    name: str,
    arguments: tuple[object, ...],
    fact: Announced | Cancelled,
) -> None:
    """By whoever owns it now; one of the others is refused."""
    sender = draw.choice((OWNER, OWNER, OWNER, HEIR, STRANGER))
    call = abi.function(REGISTRY, name).call(*arguments)
    at = scene.world.base.contracts.rollup_registry
    scene.world.send(Call(sender, at, call), fact)
