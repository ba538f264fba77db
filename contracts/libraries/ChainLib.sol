// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Batch} from "../interfaces/ICommitmentChain.sol";
import {BlockHeader, Digests} from "./Digests.sol";

/// @title Down the committee's chain: from a batch hash to a batch, from a batch to a block
library ChainLib {
    error EmptyProof();
    error WrongBatch(uint256 place, bytes32 expected, bytes32 actual);
    error WrongHeader(uint256 place, bytes32 expected, bytes32 actual);
    error BelowBatch(uint64 firstHeight, uint64 actual);

    /// @notice The last of `batches`, of which the first has the hash `expected` and each further
    /// one is the parent of the one before it.
    function batchUnder(bytes32 expected, Batch[] calldata batches)
        internal
        pure
        returns (Batch calldata batch, bytes32 hash)
    {
        if (batches.length == 0) revert EmptyProof();
        for (uint256 i = 0; i < batches.length; ++i) {
            hash = Digests.batchHash(batches[i]);
            if (hash != expected) revert WrongBatch(i, expected, hash);
            expected = batches[i].parentHash;
        }
        batch = batches[batches.length - 1];
    }

    /// @notice The last of `headers`, of which the first is the batch's last block, each further one
    /// the parent of the one before it, and none below the batch.
    function blockIn(Batch calldata batch, BlockHeader[] calldata headers)
        internal
        pure
        returns (BlockHeader calldata header, bytes32 hash)
    {
        if (headers.length == 0) revert EmptyProof();
        bytes32 expected = batch.lastBlockHash;
        for (uint256 i = 0; i < headers.length; ++i) {
            hash = Digests.headerHash(headers[i]);
            if (hash != expected) revert WrongHeader(i, expected, hash);
            expected = headers[i].parentHash;
        }
        header = headers[headers.length - 1];
        if (header.height < batch.firstHeight) revert BelowBatch(batch.firstHeight, header.height);
    }
}
