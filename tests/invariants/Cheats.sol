// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title The cheat codes of forge that the suites use
interface Vm {
    function warp(uint256 timestamp) external;
    function prank(address caller) external;
    function deal(address account, uint256 balanceWei) external;
    function addr(uint256 key) external pure returns (address);
    function signCompact(uint256 key, bytes32 digest) external pure returns (bytes32 r, bytes32 vs);
    function getNonce(address account) external view returns (uint64);
    function computeCreateAddress(address deployer, uint256 nonce) external pure returns (address);
    function snapshotState() external returns (uint256 id);
    function revertToState(uint256 id) external returns (bool);
    function assume(bool condition) external pure;
}

Vm constant VM = Vm(0x7109709ECfa91a80626fF3989D68f67F5b1DD12D);

/// @notice What forge reads from `targetSelectors`.
struct FuzzSelector {
    address addr;
    bytes4[] selectors;
}

/// @notice A rule of docs/spec does not hold; `actual` was not what `expected` bounds.
error Broken(string rule, uint256 expected, uint256 actual);

function equal(string memory rule, uint256 expected, uint256 actual) pure {
    if (expected != actual) revert Broken(rule, expected, actual);
}

function atMost(string memory rule, uint256 most, uint256 actual) pure {
    if (actual > most) revert Broken(rule, most, actual);
}

function atLeast(string memory rule, uint256 least, uint256 actual) pure {
    if (actual < least) revert Broken(rule, least, actual);
}

function holds(string memory rule, bool isTrue) pure {
    if (!isTrue) revert Broken(rule, 1, 0);
}

/// @notice Any number, brought into `low` to `high`: small ones stay near the edges.
function bound(uint256 any, uint256 low, uint256 high) pure returns (uint256) {
    if (any >= low && any <= high) return any;
    return low + any % (high - low + 1);
}
