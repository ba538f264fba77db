// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice A number, and what it was in each second of the past; zero before its first change.
/// @param last the newest entry, zero if there is none: value in the upper 176 bits, how many are
/// older in the next 40, and since when it holds in the lowest 40
/// @param older those before it, in order
struct History {
    uint256 last;
    mapping(uint256 number => uint256 entry) older;
}

/// @title Numbers with a past, in one word for each second in which they changed
/// @dev The number as it is now takes one read, and its first change one new word: what most calls
/// do. A look into the past takes reads by the logarithm of how many changes came since.
library HistoryLib {
    uint256 private constant COUNT_SHIFT = 40;
    uint256 private constant VALUE_SHIFT = 80;

    /// @notice From this second on the number is `value`. Of two changes in one second the later
    /// holds.
    function record(History storage self, uint176 value) internal {
        uint256 last = self.last;
        uint256 count = _count(last);
        if (last != 0 && _since(last) != block.timestamp) self.older[count++] = last;
        self.last =
            (uint256(value) << VALUE_SHIFT) | (count << COUNT_SHIFT) | uint40(block.timestamp);
    }

    /// @notice What the number is now.
    function latest(History storage self) internal view returns (uint176) {
        return _value(self.last);
    }

    /// @notice What the number was at the end of second `t`.
    function valueAt(History storage self, uint256 t) internal view returns (uint176) {
        uint256 last = self.last;
        if (_since(last) <= t) return _value(last);

        // What is asked for is mostly young: back in growing steps to an entry that is old enough.
        uint256 high = _count(last);
        uint256 low = high;
        for (uint256 step = 1; low != 0; step <<= 1) {
            low = low > step ? low - step : 0;
            if (_since(self.older[low]) <= t) break;
            high = low;
        }
        if (low == high) return 0;

        // `low` is old enough, `high` is not.
        while (high - low > 1) {
            uint256 middle = (low + high) / 2;
            if (_since(self.older[middle]) <= t) low = middle;
            else high = middle;
        }
        return _value(self.older[low]);
    }

    // Casting is safe below because each field is as wide as its type.
    // forge-lint: disable-start(unsafe-typecast)

    function _value(uint256 entry) private pure returns (uint176) {
        return uint176(entry >> VALUE_SHIFT);
    }

    function _since(uint256 entry) private pure returns (uint256) {
        return uint40(entry);
    }

    function _count(uint256 entry) private pure returns (uint256) {
        return uint40(entry >> COUNT_SHIFT);
    }

    // forge-lint: disable-end(unsafe-typecast)
}
