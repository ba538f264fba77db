// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Pool, StakeLib} from "../../contracts/libraries/StakeLib.sol";
import {Timestamp} from "../../contracts/types/Types.sol";
import {VM, atLeast, atMost, bound, equal} from "./Cheats.sol";

/// @title StakeLib over its whole range: any index, stakes up to 96 bits
contract StakeTest {
    using StakeLib for Pool;

    uint64 private constant UNBONDING = 1000;
    address private constant EVE = address(0xE);
    address private constant BOB = address(0xB);

    Pool private _pool;

    function setUp() external {
        VM.warp(10_000);
    }

    /// @dev STAKE-1, STAKE-2, P14: what is paid in is worth what was paid, and changes no other.
    function testFuzz_add__after_any_slash__neither_wins_nor_dilutes(
        uint96 first,
        uint96 second,
        uint96 third,
        uint256 index
    ) external {
        first = uint96(bound(first, 1, type(uint96).max / 4));
        second = uint96(bound(second, 1, type(uint96).max / 2));
        third = uint96(bound(third, 1, type(uint96).max / 4));
        _pool.add(BOB, first);
        _slashTo(bound(index, StakeLib.MIN_INDEX, StakeLib.ONE));

        uint256 bobWei = _pool.stakedWeiOf(BOB);
        uint256 heldWei = _pool.heldWei;
        _pool.add(EVE, second);
        equal("STAKE-7 held", heldWei + second, _pool.heldWei);
        equal("STAKE-1 others", bobWei, _pool.stakedWeiOf(BOB));
        atMost("STAKE-2 worth", second, _pool.stakedWeiOf(EVE));
        atLeast("STAKE-2 worth", second - 1, _pool.stakedWeiOf(EVE));

        _pool.add(BOB, third);
        atMost("STAKE-2 again", bobWei + third + 1, _pool.stakedWeiOf(BOB));
        atLeast("STAKE-2 again", bobWei + third - 1, _pool.stakedWeiOf(BOB));
        _checkSolvent();
    }

    /// @dev STAKE-5: staked and leaving lose the same part, what was released loses nothing.
    function testFuzz_slash__takes_one_part_of_all_that_is_liable(
        uint96 bobWei,
        uint96 eveWei,
        uint16 keepBps,
        uint256 leaving,
        uint64 passed
    ) external {
        bobWei = uint96(bound(bobWei, 1, type(uint96).max / 2));
        eveWei = uint96(bound(eveWei, 1, type(uint96).max / 2));
        keepBps = uint16(bound(keepBps, 0, 10_000));
        passed = uint64(bound(passed, 0, 2 * UNBONDING));
        uint128 shares = _pool.add(EVE, eveWei);
        _pool.add(BOB, bobWei);
        uint128 moved = uint128(bound(leaving, 1, shares));
        _pool.beginLeaving(EVE, moved);
        Timestamp releaseAt = Timestamp.wrap(uint64(block.timestamp) + UNBONDING);
        VM.warp(block.timestamp + passed);

        (uint256 takenWei,,) = _pool.slash(keepBps, 10_000, UNBONDING);

        bool isReleased = passed >= UNBONDING;
        uint256 ticketWei = isReleased ? moved : uint256(moved) * keepBps / 10_000;
        _near("STAKE-5 ticket", ticketWei, _pool.ticketWei(moved, releaseAt));
        _near("STAKE-5 staked", uint256(bobWei) * keepBps / 10_000, _pool.stakedWeiOf(BOB));
        uint256 liableWei = uint256(bobWei) + eveWei - (isReleased ? moved : 0);
        _near("STAKE-5 taken", liableWei - liableWei * keepBps / 10_000, takenWei);

        uint256 heldWei = _pool.heldWei;
        VM.warp(Timestamp.unwrap(releaseAt) + passed);
        uint256 paidWei = _pool.claim(moved, releaseAt);
        _near("STAKE-4", ticketWei, paidWei);
        equal("STAKE-7 claim", heldWei - paidWei, _pool.heldWei);
        _checkSolvent();
    }

    /// @dev STAKE-4: a slash in the last second before the release counts, one at it does not.
    function testFuzz_claim__ends_with_the_second_before_release(
        uint96 amountWei,
        uint256 passed,
        uint16 keepBps
    ) external {
        amountWei = uint96(bound(amountWei, 1, type(uint96).max));
        keepBps = uint16(bound(keepBps, 0, 9999));
        passed = bound(passed, UNBONDING - 3, UNBONDING + 3);
        uint128 shares = _pool.add(EVE, amountWei);
        _pool.beginLeaving(EVE, shares);
        Timestamp releaseAt = Timestamp.wrap(uint64(block.timestamp) + UNBONDING);
        VM.warp(block.timestamp + passed);
        _pool.slash(keepBps, 10_000, UNBONDING);

        uint256 keptWei = passed < UNBONDING ? uint256(amountWei) * keepBps / 10_000 : amountWei;
        _near("STAKE-4", keptWei, _pool.claim(shares, releaseAt));
    }

    /// @dev STAKE-9: all rewards together are never more than was paid.
    function testFuzz_reward__is_divided_by_shares(
        uint96 bobWei,
        uint96 eveWei,
        uint96 first,
        uint96 second,
        uint16 keepBps
    ) external {
        bobWei = uint96(bound(bobWei, 1, type(uint96).max / 8));
        eveWei = uint96(bound(eveWei, 1, type(uint96).max / 8));
        first = uint96(bound(first, 1, type(uint96).max / 8));
        second = uint96(bound(second, 1, type(uint96).max / 8));
        _pool.add(BOB, bobWei);
        _pool.reward(first);
        uint256 bobGains = _pool.settle(BOB);
        _near("STAKE-9 alone", first, bobGains);

        equal("STAKE-9 nothing before", 0, _pool.settle(EVE));
        _pool.add(EVE, eveWei);
        _pool.slash(bound(keepBps, 0, 10_000), 10_000, UNBONDING);
        _pool.reward(second);
        uint256 eveGains = _pool.settle(EVE);
        bobGains += _pool.settle(BOB);
        _near("STAKE-9 part", uint256(second) * eveWei / (uint256(eveWei) + bobWei), eveGains);
        atMost("STAKE-9 sum", uint256(first) + second, bobGains + eveGains);
        equal("STAKE-9 once", 0, _pool.settle(EVE) + _pool.settle(BOB));
    }

    /// @dev STAKE-7, in pieces of any number and size: what is paid out is never more than came in.
    function testFuzz_pieces__pay_no_more_than_the_whole(
        uint96 amountWei,
        uint128[6] calldata pieces,
        uint16[6] calldata keepBps
    ) external {
        uint128 left = _pool.add(EVE, bound(amountWei, 1, type(uint96).max / 2));
        _pool.add(BOB, 1);
        for (uint256 i; i < pieces.length; ++i) {
            _pool.slash(bound(keepBps[i], 5000, 10_000), 10_000, UNBONDING);
            if (left == 0) continue;
            uint128 moved = uint128(bound(pieces[i], 1, left));
            _pool.beginLeaving(EVE, moved);
            left -= moved;
            VM.warp(block.timestamp + UNBONDING);
            _pool.claim(moved, Timestamp.wrap(uint64(block.timestamp)));
            _checkSolvent();
        }
        _pool.removeAll(EVE);
        _pool.removeAll(BOB);
        equal("STAKE-1 shares", 0, _pool.shares);
    }

    /// @dev Each step is to the wei the formula that tests/symbolic/shares.py proves, in plain
    /// arithmetic: no product here is above 256 bits.
    function testFuzz_steps__are_the_formulas_that_are_proved(
        uint96 bobWei,
        uint96 eveWei,
        uint96 rewardWei,
        uint128 part,
        uint16[3] memory keepBps
    ) external {
        bobWei = uint96(bound(bobWei, 1, type(uint96).max / 4));
        eveWei = uint96(bound(eveWei, 1, type(uint96).max / 4));
        rewardWei = uint96(bound(rewardWei, 1, type(uint96).max / 4));
        equal("STAKE-2 first", bobWei, _pool.add(BOB, bobWei));
        _slashBy(keepBps[0], 0);
        uint128 shares = _pool.add(EVE, eveWei);
        equal("STAKE-2 add", uint256(eveWei) * StakeLib.ONE / _pool.indexNow(), shares);

        uint256 rate = uint256(rewardWei) * StakeLib.REWARD_SCALE / _pool.shares;
        _pool.reward(rewardWei);
        uint256 gainedWei = uint256(shares) * rate / StakeLib.REWARD_SCALE;
        equal("STAKE-9 reward", gainedWei, _pool.settle(EVE));

        uint128 leaving = uint128(bound(part, 0, shares));
        _pool.beginLeaving(EVE, leaving);
        Timestamp releaseAt = Timestamp.wrap(uint64(block.timestamp) + UNBONDING);
        _slashBy(keepBps[1], leaving);
        uint256 paidWei = uint256(leaving) * _pool.indexNow() / StakeLib.ONE;
        VM.warp(Timestamp.unwrap(releaseAt));
        _slashBy(keepBps[2], 0);
        equal("STAKE-4 claim", paidWei, _pool.claim(leaving, releaseAt));
        uint256 leftWei = uint256(shares - leaving) * _pool.indexNow() / StakeLib.ONE;
        equal("STAKE-1 worth", leftWei, _pool.removeAll(EVE));
    }

    function _slashBy(uint256 keepBps, uint256 leaving) private {
        keepBps = bound(keepBps, 50, 10_000);
        uint256 before = _pool.indexNow();
        uint256 index = before * keepBps / 10_000;
        uint256 takenWei = (_pool.shares + leaving) * (before - index) / StakeLib.ONE;
        (uint256 actualWei,,) = _pool.slash(keepBps, 10_000, UNBONDING);
        equal("STAKE-5 slash", takenWei, actualWei);
        equal("STAKE-5 index", index, _pool.indexNow());
    }

    /// @dev Any index there is, reached as one slash would.
    function _slashTo(uint256 index) private {
        _pool.slash(index, StakeLib.ONE, UNBONDING);
        equal("STAKE-1 index", index, _pool.indexNow());
    }

    function _checkSolvent() private view {
        uint256 owedWei = uint256(_pool.stakedWeiOf(BOB)) + _pool.stakedWeiOf(EVE);
        atLeast("STAKE-7 solvent", owedWei, _pool.heldWei);
    }

    function _near(string memory rule, uint256 expected, uint256 actual) private pure {
        atMost(rule, expected + 2, actual);
        atLeast(rule, expected, actual + 2);
    }
}
