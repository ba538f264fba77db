// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Money that waits for its owner to draw it (CREDIT-1)
interface ICredits {
    event CreditWithdrawn(address indexed account, address indexed to, uint256 amountWei);

    error NoCredit(address account);
    error ZeroRecipient();
    error TransferFailed(address to, uint256 amountWei);

    /// @notice Pay the caller's whole credit to `to`.
    /// @return amountWei what was paid
    /// @custom:reverts ZeroRecipient, NoCredit, TransferFailed
    function withdraw(address to) external returns (uint256 amountWei);

    /// @notice What `account` may withdraw, in wei.
    function credit(address account) external view returns (uint256 amountWei);
}
