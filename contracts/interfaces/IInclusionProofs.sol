// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {InclusionProof} from "../libraries/InclusionLib.sol";
import {ICommitmentChain} from "./ICommitmentChain.sol";

/// @title For contracts and wallets that act on what the committee has ordered
interface IInclusionProofs {
    error NoBatch();

    /// @notice The height of the committee's block that has the transaction.
    ///
    /// Checks: the proof leads from a batch that L1 still has the hash of down to the transaction.
    ///
    /// Not checked: whether the rollup executes it (DERIVE-8), or that the batch decodes (DERIVE-5):
    /// a certificate says that a quorum signed it, no more.
    ///
    /// @custom:reverts NoBatch, what InclusionLib and ChainLib refuse,
    /// ICommitmentChain.BatchHashUnavailable
    function heightOf(uint32 rollupId, bytes32 transactionHash, InclusionProof calldata proof)
        external
        view
        returns (uint64);

    function chain() external view returns (ICommitmentChain);
}
