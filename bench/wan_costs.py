"""What the steps of a node's work cost on this machine: the constants of `make wan`.

Each figure is the best of several rounds of the node's own code: signatures by libsecp256k1,
messages through their encoding, transports with CURVE on loopback, payloads of random transactions
of 110 bytes, a journal that is synced. Prints the values for `sequencer/simulation/wan/costs.py`.
"""

import asyncio
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

from sequencer.blocks.header import genesis
from sequencer.blocks.merkle import leaf_hashes, transaction_root
from sequencer.blocks.payload import encode_payload
from sequencer.consensus.events import Received, Start
from sequencer.consensus.journal import Journal
from sequencer.consensus.messages import SignedVote, Vote, VoteKind
from sequencer.consensus.pacemaker import Timing
from sequencer.consensus.simplex import Simplex
from sequencer.crypto.hashing import keccak
from sequencer.crypto.signatures import Signer, recover
from sequencer.crypto.transport_key import transport_public, transport_secret
from sequencer.node.transport import Peer, Transport
from sequencer.node.wire import decode, encode_consensus
from sequencer.ordering.order import root_of
from sequencer.simulation.keys import SEPARATOR, SimVerifier, make_committee
from sequencer.types import Address, Hash32, MemberIndex, RollupId, View

ROUNDS = 15
MEMBERS = 100
TRANSACTIONS = 1_000
BURST = 500
"""Messages: fewer than a queue holds."""


def best_us(action: Callable[[], object], times: int) -> float:
    """Of one call, when it is made `times` times over."""
    rounds = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        for _ in range(times):
            action()
        rounds.append(time.perf_counter() - started)
    return 1e6 * min(rounds) / times


def votes() -> list[SignedVote]:
    """As many as do not make a quorum."""
    committee = make_committee([1] * MEMBERS)
    vote = Vote(VoteKind.NOTARIZE, committee.epoch, committee.hash, View(1), Hash32(bytes(32)))
    verifier = SimVerifier(committee)
    return [verifier.sign(vote, MemberIndex(member)) for member in range(1, MEMBERS // 2)]


def core_us() -> float:
    """One vote through a core of 100 members."""
    rounds = []
    received = [Received(vote) for vote in votes()]
    for _ in range(ROUNDS):
        core = Simplex(make_committee([1] * MEMBERS), MemberIndex(0), genesis(SEPARATOR), Timing())
        core.handle(Start(), 0)
        started = time.perf_counter()
        for event in received:
            if core.is_news(event.message):
                core.handle(event, 1)
                core.deadline()
        rounds.append(time.perf_counter() - started)
    return 1e6 * min(rounds) / len(received)


def payload_us() -> tuple[float, float]:
    """Building and judging, for each KiB."""
    random, rollup = Random(1), RollupId(1)
    raws = [random.randbytes(110) for _ in range(TRANSACTIONS)]
    payload = encode_payload([(rollup, raws)])

    def build() -> None:
        transaction_root(leaf_hashes((rollup, keccak(raw), 0) for raw in raws))
        keccak(encode_payload([(rollup, raws)]))

    def judge() -> None:
        keccak(payload)
        root_of(payload, Hash32(bytes(32)))

    kib = len(payload) / 1024
    return best_us(build, 1) / kib, best_us(judge, 1) / kib


async def socket_us() -> tuple[float, float]:
    """Sending and receiving a vote: all are sent before the first is taken."""
    secrets = [keccak(b"sender"), keccak(b"receiver")]
    addresses = [Signer(secret).address for secret in secrets]
    arrived: list[float] = []
    all_here = asyncio.Event()
    now = time.perf_counter

    def take(_signer: Address, _data: bytes) -> None:
        arrived.append(now())
        if len(arrived) == BURST:
            all_here.set()

    ends = [Transport(transport_secret(secret), ("127.0.0.1", 0), take) for secret in secrets]
    for end in ends:
        end.start()
    for mine, other in ((0, 1), (1, 0)):
        peer = Peer(addresses[other], transport_public(secrets[other]), ends[other].endpoint)
        ends[mine].set_peers([peer])
    await asyncio.sleep(1)  # the handshake
    data = encode_consensus(votes()[0])
    sends, takes = [], []
    for _ in range(ROUNDS):
        arrived.clear()
        all_here.clear()
        started = now()
        for _ in range(BURST):
            ends[0].send(addresses[1], data)
        sends.append(now() - started)
        await asyncio.sleep(0.1)
        started = now()
        running = asyncio.create_task(ends[1].run())
        await asyncio.wait_for(all_here.wait(), 10)
        takes.append(arrived[-1] - started)
        running.cancel()
    for end in ends:
        end.close()
    return 1e6 * min(sends) / BURST, 1e6 * min(takes) / BURST


def sync_us() -> float:
    signer = Signer(keccak(b"signer"))
    with tempfile.TemporaryDirectory() as folder:
        journal = Journal(Path(folder) / "journal", SEPARATOR, signer.address)
        vote = votes()[0]

        def write() -> None:
            journal.append(vote)
            journal.sync()

        cost_us = best_us(write, 20)
        journal.close()
    return cost_us


def main() -> None:
    signer, digest = Signer(keccak(b"signer")), keccak(b"digest")
    signature = signer.sign(digest)
    data = encode_consensus(votes()[0])
    send_us, take_us = asyncio.run(socket_us())
    build_us, judge_us = payload_us()
    costs = {
        "receive_us": take_us + best_us(lambda: decode(data), 1_000),
        "verify_us": best_us(lambda: recover(digest, signature), 100),
        "handle_us": core_us(),
        "sign_us": best_us(lambda: signer.sign(digest), 100),
        "send_us": send_us,
        "build_us_per_kib": build_us,
        "judge_us_per_kib": judge_us,
        "sync_us": sync_us(),
    }
    for name, cost in costs.items():
        print(f"{name:18} {cost:8.1f}")


if __name__ == "__main__":
    main()
