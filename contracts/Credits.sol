// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICredits} from "./interfaces/ICredits.sol";

/// @title The books of whoever owes money (CREDIT-1)
abstract contract Credits is ICredits {
    /// @inheritdoc ICredits
    mapping(address account => uint256 amountWei) public credit;

    /// @inheritdoc ICredits
    function withdraw(address to) external returns (uint256 amountWei) {
        if (to == address(0)) revert ZeroRecipient();
        amountWei = credit[msg.sender];
        // What is owed is written here alone: nobody else can move it off zero.
        // slither-disable-next-line incorrect-equality
        if (amountWei == 0) revert NoCredit(msg.sender);

        credit[msg.sender] = 0;
        emit CreditWithdrawn(msg.sender, to, amountWei);
        _send(to, amountWei);
    }

    /// @dev Nothing is owed to the zero address, and nothing is written for nothing.
    function _credit(address account, uint256 amountWei) internal {
        if (amountWei != 0) credit[account] += amountWei;
    }

    /// @dev The last step of whoever calls it: the receiver may call anything.
    function _send(address to, uint256 amountWei) internal {
        // The one way out: what the caller has credit for, what the ledger takes, what is burned.
        // slither-disable-next-line arbitrary-send-eth
        (bool isSent,) = to.call{value: amountWei}("");
        if (!isSent) revert TransferFailed(to, amountWei);
    }
}
