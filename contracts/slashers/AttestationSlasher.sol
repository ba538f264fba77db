// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AttestedBlock, IAttestationSlasher} from "../interfaces/IAttestationSlasher.sol";
import {IBondRegistry, Times} from "../interfaces/IBondRegistry.sol";
import {ICommittee} from "../interfaces/ICommittee.sol";
import {Consequence, ISlashingLedger, Offence, Slash} from "../interfaces/ISlashingLedger.sol";
import {ChainLib} from "../libraries/ChainLib.sol";
import {CommitteeStore} from "../libraries/CommitteeStore.sol";
import {BlockHeader, Digests} from "../libraries/Digests.sol";
import {EvidenceLib} from "../libraries/EvidenceLib.sol";
import {SignatureLib} from "../libraries/SignatureLib.sol";
import {Schedule, TimeLib} from "../libraries/TimeLib.sol";
import {Epoch} from "../types/Types.sol";
import {CommittedReports} from "./CommittedReports.sol";

/// @title Who attested a block, and what it costs (ATTEST-1, ATTEST-3, REPORT-1)
abstract contract AttestationSlasher is IAttestationSlasher, CommittedReports {
    /// @inheritdoc IAttestationSlasher
    ISlashingLedger public immutable ledger;

    /// @inheritdoc IAttestationSlasher
    IBondRegistry public immutable registry;

    /// @inheritdoc IAttestationSlasher
    ICommittee public immutable committee;

    Schedule private immutable SCHEDULE;

    /// @dev How long after its epoch an attestation is still evidence (SLASH-2).
    uint64 private immutable EVIDENCE_LIFE_SECONDS;

    constructor(ISlashingLedger ledger_) {
        // A slasher that its ledger does not know could never punish anyone.
        if (!ledger_.isSlasher(address(this))) revert UnknownToLedger(address(ledger_));
        IBondRegistry registry_ = ledger_.registry();

        ledger = ledger_;
        registry = registry_;
        committee = ledger_.committee();
        Times memory p = registry_.times();
        SCHEDULE = TimeLib.schedule(p.genesis, p.epochSeconds);
        EVIDENCE_LIFE_SECONDS = EvidenceLib.lifeSeconds(p);
    }

    /// @inheritdoc IAttestationSlasher
    function evidenceHash(bytes calldata signature, bytes32 blockHash)
        public
        pure
        returns (bytes32)
    {
        return keccak256(bytes.concat(signature, blockHash));
    }

    /// @dev ATTEST-1: the block, its hash, and the operator that attested its batch.
    function _attested(AttestedBlock calldata evidence)
        internal
        view
        returns (BlockHeader calldata header, bytes32 blockHash, uint32 id)
    {
        (header, blockHash) = ChainLib.blockIn(evidence.batch, evidence.headers);
        if (evidence.epoch != header.epoch) revert LaterEpoch(header.epoch, evidence.epoch);
        EvidenceLib.requireFresh(SCHEDULE, evidence.epoch, EVIDENCE_LIFE_SECONDS);
        bytes32 digest = Digests.batchAttestation(
            Digests.domainSeparator(address(registry)),
            evidence.epoch,
            CommitteeStore.hashOf(committee, evidence.epoch),
            evidence.batch.index,
            Digests.batchHash(evidence.batch)
        );
        address signer = SignatureLib.recover(digest, evidence.signature);
        id = registry.operatorIdOfSigner(signer);
        if (id == 0) revert UnknownSigner(signer);
    }

    /// @dev REPORT-1.
    function _reporterOf(AttestedBlock calldata evidence, bytes32 blockHash, bytes32 salt)
        internal
        view
        returns (address)
    {
        return _reporter(evidenceHash(evidence.signature, blockHash), salt);
    }

    /// @dev ATTEST-3.
    function _slash(uint32 id, Epoch epoch, Offence offence, address reporter) internal {
        ledger.slash(
            Slash({
                id: id,
                signer: address(0),
                epoch: epoch,
                offence: offence,
                consequence: Consequence.Jail,
                severity: 1,
                reporter: reporter,
                victim: address(0),
                lossWei: 0
            })
        );
    }
}
