// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BatchIndex, Epoch, Timestamp} from "../types/Types.sol";
import {ICommittee} from "./ICommittee.sol";
import {Coverage} from "./IInsurancePool.sol";

/// @notice ENC-12.
/// @param forcedCount forced messages that precede the end of the last block, cumulative
/// @param dataHash keccak of the batch data (ENC-13)
/// @param blobsHash keccak of the versioned hashes of the same data as blobs; zero if it has no
/// such form (ENC-14)
/// @param usageHash keccak of the batch's usage (FEE-1)
struct Batch {
    BatchIndex index;
    bytes32 parentHash;
    uint64 firstHeight;
    uint64 lastHeight;
    bytes32 lastBlockHash;
    uint64 forcedCount;
    bytes32 dataHash;
    bytes32 blobsHash;
    bytes32 usageHash;
}

/// @notice How the current epoch has its committee (COMM-6): not at all, kept from an earlier epoch
/// for want of eligible operators, or its own.
enum CommitteeState {
    Missing,
    Kept,
    Recorded
}

/// @notice How the sequencer is doing, for anyone (CERT-9).
/// @param committedAt time of the last commit; zero if there is none
/// @param secondsSince seconds since then, or since genesis if there is none
/// @param pending forced messages not consumed
/// @param due those of them past their deadline
/// @param participationBps weight that signed the last commit, in basis points, rounded down to
/// whole percents
/// @param basedUntil the chain is based before this moment (FALLBACK-1); zero if it never was
/// @param committee of the current epoch
/// @param coverage what stands behind promises now (INS-5)
struct Health {
    BatchIndex lastIndex;
    Epoch lastEpoch;
    Timestamp committedAt;
    uint64 secondsSince;
    uint64 pending;
    uint64 due;
    uint16 participationBps;
    Timestamp basedUntil;
    CommitteeState committee;
    Coverage coverage;
}

/// @notice Fixed at construction (FALLBACK-6).
/// @param livenessSeconds without a certified commit until anyone may enter the fallback
/// @param overdueSeconds that a due message may be left until anyone may
/// @param tailSeconds from the commit that has caught up to the end of the fallback; 32 bits, so
/// that no sum with a time is too large for a commit to pass
struct FallbackParameters {
    uint64 livenessSeconds;
    uint64 overdueSeconds;
    uint32 tailSeconds;
}

/// @title The committee's batches on L1, one after another, each checked before it counts
interface ICommitmentChain {
    /// @notice The batch and its data are the calldata of the transaction (CERT-1).
    event BatchCommitted(BatchIndex indexed index, bytes32 batchHash, Epoch epoch, uint256 signers);

    /// @notice L1 orders from here on, without an end in sight (FALLBACK-2).
    event BasedEntered(address indexed caller);

    /// @notice A commit has caught up: the fallback ends at `until` (FALLBACK-4).
    event BasedEnding(Timestamp until);

    error ZeroParameter(string name);
    error CommitteeOfAnotherRegistry(address expected, address actual);
    error InboxOfAnotherChain(address expected, address actual);
    error TimelockOfOtherRollups(address expected, address actual);

    /// @notice What parameters' delay is longer than a rollup's exit, in seconds: not two epochs.
    error TimelockFloorTooShort(uint256 minimumSeconds, uint256 actualSeconds);

    error WrongIndex(BatchIndex expected, BatchIndex actual);
    error WrongParent(bytes32 expected, bytes32 actual);

    /// @notice What lies in the batch's first block could not be shown in one L1 transaction.
    error TooManyHeights(uint256 maximum, uint256 actual);

    error NoCommittee(Epoch epoch);
    error EpochBelowLast(Epoch last, Epoch actual);
    error EpochNotBegun(Timestamp opensAt, Timestamp actual);
    error EpochClosed(Timestamp closesAt, Timestamp actual);
    error WrongData(bytes32 expected, bytes32 actual);
    error WrongBlobs(bytes32 expected, bytes32 actual);
    error AlreadyBased();
    error CommitteeAlive(uint64 livenessSeconds, uint64 silentSeconds);
    error BatchHashUnavailable(BatchIndex index, BatchIndex last);

    /// @notice It has no commits, or 64 later ones with commits have followed.
    error ParticipationUnavailable(Epoch epoch);

    /// @notice Append a batch. By anyone who has its certificate.
    ///
    /// Checks: the caller is a codeless transaction origin (CERT-1); the batch follows the last
    /// one (CERT-2) and states no more than 256 heights (CERT-10); the epoch is open (CERT-3); a
    /// quorum signed (CERT-4); the data is what was signed (CERT-5); no due forced message is left
    /// out (CERT-6).
    ///
    /// Not checked: the blocks inside the data, whether the heights are theirs and follow the last
    /// batch's, and their L1 origins (CERT-8).
    ///
    /// Effects: CERT-7.
    ///
    /// @param epoch whose committee signed
    /// @param signers bitmap of member indices (ENC-5)
    /// @param signatures 64 bytes each, ascending by member index
    /// @param data ENC-13 bytes
    /// @custom:reverts CallerNotPlainOrigin, WrongIndex, WrongParent, TooManyHeights, NoCommittee,
    /// EpochBelowLast, EpochNotBegun, EpochClosed, WrongData, what QuorumLib and SignatureLib
    /// refuse, and IForcedInbox.BeyondQueue and DueMessageLeft
    function commit(
        Batch calldata batch,
        Epoch epoch,
        uint256 signers,
        bytes calldata signatures,
        bytes calldata data
    ) external;

    /// @notice Append a batch whose data the transaction carries as blobs (CERT-5, ENC-14).
    ///
    /// Checks, not checked, effects: as `commit`, with the blobs' versioned hashes in the place of
    /// the data.
    ///
    /// @custom:reverts WrongBlobs, and what `commit` reverts with but WrongData
    function commitBlobs(
        Batch calldata batch,
        Epoch epoch,
        uint256 signers,
        bytes calldata signatures
    ) external;

    /// @notice Let L1 order, because the committee does not (FALLBACK-2). By anyone.
    ///
    /// Checks: there was no commit for `livenessSeconds`, or a message has been due for
    /// `overdueSeconds`; it is not entered already.
    ///
    /// Effects: until a commit has caught up, and `tailSeconds` longer, anyone may post batches of
    /// shared rollups to the RollupInbox.
    ///
    /// @custom:reverts AlreadyBased, CommitteeAlive
    function enterBased() external;

    /// @notice Whether anyone may post batches of shared rollups now (FALLBACK-1).
    function isBased() external view returns (bool);

    function fallbackParameters() external view returns (FallbackParameters memory);

    function lastIndex() external view returns (BatchIndex);

    /// @notice Hash of one of the last `RING_SIZE` batches. Index 0 stands for genesis, whose
    /// hash is the domain separator, for as long as the ring holds it.
    /// @custom:reverts BatchHashUnavailable
    function batchHashAt(BatchIndex index) external view returns (bytes32);

    /// @notice Who signed the batches of `epoch` so far, in one hash (WORK-1).
    /// @custom:reverts ParticipationUnavailable
    function participationOf(Epoch epoch) external view returns (bytes20);

    function health() external view returns (Health memory);

    function committee() external view returns (ICommittee);
}
