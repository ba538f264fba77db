// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {atMost, atLeast} from "./Cheats.sol";

/// @notice Stake of one account with one operator, in wei times `Shadow.X`.
/// @param releaseAt 0 while staked
/// @param roundings how often the registry may have rounded it
struct Lot {
    address owner;
    uint32 id;
    uint64 releaseAt;
    uint64 roundings;
    uint256 worthX;
    uint256 ticket;
    bool isPaid;
}

/// @notice What the worth of an operator's shares was brought to by a slash.
struct Kept {
    uint64 since;
    uint256 keptX;
}

/// @title A second ledger of stake, without shares: each deposit and ticket has its own wei, and a
/// slash goes through all of them
contract Shadow {
    uint256 internal constant X = 1 << 64;

    Lot[] internal lots;
    mapping(uint32 id => mapping(address account => uint256 lot)) internal stakedLot;
    mapping(uint32 id => Kept[]) internal kept;

    /// @notice To the wei, in its own bookkeeping: STAKE-7.
    mapping(uint32 id => uint256) internal heldWei;

    constructor() {
        lots.push();
    }

    function _addStake(uint32 id, address account, uint256 amountWei) internal {
        uint256 place = stakedLot[id][account];
        if (place == 0) {
            place = lots.length;
            lots.push();
            stakedLot[id][account] = place;
            lots[place].owner = account;
            lots[place].id = id;
        }
        lots[place].worthX += amountWei * X;
        lots[place].roundings += 1;
        heldWei[id] += amountWei;
    }

    /// @dev `part` of `whole` of what `account` has staked becomes a ticket.
    function _moveStake(
        uint32 id,
        address account,
        uint256 part,
        uint256 whole,
        uint256 ticket,
        uint64 releaseAt
    ) internal {
        Lot storage from = lots[stakedLot[id][account]];
        uint256 movedX = (from.worthX * part) / whole;
        from.worthX -= movedX;
        from.roundings += 1;
        lots.push(Lot(account, id, releaseAt, from.roundings, movedX, ticket, false));
    }

    /// @dev STAKE-5: what is staked, and tickets whose release has not come.
    function _slashLots(uint32 id, uint256 keep, uint256 whole) internal returns (uint256 takenX) {
        for (uint256 i = 1; i < lots.length; ++i) {
            Lot storage lot = lots[i];
            if (lot.id != id || !_isLiable(lot)) continue;
            uint256 left = (lot.worthX * keep) / whole;
            takenX += lot.worthX - left;
            lot.worthX = left;
            lot.roundings += 1;
        }
        uint256 before = _keptAt(id, uint64(block.timestamp));
        kept[id].push(Kept(uint64(block.timestamp), (before * keep) / whole));
    }

    function _liableX(uint32 id) internal view returns (uint256 worthX) {
        for (uint256 i = 1; i < lots.length; ++i) {
            if (lots[i].id == id && _isLiable(lots[i])) worthX += lots[i].worthX;
        }
    }

    /// @dev Of all that `account` has or had with `id`.
    function _worthX(uint32 id, address account) internal view returns (uint256 worthX) {
        for (uint256 i = 1; i < lots.length; ++i) {
            if (lots[i].id == id && lots[i].owner == account) worthX += lots[i].worthX;
        }
    }

    function _isLiable(Lot storage lot) internal view returns (bool) {
        return !lot.isPaid && (lot.releaseAt == 0 || block.timestamp < lot.releaseAt);
    }

    /// @dev What slashes up to `t`, included, left of each wei, times X.
    function _keptAt(uint32 id, uint64 t) internal view returns (uint256 keptX) {
        keptX = X;
        Kept[] storage history = kept[id];
        for (uint256 i; i < history.length && history[i].since <= t; ++i) {
            keptX = history[i].keptX;
        }
    }

    /// @dev Never more than the ledger's wei, and less by no more than rounding (STAKE-1, STAKE-7).
    /// `grainWei` is what one unit of the index is worth for all shares.
    function _compare(string memory rule, Lot storage lot, uint256 grainWei, uint256 actualWei)
        internal
        view
    {
        uint256 worthWei = lot.worthX / X;
        atMost(rule, worthWei + 1, actualWei);
        atLeast(rule, worthWei, actualWei + 1 + uint256(lot.roundings) * (1 + grainWei));
    }
}
