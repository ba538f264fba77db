"""What honest members sign in one schedule of the simulator: votes, and attestations of what they
made final. Their keys are those bonded on L1, their committee has the hash of L1's."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random

from sequencer.batches.attestations import attest
from sequencer.batches.cut import BatchChain, BatchCutter, CutPoint
from sequencer.crypto.hashing import keccak, word
from sequencer.evidence.equivocation import (
    SignedStatement,
    StatementKind,
    statement_of_attestation,
    statement_of_vote,
)
from sequencer.ordering.turn import is_terminal
from sequencer.simulation.draw import with_wrong_clocks
from sequencer.simulation.keys import DeploymentKeys
from sequencer.simulation.later_epochs import with_later_epochs
from sequencer.simulation.network import Conditions
from sequencer.simulation.node import Node
from sequencer.simulation.scenario import Scenario, draw_usual
from sequencer.simulation.world import World
from sequencer.types import BatchIndex, Epoch
from tests.honest.chain import BATCHES
from tests.honest.ground import Ground

MOST_EPOCHS = 5
"""Of a schedule, the first is epoch 1."""


@dataclass(frozen=True, slots=True)
class Said:
    """A signed statement, and whose it is."""

    position: int
    signed: SignedStatement

    @property
    def place(self) -> tuple[bool, int, int]:
        """What one signer says one thing about: a view of an epoch, or an index."""
        said = self.signed.statement
        is_batch = said.kind is StatementKind.ATTESTATION
        return is_batch, 0 if is_batch else said.epoch, said.position


def run_schedule(ground: Ground, seed: int) -> list[Said]:
    """Everything that was signed, by anybody, in the schedule of a seed."""
    scenario = draw_honest(ground, seed)
    observers = (keccak(b"observer", word(at)) for at in range(scenario.observers))
    keys = DeploymentKeys(ground.separator, [*ground.secrets, *observers])
    world = World(scenario, keys=keys)
    outcome = world.run()
    assert not outcome.violations, f"schedule {seed}: {outcome.violations[0]}"
    votes = [Said(at, statement_of_vote(vote)) for at, vote in world.referee.signed]
    seats = range(len(ground.signers))
    return votes + [said for at in seats for said in _attest(ground, world, at)]


def draw_honest(ground: Ground, seed: int) -> Scenario:
    """The faults of a usual schedule, but all are honest; members and weights are those of L1."""
    random = Random(seed)
    usual = draw_usual(seed, random)
    scenario = replace(
        usual,
        weights=ground.weights,
        attackers=(),
        calm=Conditions(delay_ms=usual.calm.delay_ms),
        is_later_epoch=False,
        is_on_disk=random.random() < 0.1,
    )
    if random.random() < 0.5:
        scenario = with_later_epochs(scenario, random)
        rows = len(scenario.later_weights[: MOST_EPOCHS - 1])
        scenario = replace(scenario, later_weights=(ground.weights,) * rows)
    return with_wrong_clocks(scenario, random) if random.random() < 0.25 else scenario


def _attest(ground: Ground, world: World, position: int) -> Iterator[Said]:
    """As the member's own store has the chain: in the epoch of the batch and in the next one."""
    node = world.nodes[position]
    assert isinstance(node, Node)
    start = CutPoint(BatchIndex(0), node.disk.start)
    cutter, chain = BatchCutter(start, BATCHES), BatchChain(ground.separator)
    committees = world.timeline.committees
    for block in node.disk.chain:
        cut = cutter.push(block, is_terminal(world.timeline.schedule, block.header))
        for batch in chain.push(cut) if cut else ():
            first = block.header.epoch
            for committee in filter(None, map(committees.get, (first, Epoch(first + 1)))):
                signer = ground.signers[position]
                made = attest(batch.index, batch.hash, committee, signer, ground.separator)
                yield Said(position, statement_of_attestation(made))
