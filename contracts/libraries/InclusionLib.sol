// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Batch} from "../interfaces/ICommitmentChain.sol";
import {ChainLib} from "./ChainLib.sol";
import {BlockHeader} from "./Digests.sol";
import {MerkleLib, TransactionEntry} from "./MerkleLib.sol";

/// @notice From a batch hash down to a transaction (PROOF-1).
/// @param batches the first has the hash that is asked for, each further one is the parent of the
/// one before it; the last is the batch of the transaction
/// @param headers the first is that batch's last block, each further one the parent of the one
/// before it; the last is the block of the transaction
/// @param siblings of the leaf, from the bottom up
/// @param sides bit i is set if sibling i stands on the left
struct InclusionProof {
    Batch[] batches;
    BlockHeader[] headers;
    TransactionEntry entry;
    bytes32[] siblings;
    uint256 sides;
}

/// @title Where in the committee's chain a transaction is (PROOF-1)
library InclusionLib {
    error WrongRoot(bytes32 expected, bytes32 actual);
    error AnotherTransaction(
        uint32 rollupId, bytes32 transactionHash, uint32 actualRollupId, bytes32 actualHash
    );

    /// @notice The height of the block that has the transaction, in a chain down from the batch
    /// with this hash.
    /// @custom:reverts AnotherTransaction, WrongRoot, EmptyProof, WrongBatch, WrongHeader and
    /// BelowBatch (ChainLib)
    function heightOf(
        InclusionProof calldata proof,
        bytes32 batchHash,
        uint32 rollupId,
        bytes32 transactionHash
    ) internal pure returns (uint64) {
        TransactionEntry calldata entry = proof.entry;
        if (entry.rollupId != rollupId || entry.transactionHash != transactionHash) {
            revert AnotherTransaction(
                rollupId, transactionHash, entry.rollupId, entry.transactionHash
            );
        }
        (Batch calldata batch,) = ChainLib.batchUnder(batchHash, proof.batches);
        (BlockHeader calldata header,) = ChainLib.blockIn(batch, proof.headers);
        bytes32 leaf = MerkleLib.leafHash(entry);
        bytes32 root = MerkleLib.rootOf(leaf, proof.siblings, proof.sides);
        if (root != header.transactionRoot) revert WrongRoot(header.transactionRoot, root);
        return header.height;
    }
}
