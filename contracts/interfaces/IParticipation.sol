// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Epoch} from "../types/Types.sol";
import {ICommitmentChain} from "./ICommitmentChain.sol";

/// @notice What is known of a settled epoch (WORK-2).
/// @param countsHash keccak of `counts`: how many batches each member signed, 32 bits each, eight to a
/// word, the first on top
/// @param work sum over members of signed batches times weight
/// @param commits batches; 0 if the epoch is not settled
/// @param absent bit `i` is set if member `i` was absent (WORK-3)
struct Work {
    bytes32 countsHash;
    uint160 work;
    uint32 commits;
    uint128 absent;
}

/// @notice The first batches of an epoch, counted (WORK-5). All zero before the first.
/// @param commits how many they are
/// @param participation what they give (WORK-1)
/// @param counts as in Work; empty while `commits` is 0
struct Tally {
    uint32 commits;
    bytes20 participation;
    uint256[] counts;
}

/// @title Who signed how many batches of an epoch
/// @notice Trust: none. Anyone settles, and what is settled follows from what L1 accepted.
interface IParticipation {
    event EpochSettled(
        Epoch indexed epoch, uint32 commits, uint160 work, uint128 absent, uint256[] counts
    );
    event EpochTallied(Epoch indexed epoch, Tally tally);

    error EpochOpen(Epoch epoch);
    error AlreadySettled(Epoch epoch);
    error WrongSigners(bytes20 expected, bytes20 actual);
    error NothingTallied();
    error UnknownTally(Epoch epoch, uint32 commits, bytes20 participation);
    error NotSettled(Epoch epoch);
    error WrongCounts(bytes32 expected, bytes32 actual);
    error NoSuchMember(uint256 size, uint256 member);

    /// @notice Record who took part in `epoch` (WORK-2). By anyone, once.
    ///
    /// Checks: the epoch can have no more commits; the bitmaps give what the chain has kept.
    ///
    /// Effects: counts, absent members and work, for ever.
    ///
    /// @param signers the bitmaps (ENC-5) of all batches of the epoch, in order
    /// @custom:reverts EpochOpen, AlreadySettled, WrongSigners, NoCommittee (ICommittee),
    /// ParticipationUnavailable (ICommitmentChain)
    function settle(Epoch epoch, uint256[] calldata signers) external;

    /// @notice As `settle`, where the first batches were counted before (WORK-5).
    /// @param before as EpochTallied has it
    /// @param signers the bitmaps of the rest
    /// @custom:reverts UnknownTally, and what `settle` reverts with
    function settleFrom(Epoch epoch, Tally calldata before, uint256[] calldata signers) external;

    /// @notice Count a part of an epoch's batches (WORK-5). By anyone, from anywhere on.
    ///
    /// Checks: `before` is where some call ended, or the beginning.
    ///
    /// Not checked: that the chain had these batches. A tally that strays from them ends nowhere,
    /// and stands in nobody's way.
    ///
    /// @param signers the bitmaps of the next batches, in order
    /// @custom:reverts NothingTallied, UnknownTally, NoCommittee (ICommittee)
    function tally(Epoch epoch, Tally calldata before, uint256[] calldata signers) external;

    /// @notice All zero until settled.
    function workOf(Epoch epoch) external view returns (Work memory);

    /// @notice Batches signed times weight of one member, and its signing key.
    /// @param counts as in EpochSettled
    /// @custom:reverts NotSettled, WrongCounts, NoSuchMember
    function workOfMember(Epoch epoch, uint256[] calldata counts, uint256 member)
        external
        view
        returns (address signer, uint256 work);

    /// @notice Whether the epoch can have no more commits (CERT-3).
    function isOver(Epoch epoch) external view returns (bool);

    /// @notice Whether the epoch is over and will never be settled: it had no commits, or the chain
    /// has forgotten who signed them.
    function isLost(Epoch epoch) external view returns (bool);

    function chain() external view returns (ICommitmentChain);
}
