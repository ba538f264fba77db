// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SignatureLib} from "./SignatureLib.sol";

/// @title QuorumLib.plainTally in assembly
/// @dev `tests/contracts/test_quorum.py` holds the two equal on random committees and faults.
library QuorumTally {
    /// @notice The weight of `signers` if there is one signature for each, canonical and its own.
    /// @dev Expects that each bit of `signers` is a member.
    /// @return isGood false if anything is amiss; the weight then means nothing
    function tryTally(
        bytes memory committee,
        bytes32 digest,
        uint256 signers,
        bytes calldata signatures
    ) internal view returns (bool isGood, uint256 signedWeight) {
        uint256 maxS = SignatureLib.MAX_S;
        uint256 sMask = SignatureLib.S_MASK;
        uint256 highestBit = 1 << 255;
        assembly ("memory-safe") {
            // Input of ecrecover at 0x00: digest, v, r, s. It covers the free memory pointer and
            // the zero word, which are put back at the end; nothing is allocated in between.
            let freeMemory := mload(0x40)
            mstore(0x00, digest)

            // All differences, of which no bit above a weight's 96 may be set. The highest stands
            // for an s that is too large.
            let difference := 0
            let cursor := add(signatures.offset, signatures.length)
            // The word of member 0, past the length of the bytes and the total weight, and one for
            // each of the zeros in front of its bit.
            let beyond := add(committee, 0x2020)

            // From the highest bit and the last signature down.
            for {} 1 {} {
                if iszero(signers) { break }
                let zeros := clz(signers)
                signers := xor(signers, shr(zeros, highestBit))
                cursor := sub(cursor, 0x40)

                let vs := calldataload(add(cursor, 0x20))
                let s := and(vs, sMask)
                mstore(0x20, add(27, shr(255, vs)))
                mstore(0x40, calldataload(cursor))
                mstore(0x60, s)

                // A failed recovery returns nothing and leaves v, which is nobody's address.
                pop(staticcall(gas(), 1, 0x00, 0x80, 0x20, 0x20))

                // The word is (signer ‖ weight). With the signer taken off, the weight is left,
                // and nothing above its 96 bits, if and only if the signer was right.
                let weight := sub(mload(sub(beyond, shl(5, zeros))), shl(96, mload(0x20)))
                difference := or(or(difference, weight), shl(255, gt(s, maxS)))
                signedWeight := add(signedWeight, weight)
            }

            // Each signature was used, and there are no more.
            isGood := iszero(or(shr(96, difference), xor(cursor, signatures.offset)))
            mstore(0x40, freeMemory)
            mstore(0x60, 0)
        }
    }
}
