"""What L1 shows that people should know."""

from pathlib import Path

import pytest
from eth_abi.abi import encode

from sequencer.batches.seen import Seen
from sequencer.crypto.hashing import keccak
from sequencer.l1 import abi
from sequencer.l1.client import L1Client
from sequencer.l1.events import BatchCommitted, DataChallenged, MessageEnqueued
from sequencer.l1.logs import Log
from sequencer.types import Address, BatchIndex, Epoch, Hash32
from sequencer.watch.l1 import Contracts
from sequencer.watch.lookout import Lookout
from sequencer.watch.metrics import exposition
from tests.unit.evidence import cases
from tests.unit.l1.chains import SECONDS, header
from tests.unit.l1.fake_l1 import CONTRACTS, DEPLOYMENT
from tests.unit.watch.world import World

ONE = keccak(b"one")


class LogsOnly:
    """The part of `L1Client` that reads logs, over a list."""

    def __init__(self, logs: list[Log], head: int) -> None:
        self.logs = logs
        self.asked: list[tuple[int, int]] = []
        self._head = head

    async def head(self) -> object:
        return header(self._head)

    async def logs_between(self, _: object, first: int, last: int) -> list[Log]:
        self.asked.append((first, last))
        return [one for one in self.logs if first <= one.block_number <= last]


def lookout(world: World, client: object = None) -> Lookout:
    found = client if client is not None else L1Client("http://127.0.0.1:9")
    return Lookout(world.desk, Contracts(found, DEPLOYMENT, 0), 2)  # type: ignore[arg-type]


def log_of(contract: str, name: str, address: Address, number: int, **values: object) -> Log:
    """An event of these values, the rest zero."""
    entry = abi.event(contract, name)
    topics, plain, types = [entry.hash], [], []
    for kind, field, indexed in zip(entry.types, entry.names, entry.indexed, strict=True):
        value = values.get(field, _zero(kind))
        if indexed:
            topics.append(Hash32(encode([kind], [value])))
        else:
            types.append(kind)
            plain.append(value)
    return Log(address, tuple(topics), encode(types, plain), number, ONE, keccak(b"tx"), number)


def _zero(kind: str) -> object:
    if kind.endswith("[]"):
        return []
    if kind.startswith("("):
        return (0,) * kind.count("uint")
    if kind == "address":
        return "0x" + "00" * 20
    return bytes(int(kind[5:] or 0)) if kind.startswith("bytes") else 0


def test_look__overdue_message__is_told_once(tmp_path: Path) -> None:
    due = 3 * SECONDS
    world = World(
        tmp_path, MessageEnqueued(0, cases.ROLLUP, Address(bytes(20)), 21_000, due, b"raw")
    )
    out = lookout(world)
    out.look()
    assert world.alerts.told == {}
    world.see()
    world.see()
    out.look()
    out.look()
    assert world.alerts.told == {"overdue-message": 1}


def test_look__challenge_of_data__is_told_when_half_its_time_is_over(tmp_path: Path) -> None:
    made = 1 * SECONDS
    world = World(
        tmp_path,
        DataChallenged(
            ONE, cases.ROLLUP, BatchIndex(1), Address(bytes(20)), 7, ONE, made + 4 * SECONDS
        ),
    )
    out = lookout(world)
    out.look()
    world.see()
    out.look()
    assert world.alerts.told == {}
    world.see()
    world.see()
    out.look()
    assert world.alerts.told == {"unanswered-challenge": 1}


def test_look__member_that_signs_little__is_told_when_its_epoch_is_over(tmp_path: Path) -> None:
    world = World(tmp_path)
    out = lookout(world)
    for index in range(1, 6):
        world.see(BatchCommitted(BatchIndex(index), ONE, cases.EPOCH, ONE, signers=0b01))
        out.look()
    assert world.view.seen.of(cases.EPOCH).commits == 5
    assert world.alerts.told == {}
    world.see(BatchCommitted(BatchIndex(6), ONE, Epoch(4), ONE, signers=0b01))
    out.look()
    assert world.alerts.told == {"low-participation": 1}
    assert isinstance(world.view.seen, Seen)


@pytest.mark.parametrize(
    ("contract", "name", "address", "values", "kind"),
    [
        (
            "ParameterTimelock",
            "CallScheduled",
            CONTRACTS.parameter_timelock,
            {"data": abi.function("Parameters", "set").call(1, 2)},
            "parameters",
        ),
        ("SlashingLedger", "OperatorSlashed", CONTRACTS.slashing_ledger, {"id": 4}, "slashed"),
        ("Participation", "EpochSettled", CONTRACTS.participation, {"absent": 2}, "absent"),
    ],
)
async def test_logs__that_matter__are_told_once_over_restarts(
    tmp_path: Path, contract: str, name: str, address: Address, values: dict[str, object], kind: str
) -> None:
    client = LogsOnly([log_of(contract, name, address, 5, **values)], head=9)
    world = World(tmp_path)
    await lookout(world, client).read_logs()
    assert world.alerts.told == {kind: 1}
    assert client.asked == [(2, 9)]
    world.close()
    again = World(tmp_path)
    await lookout(again, client).read_logs()
    assert again.alerts.told == {}
    assert client.asked == [(2, 9)], "nothing is read twice"


def test_exposition__is_what_prometheus_reads() -> None:
    text = exposition(
        [("up", {"node": 'a"b'}, True), ("told_total", {}, 3), ("up", {"node": "c"}, False)]
    )
    assert text == (
        "# TYPE switchyard_watch_up gauge\n"
        'switchyard_watch_up{node="a\\"b"} 1\n'
        'switchyard_watch_up{node="c"} 0\n'
        "# TYPE switchyard_watch_told_total counter\n"
        "switchyard_watch_told_total 3\n"
    )
