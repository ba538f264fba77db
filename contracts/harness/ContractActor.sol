// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

// solhint-disable avoid-low-level-calls, no-complex-fallback

/// @title A contract in the place of an account: it forwards calls, refuses ether, or re-enters
contract ContractActor {
    bool public refusesEther;
    address public reentryTarget;
    bytes public reentryData;
    uint256 public reentryValueWei;

    /// @notice How often re-entering succeeded.
    uint256 public reentered;

    error CallFailed(bytes reason);
    error EtherRefused();

    receive() external payable {
        if (refusesEther) revert EtherRefused();
        if (reentryTarget == address(0)) return;

        address target = reentryTarget;
        reentryTarget = address(0);
        (bool isDone,) = target.call{value: reentryValueWei}(reentryData);
        if (isDone) ++reentered;
    }

    function refuseEther(bool refuses) external {
        refusesEther = refuses;
    }

    /// @notice Call `target` once, the next time ether arrives.
    function reenter(address target, bytes calldata data) external {
        reenterPaying(target, data, 0);
    }

    /// @notice The same with ether that the contract has then.
    function reenterPaying(address target, bytes calldata data, uint256 valueWei) public {
        reentryTarget = target;
        reentryData = data;
        reentryValueWei = valueWei;
    }

    function execute(address target, bytes calldata data) external payable returns (bytes memory) {
        (bool isDone, bytes memory result) = target.call{value: msg.value}(data);
        if (!isDone) revert CallFailed(result);
        return result;
    }
}
