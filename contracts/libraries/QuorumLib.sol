// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LibBit} from "solady/src/utils/LibBit.sol";
import {CommitteeCodec} from "./CommitteeCodec.sol";
import {QuorumTally} from "./QuorumTally.sol";
import {SignatureLib} from "./SignatureLib.sol";

/// @title Did a quorum of this committee sign this digest? (ENC-5, ENC-6, CERT-4)
/// @dev Members are told apart by their bit, never by their signature's bytes, so no copy of a
/// signature counts twice.
library QuorumLib {
    using CommitteeCodec for bytes;

    /// @notice A bit is set at or above the committee's size.
    error UnknownMember(uint256 committeeSize, uint256 signers);

    /// @notice As many signatures as bits are expected.
    error WrongSignaturesLength(uint256 expected, uint256 actual);

    /// @notice The signature in the place of a member is not that member's.
    error WrongSigner(uint256 memberIndex, address expected, address actual);

    /// @notice Three times the signed weight must exceed twice the total.
    error QuorumNotReached(uint256 totalWeight, uint256 signedWeight);

    /// @notice The part of the weight that signed `digest`, which is a quorum, in whole percents.
    function requireQuorum(
        bytes memory committee,
        bytes32 digest,
        uint256 signers,
        bytes calldata signatures
    ) internal view returns (uint256 percent) {
        uint256 size = committee.size();
        if (signers >> size != 0) revert UnknownMember(size, signers);

        // The fast tally can only accept. Whatever it does not accept is tallied again plainly,
        // which names the fault.
        (bool isGood, uint256 signedWeight) =
            QuorumTally.tryTally(committee, digest, signers, signatures);
        if (!isGood) signedWeight = plainTally(committee, digest, signers, signatures);

        uint256 totalWeight = committee.totalWeight();
        if (!isQuorum(signedWeight, totalWeight)) {
            revert QuorumNotReached(totalWeight, signedWeight);
        }
        // No sum of 128 weights of 96 bits comes near an overflow.
        unchecked {
            return (signedWeight * 100) / totalWeight;
        }
    }

    /// @notice ENC-6: exact and strict.
    function isQuorum(uint256 signedWeight, uint256 totalWeight) internal pure returns (bool) {
        // Neither does it here.
        unchecked {
            return 3 * signedWeight > 2 * totalWeight;
        }
    }

    /// @notice The weight of `signers`, each of whose signatures is good. The readable twin of
    /// QuorumTally; both expect that each bit of `signers` is a member.
    function plainTally(
        bytes memory committee,
        bytes32 digest,
        uint256 signers,
        bytes calldata signatures
    ) internal pure returns (uint256 signedWeight) {
        uint256 expectedLength = LibBit.popCount(signers) * SignatureLib.LENGTH;
        if (signatures.length != expectedLength) {
            revert WrongSignaturesLength(expectedLength, signatures.length);
        }

        uint256 offset = 0;
        for (uint256 i; i < committee.size(); ++i) {
            if ((signers >> i) & 1 == 0) continue;

            (address expected, uint96 weight) = committee.member(i);
            address actual =
                SignatureLib.recover(digest, signatures[offset:offset + SignatureLib.LENGTH]);
            if (actual != expected) revert WrongSigner(i, expected, actual);

            signedWeight += weight;
            offset += SignatureLib.LENGTH;
        }
    }
}
