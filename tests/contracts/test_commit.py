"""CommitmentChain.commit (CERT-1 to CERT-8, CERT-10) and batchHashAt

commit
├── when the caller is a contract: refused (CERT-1)
├── when the caller is an origin with delegated code: refused (CERT-1)
├── when the index is not the next: refused (CERT-2)
├── when the parent is not the last batch: refused (CERT-2)
├── when it states more than 256 heights: refused, and 256 accepted (CERT-10)
├── when the epoch has no committee: refused (CERT-3)
├── when the epoch is below the last commit's: refused (CERT-3)
├── when the epoch has not begun: refused (CERT-3)
├── when the epoch's grace is over: refused (CERT-3), and one second earlier accepted
├── when a number of the batch is too wide for its type, though signed: refused (ENC-12)
├── when the data is not what was signed: refused (CERT-5)
├── when the certificate is not good: refused (CERT-4)
│   ├── too little weight
│   ├── a bit beyond the committee
│   ├── a signature too few or too many
│   ├── another member's signature
│   ├── a signature over another epoch's digest
│   └── a signature for the chain id of before a split
├── when a forced message is due and left out: refused (CERT-6)
├── when more forced messages are counted than there are: refused (CERT-6)
└── when all is good
    ├── the hash, the index, the epoch, the time and the participation are recorded (CERT-7)
    ├── forced messages are consumed (CERT-6)
    ├── the next batch follows it, also in the next epoch
    ├── what is inside the data is nobody's business here (CERT-8)
    └── the ring forgets what is older than its size
"""

from __future__ import annotations

from typing import Any

import pytest
from ape.exceptions import ProviderError
from eth_abi.abi import encode as abi_encode

from sequencer.batches.cut import MAX_BLOCKS
from tests.contracts.faults import FaultCatalogue
from tests.contracts.network import Clock, Network, events
from tests.vectors import reference as ref

DATA = b"\x01data"
U64_MAX = 2**64 - 1


def test_commit__everything_good__records_the_batch(
    network: Network, clock: Clock, submitter: Any
) -> None:
    batch = network.next_batch()
    clock.set_next(clock.now + 5)
    receipt = network.commit(batch, sender=submitter, signers=[0, 1, 3])

    assert events(receipt, "BatchCommitted") == [
        {"index": 1, "batchHash": batch.hash(), "epoch": 0, "signers": 0b1011}
    ]
    assert network.chain.lastIndex() == 1
    assert bytes(network.chain.batchHashAt(1)) == batch.hash()
    health = network.chain.health()
    assert (health.lastIndex, health.lastEpoch) == (1, 0)
    assert (health.committedAt, health.secondsSince) == (receipt.timestamp, 0)
    assert health.participationBps == 7_500


def test_commit__one_after_another__each_names_the_last(
    network: Network, clock: Clock, submitter: Any, user: Any
) -> None:
    assert bytes(network.chain.batchHashAt(0)) == network.domain.separator()
    first = network.next_batch()
    assert first.parentHash == network.domain.separator()
    network.commit(first, sender=submitter)
    second = network.next_batch()
    assert second.parentHash == first.hash()
    network.commit(second, sender=submitter, signers=[0, 1, 2, 3])
    assert network.chain.health().participationBps == 10_000

    network.committee.snapshot(1, sender=user)
    clock.set_next(network.times.start_of(1))
    network.commit(epoch=1, sender=submitter)
    assert network.chain.health().lastEpoch == 1


def test_commit__by_a_stranger__is_as_good(network: Network, stranger: Any) -> None:
    network.commit(sender=stranger)


def test_commit__by_a_contract__is_refused(
    network: Network, faults: FaultCatalogue, contract_actor: Any, submitter: Any
) -> None:
    batch = network.next_batch()
    certificate = network.certify(batch)
    call = network.chain.commit.encode_input(
        batch.as_tuple(), 0, certificate.signers, certificate.signatures, DATA
    )
    with faults.expect("CallFailed") as caught:
        contract_actor.execute(network.chain, call, sender=submitter)
    name, arguments = faults.decode_bytes(bytes(caught.arguments["reason"]))
    assert name == "CallerNotPlainOrigin"
    assert arguments == {
        "origin": submitter.address.lower(),
        "caller": contract_actor.address.lower(),
    }


