"""The methods, one by one, on a node that is a list (TX-4, TX-6, TX-7)."""

import msgspec
import pytest

from sequencer.blocks.held import held_entry
from sequencer.blocks.payload import encode_payload
from sequencer.crypto.hashing import keccak
from sequencer.ingress.jsonrpc import CallFault, Code
from sequencer.ingress.methods import CLIENT_VERSION, Methods
from sequencer.mempool.pool import MempoolConfig
from sequencer.types import RollupId
from tests.unit.batches.builders import Step, chain
from tests.unit.ingress.builders import SENDER, TO, Raw
from tests.unit.ingress.nodes import L1_TRANSACTION, ROLLUP, FakeNode

NOW_MS = 1_234
UNKNOWN_HASH = "0x" + "77" * 32


@pytest.fixture
def node() -> FakeNode:
    return FakeNode()


def call(node: FakeNode, method: str, *params: object) -> object:
    return Methods(node, lambda: NOW_MS).call(ROLLUP, method, list(params))


def fault(node: FakeNode, code: Code, method: str, *params: object) -> str:
    with pytest.raises(CallFault) as caught:
        call(node, method, *params)
    assert caught.value.code == code
    return caught.value.message


def send(node: FakeNode, raw: Raw) -> str:
    """Its hash."""
    result = call(node, "eth_sendRawTransaction", hexed(raw.encode()))
    assert isinstance(result, str)
    return result


def hexed(data: bytes) -> str:
    return "0x" + data.hex()


# Which method, on which path


def test_call__an_unknown_method__is_named() -> None:
    assert "'eth_call'" in fault(FakeNode(), Code.METHOD, "eth_call")
    assert len(fault(FakeNode(), Code.METHOD, "m" * 1_000_000)) < 300


def test_call__a_rollups_method_without_rollup__says_where_it_is() -> None:
    with pytest.raises(CallFault, match="POST it to /rollup") as caught:
        Methods(FakeNode(), lambda: 0).call(None, "eth_chainId", [])
    assert caught.value.code == Code.METHOD


def test_call__an_unknown_rollup__is_named() -> None:
    with pytest.raises(CallFault, match="rollup 2 is not registered") as caught:
        Methods(FakeNode(), lambda: 0).call(RollupId(2), "eth_chainId", [])
    assert caught.value.code == Code.PARAMS


@pytest.mark.parametrize("method", ["seq_status", "web3_clientVersion"])
@pytest.mark.parametrize("rollup", [None, ROLLUP, RollupId(2)])
def test_call__a_method_of_the_node__is_on_every_path(method: str, rollup: RollupId | None) -> None:
    assert Methods(FakeNode(), lambda: 0).call(rollup, method, [])


@pytest.mark.parametrize(
    "method",
    ["eth_blockNumber", "eth_chainId", "net_version", "seq_status", "web3_clientVersion"],
)
def test_call__without_parameters__takes_none(node: FakeNode, method: str) -> None:
    assert fault(node, Code.PARAMS, method, 1) == "1 parameters, expected 0"


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("eth_getTransactionByHash", "1"),
        ("eth_getTransactionCount", "1 to 2"),
        ("eth_getTransactionReceipt", "1"),
        ("eth_sendRawTransaction", "1"),
        ("seq_getBlock", "1"),
    ],
)
def test_call__with_parameters__counts_them(node: FakeNode, method: str, expected: str) -> None:
    assert fault(node, Code.PARAMS, method) == f"0 parameters, expected {expected}"
    assert "3 parameters" in fault(node, Code.PARAMS, method, 1, 2, 3)


def test_identity__is_the_rollups(node: FakeNode) -> None:
    assert call(node, "eth_chainId") == "0x7"
    assert call(node, "net_version") == "7"
    assert call(node, "web3_clientVersion") == CLIENT_VERSION
    assert call(node, "seq_status") == {"height": 0, "pooled": 0}


# eth_sendRawTransaction


def test_send__a_good_one__is_pooled_at_the_time_of_the_clock(node: FakeNode) -> None:
    raw = Raw().encode()
    assert call(node, "eth_sendRawTransaction", hexed(raw)) == hexed(keccak(raw))
    assert (ROLLUP, keccak(raw)) in node.pool
    assert node.submitted_at == [NOW_MS]


def test_send__upper_case_hex__is_the_same(node: FakeNode) -> None:
    raw = Raw().encode()
    assert call(node, "eth_sendRawTransaction", "0x" + raw.hex().upper()) == hexed(keccak(raw))


def test_send__again__is_already_known(node: FakeNode) -> None:
    send(node, Raw())
    assert fault(node, Code.REFUSED, "eth_sendRawTransaction", hexed(Raw().encode())) == (
        "already known"
    )
    node.order()
    assert fault(node, Code.REFUSED, "eth_sendRawTransaction", hexed(Raw().encode())) == (
        "already known"
    )


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (Raw(chain=8), "chain id 8, this rollup has 7"),
        (Raw(gas=20_999), "gas limit 20999 is below the intrinsic 21000"),
        (Raw(nonce=b"\x00"), "nonce: "),
    ],
)
def test_send__a_bad_one__says_why(node: FakeNode, raw: Raw, problem: str) -> None:
    assert problem in fault(node, Code.REFUSED, "eth_sendRawTransaction", hexed(raw.encode()))


