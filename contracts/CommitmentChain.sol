// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ParameterTimelock} from "./ParameterTimelock.sol";
import {Times, IBondRegistry} from "./interfaces/IBondRegistry.sol";
import {
    Batch,
    CommitteeState,
    FallbackParameters,
    Health,
    ICommitmentChain
} from "./interfaces/ICommitmentChain.sol";
import {ICommittee} from "./interfaces/ICommittee.sol";
import {IForcedInbox} from "./interfaces/IForcedInbox.sol";
import {ISlashingLedger} from "./interfaces/ISlashingLedger.sol";
import {BlobLib} from "./libraries/BlobLib.sol";
import {CallerLib} from "./libraries/CallerLib.sol";
import {CommitteeStore} from "./libraries/CommitteeStore.sol";
import {Digests} from "./libraries/Digests.sol";
import {ParticipationLib} from "./libraries/ParticipationLib.sol";
import {QuorumLib} from "./libraries/QuorumLib.sol";
import {Schedule, TimeLib} from "./libraries/TimeLib.sol";
import {LastCommit, packLastCommit} from "./types/LastCommit.sol";
import {BatchIndex, Epoch, Timestamp} from "./types/Types.sol";

/// @title Batches on L1 (CERT-1 to CERT-10, WORK-1), and the fallback (FALLBACK-1 to FALLBACK-7)
/// @notice See ICommitmentChain for what each function checks, leaves unchecked and does.
contract CommitmentChain is ICommitmentChain {
    using ParticipationLib for bytes20;
    using TimeLib for Timestamp;

    /// @dev FALLBACK-1: based without an end in sight.
    uint40 private constant FOREVER = type(uint40).max;

    /// @notice Of how many epochs with commits the participation is kept (WORK-1).
    uint64 public constant EPOCHS_KEPT = 64;

    /// @notice How many batch hashes are kept (CERT-7).
    uint64 public constant RING_SIZE = 1024;

    /// @notice How many heights a batch covers at most (CERT-10).
    uint64 public constant MAX_HEIGHTS = 256;

    IBondRegistry public immutable registry;
    ICommittee public immutable committee;
    IForcedInbox public immutable inbox;
    Schedule private immutable SCHEDULE;

    /// @dev ENC-1, and the chain id it was computed with.
    bytes32 private immutable DOMAIN;
    uint256 private immutable CHAIN_ID;

    /// @dev How long an epoch's committee may commit: the epoch and the grace after it.
    uint64 private immutable OPEN_SECONDS;

    uint64 private immutable LIVENESS_SECONDS;
    uint64 private immutable OVERDUE_SECONDS;
    uint32 private immutable TAIL_SECONDS;

    LastCommit private _last;
    bytes32[RING_SIZE] private _ring;

    /// @dev Of epochs before the last commit's: participation, 160 bits, on top, and the epoch.
    uint256[EPOCHS_KEPT] private _participation;

    /// @dev The end of the fallback, once set.
    uint40 private _basedUntil;

    constructor(
        IBondRegistry registry_,
        ICommittee committee_,
        IForcedInbox inbox_,
        FallbackParameters memory f
    ) {
        // The fallback would be open to anyone while the committee is well, or could not be used.
        if (f.livenessSeconds == 0) revert ZeroParameter("livenessSeconds");
        if (f.overdueSeconds == 0) revert ZeroParameter("overdueSeconds");
        if (f.tailSeconds == 0) revert ZeroParameter("tailSeconds");
        // Deployed in a circle over predicted addresses: here the circle closes, or nothing works.
        if (address(committee_.registry()) != address(registry_)) {
            revert CommitteeOfAnotherRegistry(address(registry_), address(committee_.registry()));
        }
        if (inbox_.chain() != address(this)) {
            revert InboxOfAnotherChain(address(this), inbox_.chain());
        }
        Times memory p = registry_.times();
        _requireSlowParameters(registry_, inbox_, p);

        registry = registry_;
        committee = committee_;
        inbox = inbox_;
        SCHEDULE = TimeLib.schedule(p.genesis, p.epochSeconds);
        OPEN_SECONDS = p.epochSeconds + p.commitGraceSeconds;
        LIVENESS_SECONDS = f.livenessSeconds;
        OVERDUE_SECONDS = f.overdueSeconds;
        TAIL_SECONDS = f.tailSeconds;

        CHAIN_ID = block.chainid;
        bytes32 domain = Digests.domainSeparator(address(registry_));
        DOMAIN = domain;
        // The parent of batch 1 (ENC-12), in the place of index 0.
        _ring[0] = domain;
    }

    /// @inheritdoc ICommitmentChain
    function commit(
        Batch calldata batch,
        Epoch epoch,
        uint256 signers,
        bytes calldata signatures,
        bytes calldata data
    ) external {
        CallerLib.requirePlainOrigin();
        bytes32 dataHash = keccak256(data);
        if (dataHash != batch.dataHash) revert WrongData(batch.dataHash, dataHash);
        _commit(batch, epoch, signers, signatures);
    }

    /// @inheritdoc ICommitmentChain
    function commitBlobs(
        Batch calldata batch,
        Epoch epoch,
        uint256 signers,
        bytes calldata signatures
    ) external {
        CallerLib.requirePlainOrigin();
        bytes32 blobsHash = BlobLib.blobsHash();
        if (blobsHash == 0 || blobsHash != batch.blobsHash) {
            revert WrongBlobs(batch.blobsHash, blobsHash);
        }
        _commit(batch, epoch, signers, signatures);
    }

    /// @inheritdoc ICommitmentChain
    function enterBased() external {
        LastCommit last = _last;
        if (last.isEndlesslyBased()) revert AlreadyBased();
        uint64 silentSeconds = _secondsSince(last);
        if (silentSeconds < LIVENESS_SECONDS && !inbox.isOverdue(OVERDUE_SECONDS)) {
            revert CommitteeAlive(LIVENESS_SECONDS, silentSeconds);
        }
        _last = last.withEndlesslyBased(true);

        emit BasedEntered(msg.sender);
    }

    /// @inheritdoc ICommitmentChain
    function isBased() external view returns (bool) {
        return block.timestamp < _until(_last);
    }

    /// @inheritdoc ICommitmentChain
    function fallbackParameters() external view returns (FallbackParameters memory) {
        return FallbackParameters(LIVENESS_SECONDS, OVERDUE_SECONDS, TAIL_SECONDS);
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
    function participationOf(Epoch epoch) external view returns (bytes20) {
        LastCommit last = _last;
        if (epoch == last.epoch() && last.participation() != 0) return last.participation();
        uint256 kept = _participation[Epoch.unwrap(epoch) % EPOCHS_KEPT];
        // An epoch of nothing is that of a place nobody wrote to.
        // casting to 'uint64' is safe because it cuts the epoch out of the word
        // forge-lint: disable-next-line(unsafe-typecast)
        if (kept == 0 || epoch != Epoch.wrap(uint64(kept))) revert ParticipationUnavailable(epoch);
        return bytes20(bytes32(kept));
    }

    /// @inheritdoc ICommitmentChain
    function health() external view returns (Health memory) {
        LastCommit last = _last;
        (uint64 pending, uint64 due) = inbox.backlog();
        return Health({
            lastIndex: last.index(),
            lastEpoch: last.epoch(),
            committedAt: _committedAt(last),
            secondsSince: _secondsSince(last),
            pending: pending,
            due: due,
            participationBps: last.participationBps(),
            basedUntil: Timestamp.wrap(_until(last)),
            committee: _committeeState(),
            coverage: ISlashingLedger(registry.ledger()).insurance().coverage()
        });
    }

    /// @dev All of a commit but the form of its data.
    function _commit(Batch calldata batch, Epoch epoch, uint256 signers, bytes calldata signatures)
        private
    {
        LastCommit last = _last;
        BatchIndex index = batch.index;
        _requireNext(index, batch.parentHash, last.index());
        _requireShort(batch.firstHeight, batch.lastHeight);
        bytes memory members = _requireOpen(epoch, last.epoch());
        bytes32 batchHash = Digests.batchHash(batch);
        bytes32 digest =
            Digests.batchAttestation(_domain(), epoch, keccak256(members), index, batchHash);
        uint256 percent = QuorumLib.requireQuorum(members, digest, signers, signatures);

        _ring[BatchIndex.unwrap(index) % RING_SIZE] = batchHash;
        emit BatchCommitted(index, batchHash, epoch, signers);
        // The inbox, named at construction, calls nobody, and `_last` depends on its answer.
        // slither-disable-next-line reentrancy-no-eth
        bool isCaughtUp = inbox.consume(batch.forcedCount);

        if (isCaughtUp && last.isEndlesslyBased()) last = _setEnd(last);
        _last = packLastCommit(
            _participationWith(signers, epoch, last),
            index,
            epoch,
            _secondsSinceGenesis(),
            percent,
            last
        );
    }

    /// @dev WORK-1.
    function _participationWith(uint256 signers, Epoch epoch, LastCommit last)
        private
        returns (bytes20 participation)
    {
        participation = last.participation();
        if (participation == 0) {
            participation = ParticipationLib.begin(epoch);
        } else if (epoch != last.epoch()) {
            uint64 finished = Epoch.unwrap(last.epoch());
            _participation[finished % EPOCHS_KEPT] = uint256(bytes32(participation)) | finished;
            participation = ParticipationLib.begin(epoch);
        }
        return participation.add(signers);
    }

    /// @dev Nothing is committed before the first epoch begins.
    function _secondsSinceGenesis() private view returns (uint256) {
        unchecked {
            return block.timestamp - Timestamp.unwrap(SCHEDULE.genesis());
        }
    }

    /// @dev A chain that splits splits its signatures too.
    function _domain() private view returns (bytes32) {
        return block.chainid == CHAIN_ID ? DOMAIN : Digests.domainSeparator(address(registry));
    }

    /// @dev FALLBACK-4.
    function _setEnd(LastCommit last) private returns (LastCommit) {
        uint40 until = uint40(block.timestamp) + TAIL_SECONDS;
        _basedUntil = until;
        emit BasedEnding(Timestamp.wrap(until));
        return last.withEndlesslyBased(false);
    }

    /// @dev CERT-2.
    function _requireNext(BatchIndex index, bytes32 parentHash, BatchIndex last) private view {
        if (index != last.successor()) revert WrongIndex(last.successor(), index);
        bytes32 expected = _ring[BatchIndex.unwrap(last) % RING_SIZE];
        if (parentHash != expected) revert WrongParent(expected, parentHash);
    }

    /// @dev CERT-10. In 256 bits, where no sum of heights is too large.
    function _requireShort(uint256 firstHeight, uint256 lastHeight) private pure {
        if (lastHeight >= firstHeight + MAX_HEIGHTS) {
            revert TooManyHeights(MAX_HEIGHTS, lastHeight - firstHeight + 1);
        }
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

    /// @dev Zero while there is no commit.
    function _committedAt(LastCommit last) private view returns (Timestamp) {
        if (BatchIndex.unwrap(last.index()) == 0) return Timestamp.wrap(0);
        return SCHEDULE.genesis().plus(last.secondsSinceGenesis());
    }

    /// @dev Counted from genesis while there is no commit.
    function _secondsSince(LastCommit last) private view returns (uint64) {
        uint64 since = Timestamp.unwrap(SCHEDULE.genesis()) + last.secondsSinceGenesis();
        return block.timestamp > since ? uint64(block.timestamp - since) : 0;
    }

    /// @dev FALLBACK-1.
    function _until(LastCommit last) private view returns (uint40) {
        return last.isEndlesslyBased() ? FOREVER : _basedUntil;
    }

    /// @dev COMM-6.
    function _committeeState() private view returns (CommitteeState) {
        Timestamp now_ = TimeLib.timestamp();
        if (now_ < SCHEDULE.genesis()) return CommitteeState.Missing;
        Epoch current = SCHEDULE.epochOf(now_);
        address pointer = committee.pointerOf(current);
        if (pointer == address(0)) return CommitteeState.Missing;
        bool isOwn = pointer == CommitteeStore.locate(current, address(committee));
        return isOwn ? CommitteeState.Recorded : CommitteeState.Kept;
    }

    /// @dev PARAM-1: no parameter changes before the rollups of this chain could notice and leave.
    function _requireSlowParameters(IBondRegistry registry_, IForcedInbox inbox_, Times memory p)
        private
        view
    {
        ParameterTimelock timelock = ParameterTimelock(payable(registry_.parameters().timelock()));
        address rollups = address(inbox_.rollups());
        if (address(timelock.rollups()) != rollups) {
            revert TimelockOfOtherRollups(rollups, address(timelock.rollups()));
        }
        uint256 unbonding = p.unbondingSeconds;
        uint256 exit = inbox_.rollups().exitDelaySeconds();
        uint256 least = (exit > unbonding ? exit : unbonding) + 2 * uint256(p.epochSeconds);
        if (timelock.floorSeconds() < least) {
            revert TimelockFloorTooShort(least, timelock.floorSeconds());
        }
    }
}