def test_commit__by_a_delegated_origin__is_refused(
    network: Network, faults: FaultCatalogue, chain: Any, contract_actor: Any, submitter: Any
) -> None:
    # What an EIP-7702 authorisation leaves behind an account.
    delegation = bytes.fromhex("ef0100") + bytes.fromhex(contract_actor.address[2:])
    chain.provider.set_code(submitter.address, delegation)
    with faults.expect("CallerNotPlainOrigin", origin=submitter.address, caller=submitter.address):
        network.commit(sender=submitter)


def test_commit__wrong_index__is_refused(
    network: Network, faults: FaultCatalogue, submitter: Any
) -> None:
    for index in (0, 2, 2**64 - 1):
        with faults.expect("WrongIndex", expected=1, actual=index):
            network.commit(network.next_batch(index=index), sender=submitter)


def test_commit__wrong_parent__is_refused(
    network: Network, faults: FaultCatalogue, submitter: Any
) -> None:
    for _ in range(2):
        good = network.next_batch()
        with faults.expect("WrongParent", expected=good.parentHash, actual=b"\x77" * 32):
            network.commit(good.but(parentHash=b"\x77" * 32), sender=submitter)
        network.commit(good, sender=submitter)


def test_commit__same_batch_twice__is_refused(
    network: Network, faults: FaultCatalogue, submitter: Any
) -> None:
    batch = network.next_batch()
    network.commit(batch, sender=submitter)
    with faults.expect("WrongIndex", expected=2, actual=1):
        network.commit(batch, sender=submitter)


def test_commit__epoch_without_committee__is_refused(
    network: Network, faults: FaultCatalogue, submitter: Any
) -> None:
    certificate = network.certify(network.next_batch())
    for epoch in (1, 2**64 - 1):
        with faults.expect("NoCommittee", epoch=epoch):
            network.chain.commit(
                network.next_batch().as_tuple(),
                epoch,
                certificate.signers,
                certificate.signatures,
                DATA,
                sender=submitter,
            )


def test_commit__epoch_not_begun__is_refused(
    network: Network, faults: FaultCatalogue, clock: Clock, submitter: Any, user: Any
) -> None:
    network.committee.snapshot(1, sender=user)
    opens_at = network.times.start_of(1)
    clock.set_next(opens_at - 1)
    with faults.expect("EpochNotBegun", opensAt=opens_at, actual=opens_at - 1):
        network.commit(epoch=1, sender=submitter)
    clock.set_next(opens_at)
    network.commit(epoch=1, sender=submitter)


def test_commit__grace_over__is_refused(
    network: Network, faults: FaultCatalogue, clock: Clock, submitter: Any
) -> None:
    closes_at = network.times.end_of(0) + network.times.commitGraceSeconds
    clock.set_next(closes_at)
    with faults.expect("EpochClosed", closesAt=closes_at, actual=closes_at):
        network.commit(sender=submitter)


def test_commit__last_second_of_the_grace__is_good(
    network: Network, clock: Clock, submitter: Any
) -> None:
    clock.set_next(network.times.end_of(0) + network.times.commitGraceSeconds - 1)
    network.commit(sender=submitter)


def test_commit__epoch_below_the_last__is_refused(
    network: Network, faults: FaultCatalogue, clock: Clock, submitter: Any, user: Any
) -> None:
    network.committee.snapshot(1, sender=user)
    clock.set_next(network.times.start_of(1))
    network.commit(epoch=1, sender=submitter)
    with faults.expect("EpochBelowLast", last=1, actual=0):
        network.commit(epoch=0, sender=submitter)


def test_commit__other_data__is_refused(
    network: Network, faults: FaultCatalogue, submitter: Any
) -> None:
    for data in (b"", b"\x01other", DATA + b"\x00"):
        with faults.expect("WrongData", expected=ref.keccak(DATA), actual=ref.keccak(data)):
            network.commit(network.next_batch(DATA), data=data, sender=submitter)


