// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title The usages of batches, read together (FEE-1)
/// @notice An entry is `u32 rollupId ‖ u64 bytes`, a usage its entries, ascending by rollup. Read
/// are the bytes of one rollup after another over all usages, so that an account is touched once.
/// Whatever bytes stand there, each entry is read once: a usage that does not ascend only gives the
/// same rollup again, and what is left behind the last whole entry is ignored.
library UsageLib {
    uint256 internal constant ENTRY_BYTES = 12;

    /// @dev Of each usage, the next entry and the one to stop at; of all, how many are left.
    struct Reader {
        uint256[] next;
        uint256[] end;
        uint256 left;
    }

    /// @notice How many entries a usage has.
    function count(bytes calldata usage) internal pure returns (uint256) {
        return usage.length / ENTRY_BYTES;
    }

    /// @notice Read these usages, the first one from entry `first` on, the last one up to entry
    /// `end`, or to its own end if that comes first.
    function open(bytes[] calldata usages, uint256 first, uint256 end)
        internal
        pure
        returns (Reader memory reader)
    {
        uint256 last = usages.length - 1;
        reader.next = new uint256[](usages.length);
        reader.end = new uint256[](usages.length);
        reader.next[0] = first;
        for (uint256 i; i <= last; ++i) {
            reader.end[i] = i == last ? Math.min(end, count(usages[i])) : count(usages[i]);
            reader.left += Math.saturatingSub(reader.end[i], reader.next[i]);
        }
    }

    /// @notice The lowest rollup that any usage has next, and its bytes in all that have it next.
    function next(Reader memory self, bytes[] calldata usages)
        internal
        pure
        returns (uint32 rollupId, uint256 bytes_)
    {
        rollupId = type(uint32).max;
        for (uint256 i; i < usages.length; ++i) {
            if (self.next[i] < self.end[i]) {
                uint32 found = _rollupAt(usages[i], self.next[i]);
                if (found < rollupId) rollupId = found;
            }
        }
        for (uint256 i; i < usages.length; ++i) {
            if (self.next[i] >= self.end[i]) continue;
            if (_rollupAt(usages[i], self.next[i]) != rollupId) continue;
            bytes_ += _bytesAt(usages[i], self.next[i]++);
            --self.left;
        }
    }

    function _rollupAt(bytes calldata usage, uint256 entry) private pure returns (uint32) {
        return uint32(bytes4(usage[entry * ENTRY_BYTES:]));
    }

    function _bytesAt(bytes calldata usage, uint256 entry) private pure returns (uint64) {
        return uint64(bytes8(usage[entry * ENTRY_BYTES + 4:]));
    }
}
