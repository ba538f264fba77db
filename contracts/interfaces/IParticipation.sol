// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Epoch} from "../types/Types.sol";
import {ICommitmentChain} from "./ICommitmentChain.sol";

/// @notice What is known of a settled epoch (WORK-2).
/// @param countsHash keccak of `counts`: for each member, in order, a u16 with how many batches it
/// signed (65,535 stands for more)
/// @param work sum over members of signed batches times weight
/// @param commits batches; 0 if the epoch is not settled
/// @param absent bit `i` is set if member `i` was absent (WORK-3)
struct Work {
    bytes32 countsHash;
    uint128 work;
    uint128 absent;
    uint32 commits;
}

/// @title Who signed how many batches of an epoch
/// @notice Trust: none. Anyone settles, and what is settled follows from what L1 accepted.
interface IParticipation {
    event EpochSettled(
        Epoch indexed epoch, uint32 commits, uint128 work, uint128 absent, bytes counts
    );

    error EpochOpen(Epoch epoch);
    error AlreadySettled(Epoch epoch);
    error WrongSigners(bytes32 expected, bytes32 actual);
    error NotSettled(Epoch epoch);
    error WrongCounts(bytes32 expected, bytes32 actual);
    error NoSuchMember(uint256 size, uint256 member);

    /// @notice Record who took part in `epoch` (WORK-2). By anyone, once.
    /// @param signers the bitmaps (ENC-5) of all batches of the epoch, in order
    /// @custom:reverts EpochOpen, AlreadySettled, WrongSigners, and what `participationOf` of the
    /// chain refuses
    function settle(Epoch epoch, uint256[] calldata signers) external;

    /// @notice All zero until settled.
    function workOf(Epoch epoch) external view returns (Work memory);

    /// @notice Batches signed times weight of one member, and its signing key.
    /// @param counts as in EpochSettled
    /// @custom:reverts NotSettled, WrongCounts, NoSuchMember
    function workOfMember(Epoch epoch, bytes calldata counts, uint256 member)
        external
        view
        returns (address signer, uint256 work);

    /// @notice Whether the epoch can have no more commits (CERT-3).
    function isOver(Epoch epoch) external view returns (bool);

    function chain() external view returns (ICommitmentChain);
}
