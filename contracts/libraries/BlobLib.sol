// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title The blobs of a transaction (EIP-4844)
library BlobLib {
    /// @notice ENC-14: `keccak` of the versioned hashes of all of the transaction's blobs, in
    /// order; zero if it carries none.
    function blobsHash() internal view returns (bytes32) {
        bytes memory hashes;
        // L1 bounds the blobs of a transaction.
        for (uint256 i = 0; blobhash(i) != 0; ++i) {
            hashes = bytes.concat(hashes, blobhash(i));
        }
        return hashes.length == 0 ? bytes32(0) : keccak256(hashes);
    }

    /// @notice How many blobs the transaction carries.
    function count() internal view returns (uint256 found) {
        while (blobhash(found) != 0) ++found;
    }
}
