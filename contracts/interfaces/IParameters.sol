// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Timestamp} from "../types/Types.sol";

/// @notice Every number that may change (PARAM-1), in the order of its bounds (PARAM-2). Wei, basis
/// points and seconds as the names say.
enum Parameter {
    MIN_BOND_WEI,
    MIN_DELEGATION_WEI,
    MAX_COMMISSION_BPS,
    MAX_COMMISSION_RISE_BPS,
    OPERATOR_CAP_BPS,
    EQUIVOCATION_BASE_BPS,
    DATA_BASE_BPS,
    INACTIVITY_BASE_BPS,
    ORDERING_BASE_BPS,
    PROMISE_BASE_BPS,
    NEGLECT_BASE_BPS,
    CORRELATION_BPS,
    JAIL_SECONDS,
    REWARD_BPS,
    VICTIM_BPS,
    INSURANCE_BPS,
    CLAIM_CAP_WEI,
    PERIOD_CAP_WEI,
    FLOOR_BPS,
    MIN_COMMITS,
    ROLLUPS_SHARE_BPS,
    INSURANCE_SHARE_BPS,
    FEE_WEI_PER_BYTE,
    NOTICE_SECONDS
}

/// @title The numbers that may change, with their history
/// @notice Trust: the timelock may set each of them within bounds in code, and nothing else.
interface IParameters {
    event ParameterSet(Parameter indexed parameter, uint96 value);

    error ZeroParameter(string name);
    error NotTheTimelock(address timelock, address caller);
    error OutOfBounds(Parameter parameter, uint96 minimum, uint96 maximum, uint96 actual);

    /// @notice The history begins with one value for each parameter.
    error WrongCount(uint256 expected, uint256 actual);

    /// @notice Change a parameter from this second on (PARAM-1).
    /// @custom:reverts NotTheTimelock, OutOfBounds
    function set(Parameter parameter, uint96 value) external;

    /// @notice The value after the last change at or before `t` (PARAM-3); for a `t` before the
    /// first, the first.
    function valueAt(Parameter parameter, Timestamp t) external view returns (uint96);

    function value(Parameter parameter) external view returns (uint96);

    /// @notice All values now, in the order of the enum.
    function values() external view returns (uint96[] memory);

    /// @notice Least and greatest value (PARAM-2).
    function boundsOf(Parameter parameter) external pure returns (uint96 minimum, uint96 maximum);

    /// @notice The only caller of `set`.
    function timelock() external view returns (address);
}
