"""The JSON-RPC methods: the part of Ethereum's that ordering can answer, and `seq_*`, of which
those about promises are in `promise_methods.py`.

Ordering does not execute. So a receipt says where a transaction stands and not what it did
(TX-7), and `eth_getTransactionCount` is the *ordering nonce*: one above the highest nonce this
node has seen ordered for the sender, 0 if it remembers none. A rollup's own node knows better.

`eth_*` values are hex, as wallets expect them; those of `seq_*` and `ordering` are JSON's.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence

from sequencer.blocks.contents import read_contents
from sequencer.blocks.header import Block
from sequencer.blocks.payload import MAX_TRANSACTION_BYTES
from sequencer.crypto.hashing import keccak
from sequencer.errors import DecodeError, PeerFault
from sequencer.ingress.backend import Backend
from sequencer.ingress.jsonrpc import CallFault, Code, excerpt
from sequencer.ingress.promise_methods import PromiseMethods
from sequencer.ingress.refusal import Refused
from sequencer.ingress.transaction import LEGACY, Transaction, decode_transaction
from sequencer.ingress.values import (
    Params,
    arguments,
    bytes_of,
    fault_of,
    hex_of,
    refusals_as_faults,
)
from sequencer.types import Address, Hash32, Height, RollupId

SEND_RAW = "eth_sendRawTransaction"
CLIENT_VERSION = "switchyard/v0.1.0/python"

_HEIGHT_MAX = 2**63 - 1
_LATEST_TAGS = ("latest", "pending", "safe", "finalized")
_CACHED_BLOCKS = 4


class Methods:
    """All methods over one node."""

    def __init__(self, backend: Backend, now_ms: Callable[[], int]) -> None:
        self._backend = backend
        self._now_ms = now_ms
        # Decoding a payload costs milliseconds, and receipts are asked for block by block.
        self._payloads: OrderedDict[Height, tuple[tuple[RollupId, bytes], ...]] = OrderedDict()
        self._node_methods: dict[str, Callable[[Params], object]] = {
            "seq_getBlock": self._get_block,
            "seq_status": self._status,
            "web3_clientVersion": self._client_version,
        }
        self._rollup_methods: dict[str, Callable[[RollupId, int, Params], object]] = {
            "eth_blockNumber": self._block_number,
            "eth_chainId": self._chain_id,
            "eth_getTransactionByHash": self._transaction_by_hash,
            "eth_getTransactionCount": self._transaction_count,
            "eth_getTransactionReceipt": self._receipt,
            SEND_RAW: self._send_raw_transaction,
            "net_version": self._net_version,
            **PromiseMethods(backend, now_ms).methods,
        }

    async def durable(self) -> None:
        """Return when what the results so far say may be told (PROMISE-3)."""
        await self._backend.durable()

    def call(self, rollup: RollupId | None, method: str, params: Params) -> object:
        """The result of a method on a rollup's path, or on none; raises `CallFault`."""
        if node_method := self._node_methods.get(method):
            return node_method(params)
        rollup_method = self._rollup_methods.get(method)
        if rollup_method is None:
            raise CallFault(Code.METHOD, f"there is no method {excerpt(method)} here")
        rollup, chain_id = self._registered(rollup, method)
        return rollup_method(rollup, chain_id, params)

    def reserve(self, rollup: RollupId | None, count: int) -> int:
        """Of so many calls of `SEND_RAW`, how many may wait for a turn; the others get `busy`."""
        if not count or rollup is None:
            return 0
        try:
            self._registered(rollup, SEND_RAW)
        except CallFault:  # which each of them gets
            return 0
        return self._backend.reserve(count)

    def release(self, count: int, waited_ms: float | None) -> None:
        """So many have their turn now, after so long; None if they will have none."""
        self._backend.release(count, waited_ms)

    def busy(self) -> CallFault:
        """POOL-7."""
        return fault_of(self._backend.busy())

    def send_raw(self, rollup: RollupId | None, calls: Sequence[Params]) -> list[str | CallFault]:
        """The results of calls of `SEND_RAW`, by the parameters of each; a fault is one of them.
        Raises `CallFault` for all."""
        at, _ = self._registered(rollup, SEND_RAW)
        read = [_raw_of(params) for params in calls]
        raws = [raw for raw in read if isinstance(raw, bytes)]
        sent = iter(self._backend.submit_many(at, raws, self._now_ms()))
        return [raw if isinstance(raw, CallFault) else _told(next(sent)) for raw in read]

    def _registered(self, rollup: RollupId | None, method: str) -> tuple[RollupId, int]:
        """The rollup of a path with its chain id; raises `CallFault`."""
        if rollup is None:
            raise CallFault(Code.METHOD, f"{method} is a rollup's: POST it to /rollup/{{id}}")
        with refusals_as_faults():
            chain_id = self._backend.chain_id(rollup)
        if chain_id is None:
            raise CallFault(Code.PARAMS, f"rollup {rollup} is not registered")
        return rollup, chain_id

    # Methods of the node

    def _client_version(self, params: Params) -> str:
        arguments(params, 0)
        return CLIENT_VERSION

    def _status(self, params: Params) -> dict[str, object]:
        arguments(params, 0)
        return self._backend.status()

    def _get_block(self, params: Params) -> dict[str, object] | None:
        (which,) = arguments(params, 1)
        if which == "latest":
            height = self._backend.height()
        elif isinstance(which, int) and not isinstance(which, bool) and 0 <= which <= _HEIGHT_MAX:
            height = Height(which)
        else:
            raise CallFault(Code.PARAMS, f'a height or "latest" expected, found {excerpt(which)}')
        block = self._backend.block(height)
        return _block_view(block, self._transactions(block)) if block else None

    # Methods of a rollup

    def _block_number(self, _rollup: RollupId, _chain_id: int, params: Params) -> str:
        arguments(params, 0)
        return hex(self._backend.height())

    def _chain_id(self, _rollup: RollupId, chain_id: int, params: Params) -> str:
        arguments(params, 0)
        return hex(chain_id)

    def _net_version(self, _rollup: RollupId, chain_id: int, params: Params) -> str:
        arguments(params, 0)
        return str(chain_id)

    def _send_raw_transaction(self, rollup: RollupId, _chain_id: int, params: Params) -> str:
        (told,) = self.send_raw(rollup, [params])
        if isinstance(told, CallFault):
            raise told
        return told

    def _transaction_count(self, rollup: RollupId, _chain_id: int, params: Params) -> str:
        sender, tag = arguments(params, 1, "latest")
        if tag not in _LATEST_TAGS:
            raise CallFault(
                Code.PARAMS, f'only the nonce at "latest" is known, not at {excerpt(tag)}'
            )
        address = Address(bytes_of(sender, "an address", 20, 20))
        return hex(self._backend.next_nonce(rollup, address) or 0)

    def _transaction_by_hash(
        self, rollup: RollupId, chain_id: int, params: Params
    ) -> dict[str, object] | None:
        (text,) = arguments(params, 1)
        tx_hash = Hash32(bytes_of(text, "a transaction hash", 32, 32))
        if found := self._ordered(rollup, chain_id, tx_hash):
            block, position, tx = found
            place = _place_view(block, position)
        else:
            pooled = self._backend.pooled(rollup, tx_hash)
            if pooled is None:
                return None
            tx = pooled
            place = {"blockHash": None, "blockNumber": None, "transactionIndex": None}
        return {**_transaction_view(tx), **place}

    def _receipt(self, rollup: RollupId, chain_id: int, params: Params) -> dict[str, object] | None:
        (text,) = arguments(params, 1)
        found = self._ordered(
            rollup, chain_id, Hash32(bytes_of(text, "a transaction hash", 32, 32))
        )
        if found is None:
            return None
        block, position, tx = found
        height = block.header.height
        commitment = self._backend.commitment(height)
        return {
            "transactionHash": hex_of(tx.hash),
            "from": hex_of(tx.sender),
            "to": hex_of(tx.to) if tx.to else None,
            "type": hex(tx.type),
            **_place_view(block, position),
            "ordering": {
                "state": "committed" if commitment else "finalized",
                "height": height,
                "position": position,
                "batchIndex": commitment.batch if commitment else None,
                "l1TransactionHash": hex_of(commitment.l1_transaction) if commitment else None,
            },
        }

    def _ordered(
        self, rollup: RollupId, chain_id: int, tx_hash: Hash32
    ) -> tuple[Block, int, Transaction] | None:
        location = self._backend.locate(rollup, tx_hash)
        block = self._backend.block(location[0]) if location else None
        if location is None or block is None:
            return None
        position = location[1]
        _, raw = self._transactions(block)[position]
        try:
            return block, position, decode_transaction(raw, chain_id)
        except DecodeError:  # a faulty committee may order it; no rollup takes it (DERIVE-6)
            return None

    def _transactions(self, block: Block) -> tuple[tuple[RollupId, bytes], ...]:
        height = block.header.height
        if height not in self._payloads:
            self._payloads[height] = tuple(read_contents(block))
            if len(self._payloads) > _CACHED_BLOCKS:
                self._payloads.popitem(last=False)
        return self._payloads[height]


