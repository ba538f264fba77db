// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BatchIndex, Timestamp} from "../types/Types.sol";
import {Batch, ICommitmentChain} from "./ICommitmentChain.sol";
import {IParameters} from "./IParameters.sol";
import {IRevenueSplitter} from "./IRevenueSplitter.sol";
import {IRollupRegistry} from "./IRollupRegistry.sol";

/// @notice The account of one rollup.
/// @param paidWei exact price of the bytes that are left
/// @param leftBytes bought and not yet used
/// @param arrearsBytes used and not bought
/// @param restWei paid, and too little for a further byte at the price of that moment
/// @param dropAt from when the rollup is dropped (FEE-4); 0 without notice
struct FeeAccount {
    uint96 paidWei;
    uint64 leftBytes;
    uint64 arrearsBytes;
    uint96 restWei;
    Timestamp dropAt;
}

/// @title What rollups pay for a place in the shared order
/// @notice Trust: the bytes are those that the committee's quorum signed in its batches. A hostile
/// quorum can use an account up, or forgo its own fees; it gets no more than was paid in. Forced
/// inclusion knows nothing of this contract.
interface ISequencingFees {
    event Prepaid(uint32 indexed rollupId, address indexed from, uint256 amountWei, uint64 bytes_);

    /// @param last the batch up to which the bytes count
    event Charged(BatchIndex indexed last, uint32 indexed rollupId, uint64 bytes_, uint96 feeWei);

    /// @notice Where the charges are now: `entries` of the batch after `last` are charged too.
    event BatchesCharged(BatchIndex indexed last, uint64 entries);
    event NoticeGiven(uint32 indexed rollupId, uint64 arrearsBytes, Timestamp dropAt);
    event NoticeCleared(uint32 indexed rollupId);

    /// @notice From `passableAt` on the batch may be charged to nobody (FEE-6).
    event UsageDoubted(BatchIndex indexed index, Timestamp passableAt);
    event BatchPassedOver(BatchIndex indexed index);

    error SplitterOfAnotherRegistry(address expected, address actual);
    error UnknownRollup(uint32 rollupId);
    error TooLittle(uint256 priceWei, uint256 actualWei);
    error NoBatches();
    error WrongCount(uint256 expected, uint256 actual);
    error WrongIndex(BatchIndex expected, BatchIndex actual);
    error WrongBatch(BatchIndex index, bytes32 expected, bytes32 actual);
    error WrongUsage(BatchIndex index, bytes32 expected, bytes32 actual);
    error NothingToCharge(uint256 chargedEntries, uint256 entries);
    error AlreadyDoubted(BatchIndex index);

    /// @notice Buy bytes for a rollup, at the price of this moment (FEE-2). By anyone.
    ///
    /// Checks: the rollup exists; with what was left of the last payment it is enough for one byte.
    ///
    /// Effects: arrears are bought first, and their price goes to the RevenueSplitter. Without
    /// arrears there is no notice.
    ///
    /// @return bytes_ bought, arrears among them
    /// @custom:reverts UnknownRollup, TooLittle
    function prepay(uint32 rollupId) external payable returns (uint64 bytes_);

    /// @notice Charge the next batches (FEE-3). By anyone.
    ///
    /// Checks: the batches are those after the last charged, linked by `parentHash` up to one that
    /// L1's ring has, or that was reached; the usages are theirs.
    ///
    /// Not checked: what the usages say. Entries of rollups that do not exist, and a last one that
    /// is cut off, count for nothing; a table in another order is read as it is.
    ///
    /// @param batches in order
    /// @param usages of each (FEE-1); empty for a batch that is passed over (FEE-6)
    /// @param entries how many of the last usage's entries are charged with this call; beyond
    /// their count, all: so no usage is too long for a transaction
    /// @custom:reverts NoBatches, WrongCount, WrongIndex, WrongBatch, WrongUsage, NothingToCharge,
    /// ICommitmentChain.BatchHashUnavailable
    function charge(Batch[] calldata batches, bytes[] calldata usages, uint256 entries) external;

    /// @notice Reach batches that have left L1's ring (FEE-3): the parent of the first of these can
    /// be the last of a charge from now on. By anyone.
    /// @param batches in order, the last is in the ring or was reached
    /// @custom:reverts NoBatches, WrongIndex, WrongBatch, ICommitmentChain.BatchHashUnavailable
    function reach(Batch[] calldata batches) external;

    /// @notice Say that nobody shows the usage of the next batch (FEE-6). By anyone, once for each.
    /// @custom:reverts NoBatches, AlreadyDoubted
    function doubt() external;

    function accountOf(uint32 rollupId) external view returns (FeeAccount memory);

    /// @notice FEE-4.
    function isDropped(uint32 rollupId) external view returns (bool);

    /// @notice The last batch that was charged, and how many entries of the one after it were.
    function charged() external view returns (BatchIndex last, uint64 entries);

    /// @notice The batch that was doubted last, and from when it may be passed over.
    function doubted() external view returns (BatchIndex index, Timestamp passableAt);

    function chain() external view returns (ICommitmentChain);

    function rollups() external view returns (IRollupRegistry);

    function splitter() external view returns (IRevenueSplitter);

    function parameters() external view returns (IParameters);
}
