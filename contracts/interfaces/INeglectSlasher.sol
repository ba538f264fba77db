// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Epoch, Timestamp} from "../types/Types.sol";
import {AttestedBlock, IAttestationSlasher} from "./IAttestationSlasher.sol";
import {IForcedInbox} from "./IForcedInbox.sol";

/// @title Punishes members that attested a block which ignores a due forced message
interface INeglectSlasher is IAttestationSlasher {
    /// @param message number of the forced message that was due and left over
    /// @param reporter zero if nobody had committed to this report, and the reward was burned
    event NeglectReported(
        uint32 indexed id,
        Epoch indexed epoch,
        uint64 indexed message,
        bytes32 blockHash,
        address reporter
    );

    /// @notice At the block's origin nothing was due that it left over.
    error NotDueAtOrigin(uint64 message, Timestamp deadline, uint64 originTimestamp);

    /// @notice Convict a member that attested a block which left a due forced message over
    /// (NEGLECT-1). By anyone.
    ///
    /// Checks: the block is attested (ATTEST-1); the first message that it left over was due at its
    /// own origin; the attestation is not too old (SLASH-2); not slashed for an epoch's neglect before.
    ///
    /// Not checked: whether L1 included the message since. It does not make good what was signed.
    ///
    /// Effects: as in IOrderingSlasher.report.
    ///
    /// @custom:reverts EmptyProof, WrongHeader and BelowBatch (ChainLib), NotDueAtOrigin,
    /// IForcedInbox.UnknownMessage, EvidenceTooOld (EvidenceLib), UnknownSigner, what SignatureLib
    /// refuses, ICommittee.NoCommittee, IBondRegistry.NotSlashable, ISlashingLedger.AlreadySlashed
    /// and OffenceTooEarly
    function report(AttestedBlock calldata attested, bytes32 salt) external;

    function inbox() external view returns (IForcedInbox);
}
