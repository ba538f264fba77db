// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Names for the rollups that share the sequencer
interface IRollupRegistry {
    event RollupRegistered(uint32 indexed rollupId, address indexed owner, uint64 chainId);

    error InvalidChainId(uint256 maximum, uint256 actual);

    /// @notice Take the next rollup id (ROLL-1). By anyone.
    ///
    /// Checks: the chain id is non-zero and fits 64 bits.
    ///
    /// Not checked: that the chain id is unique. Nobody can squat one; a rollup is its id.
    ///
    /// @return rollupId from 1
    /// @custom:reverts InvalidChainId
    function register(uint256 chainId) external returns (uint32 rollupId);

    /// @notice Owner and chain id of a rollup; zeros for an id never given.
    function rollup(uint32 rollupId) external view returns (address owner, uint64 chainId);

    function isRegistered(uint32 rollupId) external view returns (bool);

    /// @notice How many ids were given; the last one is this number.
    function rollupCount() external view returns (uint32);
}
