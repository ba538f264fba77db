// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {IRollupRegistry} from "./interfaces/IRollupRegistry.sol";

/// @title The delay before a parameter changes (PARAM-1)
/// @notice OpenZeppelin's TimelockController, whose delay can never be brought down to the time
/// that a rollup needs to leave. Proposers schedule and cancel, anyone executes, nobody but the
/// timelock itself administers roles and delay.
contract ParameterTimelock is TimelockController {
    /// @notice Least delay, in seconds.
    uint256 public immutable floorSeconds;

    error DelayTooShort(uint256 minimumSeconds, uint256 actualSeconds);

    /// @param leastSeconds a second floor besides the rollups' exit: two epochs
    constructor(
        uint256 delaySeconds,
        uint256 leastSeconds,
        IRollupRegistry rollups,
        address[] memory proposers
    ) TimelockController(delaySeconds, proposers, new address[](1), address(0)) {
        uint256 exitSeconds = rollups.exitDelaySeconds();
        floorSeconds = (exitSeconds > leastSeconds ? exitSeconds : leastSeconds) + 1;
        _requireLong(delaySeconds);
    }

    /// @inheritdoc TimelockController
    function updateDelay(uint256 newDelay) public override {
        _requireLong(newDelay);
        super.updateDelay(newDelay);
    }

    function _requireLong(uint256 delaySeconds) private view {
        if (delaySeconds < floorSeconds) revert DelayTooShort(floorSeconds, delaySeconds);
    }
}
