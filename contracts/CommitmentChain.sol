// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BondParameters, IBondRegistry} from "./interfaces/IBondRegistry.sol";
import {Batch, Health, ICommitmentChain} from "./interfaces/ICommitmentChain.sol";
import {ICommittee} from "./interfaces/ICommittee.sol";
import {IForcedInbox} from "./interfaces/IForcedInbox.sol";
import {CommitteeStore} from "./libraries/CommitteeStore.sol";
import {Digests} from "./libraries/Digests.sol";
import {QuorumLib} from "./libraries/QuorumLib.sol";
import {Schedule, TimeLib} from "./libraries/TimeLib.sol";
import {LastCommit, packLastCommit} from "./types/LastCommit.sol";
import {BatchIndex, Epoch, Timestamp} from "./types/Types.sol";

/// @title Batches on L1 (CERT-1 to CERT-9)
/// @notice See ICommitmentChain for what each function checks, leaves unchecked and does.
contract CommitmentChain is ICommitmentChain {
    using TimeLib for Timestamp;

    /// @notice How many batch hashes are kept (CERT-7).
    uint64 public constant RING_SIZE = 1024;

    IBondRegistry public immutable registry;
    ICommittee public immutable committee;
    IForcedInbox public immutable inbox;
    Schedule private immutable SCHEDULE;

    /// @dev How long an epoch's committee may commit: the epoch and the grace after it.
    uint64 private immutable OPEN_SECONDS;

    LastCommit private _last;
    bytes32[RING_SIZE] private _ring;

    constructor(IBondRegistry registry_, ICommittee committee_, IForcedInbox inbox_) {
        // Deployed in a circle over predicted addresses: here the circle closes, or nothing works.
        if (address(committee_.registry()) != address(registry_)) {
            revert CommitteeOfAnotherRegistry(address(registry_), address(committee_.registry()));
        }
        if (inbox_.chain() != address(this)) {
            revert InboxOfAnotherChain(address(this), inbox_.chain());
        }

        registry = registry_;
        committee = committee_;
        inbox = inbox_;
        BondParameters memory p = registry_.parameters();
        SCHEDULE = TimeLib.schedule(p.genesis, p.epochSeconds);
        OPEN_SECONDS = p.epochSeconds + p.commitGraceSeconds;

        // The parent of batch 1 (ENC-12), in the place of index 0.
        _ring[0] = Digests.domainSeparator(address(registry_));
    }

    /// @inheritdoc ICommitmentChain
    function commit(
        Batch calldata batch,
        Epoch epoch,
        uint256 signers,
        bytes calldata signatures,
        bytes calldata data
    ) external {
        _requireOrigin();
        LastCommit last = _last;
        BatchIndex index = batch.index;
        _requireNext(index, batch.parentHash, last.index());
        bytes memory members = _requireOpen(epoch, last.epoch());
        bytes32 dataHash = keccak256(data);
        if (dataHash != batch.dataHash) revert WrongData(batch.dataHash, dataHash);
        bytes32 batchHash = Digests.batchHash(batch);
        bytes32 digest = Digests.batchAttestation(
            Digests.domainSeparator(address(registry)), epoch, keccak256(members), index, batchHash
        );
        uint16 participationBps = QuorumLib.requireQuorum(members, digest, signers, signatures);

        _ring[BatchIndex.unwrap(index) % RING_SIZE] = batchHash;
        _last = packLastCommit(index, epoch, TimeLib.timestamp(), participationBps);

        emit BatchCommitted(index, batchHash, epoch, signers);
        inbox.consume(batch.forcedCount);
    }

    /// @inheritdoc ICommitmentChain
    function lastIndex() external view returns (BatchIndex) {
        return _last.index();
    }

    /// @inheritdoc ICommitmentChain
    function batchHashAt(BatchIndex index) external view returns (bytes32) {
        uint64 asked = BatchIndex.unwrap(index);
        uint64 last = BatchIndex.unwrap(_last.index());
        if (asked > last || last - asked >= RING_SIZE) {
            revert BatchHashUnavailable(index, _last.index());
        }
        return _ring[asked % RING_SIZE];
    }

    /// @inheritdoc ICommitmentChain
    function health() external view returns (Health memory) {
        LastCommit last = _last;
        (uint64 pending, uint64 due) = inbox.backlog();
        return Health({
            lastIndex: last.index(),
            lastEpoch: last.epoch(),
            committedAt: last.committedAt(),
            secondsSince: _secondsSince(last.committedAt()),
            pending: pending,
            due: due,
            participationBps: last.participationBps()
        });
    }

    /// @dev CERT-1: so that the arguments are the transaction's own calldata, where derivation
    /// looks for them. Code behind an origin is an EIP-7702 delegation.
    function _requireOrigin() private view {
        // solhint-disable-next-line avoid-tx-origin
        if (msg.sender != tx.origin) revert CallerNotOrigin(tx.origin, msg.sender);
        if (msg.sender.code.length != 0) revert CallerHasCode(msg.sender);
    }

    /// @dev CERT-2.
    function _requireNext(BatchIndex index, bytes32 parentHash, BatchIndex last) private view {
        if (index != last.successor()) revert WrongIndex(last.successor(), index);
        bytes32 expected = _ring[BatchIndex.unwrap(last) % RING_SIZE];
        if (parentHash != expected) revert WrongParent(expected, parentHash);
    }

    /// @dev CERT-3. Returns the bytes of the epoch's committee.
    function _requireOpen(Epoch epoch, Epoch last) private view returns (bytes memory members) {
        members = _committeeOf(epoch);
        if (epoch < last) revert EpochBelowLast(last, epoch);

        Timestamp now_ = TimeLib.timestamp();
        Timestamp opensAt = SCHEDULE.startOf(epoch);
        if (!opensAt.isDue(now_)) revert EpochNotBegun(opensAt, now_);
        Timestamp closesAt = opensAt.plus(OPEN_SECONDS);
        if (closesAt.isDue(now_)) revert EpochClosed(closesAt, now_);
    }

    /// @dev The address of a committee of the epoch's own is known; one that was kept from an
    /// earlier epoch is asked for.
    function _committeeOf(Epoch epoch) private view returns (bytes memory) {
        address pointer = CommitteeStore.locate(epoch, address(committee));
        if (pointer.code.length == 0) pointer = committee.pointerOf(epoch);
        if (pointer == address(0)) revert NoCommittee(epoch);
        return CommitteeStore.read(pointer);
    }

    /// @dev Counted from genesis while there is no commit.
    function _secondsSince(Timestamp committedAt) private view returns (uint64) {
        uint64 since = Timestamp.unwrap(committedAt);
        if (since == 0) since = Timestamp.unwrap(SCHEDULE.genesis());
        return block.timestamp > since ? uint64(block.timestamp - since) : 0;
    }
}
