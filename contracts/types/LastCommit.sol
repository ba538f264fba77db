// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BatchIndex, Epoch, Timestamp} from "./Types.sol";

/// @notice What CommitmentChain remembers, in one word: of the last commit batch index, epoch and
/// time, 64 bits each, and participation in basis points, 16 bits; and until when the chain is
/// based (FALLBACK-1), 40 bits. A struct of the same fields costs 600 gas more in every commit.
type LastCommit is uint256;

using {
    index,
    epoch,
    committedAt,
    basedUntil,
    withBasedUntil,
    participationBps
} for LastCommit global;

/// @dev FALLBACK-1: based without an end in sight.
uint40 constant FOREVER = type(uint40).max;

uint256 constant BASED_UNTIL_SHIFT = 16;

function packLastCommit(BatchIndex i, Epoch e, Timestamp t, uint40 until, uint16 bps)
    pure
    returns (LastCommit)
{
    return LastCommit.wrap(
        (uint256(BatchIndex.unwrap(i)) << 192) | (uint256(Epoch.unwrap(e)) << 128)
            | (uint256(Timestamp.unwrap(t)) << 64) | (uint256(until) << BASED_UNTIL_SHIFT) | bps
    );
}

function index(LastCommit self) pure returns (BatchIndex) {
    return BatchIndex.wrap(uint64(LastCommit.unwrap(self) >> 192));
}

function epoch(LastCommit self) pure returns (Epoch) {
    return Epoch.wrap(uint64(LastCommit.unwrap(self) >> 128));
}

function committedAt(LastCommit self) pure returns (Timestamp) {
    return Timestamp.wrap(uint64(LastCommit.unwrap(self) >> 64));
}

function basedUntil(LastCommit self) pure returns (uint40) {
    // casting to 'uint40' is safe because it cuts one field out of the word
    // forge-lint: disable-next-line(unsafe-typecast)
    return uint40(LastCommit.unwrap(self) >> BASED_UNTIL_SHIFT);
}

/// @notice The same last commit, based until another time.
function withBasedUntil(LastCommit self, uint40 until) pure returns (LastCommit) {
    uint256 mask = uint256(FOREVER) << BASED_UNTIL_SHIFT;
    return
        LastCommit.wrap((LastCommit.unwrap(self) & ~mask) | (uint256(until) << BASED_UNTIL_SHIFT));
}

function participationBps(LastCommit self) pure returns (uint16) {
    return uint16(LastCommit.unwrap(self));
}
