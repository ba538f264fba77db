"""What was asked about a promise (PROMISE-5): L1 keeps the hash of it, and its event all."""

from sequencer.l1.backwards import logs_backwards
from sequencer.l1.client import L1Client
from sequencer.l1.deployment import Deployment
from sequencer.l1.events import PromiseChallenged
from sequencer.l1.logs import decode_log
from sequencer.l1.rpc import L1Error
from sequencer.promises.challenge import PromiseChallenge
from sequencer.types import Hash32


async def find_challenge(
    client: L1Client, deployment: Deployment, promise_id: Hash32
) -> PromiseChallenge:
    """The one challenge of a promise; the last blocks are looked at first. Raises `L1Error`, also
    if there is none."""
    contract = deployment.contracts.promise_slasher
    async for log in logs_backwards(client, contract, deployment.start_block):
        event = decode_log(log, deployment.contracts)
        if isinstance(event, PromiseChallenged) and event.id == promise_id:
            return event.challenge
    raise L1Error(f"no challenge of promise 0x{promise_id.hex()} on L1")
