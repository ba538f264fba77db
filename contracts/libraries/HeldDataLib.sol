// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {HeldEntry} from "../interfaces/IDataAvailabilityChallenge.sol";

/// @title Leaves and nodes of a transaction root (ENC-11)
/// @dev `sequencer/blocks/merkle.py` is the twin.
library HeldDataLib {
    bytes1 private constant NODE = 0x01;
    bytes1 private constant HELD_LEAF = 0x02;

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
        node = leaf;
        for (uint256 i = 0; i < siblings.length; ++i) {
            bool isLeft = (sides >> i) & 1 == 1;
            (bytes32 left, bytes32 right) = isLeft ? (siblings[i], node) : (node, siblings[i]);
            node = keccak256(abi.encodePacked(NODE, left, right));
        }
    }
}
