// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Checkpoints} from "@openzeppelin/contracts/utils/structs/Checkpoints.sol";

/// @title Values by the second in which they changed
library HistoryLib {
    using Checkpoints for Checkpoints.Trace208;

    /// @notice `value` from this second on. Of two changes in one second the later is kept.
    function record(Checkpoints.Trace208 storage self, uint208 value) internal {
        // The value before, and the one just recorded, are of no use to whoever records.
        // slither-disable-next-line unused-return
        self.push(uint48(block.timestamp), value);
    }
}
