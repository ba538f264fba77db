// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Candidate} from "../../contracts/interfaces/IBondRegistry.sol";
import {CommitteeCodec} from "../../contracts/libraries/CommitteeCodec.sol";
import {atMost, bound, equal, holds} from "./Cheats.sol";

/// @title The committee of any candidates, with any size and cap (COMM-2, COMM-5)
contract CommitteeTest {
    using CommitteeCodec for bytes;

    uint256 private constant BPS = 10_000;

    function testFuzz_encode__gives_the_heaviest_no_more_than_the_cap(
        uint96[12] memory weights,
        uint256 count,
        uint256 maxSize,
        uint256 capBps
    ) external pure {
        Candidate[] memory candidates = new Candidate[](bound(count, 1, weights.length));
        for (uint32 i; i < candidates.length; ++i) {
            // Some tie.
            uint96 weight = weights[i] % 4 == 0 ? 1 ether : uint96(bound(weights[i], 1, 1e27));
            candidates[i] = Candidate(100 - i, address(uint160(100 - i)), weight);
        }
        maxSize = bound(maxSize, 1, weights.length);
        capBps = bound(capBps, BPS / 30, BPS);
        bytes memory committee = CommitteeCodec.encode(candidates, maxSize, capBps);

        uint256 size = candidates.length < maxSize ? candidates.length : maxSize;
        equal("COMM-2 size", size, committee.size());
        uint256[] memory heaviest = new uint256[](size);
        for (uint256 i; i < size; ++i) {
            Candidate memory next = _takeHeaviest(candidates);
            (address signer,) = committee.member(i);
            holds("COMM-2 order", signer == next.signer);
            heaviest[i] = next.weight;
        }
        _checkCap(committee, heaviest, capBps);
    }

    /// @dev COMM-5: as little as it takes is cut off whoever has too much, and nothing of others.
    function _checkCap(bytes memory committee, uint256[] memory weights, uint256 capBps)
        private
        pure
    {
        (, uint256 most) = committee.member(0);
        uint256 total = _checkMembers(committee, weights, most);
        equal("COMM-5 total", total, committee.totalWeight());
        if (capBps * weights.length < BPS) {
            return equal("COMM-5 all alike", weights[weights.length - 1], most);
        }
        atMost("COMM-5 cap", capBps * total, most * BPS);
        if (weights[0] == most) return;
        uint256 more;
        for (uint256 i; i < weights.length; ++i) {
            more += weights[i] <= most ? weights[i] : most + 1;
        }
        holds("COMM-5 no less", (most + 1) * BPS > capBps * more);
    }

    function _checkMembers(bytes memory committee, uint256[] memory weights, uint256 most)
        private
        pure
        returns (uint256 total)
    {
        for (uint256 i; i < weights.length; ++i) {
            (, uint96 weight) = committee.member(i);
            equal("COMM-5 weight", weights[i] < most ? weights[i] : most, weight);
            total += weight;
        }
    }

    /// @dev Of equals the lowest id. What was taken weighs nothing any more.
    function _takeHeaviest(Candidate[] memory candidates)
        private
        pure
        returns (Candidate memory taken)
    {
        uint256 place;
        for (uint256 i = 1; i < candidates.length; ++i) {
            Candidate memory best = candidates[place];
            bool isTie = candidates[i].weight == best.weight && candidates[i].id < best.id;
            if (candidates[i].weight > best.weight || isTie) place = i;
        }
        Candidate memory found = candidates[place];
        taken = Candidate(found.id, found.signer, found.weight);
        candidates[place].weight = 0;
    }
}
