// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {LibSort} from "solady/src/utils/LibSort.sol";
import {Candidate} from "../interfaces/IBondRegistry.sol";

/// @title Choosing a committee (COMM-2), its weights (COMM-5) and its bytes (ENC-4)
library CommitteeCodec {
    uint256 internal constant MAX_MEMBERS = 128;

    uint256 private constant BPS = 10_000;

    /// @notice The `maxSize` heaviest of `candidates`, each with no more than `capBps` of the whole,
    /// as ENC-4 bytes.
    /// @dev The sort key is ascending: inverted weight, then id, then where the candidate stands.
    function encode(Candidate[] memory candidates, uint256 maxSize, uint256 capBps)
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

        uint256[] memory members = new uint256[](Math.min(keys.length, maxSize));
        uint256[] memory weights = new uint256[](members.length);
        for (uint256 i; i < members.length; ++i) {
            members[i] = uint32(keys[i]);
            weights[i] = candidates[members[i]].weight;
        }
        uint256 most = capOf(weights, capBps);

        uint256 total = 0;
        for (uint256 i; i < members.length; ++i) {
            uint256 weight = Math.min(weights[i], most);
            members[i] = (uint256(uint160(candidates[members[i]].signer)) << 96) | weight;
            total += weight;
        }
        return abi.encodePacked(total, members);
    }

    /// @notice The most that a member may weigh (COMM-5), given the weights in descending order, one
    /// at least.
    function capOf(uint256[] memory weights, uint256 capBps) internal pure returns (uint256 most) {
        uint256 rest = 0;
        for (uint256 i; i < weights.length; ++i) {
            rest += weights[i];
        }
        // The first `k` members are held to the cap; `rest` is what the others weigh.
        for (uint256 k; k < weights.length && capBps * k < BPS; ++k) {
            most = (capBps * rest) / (BPS - capBps * k);
            if (weights[k] <= most) return most;
            rest -= weights[k];
        }
        // Too few for any part as small as that: all alike.
        return weights[weights.length - 1];
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