def _raw_of(params: Params) -> bytes | CallFault:
    try:
        (text,) = arguments(params, 1)
        return bytes_of(text, "a raw transaction", 1, MAX_TRANSACTION_BYTES)
    except CallFault as fault:
        return fault


def _told(outcome: Hash32 | PeerFault | Refused) -> str | CallFault:
    return hex_of(outcome) if isinstance(outcome, bytes) else fault_of(outcome)


def _place_view(block: Block, position: int) -> dict[str, object]:
    return {
        "blockHash": hex_of(block.header.hash),
        "blockNumber": hex(block.header.height),
        "transactionIndex": hex(position),
    }


def _transaction_view(tx: Transaction) -> dict[str, object]:
    view: dict[str, object] = {
        "hash": hex_of(tx.hash),
        "type": hex(tx.type),
        "chainId": hex(tx.chain_id),
        "nonce": hex(tx.nonce),
        "from": hex_of(tx.sender),
        "to": hex_of(tx.to) if tx.to else None,
        "value": hex(tx.value),
        "gas": hex(tx.gas_limit),
        "gasPrice": hex(tx.max_fee_per_gas),
        "input": hex_of(tx.data),
    }
    if tx.type > LEGACY + 1:
        view["maxFeePerGas"] = hex(tx.max_fee_per_gas)
        view["maxPriorityFeePerGas"] = hex(tx.max_priority_fee_per_gas)
    return view


def _block_view(
    block: Block, transactions: tuple[tuple[RollupId, bytes], ...]
) -> dict[str, object]:
    header = block.header
    return {
        "hash": hex_of(header.hash),
        "epoch": header.epoch,
        "height": header.height,
        "view": header.view,
        "timestampMs": header.timestamp_ms,
        "parentHash": hex_of(header.parent_hash),
        "payloadHash": hex_of(header.payload_hash),
        "payloadLength": header.payload_length,
        "transactionRoot": hex_of(header.transaction_root),
        "originNumber": header.origin_number,
        "originHash": hex_of(header.origin_hash),
        "originTimestamp": header.origin_timestamp,
        "forcedCount": header.forced_count,
        "proposer": hex_of(header.proposer),
        "transactions": [
            {"rollup": rollup, "hash": hex_of(keccak(raw))} for rollup, raw in transactions
        ],
    }
