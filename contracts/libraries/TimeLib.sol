// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Epoch, Timestamp} from "../types/Types.sol";

/// @notice Genesis (upper 64 bits) and epoch length in seconds (lower 64 bits) in one value, so
/// that a contract can hold its schedule in an immutable.
type Schedule is uint128;

using {TimeLib.genesis, TimeLib.epochOf, TimeLib.startOf, TimeLib.endOf} for Schedule global;

/// @title Every rule about time, in seconds of `block.timestamp` (TIME-1)
library TimeLib {
    /// @notice There is no epoch before genesis (TIME-2).
    error BeforeGenesis(Timestamp genesis, Timestamp actual);

    function schedule(Timestamp genesis_, uint64 epochSeconds) internal pure returns (Schedule) {
        return Schedule.wrap((uint128(Timestamp.unwrap(genesis_)) << 64) | epochSeconds);
    }

    function timestamp() internal view returns (Timestamp) {
        return Timestamp.wrap(uint64(block.timestamp));
    }

    function genesis(Schedule self) internal pure returns (Timestamp) {
        return Timestamp.wrap(uint64(Schedule.unwrap(self) >> 64));
    }

    /// @notice TIME-2: `(t - genesis) / epochSeconds`.
    function epochOf(Schedule self, Timestamp t) internal pure returns (Epoch) {
        Timestamp first = genesis(self);
        if (t < first) revert BeforeGenesis(first, t);
        return
            Epoch.wrap(
                (Timestamp.unwrap(t) - Timestamp.unwrap(first)) / uint64(Schedule.unwrap(self))
            );
    }

    /// @notice TIME-2: the first second of `epoch`. An epoch past the range of `uint64` seconds
    /// panics; callers bound the epoch before they ask.
    function startOf(Schedule self, Epoch epoch) internal pure returns (Timestamp) {
        return genesis(self).plus(Epoch.unwrap(epoch) * uint64(Schedule.unwrap(self)));
    }

    /// @notice TIME-2: the first second after `epoch`.
    function endOf(Schedule self, Epoch epoch) internal pure returns (Timestamp) {
        return startOf(self, epoch.next());
    }

    /// @notice TIME-3: due from the very second of the deadline on.
    function isDue(Timestamp deadline, Timestamp now_) internal pure returns (bool) {
        return now_ >= deadline;
    }
}
