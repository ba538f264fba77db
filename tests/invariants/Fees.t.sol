// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {FuzzSelector} from "./Cheats.sol";
import {Fees} from "./Fees.sol";

/// @title Any sequence of payments, batches, charges and prices; in the end all is used up
contract FeesInvariants {
    Fees private _fees;

    function setUp() external {
        _fees = new Fees();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_fees);
    }

    function targetSelectors() external view returns (FuzzSelector[] memory targets) {
        bytes4[8] memory drawn = [
            Fees.prepay.selector,
            Fees.prepay.selector,
            Fees.commit.selector,
            Fees.commit.selector,
            Fees.charge.selector,
            Fees.passOver.selector,
            Fees.setPrice.selector,
            Fees.wait.selector
        ];
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(address(_fees), new bytes4[](drawn.length));
        for (uint256 i; i < drawn.length; ++i) {
            targets[0].selectors[i] = drawn[i];
        }
    }

    function invariant_fees() external view {
        _fees.check();
    }

    function afterInvariant() external {
        _fees.useAll();
    }
}
