"""An L1 in memory: branches, logs as the contracts write them, faults where a test wants them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields, replace

from eth_abi.abi import encode

from sequencer.crypto.hashing import address_word, keccak, word
from sequencer.l1 import abi
from sequencer.l1.client import L1Transaction
from sequencer.l1.deployment import Contracts, Deployment
from sequencer.l1.events import (
    BasedEnding,
    BasedEntered,
    BatchCommitted,
    BatchesCharged,
    BatchPosted,
    Checkpointed,
    CommitteeRecorded,
    DataAnswered,
    DataChallenged,
    DataVoided,
    Event,
    ForceIncluded,
    L1Block,
    L1Header,
    MessageEnqueued,
    MessagesConsumed,
    ModeAnnounced,
    ModeCancelled,
    NoticeCleared,
    NoticeGiven,
    OperatorBonded,
    OperatorEjected,
    OperatorJailed,
    OperatorReleased,
    OperatorUnjailed,
    PromiseBroken,
    PromiseChallenged,
    PromiseKept,
    RollupRegistered,
    SignerRotated,
)
from sequencer.l1.logs import Log
from sequencer.l1.rpc import L1Error, L1Refused
from sequencer.l1.schedule import Schedule
from sequencer.types import Address, Hash32, encode_committee
from tests.unit.l1.chains import header

CONTRACTS = Contracts(
    *(Address(bytes([0xC0 + number]) * 20) for number in range(len(fields(Contracts))))
)
DEPLOYMENT = Deployment(
    chain_id=31337,
    start_block=2,
    contracts=CONTRACTS,
    schedule=Schedule(0, 60),
    force_window_seconds=30,
    commit_grace_seconds=120,
    unbonding_seconds=600,
    data_window_seconds=120,
    data_answer_seconds=40,
    batch_bytes=64 << 10,
    batch_age_ms=4_000,
    block_bytes=52 << 10,
    blob_bytes_min=16 << 10,
)


def real(event: Event) -> Event:
    """A committee whose hash is that of its bytes."""
    if isinstance(event, CommitteeRecorded):
        found = event.committee
        return CommitteeRecorded(replace(found, hash=keccak(encode_committee(found))))
    return event


@dataclass
class FakeL1:
    """The methods of `L1Client` that reading needs."""

    endpoint: str = "http://fake"
    blocks: list[L1Block] = field(default_factory=lambda: [L1Block(header(0))])
    orphans: dict[Hash32, L1Block] = field(default_factory=dict)
    calldata: dict[Hash32, bytes] = field(default_factory=dict)
    """Of `commit` and `post`, by transaction hash."""
    blob_hashes: dict[Hash32, tuple[Hash32, ...]] = field(default_factory=dict)
    """Of transactions with blobs."""
    codes: dict[Address, bytes] = field(default_factory=dict)
    on_call: Callable[[str], None] = lambda method: None
    calls: list[str] = field(default_factory=list)
    range_limit: int = 10**9
    logs_limit: int = 10**9
    """In one answer."""
    branch: int = 0

    # --- what happens on it ---

    def mine(self, *events: Event) -> L1Block:
        parent = self.blocks[-1].header
        made = L1Block(
            header(parent.number + 1, str(self.branch), parent), tuple(real(e) for e in events)
        )
        for event in made.events:
            if isinstance(event, CommitteeRecorded):
                self.codes[_pointer(event)] = b"\0" + encode_committee(event.committee)
        self.blocks.append(made)
        return made

    def reorg(self, depth: int, *replacement: Iterable[Event]) -> None:
        """Replace the last `depth` blocks (never the first) by others."""
        keep = max(1, len(self.blocks) - depth)
        for lost in self.blocks[keep:]:
            self.orphans[Hash32(lost.header.hash)] = lost
        del self.blocks[keep:]
        self.branch += 1
        for events in replacement:
            self.mine(*events)

    # --- what an endpoint answers ---

    def _called(self, method: str) -> None:
        self.calls.append(method)
        self.on_call(method)

    async def chain_id(self) -> int:
        self._called("chain_id")
        return 31337

    async def head(self) -> L1Header:
        self._called("head")
        return self.blocks[-1].header

    async def header(self, number: int) -> L1Header | None:
        self._called("header")
        return self.blocks[number].header if number < len(self.blocks) else None

    async def logs_of(self, addresses: Iterable[Address], block_hash: Hash32) -> list[Log]:
        self._called("logs_of")
        known = {block.header.hash: block for block in self.blocks} | self.orphans
        if block_hash not in known:
            raise L1Refused("unknown block", -32000, b"")
        return logs(known[block_hash])

    async def logs_between(self, addresses: Iterable[Address], first: int, last: int) -> list[Log]:
        self._called("logs_between")
        if last - first >= self.range_limit:
            raise L1Refused("range is too large", -32005, b"")
        found = [log for block in self.blocks[first : last + 1] for log in logs(block)]
        if len(found) > self.logs_limit:
            raise L1Error("answered more than enough bytes")
        return found

    async def code(self, address: Address) -> bytes:
        self._called("code")
        return self.codes.get(address, b"")

    async def transaction(self, transaction_hash: Hash32) -> L1Transaction | None:
        self._called("transaction")
        for block in self.blocks:
            for event in block.events:
                if getattr(event, "transaction_hash", None) == transaction_hash:
                    return L1Transaction(
                        CONTRACTS.commitment_chain,
                        self.calldata[transaction_hash],
                        Hash32(block.header.hash),
                        self.blob_hashes.get(transaction_hash, ()),
                    )
        return None

    async def close(self) -> None:
        pass


def logs(block: L1Block) -> list[Log]:
    """The block's events as the contracts log them."""
    return [_log(event, block.header, index) for index, event in enumerate(block.events)]


