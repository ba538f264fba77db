// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Pool, StakeLib} from "../../contracts/libraries/StakeLib.sol";
import {Timestamp} from "../../contracts/types/Types.sol";
import {VM} from "../invariants/Cheats.sol";

/// @title Properties of StakeLib for halmos, with inputs as narrow as its solvers need
/// @dev shares.py proves the same for numbers of any size, from the formulas instead of the code.
contract SharesSymbolic {
    using StakeLib for Pool;

    uint64 private constant UNBONDING = 1000;
    address private constant EVE = address(0xE);
    address private constant BOB = address(0xB);

    Pool private _pool;

    /// @dev STAKE-1, STAKE-2.
    function check_add__neither_wins_nor_dilutes(uint8 bobWei, uint8 eveWei, uint8 keep) external {
        _begin(bobWei, keep);
        uint256 before = _pool.stakedWeiOf(BOB);
        _pool.add(EVE, eveWei);
        assert(_pool.stakedWeiOf(BOB) == before);
        assert(_pool.stakedWeiOf(EVE) <= eveWei);
        assert(_pool.heldWei >= uint256(_pool.stakedWeiOf(BOB)) + _pool.stakedWeiOf(EVE));
    }

    /// @dev STAKE-5, STAKE-7: worth falls, never rises, and what is held covers it.
    function check_slash__leaves_the_pool_solvent(uint8 bobWei, uint8 eveWei, uint8 keep) external {
        _begin(bobWei, 16);
        _pool.add(EVE, eveWei);
        uint256 heldWei = _pool.heldWei;
        uint256 takenWei = _pool.slash(_sixteenths(keep), 16, UNBONDING);
        assert(_pool.heldWei == heldWei - takenWei);
        assert(_pool.stakedWeiOf(EVE) <= eveWei);
        assert(_pool.heldWei >= uint256(_pool.stakedWeiOf(BOB)) + _pool.stakedWeiOf(EVE));
    }

    /// @dev STAKE-4, STAKE-7: a claim takes no wei of those who stay.
    function check_claim__leaves_what_others_own(uint8 bobWei, uint8 eveWei, uint8 keep) external {
        _begin(bobWei, keep);
        uint128 shares = _pool.add(EVE, eveWei);
        _pool.beginLeaving(EVE, shares);
        VM.warp(block.timestamp + UNBONDING);
        uint256 paidWei = _pool.claim(shares, Timestamp.wrap(uint64(block.timestamp)));
        assert(paidWei <= eveWei);
        assert(_pool.heldWei >= _pool.stakedWeiOf(BOB));
    }

    function _begin(uint8 bobWei, uint8 keep) private {
        VM.warp(10_000);
        _pool.add(BOB, bobWei);
        _pool.slash(_sixteenths(keep), 16, UNBONDING);
    }

    /// @dev A number that is known on each path, for a product of two unknowns is what solvers are
    /// slow at.
    function _sixteenths(uint8 any) private pure returns (uint256 keep) {
        for (keep = 1; keep < 16; ++keep) {
            if (any == keep) return keep;
        }
    }
}
