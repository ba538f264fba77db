// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IParameters, Parameter} from "./interfaces/IParameters.sol";
import {History, HistoryLib} from "./libraries/HistoryLib.sol";
import {Timestamp} from "./types/Types.sol";

/// @title The numbers that may change (PARAM-1 to PARAM-3)
/// @notice See IParameters for what each function checks and does.
contract Parameters is IParameters {
    using HistoryLib for History;

    uint96 private constant BPS = 10_000;

    /// @inheritdoc IParameters
    address public immutable timelock;

    /// @dev When all parameters had their first values.
    uint256 private immutable BEGAN;

    mapping(Parameter parameter => History) private _history;

    constructor(address timelock_, uint96[] memory initial) {
        if (timelock_ == address(0)) revert ZeroParameter("timelock");
        uint256 count = uint256(type(Parameter).max) + 1;
        if (initial.length != count) revert WrongCount(count, initial.length);

        timelock = timelock_;
        BEGAN = block.timestamp;
        for (uint256 i; i < count; ++i) {
            _set(Parameter(i), initial[i]);
        }
    }

    /// @inheritdoc IParameters
    function set(Parameter parameter, uint96 value_) external {
        if (msg.sender != timelock) revert NotTheTimelock(timelock, msg.sender);
        _set(parameter, value_);
    }

    /// @inheritdoc IParameters
    function valueAt(Parameter parameter, Timestamp t) external view returns (uint96) {
        return uint96(_history[parameter].valueAt(Math.max(Timestamp.unwrap(t), BEGAN)));
    }

    /// @inheritdoc IParameters
    function value(Parameter parameter) public view returns (uint96) {
        return uint96(_history[parameter].latest());
    }

    /// @inheritdoc IParameters
    function values() external view returns (uint96[] memory all) {
        all = new uint96[](uint256(type(Parameter).max) + 1);
        for (uint256 i; i < all.length; ++i) {
            all[i] = value(Parameter(i));
        }
    }

    /// @inheritdoc IParameters
    /// @dev A table, by name rather than by place.
    // solhint-disable-next-line code-complexity
    function boundsOf(Parameter p) public pure returns (uint96 minimum, uint96 maximum) {
        if (p == Parameter.MIN_BOND_WEI) return (1 gwei, 10_000_000 ether);
        if (p == Parameter.MIN_DELEGATION_WEI) return (1 gwei, 1000 ether);
        if (p == Parameter.MAX_COMMISSION_BPS) return (0, BPS);
        if (p == Parameter.MAX_COMMISSION_RISE_BPS) return (1, 1000);
        // From a thirtieth, for the largest committees, to no cap at all.
        if (p == Parameter.OPERATOR_CAP_BPS) return (BPS / 30, BPS);

        // A double signature is never cheap, and absence never ruins anyone at once.
        if (p == Parameter.EQUIVOCATION_BASE_BPS) return (100, BPS);
        if (p == Parameter.DATA_BASE_BPS) return (10, BPS);
        if (p == Parameter.INACTIVITY_BASE_BPS) return (1, 100);
        if (p == Parameter.ORDERING_BASE_BPS) return (10, BPS);
        if (p == Parameter.PROMISE_BASE_BPS) return (10, BPS);
        if (p == Parameter.NEGLECT_BASE_BPS) return (10, BPS);
        if (p == Parameter.CORRELATION_BPS) return (0, 3 * BPS);
        if (p == Parameter.JAIL_SECONDS) return (1, 365 days);

        // Together at most 9,500: a twentieth of each slash is burned (LEDGER-6).
        if (p == Parameter.REWARD_BPS) return (0, 1500);
        if (p == Parameter.VICTIM_BPS) return (0, 5000);
        if (p == Parameter.INSURANCE_BPS) return (0, 3000);
        // Never nothing: what is filed is paid in the end (INS-3).
        if (p == Parameter.CLAIM_CAP_WEI) return (0, 10_000_000 ether);
        if (p == Parameter.PERIOD_CAP_WEI) return (1 gwei, 10_000_000 ether);

        // At the greatest floor an honest member that a third of the submitters leaves out is safe.
        if (p == Parameter.FLOOR_BPS) return (0, 3000);
        if (p == Parameter.MIN_COMMITS) return (4, 10_000);
        if (p == Parameter.ROLLUPS_SHARE_BPS) return (0, 5000);
        if (p == Parameter.INSURANCE_SHARE_BPS) return (0, 5000);
        if (p == Parameter.FEE_WEI_PER_BYTE) return (1, 1_000_000 gwei);
        return (1, 365 days); // NOTICE_SECONDS
    }

    function _set(Parameter parameter, uint96 value_) private {
        (uint96 minimum, uint96 maximum) = boundsOf(parameter);
        if (value_ < minimum || value_ > maximum) {
            revert OutOfBounds(parameter, minimum, maximum, value_);
        }
        _history[parameter].record(value_);

        emit ParameterSet(parameter, value_);
    }
}
