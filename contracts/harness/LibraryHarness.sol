// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Candidate} from "../interfaces/IBondRegistry.sol";
import {Batch} from "../interfaces/ICommitmentChain.sol";
import {Statement} from "../interfaces/IEquivocationSlasher.sol";
import {Ordering} from "../interfaces/IRollupRegistry.sol";
import {CommitteeCodec} from "../libraries/CommitteeCodec.sol";
import {BlockHeader, Digests, ForcedMessage, InclusionPromise} from "../libraries/Digests.sol";
import {EquivocationLib} from "../libraries/EquivocationLib.sol";
import {MerkleLib} from "../libraries/MerkleLib.sol";
import {OrderLib} from "../libraries/OrderLib.sol";
import {QuorumLib} from "../libraries/QuorumLib.sol";
import {QuorumTally} from "../libraries/QuorumTally.sol";
import {SignatureLib} from "../libraries/SignatureLib.sol";
import {SignedTransaction, TransactionLib} from "../libraries/TransactionLib.sol";
import {BatchIndex, Epoch, View} from "../types/Types.sol";
import {PlainTransactionLib} from "./PlainTransactionLib.sol";

/// @title The libraries' internal functions, opened for tests. Never deployed otherwise.
contract LibraryHarness {
    function typeHashes() external pure returns (bytes32[8] memory) {
        return [
            Digests.KEY_POSSESSION_TYPE_HASH,
            Digests.NOTARIZE_TYPE_HASH,
            Digests.NULLIFY_TYPE_HASH,
            Digests.FINALIZE_TYPE_HASH,
            Digests.BATCH_ATTESTATION_TYPE_HASH,
            Digests.BLOCK_HEADER_TYPE_HASH,
            Digests.BATCH_TYPE_HASH,
            Digests.INCLUSION_PROMISE_TYPE_HASH
        ];
    }

    function domainSeparator(address registry) external view returns (bytes32) {
        return Digests.domainSeparator(registry);
    }

    function keyPossession(bytes32 domain, address operator, address signer, bytes32 transportKey)
        external
        pure
        returns (bytes32)
    {
        return Digests.keyPossession(domain, operator, signer, transportKey);
    }

    function notarize(bytes32 domain, Epoch epoch, bytes32 committee, View view_, bytes32 content)
        external
        pure
        returns (bytes32)
    {
        return Digests.notarize(domain, epoch, committee, view_, content);
    }

    function nullify(bytes32 domain, Epoch epoch, bytes32 committee, View view_)
        external
        pure
        returns (bytes32)
    {
        return Digests.nullify(domain, epoch, committee, view_);
    }

    function inclusionPromise(
        bytes32 domain,
        Epoch epoch,
        bytes32 committee,
        uint32 rollupId,
        bytes32 transactionHash,
        uint64 lastHeight,
        address beneficiary,
        uint96 valueWei
    ) external view returns (bytes32) {
        return this.promiseDigest(
            domain,
            committee,
            InclusionPromise(epoch, rollupId, transactionHash, lastHeight, beneficiary, valueWei)
        );
    }

    /// @dev The library reads it from calldata.
    function promiseDigest(bytes32 domain, bytes32 committee, InclusionPromise calldata said)
        external
        pure
        returns (bytes32)
    {
        return Digests.inclusionPromise(domain, committee, said);
    }

    function finalize(bytes32 domain, Epoch epoch, bytes32 committee, View view_, bytes32 content)
        external
        pure
        returns (bytes32)
    {
        return Digests.finalize(domain, epoch, committee, view_, content);
    }

    function batchAttestation(
        bytes32 domain,
        Epoch epoch,
        bytes32 committee,
        BatchIndex index,
        bytes32 content
    ) external pure returns (bytes32) {
        return Digests.batchAttestation(domain, epoch, committee, index, content);
    }

    function statementDigest(bytes32 domain, Statement calldata statement)
        external
        pure
        returns (bytes32)
    {
        return EquivocationLib.digest(domain, statement);
    }

    function headerHash(BlockHeader calldata header) external pure returns (bytes32) {
        return Digests.headerHash(header);
    }

    function plainHeaderHash(BlockHeader calldata header) external pure returns (bytes32) {
        return Digests.plainHeaderHash(header);
    }

    function rootOf(bytes32 leaf, bytes32[] calldata siblings, uint256 sides)
        external
        pure
        returns (bytes32 root, bytes32 plainRoot)
    {
        root = MerkleLib.rootOf(leaf, siblings, sides);
        plainRoot = MerkleLib.plainRootOf(leaf, siblings, sides);
    }

    function batchHash(Batch calldata batch) external pure returns (bytes32) {
        return Digests.batchHash(batch);
    }

    function plainBatchHash(Batch calldata batch) external pure returns (bytes32) {
        return Digests.plainBatchHash(batch);
    }

    function messageHash(ForcedMessage calldata message) external pure returns (bytes32) {
        return Digests.messageHash(message);
    }

    function accumulate(bytes24 accumulator, bytes32 hash) external pure returns (bytes24) {
        return Digests.accumulate(accumulator, hash);
    }

    function recover(bytes32 digest, bytes calldata signature) external pure returns (address) {
        return SignatureLib.recover(digest, signature);
    }

    function isConflict(Statement calldata a, Statement calldata b) external pure returns (bool) {
        return EquivocationLib.isConflict(a, b);
    }

    function encodeCommittee(Candidate[] calldata candidates, uint256 maxSize, uint256 capBps)
        external
        pure
        returns (bytes memory)
    {
        return CommitteeCodec.encode(candidates, maxSize, capBps);
    }

    function isQuorum(uint256 signedWeight, uint256 totalWeight) external pure returns (bool) {
        return QuorumLib.isQuorum(signedWeight, totalWeight);
    }

    function requireQuorum(
        bytes calldata committee,
        bytes32 digest,
        uint256 signers,
        bytes calldata signatures
    ) external view returns (uint256 percent) {
        return QuorumLib.requireQuorum(committee, digest, signers, signatures);
    }

    function plainTally(
        bytes calldata committee,
        bytes32 digest,
        uint256 signers,
        bytes calldata signatures
    ) external pure returns (uint256) {
        return QuorumLib.plainTally(committee, digest, signers, signatures);
    }

    function tryTally(
        bytes calldata committee,
        bytes32 digest,
        uint256 signers,
        bytes calldata signatures
    ) external view returns (bool isGood, uint256 signedWeight) {
        return QuorumTally.tryTally(committee, digest, signers, signatures);
    }

    function readTransaction(bytes calldata raw) external pure returns (SignedTransaction memory) {
        return TransactionLib.read(raw);
    }

    function plainReadTransaction(bytes calldata raw)
        external
        pure
        returns (SignedTransaction memory)
    {
        return PlainTransactionLib.read(raw);
    }

    function orderValue(Ordering calldata ordering, bytes calldata raw, bytes32 parentHash)
        external
        pure
        returns (uint128)
    {
        return OrderLib.valueOf(ordering, TransactionLib.read(raw), keccak256(raw), parentHash);
    }
}
