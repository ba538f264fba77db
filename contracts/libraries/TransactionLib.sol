// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {RLP} from "@openzeppelin/contracts/utils/RLP.sol";
import {RlpLib} from "./RlpLib.sol";

/// @notice What order depends on. Fees are wei per gas; a gas price is both.
struct SignedTransaction {
    address sender;
    uint256 nonce;
    uint256 maxFee;
    uint256 maxPriorityFee;
}

/// @title Reads signed transactions: legacy with EIP-155, EIP-2930, EIP-1559 and EIP-7702 (TX-1)
/// @notice Whatever honest nodes order is read as they read it. Of other bytes some are refused, and
/// some read where nodes refuse them: whoever attested those has no honest excuse.
/// @dev `sequencer/ingress/transaction.py` is the twin, and PlainTransactionLib the readable form.
library TransactionLib {
    uint256 private constant FIRST_LIST_PREFIX = 0xc0;
    /// @dev Between the fees and the signature.
    uint256 private constant LEGACY_ITEMS = 4;
    uint8 private constant LEGACY = 0;

    error UnknownTransactionType(uint8 actual);
    error TooManyItems(uint256 end, uint256 actual);
    error UnsignedTransaction();

    /// @custom:reverts UnknownTransactionType, TooManyItems, UnsignedTransaction, InvalidRlp (RlpLib),
    /// also if there are too few items
    function read(bytes calldata raw) internal pure returns (SignedTransaction memory tx_) {
        (uint8 kind, uint256 start, uint256 end) = _begin(raw);
        // Types with a chain id have it first; those with two fees have the priority fee first.
        uint256 place = kind == LEGACY ? start : _skip(raw, start, end, 1);
        (tx_.nonce, place) = RlpLib.number(raw, place, end);
        (tx_.maxPriorityFee, place) = RlpLib.number(raw, place, end);
        if (kind < 2) tx_.maxFee = tx_.maxPriorityFee;
        else (tx_.maxFee, place) = RlpLib.number(raw, place, end);

        // Those of type 4 have authorizations behind the access list.
        uint256 left = kind == LEGACY ? LEGACY_ITEMS : LEGACY_ITEMS + (kind == 4 ? 2 : 1);
        place = _skip(raw, place, end, left);
        tx_.sender = _sender(raw, kind, raw[start:place], place, end);
        if (tx_.sender == address(0)) revert UnsignedTransaction();
    }

    /// @dev The type, and where the items begin and end.
    function _begin(bytes calldata raw)
        private
        pure
        returns (uint8 kind, uint256 start, uint256 end)
    {
        if (raw.length == 0) revert UnknownTransactionType(0);
        kind = uint8(raw[0]);
        bool isLegacy = kind >= FIRST_LIST_PREFIX;
        if (!isLegacy && kind != 1 && kind != 2 && kind != 4) revert UnknownTransactionType(kind);
        if (isLegacy) kind = LEGACY;

        bool isList;
        (start, end, isList) = RlpLib.item(raw, isLegacy ? 0 : 1, raw.length);
        if (!isList || end != raw.length) revert RlpLib.InvalidRlp(start);
    }

    function _skip(bytes calldata raw, uint256 place, uint256 end, uint256 count)
        private
        pure
        returns (uint256)
    {
        for (; count != 0; --count) {
            (, place,) = RlpLib.item(raw, place, end);
        }
        return place;
    }

    /// @dev Who signed `content`, the items before the signature, by the signature at `place`.
    function _sender(
        bytes calldata raw,
        uint8 kind,
        bytes calldata content,
        uint256 place,
        uint256 end
    ) private pure returns (address) {
        uint256 v;
        uint256 r;
        uint256 s;
        (v, place) = RlpLib.number(raw, place, end);
        (r, place) = RlpLib.number(raw, place, end);
        (s, place) = RlpLib.number(raw, place, end);
        if (place != end) revert TooManyItems(end, place);

        bytes memory behind;
        if (kind == LEGACY) {
            // EIP-155: v is 35 plus twice the chain id plus the parity.
            if (v < 35) revert UnsignedTransaction();
            behind = bytes.concat(RLP.encode((v - 35) / 2), hex"8080");
            v = (v - 35) % 2;
        }
        if (v > 1) revert UnsignedTransaction();
        bytes memory prefix = RlpLib.listPrefix(content.length + behind.length);
        bytes memory typed = kind == LEGACY ? new bytes(0) : bytes.concat(bytes1(kind));
        bytes32 digest = keccak256(bytes.concat(typed, prefix, content, behind));
        // casting to 'uint8' is safe because the parity is one bit
        // forge-lint: disable-next-line(unsafe-typecast)
        return ecrecover(digest, uint8(27 + v), bytes32(r), bytes32(s));
    }
}
