"""The JSON-RPC methods: the part of Ethereum's that ordering can answer, and `seq_*`.

Ordering does not execute. So a receipt says where a transaction stands and not what it did
(TX-7), and `eth_getTransactionCount` is the *ordering nonce*: one above the highest nonce this
node has seen ordered for the sender, 0 if it remembers none. A rollup's own node knows better.

`eth_*` values are hex, as wallets expect them; those of `seq_*` and `ordering` are JSON's.
"""

from binascii import unhexlify
from collections import OrderedDict
from collections.abc import Callable

from sequencer.blocks.contents import read_contents
from sequencer.blocks.header import Block
from sequencer.blocks.payload import MAX_TRANSACTION_BYTES
from sequencer.crypto.hashing import keccak
from sequencer.errors import DecodeError, PeerFault
from sequencer.ingress.backend import Backend
from sequencer.ingress.jsonrpc import CallFault, Code, excerpt
from sequencer.ingress.refusal import OverLimit, Refused
from sequencer.ingress.transaction import LEGACY, Transaction, decode_transaction
from sequencer.types import Address, Hash32, Height, RollupId

CLIENT_VERSION = "switchyard/v0.1.0/python"

_HEIGHT_MAX = 2**63 - 1
_LATEST_TAGS = ("latest", "pending", "safe", "finalized")
_CACHED_BLOCKS = 4
_Params = list[object]


