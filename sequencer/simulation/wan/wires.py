"""Links with queues: what is sent to many leaves one by one, what many send arrives one by one."""

from dataclasses import dataclass
from heapq import heappop, heappush
from random import Random

from sequencer.consensus.messages import Certificate, ConsensusMessage, Proposal, SignedVote
from sequencer.node.wire import encode_consensus
from sequencer.simulation.network import Network
from sequencer.simulation.scheduler import Scheduler, Trace
from sequencer.simulation.wan.regions import World

KINDS = ("proposal", "vote", "certificate", "blocks")
"""Of messages; the last are requests for blocks and the answers."""

_CURVE_BYTES = 33
"""CurveZMQ (RFC 26): command name 8, nonce 8, MAC 16, flags 1."""
_SHORT_FRAME, _SHORT_HEAD, _LONG_HEAD = 255, 2, 9
"""ZMTP's frame header by the length of the frame."""
_SEGMENT_BYTES = 1_448
"""Of a TCP segment with timestamps in an Ethernet frame of 1,500 bytes."""
_SEGMENT_HEAD = 90
"""TCP 32, IP 20, Ethernet 38 with preamble and gap."""

JITTER = 0.05
"""A packet takes up to this much longer than the measured mean."""


def wire_bytes(encoded: int) -> int:
    """What a message of `encoded` bytes occupies of a link."""
    frame = encoded + _CURVE_BYTES
    frame += _SHORT_HEAD if frame <= _SHORT_FRAME else _LONG_HEAD
    return frame + _SEGMENT_HEAD * -(-frame // _SEGMENT_BYTES)


@dataclass(frozen=True, slots=True)
class Parcel:
    """A message as it goes over the wire; one for all its receivers."""

    message: ConsensusMessage
    kind: int
    size: int


def pack(message: ConsensusMessage) -> Parcel:
    if isinstance(message, SignedVote):
        kind = 1
    elif isinstance(message, Certificate):
        kind = 2
    else:
        kind = 0 if isinstance(message, Proposal) else 3
    return Parcel(message, kind, wire_bytes(len(encode_consensus(message))))


@dataclass(slots=True)
class Traffic:
    """Of one node, by kind."""

    messages: list[int]
    octets: list[int]

    @classmethod
    def none(cls) -> "Traffic":
        return cls([0] * len(KINDS), [0] * len(KINDS))

    def count(self, parcel: Parcel, times: int = 1) -> None:
        self.messages[parcel.kind] += times
        self.octets[parcel.kind] += times * parcel.size


Event = tuple[int, int, int, int, Parcel | None]
"""Time, serial number, node, and the sender and the parcel that comes; None is an alarm."""


class Wires(Network):
    """Every node's two links, and all that is to happen, in order."""

    def __init__(
        self,
        world: World,
        nodes: int,
        bits_per_second: int,
        scheduler: Scheduler,
        random: Random,
        trace: Trace,
    ) -> None:
        super().__init__(scheduler, random, trace)
        self._bit_ns = 1e9 / bits_per_second
        self._delay = [[world.one_way_ns(a, b) for b in range(nodes)] for a in range(nodes)]
        self._up_free = [0] * nodes
        self._down_free = [0] * nodes
        self._last = [[0] * nodes for _ in range(nodes)]
        self._due: list[Event] = []
        self._serial = 0
        self.down: set[int] = set()
        """Nodes that are gone: nobody is connected to them."""
        self.forget_traffic()

    def forget_traffic(self) -> None:
        """Count from here on."""
        nodes = range(len(self._delay))
        self.sent = [Traffic.none() for _ in nodes]
        self.received = [Traffic.none() for _ in nodes]

    def one_way_ns(self, sender: int, receiver: int) -> int:
        return self._delay[sender][receiver]

    def alarm(self, position: int, at_ns: int) -> None:
        self._push(at_ns, position, position, None)

    def next_event(self) -> Event | None:
        return heappop(self._due) if self._due else None

    def put(self, sender: int, receiver: int, parcel: Parcel, now_ns: int) -> None:
        """Queue at the sender's link. A connection keeps its order."""
        if receiver in self.down:
            return
        self.sent[sender].count(parcel)
        left_ns = max(self._up_free[sender], now_ns) + self._takes_ns(parcel)
        self._up_free[sender] = left_ns
        delay_ns = int(self._delay[sender][receiver] * (1 + JITTER * self._random.random()))
        arrival_ns = max(left_ns + delay_ns, self._last[sender][receiver])
        self._last[sender][receiver] = arrival_ns
        self._push(arrival_ns, receiver, sender, parcel)

    def arrive(self, receiver: int, parcel: Parcel, now_ns: int) -> int:
        """When a parcel whose first bit comes now is there as a whole."""
        self.received[receiver].count(parcel)
        ready_ns = max(self._down_free[receiver], now_ns) + self._takes_ns(parcel)
        self._down_free[receiver] = ready_ns
        return ready_ns

    def _takes_ns(self, parcel: Parcel) -> int:
        return int(8 * parcel.size * self._bit_ns)

    def _push(self, at_ns: int, position: int, sender: int, parcel: Parcel | None) -> None:
        self._serial += 1
        heappush(self._due, (at_ns, self._serial, position, sender, parcel))
