// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IRollupRegistry} from "./interfaces/IRollupRegistry.sol";

/// @title Rollup ids (ROLL-1)
/// @notice See IRollupRegistry for what each function checks, leaves unchecked and does.
contract RollupRegistry is IRollupRegistry {
    struct Rollup {
        address owner;
        uint64 chainId;
    }

    /// @inheritdoc IRollupRegistry
    mapping(uint32 rollupId => Rollup) public rollup;

    /// @inheritdoc IRollupRegistry
    uint32 public rollupCount;

    /// @inheritdoc IRollupRegistry
    function register(uint256 chainId) external returns (uint32 rollupId) {
        if (chainId == 0 || chainId > type(uint64).max) {
            revert InvalidChainId(type(uint64).max, chainId);
        }

        rollupId = ++rollupCount;
        // casting to 'uint64' is safe because larger chain ids were refused above
        // forge-lint: disable-next-line(unsafe-typecast)
        uint64 id = uint64(chainId);
        rollup[rollupId] = Rollup(msg.sender, id);

        emit RollupRegistered(rollupId, msg.sender, id);
    }

    /// @inheritdoc IRollupRegistry
    function isRegistered(uint32 rollupId) external view returns (bool) {
        return rollup[rollupId].owner != address(0);
    }
}
