// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Timestamp} from "../types/Types.sol";
import {History, HistoryLib} from "./HistoryLib.sol";

/// @notice What stands behind one operator (STAKE-1).
/// @param shares staked by everyone together
/// @param heldWei STAKE-7: no more than 96 bits, and so is the worth of all shares in it
/// @param rewardPerShare wei rewarded per share ever, times `REWARD_SCALE` (STAKE-9)
/// @param index worth of a share, times `ONE`, by the second of each slash; nothing before the first
/// @param left shares that ever went into tickets, by the second in which they did
/// @param ownLeft those of them that were the cold key's
/// @param positions of the delegators, the cold key among them
struct Pool {
    uint128 shares;
    uint128 heldWei;
    uint256 rewardPerShare;
    History index;
    History left;
    History ownLeft;
    mapping(address account => Position) positions;
}

/// @param rewardPerShare of the pool when the position was last settled
struct Position {
    uint128 shares;
    uint256 rewardPerShare;
}

/// @title Stake in shares of an operator (STAKE-1 to STAKE-9)
/// @dev The worth of a share only ever falls. All rounding is down, in favour of the pool, so that
/// `heldWei` is never below what all shares are worth and what was rewarded for them.
library StakeLib {
    using HistoryLib for History;

    uint256 internal constant ONE = 1e27;

    /// @notice Below this worth of a share, `ONE / 2^32` rounded up, no stake is taken: 96 bits of
    /// wei are then within 128 bits of shares.
    uint256 internal constant MIN_INDEX = (ONE >> 32) + 1;

    uint256 internal constant REWARD_SCALE = 1 << 128;

    error PoolDepleted(uint256 minimumIndex, uint256 actualIndex);
    error TooManyShares(uint256 maximum, uint256 actual);
    error StakeTooLarge(uint256 maximumWei, uint256 actualWei);

    /// @notice Shares for `amountWei` (STAKE-2), of `account`, whose reward must be settled.
    function add(Pool storage self, address account, uint256 amountWei)
        internal
        returns (uint128 shares)
    {
        uint256 index = indexNow(self);
        if (index < MIN_INDEX) revert PoolDepleted(MIN_INDEX, index);

        _hold(self, amountWei);
        // casting to 'uint128' is safe because 96 bits of wei at MIN_INDEX are 128 bits of shares
        // forge-lint: disable-next-line(unsafe-typecast)
        shares = uint128(Math.mulDiv(amountWei, ONE, index));
        self.shares += shares;
        self.positions[account].shares += shares;
    }

    /// @notice Shares of `account`, whose reward must be settled, begin to leave (STAKE-3).
    function beginLeaving(Pool storage self, address account, uint128 shares) internal {
        _remove(self, account, shares);
        self.left.record(self.left.latest() + shares);
    }

    /// @notice The same of the cold key, whose tickets reporters and victims are paid from, too
    /// (LEDGER-6).
    function beginLeavingOwn(Pool storage self, address coldKey, uint128 shares) internal {
        beginLeaving(self, coldKey, shares);
        self.ownLeft.record(self.ownLeft.latest() + shares);
    }

    /// @notice All shares of `account`, whose reward must be settled, are paid out at their worth.
    function removeAll(Pool storage self, address account) internal returns (uint96 amountWei) {
        uint128 shares = self.positions[account].shares;
        _remove(self, account, shares);
        return _pay(self, shares, indexNow(self));
    }

    /// @notice Shares that left are paid out at what they were worth before `releaseAt` (STAKE-4).
    function claim(Pool storage self, uint128 shares, Timestamp releaseAt)
        internal
        returns (uint96 amountWei)
    {
        return _pay(self, shares, _indexAt(self, Timestamp.unwrap(releaseAt) - 1));
    }

    /// @notice Each liable share keeps `keep / whole` of its worth, rounded down (STAKE-5).
    /// @param unbondingSeconds shares that left so long ago, or longer, are not liable
    /// @return takenWei from all of them
    /// @return before worth of a share, times `ONE`
    /// @return index the same after the slash
    function slash(Pool storage self, uint256 keep, uint256 whole, uint64 unbondingSeconds)
        internal
        returns (uint96 takenWei, uint256 before, uint256 index)
    {
        before = indexNow(self);
        index = (before * keep) / whole;
        takenWei = worth(self.shares + _leaving(self, unbondingSeconds), before - index);
        self.heldWei -= takenWei;
        // An index of nothing must stay apart from no entry at all, which stands for ONE.
        // casting to 'uint176' is safe because an index is at most ONE
        // forge-lint: disable-next-line(unsafe-typecast)
        self.index.record(uint176(index + 1));
    }

    /// @notice Divide `amountWei` by shares, of which there are some (STAKE-9).
    function reward(Pool storage self, uint256 amountWei) internal {
        _hold(self, amountWei);
        self.rewardPerShare += Math.mulDiv(amountWei, REWARD_SCALE, self.shares);
    }

    /// @notice Pay out what `account` was rewarded since this was last done, in wei.
    function settle(Pool storage self, address account) internal returns (uint96 amountWei) {
        amountWei = rewarded(self, account);
        self.positions[account].rewardPerShare = self.rewardPerShare;
        self.heldWei -= amountWei;
    }

    /// @notice What `settle` would return.
    function rewarded(Pool storage self, address account) internal view returns (uint96) {
        Position storage position = self.positions[account];
        uint256 gained = self.rewardPerShare - position.rewardPerShare;
        // casting to 'uint96' is safe because it is a part of `heldWei`
        // forge-lint: disable-next-line(unsafe-typecast)
        return uint96(Math.mulDiv(position.shares, gained, REWARD_SCALE));
    }

    /// @notice Worth of all staked shares, in wei.
    function stakedWei(Pool storage self) internal view returns (uint96) {
        return worth(self.shares, indexNow(self));
    }

    /// @notice Worth of the staked shares of `account`, in wei.
    function stakedWeiOf(Pool storage self, address account) internal view returns (uint96) {
        return worth(self.positions[account].shares, indexNow(self));
    }

    /// @notice Worth of the shares that left less than `unbondingSeconds` ago, in wei.
    function leavingWei(Pool storage self, uint64 unbondingSeconds) internal view returns (uint96) {
        return worth(_leaving(self, unbondingSeconds), indexNow(self));
    }

    /// @notice Liable shares of the cold key, staked or leaving (LEDGER-6).
    function ownLiable(Pool storage self, address coldKey, uint64 unbondingSeconds)
        internal
        view
        returns (uint256)
    {
        uint256 staked = self.positions[coldKey].shares;
        // The cold key's tickets are among all.
        if (_leaving(self, unbondingSeconds) == 0) return staked;
        return staked + _since(self.ownLeft, unbondingSeconds);
    }

    /// @notice What `claim` pays, if nothing more is slashed before `releaseAt`.
    function ticketWei(Pool storage self, uint128 shares, Timestamp releaseAt)
        internal
        view
        returns (uint96)
    {
        return worth(shares, _indexAt(self, Timestamp.unwrap(releaseAt) - 1));
    }

    /// @notice Worth of a share, times `ONE`.
    function indexNow(Pool storage self) internal view returns (uint256) {
        return _toIndex(self.index.latest());
    }

    /// @notice Worth of `shares` at `index`, in wei, rounded down.
    function worth(uint256 shares, uint256 index) internal pure returns (uint96) {
        // casting to 'uint96' is safe because it is a part of `heldWei`
        // forge-lint: disable-next-line(unsafe-typecast)
        return uint96(Math.mulDiv(shares, index, ONE));
    }

    /// @dev STAKE-2.
    function _hold(Pool storage self, uint256 amountWei) private {
        uint256 heldWei = self.heldWei + amountWei;
        if (heldWei > type(uint96).max) revert StakeTooLarge(type(uint96).max, heldWei);
        // casting to 'uint128' is safe because of the line before
        // forge-lint: disable-next-line(unsafe-typecast)
        self.heldWei = uint128(heldWei);
    }

    function _pay(Pool storage self, uint128 shares, uint256 index)
        private
        returns (uint96 amountWei)
    {
        amountWei = worth(shares, index);
        self.heldWei -= amountWei;
    }

    function _remove(Pool storage self, address account, uint128 shares) private {
        Position storage position = self.positions[account];
        if (shares > position.shares) revert TooManyShares(position.shares, shares);
        position.shares -= shares;
        self.shares -= shares;
    }

    function _leaving(Pool storage self, uint64 unbondingSeconds) private view returns (uint256) {
        return _since(self.left, unbondingSeconds);
    }

    function _since(History storage left, uint64 unbondingSeconds) private view returns (uint256) {
        return left.latest() - left.valueAt(block.timestamp - unbondingSeconds);
    }

    function _indexAt(Pool storage self, uint256 t) private view returns (uint256) {
        return _toIndex(self.index.valueAt(t));
    }

    /// @dev Entries are one more than the index; none at all is ONE.
    function _toIndex(uint256 entry) private pure returns (uint256) {
        return entry == 0 ? ONE : entry - 1;
    }
}
