// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IBondRegistry, Times} from "../interfaces/IBondRegistry.sol";
import {ICommittee} from "../interfaces/ICommittee.sol";
import {
    IEquivocationSlasher,
    SignedStatement,
    Statement,
    StatementKind
} from "../interfaces/IEquivocationSlasher.sol";
import {Consequence, ISlashingLedger, Offence, Slash} from "../interfaces/ISlashingLedger.sol";
import {CommitteeStore} from "../libraries/CommitteeStore.sol";
import {Digests} from "../libraries/Digests.sol";
import {EquivocationLib} from "../libraries/EquivocationLib.sol";
import {EvidenceLib} from "../libraries/EvidenceLib.sol";
import {SignatureLib} from "../libraries/SignatureLib.sol";
import {Schedule, TimeLib} from "../libraries/TimeLib.sol";
import {Epoch} from "../types/Types.sol";
import {CommittedReports} from "./CommittedReports.sol";

/// @title Equivocation (SLASH-1 to SLASH-4)
/// @notice See IEquivocationSlasher for what each function checks, leaves unchecked and does.
contract EquivocationSlasher is IEquivocationSlasher, CommittedReports {
    IBondRegistry public immutable registry;
    ISlashingLedger public immutable ledger;
    ICommittee public immutable committee;
    Schedule private immutable SCHEDULE;

    /// @dev How long after its epoch a statement is still evidence (SLASH-2).
    uint64 private immutable EVIDENCE_LIFE_SECONDS;

    constructor(ISlashingLedger ledger_) {
        // A slasher that its ledger does not know could never punish anyone.
        if (!ledger_.isSlasher(address(this))) revert UnknownToLedger(address(ledger_));
        IBondRegistry registry_ = ledger_.registry();
        ICommittee committee_ = ledger_.committee();

        ledger = ledger_;
        registry = registry_;
        committee = committee_;
        Times memory p = registry_.times();
        SCHEDULE = TimeLib.schedule(p.genesis, p.epochSeconds);
        EVIDENCE_LIFE_SECONDS = EvidenceLib.lifeSeconds(p);
    }

    /// @inheritdoc IEquivocationSlasher
    function report(SignedStatement calldata first, SignedStatement calldata second, bytes32 salt)
        external
    {
        if (!EquivocationLib.isConflict(first.statement, second.statement)) revert NoConflict();
        _requireEvidence(first.statement);
        _requireEvidence(second.statement);
        address signer = _commonSigner(first, second);
        uint32 id = registry.operatorIdOfSigner(signer);
        if (id == 0) revert UnknownSigner(signer);

        Epoch epoch = first.statement.epoch < second.statement.epoch
            ? first.statement.epoch
            : second.statement.epoch;
        address reporter = _reporter(evidenceHash(first, second), salt);

        emit EquivocationReported(id, signer, epoch, reporter, first, second);
        // How the slash was split, the ledger's event says.
        // slither-disable-next-line unused-return
        ledger.slash(
            Slash({
                id: id,
                signer: signer,
                epoch: epoch,
                offence: Offence.Equivocation,
                consequence: Consequence.Eject,
                severity: 1,
                reporter: reporter,
                victim: address(0),
                lossWei: 0
            })
        );
    }

    /// @inheritdoc IEquivocationSlasher
    function evidenceHash(SignedStatement calldata first, SignedStatement calldata second)
        public
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(first, second));
    }

    /// @dev SLASH-2.
    function _requireEvidence(Statement calldata statement) private view {
        bytes32 expected = CommitteeStore.hashOf(committee, statement.epoch);
        if (statement.committee != expected) revert WrongCommittee(expected, statement.committee);
        EvidenceLib.requireFresh(SCHEDULE, statement.epoch, EVIDENCE_LIFE_SECONDS);

        // Not signed in a Nullify, so it must not be there to be varied.
        bool isNullify = statement.kind == StatementKind.Nullify;
        if (isNullify && statement.content != bytes32(0)) {
            revert NullifyWithContent(statement.content);
        }
    }

    function _commonSigner(SignedStatement calldata first, SignedStatement calldata second)
        private
        view
        returns (address signer)
    {
        bytes32 domain = Digests.domainSeparator(address(registry));
        signer =
            SignatureLib.recover(EquivocationLib.digest(domain, first.statement), first.signature);
        address other = SignatureLib.recover(
            EquivocationLib.digest(domain, second.statement), second.signature
        );
        if (signer != other) revert DifferentSigners(signer, other);
    }
}
