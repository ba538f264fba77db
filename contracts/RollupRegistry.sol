// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {
    IRollupRegistry,
    Ordering,
    OrderingPolicy,
    RollupMode
} from "./interfaces/IRollupRegistry.sol";
import {TimeLib} from "./libraries/TimeLib.sol";
import {Timestamp} from "./types/Types.sol";

/// @title Rollup ids, modes and owners (ROLL-1 to ROLL-5)
/// @notice See IRollupRegistry for what each function checks, leaves unchecked and does.
contract RollupRegistry is IRollupRegistry {
    using TimeLib for Timestamp;

    /// @dev What an ordering is made of stands beside the time from which it is provable: one slot.
    struct Rollup {
        address owner;
        uint64 chainId;
        bool holdsData;
        address vault;
        address nextOwner;
        Order current;
        Order announced;
        OrderingPolicy policy;
        uint96 baseFeeWei;
        Timestamp provableFrom;
    }

    /// @dev One slot. Who orders a rollup, from when; the time is zero if there is no such order.
    struct Order {
        RollupMode mode;
        address sequencer;
        Timestamp effectiveAt;
    }

    /// @inheritdoc IRollupRegistry
    uint64 public immutable exitDelaySeconds;

    /// @inheritdoc IRollupRegistry
    uint32 public rollupCount;

    mapping(uint32 rollupId => Rollup) private _rollups;

    modifier onlyOwner(uint32 rollupId) {
        address owner = _rollups[rollupId].owner;
        if (msg.sender != owner) revert NotTheOwner(owner, msg.sender);
        _;
    }

    constructor(uint64 exitDelaySeconds_) {
        // Users would have no time between hearing of it and being ordered by another.
        if (exitDelaySeconds_ == 0) revert ZeroParameter("exitDelaySeconds");

        exitDelaySeconds = exitDelaySeconds_;
    }

    /// @inheritdoc IRollupRegistry
    function register(uint256 chainId, address vault, bool holdsData_, Ordering calldata ordering)
        external
        returns (uint32 rollupId)
    {
        if (chainId == 0 || chainId > type(uint64).max) {
            revert InvalidChainId(type(uint64).max, chainId);
        }

        if (ordering.policy != OrderingPolicy.PRIORITY && ordering.baseFeeWei != 0) {
            revert BaseFeeUnexpected(ordering.policy, ordering.baseFeeWei);
        }

        rollupId = ++rollupCount;
        Rollup storage r = _rollups[rollupId];
        r.owner = msg.sender;
        // casting to 'uint64' is safe because larger chain ids were refused above
        // forge-lint: disable-next-line(unsafe-typecast)
        r.chainId = uint64(chainId);
        r.holdsData = holdsData_;
        r.vault = vault;
        r.policy = ordering.policy;
        r.baseFeeWei = ordering.baseFeeWei;
        r.provableFrom = TimeLib.timestamp().plus(exitDelaySeconds);

        emit RollupRegistered(
            rollupId,
            msg.sender,
            r.chainId,
            vault,
            holdsData_,
            ordering.policy,
            ordering.baseFeeWei,
            r.provableFrom
        );
    }

    /// @inheritdoc IRollupRegistry
    function announceMode(uint32 rollupId, RollupMode mode, address sequencer)
        external
        onlyOwner(rollupId)
    {
        if (mode == RollupMode.SOLO && sequencer == address(0)) {
            revert SequencerMissing(mode);
        }
        if (mode != RollupMode.SOLO && sequencer != address(0)) {
            revert SequencerUnexpected(mode, sequencer);
        }
        Rollup storage r = _rollups[rollupId];
        r.current = _inEffect(r);
        Timestamp effectiveAt = TimeLib.timestamp().plus(exitDelaySeconds);
        r.announced = Order(mode, sequencer, effectiveAt);

        emit ModeAnnounced(rollupId, mode, sequencer, effectiveAt);
    }

    /// @inheritdoc IRollupRegistry
    function cancelMode(uint32 rollupId) external onlyOwner(rollupId) {
        Rollup storage r = _rollups[rollupId];
        if (!_isPending(r.announced)) revert NothingAnnounced(rollupId);
        delete r.announced;

        emit ModeCancelled(rollupId);
    }

    /// @inheritdoc IRollupRegistry
    function transferOwnership(uint32 rollupId, address to) external onlyOwner(rollupId) {
        _rollups[rollupId].nextOwner = to;

        emit OwnershipOffered(rollupId, msg.sender, to);
    }

    /// @inheritdoc IRollupRegistry
    function acceptOwnership(uint32 rollupId) external {
        Rollup storage r = _rollups[rollupId];
        if (msg.sender != r.nextOwner) revert NotTheNextOwner(r.nextOwner, msg.sender);
        r.owner = msg.sender;
        delete r.nextOwner;

        emit OwnershipAccepted(rollupId, msg.sender);
    }

    /// @inheritdoc IRollupRegistry
    function rollup(uint32 rollupId)
        external
        view
        returns (address owner, uint64 chainId, address vault)
    {
        Rollup storage r = _rollups[rollupId];
        return (r.owner, r.chainId, r.vault);
    }

    /// @inheritdoc IRollupRegistry
    function isRegistered(uint32 rollupId) external view returns (bool) {
        return _rollups[rollupId].owner != address(0);
    }

    /// @inheritdoc IRollupRegistry
    function holdsData(uint32 rollupId) external view returns (bool) {
        return _rollups[rollupId].holdsData;
    }

    /// @inheritdoc IRollupRegistry
    function orderingOf(uint32 rollupId)
        external
        view
        returns (Ordering memory ordering, Timestamp provableFrom)
    {
        Rollup storage r = _rollups[rollupId];
        return (Ordering(r.policy, r.baseFeeWei), r.provableFrom);
    }

    /// @inheritdoc IRollupRegistry
    function modeOf(uint32 rollupId) external view returns (RollupMode mode, address sequencer) {
        Order memory order = _inEffect(_rollups[rollupId]);
        return (order.mode, order.sequencer);
    }

    /// @inheritdoc IRollupRegistry
    function announcementOf(uint32 rollupId)
        external
        view
        returns (RollupMode mode, address sequencer, Timestamp effectiveAt)
    {
        Order memory order = _rollups[rollupId].announced;
        if (_isPending(order)) return (order.mode, order.sequencer, order.effectiveAt);
    }

    function _inEffect(Rollup storage r) private view returns (Order memory) {
        Order memory order = r.announced;
        bool isNone = Timestamp.unwrap(order.effectiveAt) == 0;
        return isNone || _isPending(order) ? r.current : order;
    }

    /// @dev An empty order is not pending: its time is zero.
    function _isPending(Order memory order) private view returns (bool) {
        return !order.effectiveAt.isDue(TimeLib.timestamp());
    }
}
