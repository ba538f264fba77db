// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICommitmentChain} from "./interfaces/ICommitmentChain.sol";
import {IInclusionProofs} from "./interfaces/IInclusionProofs.sol";
import {InclusionLib, InclusionProof} from "./libraries/InclusionLib.sol";

/// @title Proofs that L1 has ordered a transaction (PROOF-1)
/// @notice See IInclusionProofs.
contract InclusionProofs is IInclusionProofs {
    /// @inheritdoc IInclusionProofs
    ICommitmentChain public immutable chain;

    constructor(ICommitmentChain chain_) {
        chain = chain_;
    }

    /// @inheritdoc IInclusionProofs
    function heightOf(uint32 rollupId, bytes32 transactionHash, InclusionProof calldata proof)
        external
        view
        returns (uint64)
    {
        if (proof.batches.length == 0) revert NoBatch();
        bytes32 expected = chain.batchHashAt(proof.batches[0].index);
        return InclusionLib.heightOf(proof, expected, rollupId, transactionHash);
    }
}