def test_send__over_a_bound__has_the_code_of_a_limit() -> None:
    node = FakeNode(MempoolConfig(lane_limit=1))
    send(node, Raw(nonce=0))
    raw = hexed(Raw(nonce=1).encode())
    assert "1 transactions waiting" in fault(node, Code.LIMIT, "eth_sendRawTransaction", raw)


def test_send__underpriced__has_the_code_of_a_refusal(node: FakeNode) -> None:
    send(node, Raw())
    raw = hexed(Raw(value=1).encode())
    assert "underpriced" in fault(node, Code.REFUSED, "eth_sendRawTransaction", raw)


@pytest.mark.parametrize(
    "value",
    [
        *(
            "",
            "0x",
            "0X00",
            "00",
            "0x0",
            "0xgg",
            "0x 00",
            "0x00 ",
            "0x\n00",
            "0x0é",
            "0x\u0660\u0660",
        ),
        *(None, 1, 1.5, True, [], {}, ["0x00"], "0x" + "00" * (128 * 1024 + 1)),
    ],
)
def test_send__what_is_no_hex__is_a_parameter_error(node: FakeNode, value: object) -> None:
    message = fault(node, Code.PARAMS, "eth_sendRawTransaction", value)
    assert message.startswith("a raw transaction is 0x and 1 to 131072 bytes in hex, found ")
    assert len(message) < 300


# eth_getTransactionByHash, eth_getTransactionReceipt


@pytest.mark.parametrize("method", ["eth_getTransactionByHash", "eth_getTransactionReceipt"])
def test_lookup__unknown__is_null(node: FakeNode, method: str) -> None:
    assert call(node, method, UNKNOWN_HASH) is None


@pytest.mark.parametrize("method", ["eth_getTransactionByHash", "eth_getTransactionReceipt"])
@pytest.mark.parametrize("value", ["0x", UNKNOWN_HASH[:-2], UNKNOWN_HASH + "00", 5, None])
def test_lookup__of_no_hash__is_a_parameter_error(
    node: FakeNode, method: str, value: object
) -> None:
    assert "32 bytes in hex" in fault(node, Code.PARAMS, method, value)


def test_transaction__pooled__has_no_block_yet(node: FakeNode) -> None:
    raw = Raw(data=b"\x01\x02")
    tx_hash = send(node, raw)
    assert call(node, "eth_getTransactionByHash", tx_hash) == {
        "hash": tx_hash,
        "type": "0x2",
        "chainId": "0x7",
        "nonce": "0x5",
        "from": hexed(SENDER),
        "to": hexed(TO),
        "value": hex(10**18),
        "gas": hex(200_000),
        "gasPrice": hex(10**10),
        "maxFeePerGas": hex(10**10),
        "maxPriorityFeePerGas": hex(10**9),
        "input": "0x0102",
        "blockHash": None,
        "blockNumber": None,
        "transactionIndex": None,
    }
    assert call(node, "eth_getTransactionReceipt", tx_hash) is None


@pytest.mark.parametrize("kind", [0, 1])
def test_transaction__with_one_fee__shows_one(node: FakeNode, kind: int) -> None:
    view = call(node, "eth_getTransactionByHash", send(node, Raw(kind=kind, to=b"")))
    assert isinstance(view, dict)
    assert (view["type"], view["to"], view["gasPrice"]) == (hex(kind), None, hex(10**10))
    assert "maxFeePerGas" not in view
    assert "maxPriorityFeePerGas" not in view


def test_receipt__finalized_then_committed__says_so(node: FakeNode) -> None:
    send(node, Raw(nonce=5))
    node.order()
    send(node, Raw(nonce=6))
    tx_hash = send(node, Raw(nonce=7, to=b""))
    node.order()
    block = node.blocks[1]
    expected = {
        "transactionHash": tx_hash,
        "from": hexed(SENDER),
        "to": None,
        "type": "0x2",
        "blockHash": hexed(block.header.hash),
        "blockNumber": "0x2",
        "transactionIndex": "0x1",
        "ordering": {
            "state": "finalized",
            "height": 2,
            "position": 1,
            "batchIndex": None,
            "l1TransactionHash": None,
        },
    }
    assert call(node, "eth_getTransactionReceipt", tx_hash) == expected
    node.committed_height = 2
    expected["ordering"] = {
        "state": "committed",
        "height": 2,
        "position": 1,
        "batchIndex": 3,
        "l1TransactionHash": hexed(L1_TRANSACTION),
    }
    assert call(node, "eth_getTransactionReceipt", tx_hash) == expected


