// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Parameter} from "../../contracts/interfaces/IParameters.sol";
import {VM, atLeast, atMost, bound, equal, holds} from "./Cheats.sol";
import {World} from "./World.sol";

/// @title Commissions set at any moment to anything, while their bounds change (STAKE-10)
contract CommissionTest is World {
    address private constant COLD = address(0xC1);

    function setUp() external {
        _deploy();
        _bond(COLD, 1 ether, 1000);
    }

    function testFuzz_setCommission__rises_slowly_and_falls_at_once(
        uint16[12] memory drawn,
        uint32[12] memory waits,
        uint256 choices
    ) external {
        uint256 current = 1000;
        uint256 raisedAt = block.timestamp;
        for (uint256 i; i < drawn.length; ++i) {
            VM.warp(block.timestamp + bound(waits[i], 1, 8 days));
            _changeBounds(choices >> (20 * i));
            uint256 most = _value(Parameter.MAX_COMMISSION_BPS);
            uint256 step = _value(Parameter.MAX_COMMISSION_RISE_BPS);
            // Every second one near what may be the most.
            uint256 wanted = drawn[i] % 2 == 0 ? current + step - 1 + drawn[i] % 3 : drawn[i];
            bool isSet = _set(wanted);
            equal("STAKE-10 set", isSet ? wanted : current, registry.operator(1).commissionBps);
            if (wanted <= current) holds("STAKE-10 falls at once", isSet);
            if (isSet && wanted > current) {
                atMost("STAKE-10 most", most, wanted);
                atMost("STAKE-10 rise", step, wanted - current);
                atLeast("STAKE-10 period", 7 days, block.timestamp - raisedAt);
                raisedAt = block.timestamp;
            } else if (wanted > current) {
                bool isAllowed = wanted <= most && wanted - current <= step;
                holds("STAKE-10 refused", !isAllowed || block.timestamp - raisedAt < 7 days);
            }
            current = registry.operator(1).commissionBps;
        }
    }

    function _changeBounds(uint256 choice) private {
        if (choice % 4 != 0) return;
        parameters.set(Parameter.MAX_COMMISSION_BPS, uint96((choice >> 2) % (BPS + 1)));
        parameters.set(Parameter.MAX_COMMISSION_RISE_BPS, uint96(1 + (choice >> 2) % 1000));
    }

    function _set(uint256 wanted) private returns (bool isSet) {
        VM.prank(COLD);
        try registry.setCommission(uint16(wanted)) {
            return true;
        } catch {
            return false;
        }
    }
}
