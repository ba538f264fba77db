// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title What kind of account calls
library CallerLib {
    error CallerNotPlainOrigin(address origin, address caller);

    /// @notice Added to the address of a contract (INBOX-7).
    uint160 internal constant ALIAS_OFFSET = uint160(0x1111000000000000000000000000000000001111);

    /// @dev EIP-7702: `ef0100` and the address of the delegate.
    uint256 private constant DELEGATION_LENGTH = 23;
    bytes3 private constant DELEGATION_PREFIX = 0xef0100;

    /// @notice Whether the caller's arguments are the calldata of the transaction itself: an
    /// origin without code. Code behind an origin is an EIP-7702 delegation.
    function isPlainOrigin() internal view returns (bool) {
        // solhint-disable-next-line avoid-tx-origin
        return msg.sender == tx.origin && msg.sender.code.length == 0;
    }

    /// @notice CERT-1: refuse a caller whose arguments are not the transaction's calldata.
    function requirePlainOrigin() internal view {
        // solhint-disable-next-line avoid-tx-origin
        if (!isPlainOrigin()) revert CallerNotPlainOrigin(tx.origin, msg.sender);
    }

    /// @notice INBOX-7: the caller's address, or its alias if it is a contract.
    function sender() internal view returns (address) {
        if (_isKey()) return msg.sender;
        unchecked {
            return address(uint160(msg.sender) + ALIAS_OFFSET);
        }
    }

    /// @dev Whether the caller's address is that of a key. No contract can have code that begins
    /// with `ef` (EIP-3541), so the prefix cannot be forged.
    function _isKey() private view returns (bool) {
        // solhint-disable-next-line avoid-tx-origin
        if (msg.sender == tx.origin) return true;
        if (msg.sender.code.length != DELEGATION_LENGTH) return false;
        return bytes3(msg.sender.code) == DELEGATION_PREFIX;
    }
}
