"""TX-1 to TX-3: what is a transaction of a rollup, judged from its bytes and chain id alone.

Not checked, because ordering does not execute: nonce, balance, code, and the init code limit
of EIP-3860, which differs between rollups. What execution cannot use it skips (DERIVE-8).
"""

import msgspec

from sequencer.blocks.payload import MAX_TRANSACTION_BYTES
from sequencer.crypto.hashing import keccak
from sequencer.crypto.signatures import recover_parts
from sequencer.errors import DecodeError, PeerFault
from sequencer.ingress import rlp
from sequencer.types import Address, Hash32

LEGACY, ACCESS_LIST, DYNAMIC_FEE, SET_CODE = 0, 1, 2, 4
MAX_NONCE = 2**64 - 2
"""EIP-2681: the highest nonce of a transaction."""

_TAIL = ("to", "value", "data")
_SIGNATURE = ("parity", "r", "s")
_DYNAMIC = ("chain_id", "nonce", "max_priority_fee_per_gas", "max_fee_per_gas", "gas_limit", *_TAIL)
_LAYOUTS = {
    LEGACY: ("nonce", "max_fee_per_gas", "gas_limit", *_TAIL, "v", "r", "s"),
    # EIP-2930, EIP-1559, EIP-7702.
    ACCESS_LIST: (
        *("chain_id", "nonce", "max_fee_per_gas", "gas_limit"),
        *(*_TAIL, "access_list", *_SIGNATURE),
    ),
    DYNAMIC_FEE: (*_DYNAMIC, "access_list", *_SIGNATURE),
    SET_CODE: (*_DYNAMIC, "access_list", "authorizations", *_SIGNATURE),
}
_DYNAMIC_TYPES = (DYNAMIC_FEE, SET_CODE)
_FIRST_LIST_PREFIX = 0xC0

_TRANSACTION_GAS = 21_000
_CREATION_GAS = 32_000
_TOKEN_GAS = 4  # EIP-2028: 4 for a zero byte, 16 for another
_FLOOR_TOKEN_GAS = 10  # EIP-7623
_NONZERO_TOKENS = 4
_INIT_WORD_GAS = 2  # EIP-3860
_ACCESS_ADDRESS_GAS, _ACCESS_KEY_GAS = 2_400, 1_900  # EIP-2930
_AUTHORIZATION_GAS = 25_000  # EIP-7702


class Transaction(msgspec.Struct, frozen=True, gc=False):
    """A signed transaction that passed TX-1 and TX-2. Fees are wei per gas.

    `to` is None for a contract creation. A legacy or type 1 gas price is both fees.
    `intrinsic_gas` is what `gas_limit` must reach by TX-3. The C helper fills the fields in this
    order.
    """

    raw: bytes
    hash: Hash32
    type: int
    chain_id: int
    nonce: int
    sender: Address
    to: Address | None
    value: int
    gas_limit: int
    max_fee_per_gas: int
    max_priority_fee_per_gas: int
    data: bytes
    intrinsic_gas: int


def decode_transaction(raw: bytes, chain_id: int) -> Transaction:
    """TX-1 and TX-2: the transaction in `raw`, which must be for `chain_id`.

    Raises `DecodeError`, which names the field that was wrong.
    """
    kind, fields = _split(raw)
    parity = _legacy_parity(fields, chain_id) if kind == LEGACY else _parity(fields, chain_id)
    max_fee = fields.uint("max_fee_per_gas", 256)
    dynamic = kind in _DYNAMIC_TYPES
    to, data = fields.recipient(), fields.string("data")
    if kind == SET_CODE and to is None:
        raise DecodeError("to: a transaction of type 4 creates no contract")
    nonce = fields.uint("nonce", 64)
    if nonce > MAX_NONCE:
        raise DecodeError(f"nonce {nonce} is above {MAX_NONCE}")
    extra_gas = 0 if kind == LEGACY else _lists_gas(fields, kind)
    return Transaction(
        raw=raw,
        hash=keccak(raw),
        type=kind,
        chain_id=chain_id,
        nonce=nonce,
        to=to,
        value=fields.uint("value", 256),
        gas_limit=fields.uint("gas_limit", 64),
        max_fee_per_gas=max_fee,
        max_priority_fee_per_gas=fields.uint("max_priority_fee_per_gas", 256)
        if dynamic
        else max_fee,
        data=data,
        intrinsic_gas=_intrinsic_gas(data, is_creation=to is None, extra_gas=extra_gas),
        sender=recover_parts(
            _signing_hash(fields, kind, chain_id),
            fields.uint("r", 256),
            fields.uint("s", 256),
            parity,
        ),
    )


