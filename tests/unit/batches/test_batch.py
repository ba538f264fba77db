"""ENC-12: the batch hash is EIP-712 `hashStruct`, checked by another implementation of it."""

from eth_account.messages import encode_typed_data

from sequencer.batches.batch import Batch
from sequencer.crypto.hashing import keccak
from sequencer.types import BatchIndex, Height

BATCH = Batch(
    index=BatchIndex(7),
    parent_hash=keccak(b"parent"),
    first_height=Height(100),
    last_height=Height(2**64 - 1),
    last_block_hash=keccak(b"last"),
    forced_count=3,
    data_hash=keccak(b"data"),
    blobs_hash=keccak(b"blobs"),
    usage_hash=keccak(b"usage"),
)


def test_batch_hash__equals_the_eip_712_struct_hash() -> None:
    names = {"u": "uint64", "b": "bytes32"}
    layout = [
        ("index", "u"),
        ("parentHash", "b"),
        ("firstHeight", "u"),
        ("lastHeight", "u"),
        ("lastBlockHash", "b"),
        ("forcedCount", "u"),
        ("dataHash", "b"),
        ("blobsHash", "b"),
        ("usageHash", "b"),
    ]
    values = [getattr(BATCH, name) for name in Batch.__struct_fields__]
    typed = encode_typed_data(
        {"name": "any"},
        {"Batch": [{"name": name, "type": names[kind]} for name, kind in layout]},
        {name: value for (name, _), value in zip(layout, values, strict=True)},
    )
    assert typed.body == BATCH.hash


def test_batch_hash__every_field_counts() -> None:
    hashes = {BATCH.hash}
    for name in Batch.__struct_fields__:
        value = getattr(BATCH, name)
        other = value - 1 if isinstance(value, int) else keccak(value)
        fields = {field: getattr(BATCH, field) for field in Batch.__struct_fields__}
        hashes.add(Batch(**{**fields, name: other}).hash)
    assert len(hashes) == 1 + len(Batch.__struct_fields__)
