// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title The blobs of a transaction (EIP-4844)
library BlobLib {
    /// @notice ENC-14: `keccak` of the versioned hashes of all of the transaction's blobs, in
    /// order; zero if it carries none.
    function blobsHash() internal view returns (bytes32) {
        if (blobhash(0) == 0) return 0;
        bytes memory hashes = bytes.concat(blobhash(0));
        // L1 bounds the blobs of a transaction.
        for (uint256 i = 1; blobhash(i) != 0; ++i) {
            hashes = bytes.concat(hashes, blobhash(i));
        }
        return keccak256(hashes);
    }

    /// @notice How many blobs the transaction carries.
    function count() internal view returns (uint256 found) {
        while (blobhash(found) != 0) ++found;
    }
}
