// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title One pass over RLP in calldata, as transactions have it
/// @notice Strict: every number and every length has one encoding. What is read lies before `end`.
/// @dev OpenZeppelin's RLP, which PlainTransactionLib reads with, takes four times the gas.
library RlpLib {
    uint256 private constant STRING = 0x80;
    uint256 private constant LIST = 0xc0;
    /// @dev A longer item has the length of its length in its first byte.
    uint256 private constant MAX_SHORT = 55;

    error InvalidRlp(uint256 place);

    /// @notice Where the content of the item at `place` begins and ends.
    function item(bytes calldata raw, uint256 place, uint256 end)
        internal
        pure
        returns (uint256 start, uint256 next, bool isList)
    {
        // Places are at most `end`, and lengths below 2^64.
        unchecked {
            if (place >= end) revert InvalidRlp(place);
            uint256 length = _load(raw, place) >> 248;
            if (length < STRING) return (place, place + 1, false);

            isList = length >= LIST;
            length -= isList ? LIST : STRING;
            start = place + 1;
            if (length > MAX_SHORT) {
                uint256 size = length - MAX_SHORT;
                uint256 word = _load(raw, start);
                length = word >> (256 - 8 * size);
                if (size > end - start || word >> 248 == 0 || length <= MAX_SHORT) {
                    revert InvalidRlp(place);
                }
                start += size;
            }
            if (length > end - start) revert InvalidRlp(place);
            next = start + length;
            // A byte below 0x80 is its own encoding.
            if (!isList && length == 1 && _load(raw, start) >> 248 < STRING) {
                revert InvalidRlp(place);
            }
        }
    }

    /// @notice The number at `place`, and where the next item begins.
    function number(bytes calldata raw, uint256 place, uint256 end)
        internal
        pure
        returns (uint256 value, uint256 next)
    {
        unchecked {
            value = _load(raw, place) >> 248;
            next = place + 1;
            // The number nought is the empty string.
            bool isNumber = value != 0;
            if (value >= STRING) {
                uint256 length = value - STRING;
                // No longer string, and no list.
                if (length > 32) revert InvalidRlp(place);
                value = 0;
                if (length != 0) {
                    value = _load(raw, next);
                    // No zero in front, and no byte that is its own encoding.
                    isNumber = value >> 248 >= (length == 1 ? STRING : 1);
                    value >>= 256 - 8 * length;
                    next += length;
                }
            }
            if (!isNumber || next > end) revert InvalidRlp(place);
        }
    }

    /// @notice What stands in front of the content of a list of `length` bytes, below 2^24.
    function listPrefix(uint256 length) internal pure returns (bytes memory) {
        // casting is safe below because each length is as short as its type
        // forge-lint: disable-start(unsafe-typecast)
        if (length <= MAX_SHORT) return abi.encodePacked(uint8(LIST + length));
        if (length <= type(uint8).max) return abi.encodePacked(uint8(0xf8), uint8(length));
        if (length <= type(uint16).max) return abi.encodePacked(uint8(0xf9), uint16(length));
        return abi.encodePacked(uint8(0xfa), uint24(length));
        // forge-lint: disable-end(unsafe-typecast)
    }

    /// @dev The 32 bytes from `place` on, of which the caller uses none behind the end.
    function _load(bytes calldata raw, uint256 place) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := calldataload(add(raw.offset, place))
        }
    }
}
