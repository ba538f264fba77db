// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {IRollupRegistry} from "./interfaces/IRollupRegistry.sol";

/// @title The delay before a parameter changes (PARAM-1)
/// @notice OpenZeppelin's TimelockController, whose delay can never be brought down to the time
/// that a rollup or a staker needs to notice a change and be gone before it. Proposers schedule and
/// cancel, anyone executes, nobody but the timelock itself administers roles and delay.
contract ParameterTimelock is TimelockController {
    /// @notice Whose exit the delay outlasts.
    IRollupRegistry public immutable rollups;

    /// @notice What the delay is longer than that exit, at least.
    uint256 public immutable marginSeconds;

    error DelayTooShort(uint256 minimumSeconds, uint256 actualSeconds);

    /// @param marginSeconds_ with it the delay outlasts unbonding, and leaves two epochs to notice: the
    /// CommitmentChain takes no less
    constructor(
        uint256 delaySeconds,
        uint256 marginSeconds_,
        IRollupRegistry rollups_,
        address[] memory proposers
    ) TimelockController(delaySeconds, proposers, new address[](1), address(0)) {
        marginSeconds = marginSeconds_;
        rollups = rollups_;
        _requireLong(delaySeconds, rollups_.exitDelaySeconds() + marginSeconds_);
    }

    /// @inheritdoc TimelockController
    function updateDelay(uint256 newDelay) public override {
        _requireLong(newDelay, floorSeconds());
        super.updateDelay(newDelay);
    }

    /// @notice Least delay, in seconds.
    function floorSeconds() public view returns (uint256) {
        return rollups.exitDelaySeconds() + marginSeconds;
    }

    function _requireLong(uint256 delaySeconds, uint256 least) private pure {
        if (delaySeconds < least) revert DelayTooShort(least, delaySeconds);
    }
}
