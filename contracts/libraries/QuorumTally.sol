// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SignatureLib} from "./SignatureLib.sol";

/// @title QuorumLib.plainTally in assembly
/// @dev `tests/contracts/test_quorum.py` holds the two equal on random committees and faults.
library QuorumTally {
    /// @notice The weight of `signers` if every signature is canonical and its member's.
    /// @dev Expects every bit of `signers` below the committee's size, and one signature a bit.
    /// @return isGood false if any signature is not; the weight then means nothing
    function tryTally(
        bytes memory committee,
        bytes32 digest,
        uint256 signers,
        bytes calldata signatures
    ) internal view returns (bool isGood, uint256 signedWeight) {
        uint256 maxS = SignatureLib.MAX_S;
        uint256 sMask = SignatureLib.S_MASK;
        assembly ("memory-safe") {
            // Input of ecrecover, in free memory: digest, v, r, s.
            let input := mload(0x40)
            mstore(input, digest)

            isGood := 1
            let cursor := signatures.offset
            // Past the length of the bytes and the total weight: the word of member 0.
            let member := add(committee, 0x40)

            for {} signers {
                signers := shr(1, signers)
                member := add(member, 0x20)
            } {
                if iszero(and(signers, 1)) { continue }

                calldatacopy(add(input, 0x40), cursor, 0x40)
                let vs := mload(add(input, 0x60))
                let s := and(vs, sMask)
                mstore(add(input, 0x20), add(27, shr(255, vs)))
                mstore(add(input, 0x60), s)

                // A failed recovery returns nothing and leaves the zero, which no member is.
                mstore(0x00, 0)
                pop(staticcall(gas(), 1, input, 0x80, 0x00, 0x20))

                let word := mload(member)
                isGood := and(isGood, and(eq(mload(0x00), shr(96, word)), iszero(gt(s, maxS))))
                signedWeight := add(signedWeight, and(word, 0xffffffffffffffffffffffff))
                cursor := add(cursor, 0x40)
            }
        }
    }
}
