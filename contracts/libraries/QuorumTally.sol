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
        assembly ("memory-safe") {
            // Input of ecrecover at 0x00: digest, v, r, s. It covers the free memory pointer and
            // the zero word, which are put back at the end; nothing is allocated in between.
            let freeMemory := mload(0x40)
            mstore(0x00, digest)

            let faults := 0
            let cursor := signatures.offset
            // Past the length of the bytes and the total weight: the word of member 0.
            let member := add(committee, 0x40)

            for {} 1 {
                signers := shr(1, signers)
                member := add(member, 0x20)
            } {
                if iszero(and(signers, 1)) {
                    if signers { continue }
                    break
                }

                let vs := calldataload(add(cursor, 0x20))
                let s := and(vs, sMask)
                mstore(0x20, add(27, shr(255, vs)))
                mstore(0x40, calldataload(cursor))
                mstore(0x60, s)
                cursor := add(cursor, 0x40)

                // A failed recovery returns nothing and leaves v, which is nobody's address.
                pop(staticcall(gas(), 1, 0x00, 0x80, 0x20, 0x20))

                // The word is (signer ‖ weight). With the signer taken off, the weight is left,
                // and nothing above its 96 bits, if and only if the signer was right.
                let weight := sub(mload(member), shl(96, mload(0x20)))
                faults := or(faults, or(shr(96, weight), gt(s, maxS)))
                signedWeight := add(signedWeight, weight)
            }

            // Each signature was used, and no more than there are.
            isGood := iszero(or(faults, xor(cursor, add(signatures.offset, signatures.length))))
            mstore(0x40, freeMemory)
            mstore(0x60, 0)
        }
    }
}