def _log(event: Event, where: L1Header, index: int) -> Log:
    address, contract, name, values = _parts(event)
    entry = abi.event(contract, name)
    topics, plain, types = [entry.hash], [], []
    for kind, indexed, value in zip(entry.types, entry.indexed, values, strict=True):
        if indexed:
            topics.append(_topic(value))
        else:
            plain.append(value)
            types.append("bytes" if kind == "string" else kind)
    return Log(
        address=address,
        topics=tuple(topics),
        data=encode(types, plain),
        block_number=where.number,
        block_hash=Hash32(where.hash),
        transaction_hash=getattr(event, "transaction_hash", Hash32(keccak(b"tx"))),
        index=index,
    )


def _topic(value: object) -> bytes:
    """Of an address, a hash or a number."""
    if isinstance(value, bytes):
        return address_word(Address(value)) if len(value) == 20 else value
    assert isinstance(value, int)
    return word(value)


def _pointer(event: CommitteeRecorded) -> Address:
    return Address(event.committee.hash[:20])


def _bond_parts(event: Event) -> tuple[str, list[object]] | None:
    """Of an event of the registry: its name and values."""
    match event:
        case OperatorBonded():
            endpoint = event.endpoint.encode("utf-8", "surrogateescape")
            values = [event.operator_id, event.operator, event.signer]
            return "OperatorBonded", [*values, 10**18, 500, event.transport_key, endpoint]
        case SignerRotated():
            return "SignerRotated", [event.operator_id, Address(bytes(20)), event.signer]
        case OperatorJailed() | OperatorEjected():
            return type(event).__name__, [event.operator_id, 77]
        case OperatorUnjailed():
            return "OperatorUnjailed", [event.operator_id]
        case OperatorReleased():
            return "OperatorReleased", [event.operator_id, Address(bytes(20)), 0]
    return None


