// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BlockHeader} from "../libraries/Digests.sol";
import {Epoch} from "../types/Types.sol";
import {IBondRegistry} from "./IBondRegistry.sol";
import {Batch} from "./ICommitmentChain.sol";
import {ICommittee} from "./ICommittee.sol";
import {ICommittedReports} from "./ICommittedReports.sol";
import {ISlashingLedger} from "./ISlashingLedger.sol";

/// @notice A block, and who answers for it (ATTEST-1).
/// @param epoch that the attestation names
/// @param signature of its BatchAttestation (ENC-2, ENC-3)
/// @param headers the first is the batch's last block, each further one the parent of the one before
/// it; the last is the block
struct AttestedBlock {
    Epoch epoch;
    bytes signature;
    Batch batch;
    BlockHeader[] headers;
}

/// @title Punishes members for what is in a block that they attested
/// @notice Trust: none. Every argument may come from anyone.
interface IAttestationSlasher is ICommittedReports {
    error UnknownToLedger(address ledger);
    error UnknownSigner(address signer);

    /// @notice Who attests a block in a later epoch only goes on from it.
    error LaterEpoch(Epoch expected, Epoch actual);

    /// @notice What a reporter commits to (REPORT-1): the attestation and the block. Whatever is wrong in
    /// the block, it is one report.
    function evidenceHash(bytes calldata signature, bytes32 blockHash)
        external
        pure
        returns (bytes32);

    function ledger() external view returns (ISlashingLedger);

    function registry() external view returns (IBondRegistry);

    function committee() external view returns (ICommittee);
}
