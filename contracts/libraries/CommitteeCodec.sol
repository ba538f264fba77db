// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LibSort} from "solady/src/utils/LibSort.sol";
import {Candidate} from "../interfaces/IBondRegistry.sol";

/// @title Choosing a committee (COMM-2) and its bytes (ENC-4)
library CommitteeCodec {
    uint256 internal constant MAX_MEMBERS = 128;

    /// @notice The `maxSize` heaviest of `candidates` as ENC-4 bytes.
    /// @dev The sort key is ascending: inverted weight, then id, then where the candidate stands.
    function encode(Candidate[] memory candidates, uint256 maxSize)
        internal
        pure
        returns (bytes memory)
    {
        uint256[] memory keys = new uint256[](candidates.length);
        for (uint256 i; i < keys.length; ++i) {
            Candidate memory candidate = candidates[i];
            keys[i] = (uint256(type(uint96).max - candidate.weight) << 64)
                | (uint256(candidate.id) << 32) | i;
        }
        LibSort.sort(keys);

        uint256 count = keys.length < maxSize ? keys.length : maxSize;
        uint256[] memory members = new uint256[](count);
        uint256 total;
        for (uint256 i; i < count; ++i) {
            Candidate memory candidate = candidates[uint32(keys[i])];
            members[i] = (uint256(uint160(candidate.signer)) << 96) | candidate.weight;
            total += candidate.weight;
        }
        return abi.encodePacked(total, members);
    }

    /// @notice Number of members.
    function size(bytes memory committee) internal pure returns (uint256) {
        return committee.length / 32 - 1;
    }

    function totalWeight(bytes memory committee) internal pure returns (uint256) {
        return _word(committee, 0);
    }

    function member(bytes memory committee, uint256 index)
        internal
        pure
        returns (address signer, uint96 weight)
    {
        uint256 word = _word(committee, index + 1);
        // casting to 'uint160' and 'uint96' is safe because ENC-4 packs the two into one word
        // forge-lint: disable-next-line(unsafe-typecast)
        return (address(uint160(word >> 96)), uint96(word));
    }

    /// @dev The caller keeps `index` within the committee.
    function _word(bytes memory committee, uint256 index) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := mload(add(committee, mul(add(index, 1), 32)))
        }
    }
}