def _parts(event: Event) -> tuple[Address, str, str, list[object]]:
    bond_parts = _bond_parts(event)
    if bond_parts is not None:
        return CONTRACTS.bond_registry, "BondRegistry", *bond_parts
    match event:
        case CommitteeRecorded():
            values = [event.committee.epoch, _pointer(event), event.committee.hash]
            return CONTRACTS.committee, "Committee", "CommitteeRecorded", values
        case RollupRegistered():
            values = [event.rollup_id, Address(bytes(20)), event.chain_id, Address(bytes(20))]
            values += [event.holds_data, event.ordering.policy.value]
            values += [event.ordering.base_fee_wei, event.provable_from]
            return CONTRACTS.rollup_registry, "RollupRegistry", "RollupRegistered", values
        case MessageEnqueued():
            values = [event.index, event.rollup_id, event.sender]
            values += [event.kind.value, event.gas_limit, event.deadline, event.content]
            return CONTRACTS.forced_inbox, "ForcedInbox", "MessageEnqueued", values
        case ForceIncluded():
            values = [event.first, event.up_to, Address(bytes(20))]
            return CONTRACTS.forced_inbox, "ForcedInbox", "ForceIncluded", values
        case MessagesConsumed():
            values = [event.first, event.up_to]
            return CONTRACTS.forced_inbox, "ForcedInbox", "MessagesConsumed", values
    return _later_parts(event)


def _later_parts(event: Event) -> tuple[Address, str, str, list[object]]:
    """Of modes, of the fallback and of batches."""
    match event:
        case ModeAnnounced():
            values = [event.rollup_id, event.mode.value, event.sequencer, event.effective_at]
            return CONTRACTS.rollup_registry, "RollupRegistry", "ModeAnnounced", values
        case ModeCancelled():
            return CONTRACTS.rollup_registry, "RollupRegistry", "ModeCancelled", [event.rollup_id]
        case BasedEntered():
            values = [Address(bytes(20))]
            return CONTRACTS.commitment_chain, "CommitmentChain", "BasedEntered", values
        case BasedEnding():
            return CONTRACTS.commitment_chain, "CommitmentChain", "BasedEnding", [event.until]
        case BatchPosted():
            values = [event.rollup_id, event.number, event.poster, event.content_hash]
            values += [event.data or b""]
            return CONTRACTS.rollup_inbox, "RollupInbox", "BatchPosted", values
        case BatchCommitted():
            values = [event.index, event.batch_hash, event.epoch, 0]
            return CONTRACTS.commitment_chain, "CommitmentChain", "BatchCommitted", values
        case BatchesCharged() | NoticeGiven() | NoticeCleared():
            return CONTRACTS.sequencing_fees, "SequencingFees", *_fee_parts(event)
    return _asked_parts(event)


def _asked_parts(event: Event) -> tuple[Address, str, str, list[object]]:
    """Of challenges."""
    if isinstance(event, PromiseChallenged | PromiseKept | PromiseBroken):
        return CONTRACTS.promise_slasher, "PromiseSlasher", *_promise_parts(event)
    return CONTRACTS.data_availability_challenge, *_data_parts(event)


def _fee_parts(event: BatchesCharged | NoticeGiven | NoticeCleared) -> tuple[str, list[object]]:
    """Of what rollups owe."""
    match event:
        case BatchesCharged():
            return "BatchesCharged", [event.last, event.entries]
        case NoticeGiven():
            return "NoticeGiven", [event.rollup_id, 77, event.drop_at]
        case NoticeCleared():
            return "NoticeCleared", [event.rollup_id]


def _data_parts(event: Event) -> tuple[str, str, list[object]]:
    """Of challenges to held data."""
    name = type(event).__name__
    match event:
        case DataChallenged():
            values: list[object] = [event.id, event.rollup_id, event.index, event.challenger]
            values += [event.length, event.hash, event.deadline]
        case DataAnswered():
            values = [event.id, event.data]
        case DataVoided():
            values = [event.id, event.rollup_id]
        case Checkpointed():
            values = [event.index]
        case _:
            raise NotImplementedError(event)
    return "DataAvailabilityChallenge", name, values


def _promise_parts(
    event: PromiseChallenged | PromiseKept | PromiseBroken,
) -> tuple[str, list[object]]:
    """Of challenges to promises."""
    name = type(event).__name__
    match event:
        case PromiseChallenged():
            values: list[object] = [event.id, event.operator_id, event.promise.for_contract()]
            return name, [*values, event.index, event.challenge.for_contract()]
        case PromiseKept():
            return name, [event.id, 7, Address(bytes(20))]
        case PromiseBroken():
            return name, [event.id, 3, 2]
