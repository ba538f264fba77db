// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {HeldEntry} from "../interfaces/IDataAvailabilityChallenge.sol";

/// @notice A transaction as a leaf of its block's transaction root (ENC-11).
/// @param position of the leaf within the whole block
/// @param orderKey ORDER-3
struct TransactionEntry {
    uint32 rollupId;
    uint32 position;
    bytes32 transactionHash;
    uint128 orderKey;
}

/// @title Leaves and nodes of a transaction root (ENC-11)
/// @dev `sequencer/blocks/merkle.py` is the twin.
library MerkleLib {
    bytes1 private constant LEAF = 0x00;
    bytes1 private constant NODE = 0x01;
    bytes1 private constant HELD_LEAF = 0x02;

    /// @notice The leaf of a transaction. Its length sets it apart from every node.
    function leafHash(TransactionEntry calldata entry) internal pure returns (bytes32) {
        return keccak256(
            abi.encodePacked(
                LEAF, entry.rollupId, entry.position, entry.transactionHash, entry.orderKey
            )
        );
    }

    /// @notice The leaf of a held segment. Its length sets it apart from every node.
    function leafHash(HeldEntry calldata entry) internal pure returns (bytes32) {
        return keccak256(
            abi.encodePacked(HELD_LEAF, entry.rollupId, entry.position, entry.length, entry.hash)
        );
    }

    /// @notice The root over `leaf` and its siblings, from the bottom up. Bit i of `sides` is set
    /// if sibling i stands on the left; a level on which the node has none is left out.
    function rootOf(bytes32 leaf, bytes32[] calldata siblings, uint256 sides)
        internal
        pure
        returns (bytes32 node)
    {
        bytes1 prefix = NODE;
        node = leaf;
        assembly ("memory-safe") {
            // The prefix, the left and the right; a sibling on the left moves the node to the right.
            let pair := mload(0x40)
            mstore(pair, prefix)
            let left := add(pair, 0x01)
            let right := add(pair, 0x21)
            let place := siblings.offset
            let end := add(place, shl(5, siblings.length))
            for {} lt(place, end) { place := add(place, 0x20) } {
                let shift := shl(5, and(sides, 1))
                mstore(add(left, shift), node)
                mstore(sub(right, shift), calldataload(place))
                node := keccak256(pair, 0x41)
                sides := shr(1, sides)
            }
        }
    }

    /// @notice The readable twin of `rootOf`, which tests hold equal to it.
    function plainRootOf(bytes32 leaf, bytes32[] calldata siblings, uint256 sides)
        internal
        pure
        returns (bytes32 node)
    {
        node = leaf;
        for (uint256 i = 0; i < siblings.length; ++i) {
            bool isLeft = (sides >> i) & 1 == 1;
            (bytes32 left, bytes32 right) = isLeft ? (siblings[i], node) : (node, siblings[i]);
            node = keccak256(abi.encodePacked(NODE, left, right));
        }
    }
}
