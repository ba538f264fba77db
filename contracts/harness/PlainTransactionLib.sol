// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Memory} from "@openzeppelin/contracts/utils/Memory.sol";
import {RLP} from "@openzeppelin/contracts/utils/RLP.sol";
import {SignedTransaction} from "../libraries/TransactionLib.sol";

/// @title Reads signed transactions: legacy with EIP-155, EIP-2930, EIP-1559 and EIP-7702 (TX-1)
/// @notice Whatever honest nodes order is read as they read it. Of other bytes some are refused, and
/// some read where nodes refuse them: whoever attested those has no honest excuse.
/// @dev The readable twin of TransactionLib, which tests hold equal to it, over OpenZeppelin's RLP. It
/// also takes numbers with zeros in front, which nobody may order.
library PlainTransactionLib {
    using RLP for Memory.Slice;
    using Memory for Memory.Slice;
    using Memory for bytes;

    bytes1 private constant FIRST_LIST_PREFIX = 0xc0;
    uint256 private constant LEGACY_ITEMS = 9;
    uint256 private constant SIGNATURE_ITEMS = 3;

    error UnknownTransactionType(uint8 actual);
    error WrongItemCount(uint256 expected, uint256 actual);
    error UnsignedTransaction();

    /// @custom:reverts UnknownTransactionType, WrongItemCount, UnsignedTransaction, RLPInvalidEncoding
    function read(bytes memory raw) internal pure returns (SignedTransaction memory tx_) {
        if (raw.length == 0) revert UnknownTransactionType(0);
        bool isLegacy = raw[0] >= FIRST_LIST_PREFIX;
        uint8 kind = isLegacy ? 0 : uint8(raw[0]);
        uint256 count = isLegacy ? LEGACY_ITEMS : _itemsOf(kind);

        Memory.Slice[] memory items = raw.asSlice().slice(isLegacy ? 0 : 1).readList();
        if (items.length != count) revert WrongItemCount(count, items.length);
        // Types with a chain id have it first; those with two fees have the priority fee first.
        uint256 first = isLegacy ? 0 : 1;
        tx_.nonce = items[first].readUint256();
        tx_.maxPriorityFee = items[first + 1].readUint256();
        tx_.maxFee = kind < 2 ? tx_.maxPriorityFee : items[first + 2].readUint256();
        tx_.sender = isLegacy ? _legacySender(raw, items) : _typedSender(raw, items);
        if (tx_.sender == address(0)) revert UnsignedTransaction();
    }

    function _itemsOf(uint8 kind) private pure returns (uint256) {
        if (kind == 1) return 11;
        if (kind == 2) return 12;
        if (kind == 4) return 13;
        revert UnknownTransactionType(kind);
    }

    /// @dev EIP-155: v is 35 plus twice the chain id plus the parity.
    function _legacySender(bytes memory raw, Memory.Slice[] memory items)
        private
        pure
        returns (address)
    {
        uint256 v = items[LEGACY_ITEMS - SIGNATURE_ITEMS].readUint256();
        if (v < 35) revert UnsignedTransaction();
        bytes memory chainId = RLP.encode((v - 35) / 2);
        bytes memory signed = bytes.concat(_signedItems(raw, items), chainId, hex"8080");
        return _recover(_list(signed), (v - 35) % 2, items);
    }

    function _typedSender(bytes memory raw, Memory.Slice[] memory items)
        private
        pure
        returns (address)
    {
        uint256 parity = items[items.length - SIGNATURE_ITEMS].readUint256();
        if (parity > 1) revert UnsignedTransaction();
        return _recover(bytes.concat(raw[0], _list(_signedItems(raw, items))), parity, items);
    }

    /// @dev All items but those of the signature, as they stand.
    function _signedItems(bytes memory raw, Memory.Slice[] memory items)
        private
        pure
        returns (bytes memory)
    {
        uint256 unsigned = items.length - SIGNATURE_ITEMS;
        uint256 length = 0;
        uint256 all = 0;
        for (uint256 i = 0; i < items.length; ++i) {
            all += items[i].length();
            if (i < unsigned) length = all;
        }
        return raw.asSlice().slice(raw.length - all, length).toBytes();
    }

    function _list(bytes memory content) private pure returns (bytes memory) {
        bytes[] memory items = new bytes[](1);
        items[0] = content;
        return RLP.encode(items);
    }

    function _recover(bytes memory signed, uint256 parity, Memory.Slice[] memory items)
        private
        pure
        returns (address)
    {
        bytes32 r = bytes32(items[items.length - 2].readUint256());
        bytes32 s = bytes32(items[items.length - 1].readUint256());
        // casting to 'uint8' is safe because the parity is one bit
        // forge-lint: disable-next-line(unsafe-typecast)
        return ecrecover(keccak256(signed), uint8(27 + parity), r, s);
    }
}
