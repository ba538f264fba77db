// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Timestamp} from "../types/Types.sol";

/// @notice Who orders a rollup (ROLL-2): the committee; one address, a key or a contract; or L1,
/// where anyone posts.
enum RollupMode {
    SHARED,
    SOLO,
    BASED
}

/// @notice In what order a rollup's transactions stand in a block (ORDER-2): by effective priority
/// fee; by hash with the parent block's; or by arrival, which nobody can prove.
enum OrderingPolicy {
    PRIORITY,
    SHUFFLED,
    ARRIVAL
}

/// @notice ORDER-1.
/// @param baseFeeWei per gas, for the effective priority fee; zero for the other policies
struct Ordering {
    OrderingPolicy policy;
    uint96 baseFeeWei;
}

/// @title Names for the rollups that share the sequencer, and their way out of it
/// @notice Trust: a rollup's owner in what concerns that rollup, after the delay; nobody else.
interface IRollupRegistry {
    event RollupRegistered(
        uint32 indexed rollupId,
        address indexed owner,
        uint64 chainId,
        address vault,
        bool holdsData,
        OrderingPolicy policy,
        uint96 baseFeeWei,
        Timestamp provableFrom
    );

    /// @notice From `effectiveAt` on the rollup has this mode, by itself. Replaces what was
    /// announced and is not in effect yet.
    event ModeAnnounced(
        uint32 indexed rollupId, RollupMode mode, address sequencer, Timestamp effectiveAt
    );

    /// @notice What was announced does not come into effect.
    event ModeCancelled(uint32 indexed rollupId);

    event OwnershipOffered(uint32 indexed rollupId, address indexed owner, address indexed to);
    event OwnershipAccepted(uint32 indexed rollupId, address indexed owner);

    error ZeroParameter(string name);
    error InvalidChainId(uint256 maximum, uint256 actual);
    error BaseFeeUnexpected(OrderingPolicy policy, uint96 actual);
    error NotTheOwner(address expected, address actual);
    error NotTheNextOwner(address expected, address actual);
    error SequencerMissing(RollupMode mode);
    error SequencerUnexpected(RollupMode mode, address sequencer);
    error NothingAnnounced(uint32 rollupId);

    /// @notice Take the next rollup id (ROLL-1). By anyone.
    ///
    /// Checks: the chain id is non-zero and fits 64 bits; a base fee is named for `PRIORITY` only.
    ///
    /// Not checked: that the chain id is unique. Nobody can squat one; a rollup is its id. Nor the
    /// vault: one that takes nothing only stops deposits.
    ///
    /// @param vault receives deposits, for ever; zero for a rollup that takes none
    /// @param holdsData whether the committee keeps the data of the rollup's transactions and L1
    /// has hashes only (DATA-1), for ever
    /// @param ordering of its transactions within a block (ORDER-1), for ever
    /// @return rollupId from 1
    /// @custom:reverts InvalidChainId, BaseFeeUnexpected
    function register(uint256 chainId, address vault, bool holdsData, Ordering calldata ordering)
        external
        returns (uint32 rollupId);

    /// @notice Change who orders the rollup, `exitDelaySeconds` from now (ROLL-3). By its owner.
    ///
    /// Checks: the caller; a sequencer is named for `SOLO` and for nothing else.
    ///
    /// Not checked: anything that others could influence. This is the way out.
    ///
    /// @custom:reverts NotTheOwner, SequencerMissing, SequencerUnexpected
    function announceMode(uint32 rollupId, RollupMode mode, address sequencer) external;

    /// @notice Drop what was announced and is not in effect yet. By the owner.
    /// @custom:reverts NotTheOwner, NothingAnnounced
    function cancelMode(uint32 rollupId) external;

    /// @notice Offer the rollup to another owner (ROLL-4); zero takes the offer back. By the owner.
    /// @custom:reverts NotTheOwner
    function transferOwnership(uint32 rollupId, address to) external;

    /// @notice Take the rollup that was offered to the caller.
    /// @custom:reverts NotTheNextOwner
    function acceptOwnership(uint32 rollupId) external;

    /// @notice Zeros for an id never given.
    function rollup(uint32 rollupId)
        external
        view
        returns (address owner, uint64 chainId, address vault);

    function isRegistered(uint32 rollupId) external view returns (bool);

    /// @notice Whether the committee keeps the rollup's data; false for an id never given.
    function holdsData(uint32 rollupId) external view returns (bool);

    /// @notice How its transactions are ordered; zeros for an id never given.
    /// @return ordering as registered
    /// @return provableFrom blocks of older origins convict nobody for the order (ORDER-7)
    function orderingOf(uint32 rollupId)
        external
        view
        returns (Ordering memory ordering, Timestamp provableFrom);

    /// @notice Mode in effect now, and the sequencer of a `SOLO` rollup.
    function modeOf(uint32 rollupId) external view returns (RollupMode mode, address sequencer);

    /// @notice What is announced and not in effect; `effectiveAt` is zero if nothing is.
    function announcementOf(uint32 rollupId)
        external
        view
        returns (RollupMode mode, address sequencer, Timestamp effectiveAt);

    /// @notice How many ids were given; the last one is this number.
    function rollupCount() external view returns (uint32);

    /// @notice From an announcement to its effect.
    function exitDelaySeconds() external view returns (uint64);
}
