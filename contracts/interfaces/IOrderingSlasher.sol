// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Epoch, Timestamp} from "../types/Types.sol";
import {TransactionEntry} from "../libraries/MerkleLib.sol";
import {AttestedBlock, IAttestationSlasher} from "./IAttestationSlasher.sol";
import {IRollupRegistry} from "./IRollupRegistry.sol";

/// @notice What is wrong with the order of a block (ORDER-6).
enum OrderFault {
    RISING,
    OVERSTATED,
    UNEARNED,
    NONCES
}

/// @notice A leaf of the block's transaction root.
/// @param siblings of the leaf, from the bottom up
/// @param sides bit i is set if sibling i stands on the left
/// @param transaction as it was signed; empty where the fault does not depend on it
struct ProvedEntry {
    TransactionEntry entry;
    bytes32[] siblings;
    uint256 sides;
    bytes transaction;
}

/// @title Punishes members that attested a block which is not in the order its rollup declared
interface IOrderingSlasher is IAttestationSlasher {
    /// @param reporter zero if nobody had committed to this report, and the reward was burned
    event DisorderReported(
        uint32 indexed id,
        Epoch indexed epoch,
        uint32 indexed rollupId,
        OrderFault fault,
        bytes32 blockHash,
        address reporter
    );

    error WrongEntryCount(uint256 expected, uint256 actual);
    error WrongRoot(bytes32 expected, bytes32 actual);
    error WrongTransaction(bytes32 expected, bytes32 actual);
    error DifferentRollups(uint32 first, uint32 second);
    error WrongPlaces(uint32 first, uint32 second);
    error NotYetProvable(Timestamp provableFrom, uint64 actual);
    error UnknownRollup(uint32 rollupId);

    /// @notice The entries are as honest nodes order them.
    error InOrder(OrderFault fault);

    /// @notice Convict a member that attested a block with a fault of order (ORDER-6). By anyone.
    ///
    /// Checks: the block is attested (ATTEST-1); the entries are leaves of its transaction root, and
    /// show the fault; the rollup was registered long enough before (ORDER-7); the attestation is not
    /// too old (SLASH-2); not slashed for an epoch's order before.
    ///
    /// Not checked: that the batch was committed, or that the signer sat in the committee, as in
    /// IEquivocationSlasher.
    ///
    /// Effects: LEDGER-1 to LEDGER-7; the operator is jailed. The reward is the caller's if it
    /// committed to this report in an earlier block, and burned otherwise.
    ///
    /// @param entries the one leaf of `OVERSTATED`, or of `UNEARNED` at position 0; else two, in the
    /// order of their positions
    /// @custom:reverts EmptyProof, WrongHeader and BelowBatch (ChainLib), WrongEntryCount, WrongRoot,
    /// WrongTransaction, DifferentRollups, WrongPlaces, UnknownRollup, NotYetProvable, InOrder,
    /// EvidenceTooOld (EvidenceLib), UnknownSigner, what TransactionLib and SignatureLib refuse,
    /// ICommittee.NoCommittee, IBondRegistry.NotSlashable, ISlashingLedger.AlreadySlashed and
    /// OffenceTooEarly
    function report(
        OrderFault fault,
        AttestedBlock calldata attested,
        ProvedEntry[] calldata entries,
        bytes32 salt
    ) external;

    function rollups() external view returns (IRollupRegistry);
}
