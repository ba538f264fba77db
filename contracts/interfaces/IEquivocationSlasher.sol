// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Epoch} from "../types/Types.sol";
import {ICommittedReports} from "./ICommittedReports.sol";

/// @notice The types of ENC-2 that a committee member signs.
enum StatementKind {
    Notarize,
    Nullify,
    Finalize,
    BatchAttestation
}

/// @param committee hash of the epoch's committee
/// @param position the view, or the batch index of a BatchAttestation
/// @param content the block or batch hash; zero for a Nullify, which has none
struct Statement {
    StatementKind kind;
    Epoch epoch;
    bytes32 committee;
    uint64 position;
    bytes32 content;
}

/// @param signature ENC-3
struct SignedStatement {
    Statement statement;
    bytes signature;
}

/// @title Punishes a member that signed two statements that contradict each other
interface IEquivocationSlasher is ICommittedReports {
    /// @param epoch the lower of the two epochs, under which the slash is recorded
    /// @param reporter zero if nobody had committed to this report, and the reward was burned
    event EquivocationReported(
        uint32 indexed id,
        address indexed signer,
        Epoch indexed epoch,
        address reporter,
        SignedStatement first,
        SignedStatement second
    );

    error UnknownToLedger(address ledger);

    error NoConflict();
    error NullifyWithContent(bytes32 content);
    error WrongCommittee(bytes32 expected, bytes32 actual);
    error DifferentSigners(address first, address second);
    error UnknownSigner(address signer);

    /// @notice Convict the signer of two contradicting statements (SLASH-1). By anyone.
    ///
    /// Checks: the statements contradict each other; each names the committee that its epoch has
    /// on this chain, in time (SLASH-2); one signing key of an operator signed both; not slashed for
    /// this before (SLASH-4).
    ///
    /// Not checked: that the signer sat in the committee it named. A registered key that signs
    /// two contradicting votes has no honest reason to.
    ///
    /// Effects: LEDGER-1 to LEDGER-7; the operator is ejected. The reward is the caller's if it committed to this report in an earlier
    /// block, and burned otherwise: copying a report earns nothing.
    ///
    /// @custom:reverts NoConflict, NullifyWithContent, WrongCommittee, EvidenceTooOld
    /// (EvidenceLib), DifferentSigners, UnknownSigner, what SignatureLib refuses,
    /// ICommittee.NoCommittee, IBondRegistry.NotSlashable, ISlashingLedger.AlreadySlashed and
    /// OffenceTooEarly: evidence of an epoch that is only chosen waits for its first second to pass
    function report(SignedStatement calldata first, SignedStatement calldata second, bytes32 salt)
        external;

    /// @notice Keccak of the ABI encoding of both statements, in this order.
    function evidenceHash(SignedStatement calldata first, SignedStatement calldata second)
        external
        pure
        returns (bytes32);
}
