// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EnumerableSet} from "@openzeppelin/contracts/utils/structs/EnumerableSet.sol";
import {
    Candidate,
    IBondRegistry,
    Operator,
    OperatorStatus,
    Stake,
    Ticket
} from "../interfaces/IBondRegistry.sol";
import {Parameter} from "../interfaces/IParameters.sol";
import {History, HistoryLib} from "../libraries/HistoryLib.sol";
import {Pool, StakeLib} from "../libraries/StakeLib.sol";
import {TimeLib} from "../libraries/TimeLib.sol";
import {Timestamp} from "../types/Types.sol";
import {Operators} from "./Operators.sol";

/// @title Stake behind operators: shares, tickets, rewards, and the weights they give (STAKE-1 to
/// STAKE-9, BOND-4)
/// @notice See IBondRegistry for what each function checks, leaves unchecked and does.
abstract contract Delegations is Operators {
    using EnumerableSet for EnumerableSet.UintSet;
    using HistoryLib for History;
    using StakeLib for Pool;
    using TimeLib for Timestamp;

    uint256 private _lastTicket;
    mapping(uint32 id => Pool) internal _pools;
    mapping(uint32 id => History) private _weights;
    mapping(uint256 ticket => Ticket) private _tickets;

    /// @inheritdoc IBondRegistry
    function delegate(uint32 id) external payable returns (uint128 shares) {
        Operator storage self = _operators[id];
        OperatorStatus status = self.status;
        bool isOwnTopUp = status == OperatorStatus.Jailed && msg.sender == self.operator;
        if (status != OperatorStatus.Active && !isOwnTopUp) revert NotActive(id, status);
        uint96 minimumWei = parameters.value(Parameter.MIN_DELEGATION_WEI);
        if (msg.value < minimumWei) revert DelegationTooSmall(minimumWei, msg.value);

        return _stake(id);
    }

    /// @inheritdoc IBondRegistry
    function undelegate(uint32 id, uint128 shares) external returns (uint256 ticket) {
        if (shares == 0) revert NoShares();
        Operator storage self = _operators[id];
        bool isOwn = msg.sender == self.operator;
        bool hasLeft = _hasLeft(self.status);
        if (isOwn && hasLeft) revert HasLeft(id, self.status);

        _collect(id, msg.sender);
        if (isOwn) _pools[id].beginLeavingOwn(msg.sender, shares);
        else _pools[id].beginLeaving(msg.sender, shares);
        Timestamp releaseAt = self.releaseAt;
        if (!hasLeft) {
            releaseAt = TimeLib.timestamp().plus(UNBONDING_SECONDS);
            if (isOwn) _requireOwnStake(id, self);
            _updateWeight(id);
        }
        ticket = ++_lastTicket;
        _tickets[ticket] = Ticket(msg.sender, id, shares, releaseAt);

        emit Undelegated(id, msg.sender, ticket, shares, releaseAt);
    }

    /// @inheritdoc IBondRegistry
    function claim(uint256 ticket) external returns (uint96 amountWei) {
        Ticket memory claimed = _tickets[ticket];
        if (claimed.owner == address(0)) revert NoTicket(ticket);
        _requireReleased(claimed.releaseAt);

        delete _tickets[ticket];
        amountWei = _pools[claimed.id].claim(claimed.shares, claimed.releaseAt);
        _credit(claimed.owner, amountWei);

        emit TicketClaimed(ticket, claimed.owner, amountWei);
    }

    /// @inheritdoc IBondRegistry
    function reward(uint32 id) external payable {
        Operator storage self = _operators[id];
        if (self.status == OperatorStatus.None) revert UnknownOperator(id);
        if (msg.value == 0) revert NothingRewarded();

        Pool storage pool = _pools[id];
        uint256 commissionWei = msg.value;
        if (pool.shares != 0) {
            commissionWei = (msg.value * self.commissionBps) / BPS;
            pool.reward(msg.value - commissionWei);
        }
        _credit(self.operator, commissionWei);

        emit Rewarded(id, msg.value, commissionWei);
    }

    /// @inheritdoc IBondRegistry
    function collect(uint32 id) external returns (uint256 amountWei) {
        return _collect(id, msg.sender);
    }

    /// @inheritdoc IBondRegistry
    function stake(uint32 id) external view returns (Stake memory) {
        Pool storage pool = _pools[id];
        Operator storage self = _operators[id];
        return Stake({
            stakedWei: pool.stakedWei(),
            ownWei: pool.stakedWeiOf(self.operator),
            leavingWei: _isLiable(self) ? pool.leavingWei(UNBONDING_SECONDS) : 0,
            shares: pool.shares,
            index: pool.indexNow(),
            heldWei: pool.heldWei
        });
    }

    /// @inheritdoc IBondRegistry
    function stakeOf(uint32 id, address account)
        external
        view
        returns (uint128 shares, uint96 stakedWei, uint256 rewardWei)
    {
        Pool storage pool = _pools[id];
        return (pool.positions[account].shares, pool.stakedWeiOf(account), pool.rewarded(account));
    }

    /// @inheritdoc IBondRegistry
    function ticketOf(uint256 ticket) external view returns (Ticket memory) {
        return _tickets[ticket];
    }

    /// @inheritdoc IBondRegistry
    function ticketWei(uint256 ticket) external view returns (uint96) {
        Ticket memory asked = _tickets[ticket];
        if (asked.owner == address(0)) return 0;
        return _pools[asked.id].ticketWei(asked.shares, asked.releaseAt);
    }

    /// @inheritdoc IBondRegistry
    function weightAt(uint32 id, Timestamp t) external view returns (uint96) {
        _requirePast(t);
        return _weightAt(id, t);
    }

    /// @inheritdoc IBondRegistry
    function candidatesAt(Timestamp t) external view returns (Candidate[] memory candidates) {
        _requirePast(t);

        uint256 places = _places.length();
        Candidate[] memory found = new Candidate[](places);
        uint256 count = 0;
        for (uint256 i; i < places; ++i) {
            uint32 id = uint32(_places.at(i));
            uint96 weight = _weightAt(id, t);
            if (weight != 0) found[count++] = Candidate(id, _operators[id].signer, weight);
        }
        if (count == places) return found;

        candidates = new Candidate[](count);
        for (uint256 i; i < count; ++i) {
            candidates[i] = found[i];
        }
    }

    /// @dev The caller's stake, with all that a change of its shares brings with it.
    function _stake(uint32 id) internal returns (uint128 shares) {
        _collect(id, msg.sender);
        shares = _pools[id].add(msg.sender, msg.value);
        _updateWeight(id);

        // casting to 'uint96' is safe because `add` refuses more
        // forge-lint: disable-next-line(unsafe-typecast)
        emit Delegated(id, msg.sender, uint96(msg.value), shares);
    }

    /// @dev What `account` was rewarded becomes its credit.
    function _collect(uint32 id, address account) internal returns (uint256 amountWei) {
        amountWei = _pools[id].settle(account);
        if (amountWei == 0) return 0;
        _credit(account, amountWei);
        emit RewardCollected(id, account, amountWei);
    }

    /// @dev STAKE-8, of an operator that has not left: when one left, `_weightAt` knows without.
    /// Two changes in one second leave one checkpoint, the later.
    function _updateWeight(uint32 id) internal {
        bool isActive = _operators[id].status == OperatorStatus.Active;
        uint96 weight = isActive ? _pools[id].stakedWei() : 0;
        if (weight != _weights[id].latest()) _weights[id].record(weight);
    }

    function _requireReleased(Timestamp releaseAt) internal view {
        Timestamp now_ = TimeLib.timestamp();
        if (!releaseAt.isDue(now_)) revert NotYetReleasable(releaseAt, now_);
    }

    function _weightAt(uint32 id, Timestamp t) internal view returns (uint96) {
        Timestamp releaseAt = _operators[id].releaseAt;
        bool isStaying = Timestamp.unwrap(releaseAt) == 0;
        if (!isStaying && t.plus(UNBONDING_SECONDS) >= releaseAt) return 0;
        return uint96(_weights[id].valueAt(Timestamp.unwrap(t)));
    }

    /// @dev `_weightAt` of this second: who has left has none.
    function _weightNow(uint32 id, OperatorStatus status) internal view returns (uint96) {
        return _hasLeft(status) ? 0 : uint96(_weights[id].latest());
    }

    function _requireOwnStake(uint32 id, Operator storage self) private view {
        uint96 ownWei = _pools[id].stakedWeiOf(self.operator);
        if (ownWei < self.minBondWei) revert OwnStakeTooSmall(self.minBondWei, ownWei);
    }

    function _requirePast(Timestamp t) private view {
        Timestamp now_ = TimeLib.timestamp();
        if (!(t < now_)) revert NotInThePast(t, now_);
    }
}