def test_commit__too_little_weight__is_refused(
    network: Network, faults: FaultCatalogue, submitter: Any
) -> None:
    ten = 10 * 10**18
    for signers in ([], [2], [0, 3]):
        signed = ten * len(signers)
        with faults.expect("QuorumNotReached", totalWeight=4 * ten, signedWeight=signed):
            network.commit(signers=signers, sender=submitter)


def test_commit__bit_beyond_the_committee__is_refused(
    network: Network, faults: FaultCatalogue, submitter: Any
) -> None:
    batch = network.next_batch()
    good = network.certify(batch)
    for bit in (4, 127, 128, 255):
        signers = good.signers | 1 << bit
        with faults.expect("UnknownMember", committeeSize=4, signers=signers):
            network.chain.commit(
                batch.as_tuple(), 0, signers, good.signatures, DATA, sender=submitter
            )


@pytest.mark.parametrize("length", [0, 128, 191, 193, 195, 256])
def test_commit__wrong_signature_count__is_refused(
    network: Network, faults: FaultCatalogue, submitter: Any, length: int
) -> None:
    batch = network.next_batch()
    good = network.certify(batch)
    signatures = (good.signatures * 2)[:length]
    with faults.expect("WrongSignaturesLength", expected=192, actual=length):
        network.chain.commit(batch.as_tuple(), 0, good.signers, signatures, DATA, sender=submitter)


def test_commit__signatures_out_of_order__is_refused(
    network: Network, faults: FaultCatalogue, submitter: Any
) -> None:
    batch = network.next_batch()
    good = network.certify(batch)
    first, second, third = (good.signatures[64 * i : 64 * (i + 1)] for i in range(3))
    expected, actual = (network.members[i].key.address for i in (1, 2))
    with faults.expect("WrongSigner", memberIndex=1, expected=expected, actual=actual):
        network.chain.commit(
            batch.as_tuple(), 0, good.signers, first + third + second, DATA, sender=submitter
        )


def test_commit__signed_for_another_epoch__is_refused(
    network: Network, faults: FaultCatalogue, clock: Clock, submitter: Any, user: Any
) -> None:
    # Same members, same committee hash: only the epoch in the digest tells them apart.
    network.committee.snapshot(1, sender=user)
    clock.jump_to(network.times.start_of(1))
    assert network.committee.committeeHash(0) == network.committee.committeeHash(1)
    batch = network.next_batch()
    good = network.certify(batch, epoch=1)
    with faults.expect("WrongSigner", memberIndex=0):
        network.chain.commit(
            batch.as_tuple(), 0, good.signers, good.signatures, DATA, sender=submitter
        )


def test_commit__after_the_chain_split__needs_signatures_for_its_own_id(
    network: Network, faults: FaultCatalogue, chain: Any, submitter: Any
) -> None:
    batch = network.next_batch()
    good = network.certify(batch)
    call = (batch.as_tuple(), 0, good.signers, good.signatures, DATA)
    network.chain.commit.call(*call)
    here = chain.chain_id
    chain.provider.make_request("anvil_setChainId", [here + 1])
    try:
        with faults.expect("WrongSigner", memberIndex=0):
            network.chain.commit.call(*call)
    finally:
        chain.provider.make_request("anvil_setChainId", [here])


def test_commit__due_message_left_out__is_refused(
    network: Network, faults: FaultCatalogue, clock: Clock, submitter: Any, user: Any
) -> None:
    network.enqueue(user)
    deadline = network.inbox.message(0)[0]
    clock.set_next(deadline)
    with faults.expect("DueMessageLeft", index=0, deadline=deadline, actual=deadline):
        network.commit(sender=submitter)
    assert network.chain.lastIndex() == 0
    clock.set_next(deadline)
    network.commit(network.next_batch(forcedCount=1), sender=submitter)
    assert network.inbox.head()[1] == 1


def test_commit__more_forced_messages_than_queued__is_refused(
    network: Network, faults: FaultCatalogue, submitter: Any
) -> None:
    with faults.expect("BeyondQueue", length=0, actual=1):
        network.commit(network.next_batch(forcedCount=1), sender=submitter)


