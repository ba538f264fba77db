"""Operators that leave, or are thrown out, when it is worst."""

from random import Random

from sequencer.batches.attestations import attest
from sequencer.crypto.hashing import keccak
from sequencer.evidence.equivocation import attestations_evidence
from sequencer.l1 import abi
from sequencer.types import BatchIndex
from tests.hostile.accounts import COLD, OPERATORS, SIGNER_OF, STRANGER
from tests.hostile.l1 import Call
from tests.hostile.roles.committee import committee_of
from tests.hostile.scene import Scene
from tests.integration.l1_world import report_call


def leave(scene: Scene, draw: Random) -> None:
    """BOND-5: one, or so many that the last committee is kept (COMM-3)."""
    registry = scene.world.base.contracts.bond_registry
    for number in draw.sample(range(OPERATORS), draw.choice((1, 1, 3))):
        call = abi.function("BondRegistry", "initiateExit").call()
        scene.world.send(Call(COLD[number], registry, call))
        if draw.random() < 0.3:
            release = abi.function("BondRegistry", "release").call(number + 1)
            scene.world.send(Call(STRANGER, registry, release))


def slash(scene: Scene, draw: Random) -> None:
    """SLASH-1: a member signs twice, and is reported."""
    epoch = draw.choice(scene.world.ledger.epochs[-2:])
    committee = committee_of(scene, epoch)
    if committee is None:
        return
    domain = scene.world.base.deployment.domain
    member = draw.choice(committee.members).signer
    pair = [
        attest(BatchIndex(1), keccak(text), committee, SIGNER_OF[member], domain.separator())
        for text in (b"one", b"two")
    ]
    call = report_call(attestations_evidence(domain, member, *pair))
    slasher = scene.world.base.contracts.equivocation_slasher
    scene.world.send(Call(STRANGER, slasher, call), None)