class Methods:
    """All methods over one node."""

    def __init__(self, backend: Backend, now_ms: Callable[[], int]) -> None:
        self._backend = backend
        self._now_ms = now_ms
        # Decoding a payload costs milliseconds, and receipts are asked for block by block.
        self._payloads: OrderedDict[Height, tuple[tuple[RollupId, bytes], ...]] = OrderedDict()
        self._node_methods: dict[str, Callable[[_Params], object]] = {
            "seq_getBlock": self._get_block,
            "seq_status": self._status,
            "web3_clientVersion": self._client_version,
        }
        self._rollup_methods: dict[str, Callable[[RollupId, int, _Params], object]] = {
            "eth_blockNumber": self._block_number,
            "eth_chainId": self._chain_id,
            "eth_getTransactionByHash": self._transaction_by_hash,
            "eth_getTransactionCount": self._transaction_count,
            "eth_getTransactionReceipt": self._receipt,
            "eth_sendRawTransaction": self._send_raw_transaction,
            "net_version": self._net_version,
        }

    def call(self, rollup: RollupId | None, method: str, params: _Params) -> object:
        """The result of a method on a rollup's path, or on none; raises `CallFault`."""
        if node_method := self._node_methods.get(method):
            return node_method(params)
        rollup_method = self._rollup_methods.get(method)
        if rollup_method is None:
            raise CallFault(Code.METHOD, f"there is no method {excerpt(method)} here")
        if rollup is None:
            raise CallFault(Code.METHOD, f"{method} is a rollup's: POST it to /rollup/{{id}}")
        chain_id = self._backend.chain_id(rollup)
        if chain_id is None:
            raise CallFault(Code.PARAMS, f"rollup {rollup} is not registered")
        return rollup_method(rollup, chain_id, params)

    # Methods of the node

    def _client_version(self, params: _Params) -> str:
        _arguments(params, 0)
        return CLIENT_VERSION

    def _status(self, params: _Params) -> dict[str, object]:
        _arguments(params, 0)
        return self._backend.status()

    def _get_block(self, params: _Params) -> dict[str, object] | None:
        (which,) = _arguments(params, 1)
        if which == "latest":
            height = self._backend.height()
        elif isinstance(which, int) and not isinstance(which, bool) and 0 <= which <= _HEIGHT_MAX:
            height = Height(which)
        else:
            raise CallFault(Code.PARAMS, f'a height or "latest" expected, found {excerpt(which)}')
        block = self._backend.block(height)
        return _block_view(block, self._transactions(block)) if block else None

    # Methods of a rollup

    def _block_number(self, _rollup: RollupId, _chain_id: int, params: _Params) -> str:
        _arguments(params, 0)
        return hex(self._backend.height())

    def _chain_id(self, _rollup: RollupId, chain_id: int, params: _Params) -> str:
        _arguments(params, 0)
        return hex(chain_id)

    def _net_version(self, _rollup: RollupId, chain_id: int, params: _Params) -> str:
        _arguments(params, 0)
        return str(chain_id)

    def _send_raw_transaction(self, rollup: RollupId, _chain_id: int, params: _Params) -> str:
        (text,) = _arguments(params, 1)
        raw = _bytes(text, "a raw transaction", 1, MAX_TRANSACTION_BYTES)
        try:
            return _hex(self._backend.submit(rollup, raw, self._now_ms()))
        except OverLimit as refusal:
            raise CallFault(Code.LIMIT, str(refusal)) from refusal
        except (Refused, PeerFault) as refusal:
            raise CallFault(Code.REFUSED, str(refusal)) from refusal

    def _transaction_count(self, rollup: RollupId, _chain_id: int, params: _Params) -> str:
        sender, tag = _arguments(params, 1, "latest")
        if tag not in _LATEST_TAGS:
            raise CallFault(
                Code.PARAMS, f'only the nonce at "latest" is known, not at {excerpt(tag)}'
            )
        address = Address(_bytes(sender, "an address", 20, 20))
        return hex(self._backend.next_nonce(rollup, address) or 0)

    def _transaction_by_hash(
        self, rollup: RollupId, chain_id: int, params: _Params
    ) -> dict[str, object] | None:
        (text,) = _arguments(params, 1)
        tx_hash = Hash32(_bytes(text, "a transaction hash", 32, 32))
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

    def _receipt(
        self, rollup: RollupId, chain_id: int, params: _Params
    ) -> dict[str, object] | None:
        (text,) = _arguments(params, 1)
        found = self._ordered(rollup, chain_id, Hash32(_bytes(text, "a transaction hash", 32, 32)))
        if found is None:
            return None
        block, position, tx = found
        height = block.header.height
        commitment = self._backend.commitment(height)
        return {
            "transactionHash": _hex(tx.hash),
            "from": _hex(tx.sender),
            "to": _hex(tx.to) if tx.to else None,
            "type": hex(tx.type),
            **_place_view(block, position),
            "ordering": {
                "state": "committed" if commitment else "finalized",
                "height": height,
                "position": position,
                "batchIndex": commitment.batch if commitment else None,
                "l1TransactionHash": _hex(commitment.l1_transaction) if commitment else None,
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


def _arguments(params: _Params, required: int, *defaults: object) -> _Params:
    """The parameters with the defaults of those left out."""
    most = required + len(defaults)
    if not required <= len(params) <= most:
        expected = str(most) if required == most else f"{required} to {most}"
        raise CallFault(Code.PARAMS, f"{len(params)} parameters, expected {expected}")
    return [*params, *defaults[len(params) - required :]]


def _bytes(value: object, what: str, least: int, most: int) -> bytes:
    """The bytes behind 0x-prefixed hex."""
    size = f"{least}" if least == most else f"{least} to {most}"
    if isinstance(value, str) and value[:2] == "0x" and 2 * least <= len(value) - 2 <= 2 * most:
        try:
            return unhexlify(value[2:])
        except ValueError:
            pass
    raise CallFault(Code.PARAMS, f"{what} is 0x and {size} bytes in hex, found {excerpt(value)}")


def _hex(data: bytes) -> str:
    return "0x" + data.hex()


def _place_view(block: Block, position: int) -> dict[str, object]:
    return {
        "blockHash": _hex(block.header.hash),
        "blockNumber": hex(block.header.height),
        "transactionIndex": hex(position),
    }


def _transaction_view(tx: Transaction) -> dict[str, object]:
    view: dict[str, object] = {
        "hash": _hex(tx.hash),
        "type": hex(tx.type),
        "chainId": hex(tx.chain_id),
        "nonce": hex(tx.nonce),
        "from": _hex(tx.sender),
        "to": _hex(tx.to) if tx.to else None,
        "value": hex(tx.value),
        "gas": hex(tx.gas_limit),
        "gasPrice": hex(tx.max_fee_per_gas),
        "input": _hex(tx.data),
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
        "hash": _hex(header.hash),
        "epoch": header.epoch,
        "height": header.height,
        "view": header.view,
        "timestampMs": header.timestamp_ms,
        "parentHash": _hex(header.parent_hash),
        "payloadHash": _hex(header.payload_hash),
        "payloadLength": header.payload_length,
        "transactionRoot": _hex(header.transaction_root),
        "originNumber": header.origin_number,
        "originHash": _hex(header.origin_hash),
        "originTimestamp": header.origin_timestamp,
        "forcedCount": header.forced_count,
        "proposer": _hex(header.proposer),
        "transactions": [
            {"rollup": rollup, "hash": _hex(keccak(raw))} for rollup, raw in transactions
        ],
    }
