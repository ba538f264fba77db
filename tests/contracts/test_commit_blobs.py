"""CommitmentChain.commitBlobs and RollupInbox.postBlobs, by real blob transactions (CERT-5, POST-1)

commitBlobs
├── when the caller is a contract: refused
├── when the transaction has no blobs: refused, also for a batch without a blob form
├── when the blobs are not those that were signed, or in another order: refused
├── when a batch without a blob form comes with blobs: refused
└── when the blobs are those: as `commit`, under the very same certificate

postBlobs
├── when the caller is a contract: refused
├── when the transaction has no blobs: refused
├── when less than the floor price of the blobs is paid: refused
└── when all is good: the content hash is the blobs'
"""

from __future__ import annotations

from typing import Any

import pytest
from ape.utils import ZERO_ADDRESS
from eth_account import Account
from hexbytes import HexBytes

from tests.contracts.blobs import BlobSender, blobs_hash, make_blob
from tests.contracts.faults import FaultCatalogue
from tests.contracts.network import Clock, Network
from tests.contracts.settings import ETHER
from tests.vectors import reference as ref

BLOBS = [make_blob(b"first"), make_blob(b"second")]
DATA = b"\x01data"


@pytest.fixture
def sender(chain: Any) -> BlobSender:
    return BlobSender(chain.provider.make_request, Account.create())


def calldata(network: Network, batch: ref.Batch) -> bytes:
    """`commitBlobs` of the batch under a good certificate."""
    good = network.certify(batch)
    call = (batch.as_tuple(), good.epoch, good.signers, good.signatures)
    return bytes(network.chain.commitBlobs.encode_input(*call))


def batch_of(network: Network, sender: BlobSender, blobs: list[bytes]) -> ref.Batch:
    signed = sender.sign(network.chain.address, b"", blobs)
    return network.next_batch(DATA, blobsHash=blobs_hash(signed))


def test_commit_blobs__those_that_were_signed__is_a_commit(
    network: Network, sender: BlobSender, submitter: Any
) -> None:
    batch = batch_of(network, sender, BLOBS)
    receipt = sender.send(sender.sign(network.chain.address, calldata(network, batch), BLOBS))
    assert int(receipt["status"], 16) == 1
    (log,) = receipt["logs"]
    event_id = ref.keccak(text="BatchCommitted(uint64,bytes32,uint64,uint256)")
    assert HexBytes(log["topics"][0]) == event_id
    assert bytes(network.chain.batchHashAt(1)) == batch.hash()

    # The other form of the next one, under a certificate of the same kind.
    following = network.next_batch(DATA, blobsHash=batch.blobsHash)
    network.commit(following, data=DATA, sender=submitter)
    assert network.chain.lastIndex() == 2


@pytest.mark.parametrize("carried", [BLOBS[:1], BLOBS[::-1], [*BLOBS, BLOBS[0]]])
def test_commit_blobs__other_blobs__is_refused(
    network: Network,
    faults: FaultCatalogue,
    chain: Any,
    sender: BlobSender,
    carried: list[bytes],
) -> None:
    batch = batch_of(network, sender, BLOBS)
    signed = sender.sign(network.chain.address, calldata(network, batch), carried)
    receipt = sender.send(signed)
    assert int(receipt["status"], 16) == 0
    assert revert_of(faults, chain, receipt) == (
        "WrongBlobs",
        {"expected": batch.blobsHash, "actual": blobs_hash(signed)},
    )


def test_commit_blobs__batch_without_the_form__is_refused(
    network: Network, faults: FaultCatalogue, chain: Any, sender: BlobSender
) -> None:
    call = calldata(network, network.next_batch(DATA))
    receipt = sender.send(sender.sign(network.chain.address, call, BLOBS[:1]))
    assert int(receipt["status"], 16) == 0
    assert revert_of(faults, chain, receipt)[0] == "WrongBlobs"


@pytest.mark.parametrize("signed_hash", [bytes(32), b"\x0e" * 32])
def test_commit_blobs__no_blobs__is_refused(
    network: Network, faults: FaultCatalogue, submitter: Any, signed_hash: bytes
) -> None:
    batch = network.next_batch(DATA, blobsHash=signed_hash)
    good = network.certify(batch)
    with faults.expect("WrongBlobs", expected=signed_hash, actual=bytes(32)):
        network.chain.commitBlobs(
            batch.as_tuple(), 0, good.signers, good.signatures, sender=submitter
        )


def test_blobs__through_a_contract__are_refused(
    network: Network, faults: FaultCatalogue, submitter: Any, contract_actor: Any
) -> None:
    batch = network.next_batch(DATA, blobsHash=b"\x0e" * 32)
    calls = [
        (network.chain, calldata(network, batch)),
        (network.posts, network.posts.postBlobs.encode_input(1)),
    ]
    for target, call in calls:
        with faults.expect("CallFailed") as caught:
            contract_actor.execute(target, call, sender=submitter)
        name, arguments = faults.decode_bytes(bytes(caught.arguments["reason"]))
        assert name == "CallerNotPlainOrigin"
        assert arguments["caller"] == contract_actor.address.lower()


def test_post_blobs__everything_good__names_the_blobs(
    network: Network, clock: Clock, sender: BlobSender, user: Any
) -> None:
    network.rollups.announceMode(1, 2, ZERO_ADDRESS, sender=user)
    clock.jump_to(clock.now + network.exit_delay)
    call = bytes(network.posts.postBlobs.encode_input(1))
    price = network.floor.price(0, blobs=2)

    too_little = sender.send(sender.sign(network.posts.address, call, BLOBS, price - 1))
    assert int(too_little["status"], 16) == 0
    signed = sender.sign(network.posts.address, call, BLOBS, price)
    receipt = sender.send(signed)
    assert int(receipt["status"], 16) == 1
    (log,) = receipt["logs"]
    content_hash, data_offset, data_length = (
        HexBytes(log["data"])[i : i + 32] for i in (0, 32, 64)
    )
    assert content_hash == blobs_hash(signed)
    assert (int.from_bytes(data_offset, "big"), int.from_bytes(data_length, "big")) == (64, 0)
    assert network.posts.balance == price


def test_post_blobs__no_blobs__is_refused(
    network: Network, faults: FaultCatalogue, submitter: Any
) -> None:
    with faults.expect("NoBlobs"):
        network.posts.postBlobs(1, value=ETHER, sender=submitter)


def revert_of(faults: FaultCatalogue, chain: Any, receipt: Any) -> Any:
    """The error of a failed transaction, by its trace."""
    options = {"disableStorage": True, "disableMemory": True, "disableStack": True}
    trace = chain.provider.make_request(
        "debug_traceTransaction", [receipt["transactionHash"], options]
    )
    return faults.decode_bytes(bytes(HexBytes(trace["returnValue"])))