def read_transaction(raw: bytes) -> Transaction:
    """TX-1: the transaction in `raw`, for whatever chain it says it is; raises `DecodeError`. What
    L1 reads as a transaction is this or fewer of the rules (`TransactionLib.sol`)."""
    kind, fields = _split(raw)
    if kind != LEGACY:
        return decode_transaction(raw, fields.uint("chain_id", 256))
    v = fields.uint("v", 256)
    return decode_transaction(raw, max(0, v - 35) // 2)


def read_fees(raw: bytes) -> tuple[int, int] | None:
    """Max fee and max priority fee of bytes that have the fields of a transaction (ORDER-2), for
    whatever chain and whoever signed; None of others."""
    try:
        kind, fields = _split(raw)
        max_fee = fields.uint("max_fee_per_gas", 256)
        dynamic = kind in _DYNAMIC_TYPES
        return max_fee, fields.uint("max_priority_fee_per_gas", 256) if dynamic else max_fee
    except DecodeError:
        return None


def check_intrinsic(tx: Transaction) -> None:
    """TX-3 without the floor, which is local policy; raises `PeerFault`."""
    if tx.gas_limit < tx.intrinsic_gas:
        raise PeerFault(f"gas limit {tx.gas_limit} is below the intrinsic {tx.intrinsic_gas}")
    if tx.max_fee_per_gas < tx.max_priority_fee_per_gas:
        raise PeerFault(
            f"max fee per gas {tx.max_fee_per_gas} is below "
            f"the priority fee {tx.max_priority_fee_per_gas}"
        )


class _Fields:
    """The items of a transaction's list by name; every error names the field."""

    def __init__(self, raw: bytes, body: rlp.Item, names: tuple[str, ...]) -> None:
        self.raw = raw
        self.body = body
        self.items: dict[str, rlp.Item] = {}
        at = body.start
        for name in names:
            try:
                item = rlp.read_item(raw, at, body.end)
            except DecodeError as error:
                raise DecodeError(f"{name}: {error}") from error
            self.items[name] = item
            at = item.end
        if at != body.end:
            raise DecodeError(f"{body.end - at} bytes of further fields follow {names[-1]}")

    def uint(self, name: str, bits: int) -> int:
        try:
            return rlp.read_uint(self.raw, self.items[name], bits)
        except DecodeError as error:
            raise DecodeError(f"{name}: {error}") from error

    def string(self, name: str) -> bytes:
        try:
            return rlp.read_string(self.raw, self.items[name])
        except DecodeError as error:
            raise DecodeError(f"{name}: {error}") from error

    def recipient(self) -> Address | None:
        to = self.string("to")
        if len(to) not in (0, 20):
            raise DecodeError(f"to: {len(to)} bytes are no address")
        return Address(to) if to else None


def _split(raw: bytes) -> tuple[int, _Fields]:
    """TX-1: the type of a transaction and its fields."""
    if not 1 <= len(raw) <= MAX_TRANSACTION_BYTES:
        raise DecodeError(f"transaction has {len(raw)} bytes, not 1 to {MAX_TRANSACTION_BYTES}")
    kind = LEGACY if raw[0] >= _FIRST_LIST_PREFIX else raw[0]
    if kind not in _LAYOUTS or raw[0] == LEGACY:
        raise DecodeError(f"transaction type {raw[0]} is not accepted; legacy, 1, 2 and 4 are")
    body = rlp.read_list(raw, 0 if kind == LEGACY else 1, len(raw))
    if body.end != len(raw):
        raise DecodeError(f"{len(raw) - body.end} bytes follow the transaction")
    return kind, _Fields(raw, body, _LAYOUTS[kind])


def _parity(fields: _Fields, chain_id: int) -> int:
    stated = fields.uint("chain_id", 256)
    if stated != chain_id:
        raise DecodeError(f"chain id {stated}, this rollup has {chain_id}")
    return fields.uint("parity", 8)


def _legacy_parity(fields: _Fields, chain_id: int) -> int:
    """EIP-155: v is 35 plus twice the chain id plus the parity."""
    v = fields.uint("v", 256)
    if v in (27, 28):
        raise DecodeError("v: a legacy transaction needs a chain id (EIP-155)")
    stated, parity = divmod(v - 35, 2)
    if stated != chain_id:
        raise DecodeError(f"v: chain id {stated}, this rollup has {chain_id}")
    return parity


def _signing_hash(fields: _Fields, kind: int, chain_id: int) -> Hash32:
    """The hash of the list without its signature, taken from the bytes as they are."""
    last = {LEGACY: "data", SET_CODE: "authorizations"}.get(kind, "access_list")
    items = fields.raw[fields.body.start : fields.items[last].end]
    if kind == LEGACY:
        items += rlp.encode_uint(chain_id) + b"\x80\x80"
        return keccak(rlp.list_prefix(len(items)), items)
    return keccak(bytes([kind]), rlp.list_prefix(len(items)), items)


def _intrinsic_gas(data: bytes, *, is_creation: bool, extra_gas: int) -> int:
    """The larger of the intrinsic gas and the calldata floor of EIP-7623."""
    zeros = data.count(0)
    tokens = zeros + _NONZERO_TOKENS * (len(data) - zeros)
    gas = _TRANSACTION_GAS + _TOKEN_GAS * tokens + extra_gas
    if is_creation:
        gas += _CREATION_GAS + _INIT_WORD_GAS * ((len(data) + 31) // 32)
    return max(gas, _TRANSACTION_GAS + _FLOOR_TOKEN_GAS * tokens)


def _lists_gas(fields: _Fields, kind: int) -> int:
    """The gas of the access list and the authorizations, after checking their shape."""
    try:
        gas = _access_list_gas(fields.raw, fields.items["access_list"])
        if kind == SET_CODE:
            gas += _AUTHORIZATION_GAS * _count_authorizations(
                fields.raw, fields.items["authorizations"]
            )
    except DecodeError as error:
        raise DecodeError(f"access list or authorizations: {error}") from error
    return gas


def _access_list_gas(raw: bytes, entries: rlp.Item) -> int:
    """EIP-2930: a list of `[address, [key, ...]]`."""
    _expect_list(entries)
    gas = 0
    at = entries.start
    while at < entries.end:
        entry = rlp.read_list(raw, at, entries.end)
        address = rlp.read_item(raw, entry.start, entry.end)
        _expect_bytes(address, 20)
        keys = rlp.read_list(raw, address.end, entry.end)
        _expect_end(keys, entry)
        gas += _ACCESS_ADDRESS_GAS
        key_at = keys.start
        while key_at < keys.end:
            key = rlp.read_item(raw, key_at, keys.end)
            _expect_bytes(key, 32)
            gas += _ACCESS_KEY_GAS
            key_at = key.end
        at = entry.end
    return gas


def _count_authorizations(raw: bytes, entries: rlp.Item) -> int:
    """EIP-7702: a list of `[chain id, address, nonce, parity, r, s]`, at least one.

    Not checked: the signatures. Execution skips an authorization that does not hold.
    """
    _expect_list(entries)
    count = 0
    at = entries.start
    while at < entries.end:
        entry = rlp.read_list(raw, at, entries.end)
        chain_id = rlp.read_item(raw, entry.start, entry.end)
        rlp.read_uint(raw, chain_id, 256)
        item = rlp.read_item(raw, chain_id.end, entry.end)
        _expect_bytes(item, 20)
        for bits in (64, 8, 256, 256):
            item = rlp.read_item(raw, item.end, entry.end)
            rlp.read_uint(raw, item, bits)
        _expect_end(item, entry)
        count += 1
        at = entry.end
    if not count:
        raise DecodeError("a transaction of type 4 has at least one authorization")
    return count


def _expect_list(item: rlp.Item) -> None:
    if not item.is_list:
        raise DecodeError(f"list expected before byte {item.start}, found a string")


def _expect_bytes(item: rlp.Item, size: int) -> None:
    if item.is_list or item.end - item.start != size:
        raise DecodeError(f"{size} bytes expected at byte {item.start}")


def _expect_end(last: rlp.Item, entry: rlp.Item) -> None:
    if last.end != entry.end:
        raise DecodeError(f"{entry.end - last.end} bytes too many before byte {entry.end}")
