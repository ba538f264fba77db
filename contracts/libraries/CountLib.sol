// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title How many bitmaps have each bit set
/// @dev Counted for all bits at once, in planes: plane `p` holds bit `p` of every count. To add a
/// bitmap is to add one bit to each, with the carries going up together; what it costs hardly depends
/// on how many bits there are. Kept as counts of 32 bits, eight to a word, the first on top.
library CountLib {
    function add(uint256[32] memory planes, uint256 bitmap) internal pure {
        unchecked {
            for (uint256 p; bitmap != 0; ++p) {
                uint256 plane = planes[p];
                planes[p] = plane ^ bitmap;
                bitmap &= plane;
            }
        }
    }

    /// @notice Of how many bitmaps, of `added` at most, bit `index` was set.
    function count(uint256[32] memory planes, uint256 index, uint256 added)
        internal
        pure
        returns (uint256 found)
    {
        unchecked {
            for (uint256 p; added >> p != 0; ++p) {
                found |= ((planes[p] >> index) & 1) << p;
            }
        }
    }

    /// @notice Of `size` bits, no bitmap counted.
    function empty(uint256 size) internal pure returns (uint256[] memory counts) {
        return new uint256[]((size + 7) / 8);
    }

    function countOf(uint256[] memory counts, uint256 index) internal pure returns (uint256) {
        return uint32(counts[index / 8] >> _shift(index));
    }

    /// @dev The caller keeps the sum below 2^32.
    function increase(uint256[] memory counts, uint256 index, uint256 by) internal pure {
        counts[index / 8] += by << _shift(index);
    }

    function _shift(uint256 index) private pure returns (uint256) {
        return 224 - 32 * (index % 8);
    }
}
