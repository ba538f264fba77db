// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SSTORE2} from "solady/src/utils/SSTORE2.sol";
import {BondParameters, IBondRegistry} from "./interfaces/IBondRegistry.sol";
import {Batch, Health, ICommitmentChain} from "./interfaces/ICommitmentChain.sol";
import {ICommittee} from "./interfaces/ICommittee.sol";
import {IForcedInbox} from "./interfaces/IForcedInbox.sol";
import {CommitteeCodec} from "./libraries/CommitteeCodec.sol";
import {Digests} from "./libraries/Digests.sol";
import {QuorumLib} from "./libraries/QuorumLib.sol";
import {Schedule, TimeLib} from "./libraries/TimeLib.sol";
import {BatchIndex, Epoch, Timestamp} from "./types/Types.sol";

/// @title Batches on L1 (CERT-1 to CERT-9)
/// @notice See ICommitmentChain for what each function checks, leaves unchecked and does.
contract CommitmentChain is ICommitmentChain {
    using CommitteeCodec for bytes;
    using TimeLib for Timestamp;

    /// @dev One slot: the last commit.
    struct Last {
        BatchIndex index;
        Epoch epoch;
        Timestamp committedAt;
        uint16 participationBps;
    }

    /// @notice How many batch hashes are kept (CERT-7).
    uint64 public constant RING_SIZE = 1024;

    uint256 private constant BPS = 10_000;

    IBondRegistry public immutable registry;
    ICommittee public immutable committee;
    IForcedInbox public immutable inbox;
    Schedule private immutable SCHEDULE;
    uint64 private immutable COMMIT_GRACE_SECONDS;

    Last private _last;
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
        COMMIT_GRACE_SECONDS = p.commitGraceSeconds;

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
        Last memory last = _last;
        _requireNext(batch, last.index);
        _requireOpen(epoch, last.epoch);
        if (keccak256(data) != batch.dataHash) revert WrongData(batch.dataHash, keccak256(data));
        bytes32 batchHash = Digests.batchHash(batch);
        uint16 participationBps =
            _requireCertificate(batch.index, batchHash, epoch, signers, signatures);

        _ring[BatchIndex.unwrap(batch.index) % RING_SIZE] = batchHash;
        _last = Last(batch.index, epoch, TimeLib.timestamp(), participationBps);

        emit BatchCommitted(batch.index, batchHash, epoch, signers);
        inbox.consume(batch.forcedCount);
    }

    /// @inheritdoc ICommitmentChain
    function lastIndex() external view returns (BatchIndex) {
        return _last.index;
    }

    /// @inheritdoc ICommitmentChain
    function batchHashAt(BatchIndex index) external view returns (bytes32) {
        uint64 asked = BatchIndex.unwrap(index);
        uint64 last = BatchIndex.unwrap(_last.index);
        if (asked > last || last - asked >= RING_SIZE) {
            revert BatchHashUnavailable(index, _last.index);
        }
        return _ring[asked % RING_SIZE];
    }

    /// @inheritdoc ICommitmentChain
    function health() external view returns (Health memory) {
        Last memory last = _last;
        (uint64 pending, uint64 due) = inbox.backlog();
        return Health({
            lastIndex: last.index,
            lastEpoch: last.epoch,
            committedAt: last.committedAt,
            secondsSince: _secondsSince(last.committedAt),
            pending: pending,
            due: due,
            participationBps: last.participationBps
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
    function _requireNext(Batch calldata batch, BatchIndex last) private view {
        if (batch.index != last.successor()) revert WrongIndex(last.successor(), batch.index);
        bytes32 parent = _ring[BatchIndex.unwrap(last) % RING_SIZE];
        if (batch.parentHash != parent) revert WrongParent(parent, batch.parentHash);
    }

    /// @dev CERT-3, but for the committee itself, which `_requireCertificate` asks for.
    function _requireOpen(Epoch epoch, Epoch last) private view {
        if (epoch < last) revert EpochBelowLast(last, epoch);
        Timestamp now_ = TimeLib.timestamp();
        Epoch current = SCHEDULE.epochOf(now_);
        if (epoch > current) revert EpochNotBegun(current, epoch);
        Timestamp closedAt = SCHEDULE.endOf(epoch).plus(COMMIT_GRACE_SECONDS);
        if (closedAt.isDue(now_)) revert EpochClosed(closedAt, now_);
    }

    /// @dev CERT-4. Returns the signed weight in basis points of the total.
    function _requireCertificate(
        BatchIndex index,
        bytes32 batchHash,
        Epoch epoch,
        uint256 signers,
        bytes calldata signatures
    ) private view returns (uint16) {
        address pointer = committee.pointerOf(epoch);
        if (pointer == address(0)) revert NoCommittee(epoch);
        bytes memory members = SSTORE2.read(pointer);

        bytes32 domain = Digests.domainSeparator(address(registry));
        bytes32 digest =
            Digests.batchAttestation(domain, epoch, keccak256(members), index, batchHash);
        uint256 signedWeight = QuorumLib.requireQuorum(members, digest, signers, signatures);
        return uint16((signedWeight * BPS) / members.totalWeight());
    }

    function _secondsSince(Timestamp committedAt) private view returns (uint64) {
        uint64 since = Timestamp.unwrap(committedAt);
        if (since == 0) since = Timestamp.unwrap(SCHEDULE.genesis());
        return block.timestamp > since ? uint64(block.timestamp - since) : 0;
    }
}
