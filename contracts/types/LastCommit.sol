// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BatchIndex, Epoch} from "./Types.sol";

/// @notice What each commit reads and writes, in one word: who signed in the epoch so far, hashed
/// (WORK-1), 160 bits; of the last commit batch index, 32 bits, epoch, 24 bits, seconds since
/// genesis, 32 bits, and participation in whole percent, 7 bits; and whether the chain is based
/// without an end in sight (FALLBACK-1), 1 bit. A second word would cost 5,000 gas in every commit.
///
/// How long they last: a batch a second for 136 years, epochs of a minute for 31. A collision in
/// 160 bits takes 2^80 hashes, between two commits.
type LastCommit is uint256;

using {
    index,
    epoch,
    secondsSinceGenesis,
    participationBps,
    participation,
    isEndlesslyBased,
    withEndlesslyBased
} for LastCommit global;

uint256 constant INDEX_SHIFT = 64;
uint256 constant EPOCH_SHIFT = 40;
uint256 constant SECONDS_SHIFT = 8;
uint256 constant PERCENT_SHIFT = 1;

/// @param before of which one bit stays: whether the chain is based
function packLastCommit(
    bytes20 participation_,
    BatchIndex i,
    Epoch e,
    uint256 seconds_,
    uint256 percent,
    LastCommit before
) pure returns (LastCommit) {
    // casting to 'uint24' and 'uint32' keeps each field in its place
    // forge-lint: disable-start(unsafe-typecast)
    return LastCommit.wrap(
        (uint256(bytes32(participation_))) | (uint256(uint32(BatchIndex.unwrap(i))) << INDEX_SHIFT)
            | (uint256(uint24(Epoch.unwrap(e))) << EPOCH_SHIFT)
            | (uint256(uint32(seconds_)) << SECONDS_SHIFT) | (percent << PERCENT_SHIFT)
            | (LastCommit.unwrap(before) & 1)
    );
    // forge-lint: disable-end(unsafe-typecast)
}

// casting below cuts one field out of the word
// forge-lint: disable-start(unsafe-typecast)

function participation(LastCommit self) pure returns (bytes20) {
    return bytes20(bytes32(LastCommit.unwrap(self)));
}

function index(LastCommit self) pure returns (BatchIndex) {
    return BatchIndex.wrap(uint32(LastCommit.unwrap(self) >> INDEX_SHIFT));
}

function epoch(LastCommit self) pure returns (Epoch) {
    return Epoch.wrap(uint24(LastCommit.unwrap(self) >> EPOCH_SHIFT));
}

function secondsSinceGenesis(LastCommit self) pure returns (uint64) {
    return uint32(LastCommit.unwrap(self) >> SECONDS_SHIFT);
}

// forge-lint: disable-end(unsafe-typecast)

/// @notice In basis points, rounded down to whole percents.
function participationBps(LastCommit self) pure returns (uint16) {
    return uint16((LastCommit.unwrap(self) >> PERCENT_SHIFT) & 0x7f) * 100;
}

function isEndlesslyBased(LastCommit self) pure returns (bool) {
    return LastCommit.unwrap(self) & 1 == 1;
}

/// @notice The same last commit, with or without an end in sight.
function withEndlesslyBased(LastCommit self, bool isBased) pure returns (LastCommit) {
    uint256 word = LastCommit.unwrap(self);
    return LastCommit.wrap(isBased ? word | 1 : word & ~uint256(1));
}
