// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice A moment on L1, in seconds, as `block.timestamp` counts them (TIME-1).
type Timestamp is uint64;

/// @notice The term of one committee (TIME-2).
type Epoch is uint64;

/// @notice One round of the consensus engine, within an epoch.
type View is uint64;

/// @notice Position in the committee's chain of batches, from 1 (ENC-12).
type BatchIndex is uint64;

using {timestampLt as <, timestampLe as <=, timestampGe as >=, plus} for Timestamp global;
using {
    epochEq as ==,
    epochNe as !=,
    epochLt as <,
    epochLe as <=,
    epochGt as >,
    next
} for Epoch global;
using {indexEq as ==, indexNe as !=, successor} for BatchIndex global;

function timestampLt(Timestamp a, Timestamp b) pure returns (bool) {
    return Timestamp.unwrap(a) < Timestamp.unwrap(b);
}

function timestampLe(Timestamp a, Timestamp b) pure returns (bool) {
    return Timestamp.unwrap(a) <= Timestamp.unwrap(b);
}

function timestampGe(Timestamp a, Timestamp b) pure returns (bool) {
    return Timestamp.unwrap(a) >= Timestamp.unwrap(b);
}

/// @notice The moment `delaySeconds` after `t`.
function plus(Timestamp t, uint64 delaySeconds) pure returns (Timestamp) {
    return Timestamp.wrap(Timestamp.unwrap(t) + delaySeconds);
}

function epochEq(Epoch a, Epoch b) pure returns (bool) {
    return Epoch.unwrap(a) == Epoch.unwrap(b);
}

function epochNe(Epoch a, Epoch b) pure returns (bool) {
    return Epoch.unwrap(a) != Epoch.unwrap(b);
}

function epochLt(Epoch a, Epoch b) pure returns (bool) {
    return Epoch.unwrap(a) < Epoch.unwrap(b);
}

function epochLe(Epoch a, Epoch b) pure returns (bool) {
    return Epoch.unwrap(a) <= Epoch.unwrap(b);
}

function epochGt(Epoch a, Epoch b) pure returns (bool) {
    return Epoch.unwrap(a) > Epoch.unwrap(b);
}

/// @notice The epoch after `a`.
function next(Epoch a) pure returns (Epoch) {
    return Epoch.wrap(Epoch.unwrap(a) + 1);
}

function indexEq(BatchIndex a, BatchIndex b) pure returns (bool) {
    return BatchIndex.unwrap(a) == BatchIndex.unwrap(b);
}

function indexNe(BatchIndex a, BatchIndex b) pure returns (bool) {
    return BatchIndex.unwrap(a) != BatchIndex.unwrap(b);
}

/// @notice The index after `a`.
function successor(BatchIndex a) pure returns (BatchIndex) {
    return BatchIndex.wrap(BatchIndex.unwrap(a) + 1);
}
