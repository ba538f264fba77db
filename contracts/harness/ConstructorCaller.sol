// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

// solhint-disable avoid-low-level-calls

/// @title A contract that calls in its constructor, while it has no code
contract ConstructorCaller {
    error CallFailed(bytes reason);

    constructor(address target, bytes memory data) payable {
        (bool isDone, bytes memory result) = target.call{value: msg.value}(data);
        if (!isDone) revert CallFailed(result);
    }
}