def test_receipt__of_a_held_transaction__counts_on_after_the_payload(node: FakeNode) -> None:
    """TX-7, ENC-15."""
    posted, held = Raw(nonce=5).encode(), Raw(nonce=6).encode()
    segment = encode_payload([(ROLLUP, [held])])
    payload = encode_payload([(RollupId(9), [posted])], held=[held_entry(ROLLUP, segment)])
    (plain,) = chain(Step(payload=payload))
    node.blocks = [msgspec.structs.replace(plain, held=segment)]
    receipt = call(node, "eth_getTransactionReceipt", hexed(keccak(held)))
    assert isinstance(receipt, dict)
    assert (receipt["transactionIndex"], receipt["ordering"]["position"]) == ("0x1", 1)
    shown = call(node, "seq_getBlock", "latest")
    assert isinstance(shown, dict)
    assert shown["transactions"] == [
        {"rollup": 9, "hash": hexed(keccak(posted))},
        {"rollup": ROLLUP, "hash": hexed(keccak(held))},
    ]


def test_transaction__ordered__has_its_place(node: FakeNode) -> None:
    tx_hash = send(node, Raw())
    node.order()
    view = call(node, "eth_getTransactionByHash", tx_hash)
    assert isinstance(view, dict)
    assert (view["blockNumber"], view["transactionIndex"]) == ("0x1", "0x0")
    assert view["blockHash"] == hexed(node.blocks[0].header.hash)
    assert call(node, "eth_blockNumber") == "0x1"


def test_lookup__across_many_blocks__remembers_the_right_ones(node: FakeNode) -> None:
    hashes = []
    for nonce in range(8):
        hashes.append(send(node, Raw(nonce=nonce)))
        node.order()
    methods = Methods(node, lambda: NOW_MS)
    for round_trip in (hashes, hashes[::-1]):
        for tx_hash in round_trip:
            receipt = methods.call(ROLLUP, "eth_getTransactionReceipt", [tx_hash])
            assert isinstance(receipt, dict)
            assert receipt["transactionHash"] == tx_hash
            assert receipt["blockNumber"] == hex(hashes.index(tx_hash) + 1)
    assert len(methods._payloads) == 4


@pytest.mark.parametrize("method", ["eth_getTransactionByHash", "eth_getTransactionReceipt"])
def test_lookup__ordered_but_no_transaction__is_null(node: FakeNode, method: str) -> None:
    node.blocks = chain(Step(transactions=(b"no transaction",)))
    assert call(node, method, hexed(keccak(b"no transaction"))) is None


# eth_getTransactionCount


@pytest.mark.parametrize("tag", [(), ("latest",), ("pending",), ("safe",), ("finalized",)])
def test_count__is_one_above_the_highest_ordered_nonce(
    node: FakeNode, tag: tuple[str, ...]
) -> None:
    assert call(node, "eth_getTransactionCount", hexed(SENDER), *tag) == "0x0"
    send(node, Raw(nonce=5))
    assert call(node, "eth_getTransactionCount", hexed(SENDER), *tag) == "0x0"
    node.order()
    assert call(node, "eth_getTransactionCount", hexed(SENDER), *tag) == "0x6"


@pytest.mark.parametrize("tag", ["earliest", "0x1", 1, None, {"blockNumber": "0x1"}, []])
def test_count__at_another_block__is_not_known(node: FakeNode, tag: object) -> None:
    message = fault(node, Code.PARAMS, "eth_getTransactionCount", hexed(SENDER), tag)
    assert 'only the nonce at "latest"' in message


def test_count__of_no_address__is_a_parameter_error(node: FakeNode) -> None:
    assert "20 bytes" in fault(node, Code.PARAMS, "eth_getTransactionCount", hexed(SENDER[1:]))


# seq_getBlock


def test_block__by_height_or_latest__has_its_header_and_transactions(node: FakeNode) -> None:
    assert call(node, "seq_getBlock", "latest") is None
    hashes = [send(node, Raw(nonce=nonce)) for nonce in (5, 6)]
    node.order()
    header = node.blocks[0].header
    view = call(node, "seq_getBlock", 1)
    assert call(node, "seq_getBlock", "latest") == view
    assert view == {
        "hash": hexed(header.hash),
        "epoch": 0,
        "height": 1,
        "view": 1,
        "timestampMs": 1,
        "parentHash": hexed(header.parent_hash),
        "payloadHash": hexed(header.payload_hash),
        "payloadLength": header.payload_length,
        "transactionRoot": hexed(header.transaction_root),
        "originNumber": 0,
        "originHash": hexed(header.origin_hash),
        "originTimestamp": 0,
        "forcedCount": 0,
        "proposer": hexed(header.proposer),
        "transactions": [{"rollup": 1, "hash": tx_hash} for tx_hash in hashes],
    }


@pytest.mark.parametrize("height", [0, 2, 2**63 - 1])
def test_block__that_is_not_there__is_null(node: FakeNode, height: int) -> None:
    assert call(node, "seq_getBlock", height) is None


@pytest.mark.parametrize("which", [-1, 2**63, 1.0, True, "1", "0x1", "earliest", None, [1]])
def test_block__of_no_height__is_a_parameter_error(node: FakeNode, which: object) -> None:
    assert 'a height or "latest"' in fault(node, Code.PARAMS, "seq_getBlock", which)
