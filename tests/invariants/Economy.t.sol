// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Actions} from "./Actions.sol";
import {FuzzSelector} from "./Cheats.sol";
import {Economy} from "./Economy.sol";
import {Slashes} from "./Slashes.sol";

/// @title Any sequence of actions, checked after each, and undone to the last wei at the end
contract EconomyInvariants {
    Economy private _economy;

    function setUp() external {
        _economy = new Economy();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_economy);
    }

    /// @dev What a slash can meet comes oftener than what it cannot.
    function targetSelectors() external view returns (FuzzSelector[] memory targets) {
        bytes4[23] memory drawn = [
            Actions.join.selector,
            Actions.delegate.selector,
            Actions.delegate.selector,
            Actions.undelegate.selector,
            Actions.undelegate.selector,
            Actions.claim.selector,
            Actions.reward.selector,
            Actions.collect.selector,
            Actions.exit.selector,
            Actions.release.selector,
            Actions.unjail.selector,
            Actions.rotate.selector,
            Actions.fund.selector,
            Actions.payClaims.selector,
            Actions.withdraw.selector,
            Actions.setParameter.selector,
            Actions.wait.selector,
            Actions.wait.selector,
            Slashes.slash.selector,
            Slashes.slash.selector,
            Slashes.escalate.selector,
            Slashes.compensate.selector,
            Slashes.releasePot.selector
        ];
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(address(_economy), new bytes4[](drawn.length));
        for (uint256 i; i < drawn.length; ++i) {
            targets[0].selectors[i] = drawn[i];
        }
    }

    function invariant_economy() external {
        _economy.check();
    }

    function afterInvariant() external {
        _economy.leaveAll();
    }
}
