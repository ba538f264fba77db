// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BatchIndex, Epoch, Timestamp} from "../types/Types.sol";

/// @notice ENC-12.
/// @param forcedCount forced messages that precede the end of the last block, cumulative
/// @param dataHash keccak of the batch data (ENC-13)
struct Batch {
    BatchIndex index;
    bytes32 parentHash;
    uint64 firstHeight;
    uint64 lastHeight;
    bytes32 lastBlockHash;
    uint64 forcedCount;
    bytes32 dataHash;
}

/// @notice How the sequencer is doing, for anyone (CERT-9).
/// @param committedAt time of the last commit; zero if there is none
/// @param secondsSince seconds since then, or since genesis if there is none
/// @param pending forced messages not consumed
/// @param due those of them past their deadline
/// @param participationBps weight that signed the last commit, in basis points
struct Health {
    BatchIndex lastIndex;
    Epoch lastEpoch;
    Timestamp committedAt;
    uint64 secondsSince;
    uint64 pending;
    uint64 due;
    uint16 participationBps;
}

/// @title The committee's batches on L1, one after another, each checked before it counts
interface ICommitmentChain {
    /// @notice The batch and its data are the calldata of the transaction (CERT-1).
    event BatchCommitted(BatchIndex indexed index, bytes32 batchHash, Epoch epoch, uint256 signers);

    error CommitteeOfAnotherRegistry(address expected, address actual);
    error InboxOfAnotherChain(address expected, address actual);

    error CallerNotOrigin(address origin, address caller);
    error CallerHasCode(address caller);
    error WrongIndex(BatchIndex expected, BatchIndex actual);
    error WrongParent(bytes32 expected, bytes32 actual);
    error NoCommittee(Epoch epoch);
    error EpochBelowLast(Epoch last, Epoch actual);
    error EpochNotBegun(Timestamp opensAt, Timestamp actual);
    error EpochClosed(Timestamp closesAt, Timestamp actual);
    error WrongData(bytes32 expected, bytes32 actual);
    error BatchHashUnavailable(BatchIndex index, BatchIndex last);

    /// @notice Append a batch. By anyone who has its certificate.
    ///
    /// Checks: the caller is a codeless transaction origin (CERT-1); the batch follows the last
    /// one (CERT-2); the epoch is open (CERT-3); a quorum signed (CERT-4); the data is what was
    /// signed (CERT-5); no due forced message is left out (CERT-6).
    ///
    /// Not checked: the blocks inside the data, their heights and their L1 origins (CERT-8).
    ///
    /// Effects: CERT-7.
    ///
    /// @param epoch whose committee signed
    /// @param signers bitmap of member indices (ENC-5)
    /// @param signatures 64 bytes each, ascending by member index
    /// @param data ENC-13 bytes
    /// @custom:reverts CallerNotOrigin, CallerHasCode, WrongIndex, WrongParent, NoCommittee,
    /// EpochBelowLast, EpochNotBegun, EpochClosed, WrongData, what QuorumLib and SignatureLib
    /// refuse, and IForcedInbox.BeyondQueue and DueMessageLeft
    function commit(
        Batch calldata batch,
        Epoch epoch,
        uint256 signers,
        bytes calldata signatures,
        bytes calldata data
    ) external;

    function lastIndex() external view returns (BatchIndex);

    /// @notice Hash of one of the last `RING_SIZE` batches. Index 0 stands for genesis, whose
    /// hash is the domain separator, for as long as the ring holds it.
    /// @custom:reverts BatchHashUnavailable
    function batchHashAt(BatchIndex index) external view returns (bytes32);

    function health() external view returns (Health memory);
}