def test_commit__after_a_force__may_lag_behind(
    network: Network, clock: Clock, submitter: Any, user: Any
) -> None:
    for _ in range(2):
        network.enqueue(user)
    clock.set_next(network.inbox.message(1)[0])
    network.inbox.forceInclude(2, sender=user)
    # Signed before the force, with the count of then: still good, nothing is signed anew.
    network.commit(network.next_batch(forcedCount=1), sender=submitter)
    assert network.inbox.head()[:2] == (2, 2)


@pytest.mark.parametrize("first", [0, 1, U64_MAX - 256])
def test_commit__more_heights_than_l1_takes_headers__is_refused(
    network: Network, faults: FaultCatalogue, submitter: Any, first: int
) -> None:
    assert network.chain.MAX_HEIGHTS() == MAX_BLOCKS, "as many as nodes cut (BATCH-2)"
    one_more = network.next_batch(firstHeight=first, lastHeight=first + MAX_BLOCKS)
    with faults.expect("TooManyHeights", maximum=256, actual=257):
        network.commit(one_more, sender=submitter)
    longest = network.next_batch(firstHeight=first, lastHeight=first + MAX_BLOCKS - 1)
    network.commit(longest, sender=submitter)


def test_commit__all_heights_there_are__is_refused(
    network: Network, faults: FaultCatalogue, submitter: Any
) -> None:
    with faults.expect("TooManyHeights", maximum=256, actual=U64_MAX + 1):
        network.commit(network.next_batch(firstHeight=0, lastHeight=U64_MAX), sender=submitter)


def test_commit__heights_and_blocks__are_not_checked(network: Network, submitter: Any) -> None:
    odd = network.next_batch(b"", firstHeight=9, lastHeight=3, lastBlockHash=bytes(32))
    network.commit(odd, data=b"", sender=submitter)


def test_commit__number_too_wide__is_refused(network: Network, chain: Any, submitter: Any) -> None:
    # Signed by a quorum as it stands: whoever reads the call back cannot (DERIVE-1).
    batch = network.next_batch()
    words = [abi_encode([kind], [value]) for kind, value in _typed(batch)]

    def call() -> Any:
        digest = network.domain.digest(
            "BatchAttestation",
            epoch=0,
            committee=bytes(network.committee.committeeHash(0)),
            index=1,
            batchHash=ref.keccak(ref.type_hash("Batch") + b"".join(words)),
        )
        signatures = b"".join(ref.sign(member.key, digest) for member in network.members[:3])
        data = network.chain.commit.encode_input(batch.as_tuple(), 0, 0b111, signatures, DATA)
        data = bytes(data[:4]) + b"".join(words) + bytes(data[4 + 32 * len(words) :])
        asked = {"from": submitter.address, "to": network.chain.address, "data": "0x" + data.hex()}
        return chain.provider.make_request("eth_call", [asked, "latest"])

    assert call() == "0x"
    for place, (kind, _) in enumerate(_typed(batch)):
        if kind != "uint64":
            continue
        good = words[place]
        words[place] = (2**64 | int.from_bytes(good, "big")).to_bytes(32, "big")
        with pytest.raises(ProviderError, match="reverted"):
            call()
        words[place] = good


def _typed(batch: ref.Batch) -> list[tuple[str, Any]]:
    kinds = [field.split(" ")[0] for field in ref.TYPES["Batch"].split(",")]
    return list(zip(kinds, batch.as_tuple(), strict=True))


def test_batch_hash_at__out_of_the_ring__is_refused(
    network: Network, faults: FaultCatalogue, chain: Any, submitter: Any
) -> None:
    with faults.expect("BatchHashUnavailable", index=1, last=0):
        network.chain.batchHashAt(1)

    # As if 1,023 batches had been committed: the word of LastCommit has the index from bit 64 on.
    last_slot = 0
    word = (1_023 << 64).to_bytes(32, "big")
    chain.provider.set_storage(network.chain.address, last_slot, word)
    assert network.chain.lastIndex() == 1_023
    assert bytes(network.chain.batchHashAt(0)) == network.domain.separator()

    batch = network.next_batch()
    network.commit(batch, sender=submitter)
    assert bytes(network.chain.batchHashAt(1_024)) == batch.hash()
    network.chain.batchHashAt(1)
    with faults.expect("BatchHashUnavailable", index=0, last=1_024):
        network.chain.batchHashAt(0)
