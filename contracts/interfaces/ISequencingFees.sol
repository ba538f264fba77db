// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BatchIndex, Timestamp} from "../types/Types.sol";
import {Batch, ICommitmentChain} from "./ICommitmentChain.sol";
import {IParameters} from "./IParameters.sol";
import {IRevenueSplitter} from "./IRevenueSplitter.sol";
import {IRollupRegistry} from "./IRollupRegistry.sol";

/// @notice The account of one rollup.
/// @param paidWei price of the bytes that are left
/// @param leftBytes bought and not yet used
/// @param arrearsBytes used and not bought
/// @param dropAt from when the rollup is dropped (FEE-4); 0 without notice
struct FeeAccount {
    uint96 paidWei;
    uint64 leftBytes;
    uint64 arrearsBytes;
    Timestamp dropAt;
}

/// @title What rollups pay for a place in the shared order
/// @notice Trust: the bytes are those that the committee's quorum signed in its batches. Forced
/// inclusion knows nothing of this contract.
interface ISequencingFees {
    event Prepaid(uint32 indexed rollupId, address indexed from, uint256 amountWei, uint64 bytes_);
    event Charged(BatchIndex indexed last, uint32 indexed rollupId, uint64 bytes_, uint96 feeWei);
    event NoticeGiven(uint32 indexed rollupId, uint64 arrearsBytes, Timestamp dropAt);
    event NoticeCleared(uint32 indexed rollupId);

    error UnknownRollup(uint32 rollupId);
    error TooLittle(uint256 priceWei, uint256 actualWei);
    error NoBatches();
    error WrongIndex(BatchIndex expected, BatchIndex actual);
    error WrongBatch(BatchIndex index, bytes32 expected, bytes32 actual);
    error WrongUsage(BatchIndex index, bytes32 expected, bytes32 actual);

    /// @notice Buy bytes for a rollup (FEE-2). By anyone.
    /// @custom:reverts UnknownRollup, TooLittle
    function prepay(uint32 rollupId) external payable returns (uint64 bytes_);

    /// @notice Charge the next batches (FEE-3). By anyone.
    /// @param batches those after the last charged, in order; the last is in L1's ring
    /// @param usages the usage of each (FEE-1)
    function charge(Batch[] calldata batches, bytes[] calldata usages) external;

    function accountOf(uint32 rollupId) external view returns (FeeAccount memory);

    /// @notice FEE-4.
    function isDropped(uint32 rollupId) external view returns (bool);

    /// @notice The last batch that was charged.
    function lastCharged() external view returns (BatchIndex);

    function chain() external view returns (ICommitmentChain);

    function rollups() external view returns (IRollupRegistry);

    function splitter() external view returns (IRevenueSplitter);

    function parameters() external view returns (IParameters);
}
