// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {Batch} from "../interfaces/ICommitmentChain.sol";
import {BatchIndex, Epoch, Timestamp, View} from "../types/Types.sol";

/// @notice ENC-8. No commit reads a header; a challenge does, on the way to a leaf (DATA-1).
struct BlockHeader {
    Epoch epoch;
    uint64 height;
    View view_;
    uint64 timestampMs;
    bytes32 parentHash;
    bytes32 payloadHash;
    uint64 payloadLength;
    bytes32 transactionRoot;
    uint64 originNumber;
    bytes32 originHash;
    uint64 originTimestamp;
    uint64 forcedCount;
    address proposer;
}

/// @notice PROMISE-1. The committee's hash is that of the epoch.
struct InclusionPromise {
    Epoch epoch;
    uint32 rollupId;
    bytes32 transactionHash;
    uint64 lastHeight;
    address beneficiary;
    uint96 valueWei;
}

/// @notice INBOX-4.
struct ForcedMessage {
    uint8 kind;
    uint64 index;
    uint32 rollupId;
    address sender;
    uint64 gasLimit;
    Timestamp deadline;
    bytes32 contentHash;
}

/// @title Everything that is signed, and everything L1 hashes (ENC-1 to ENC-12, INBOX-4)
/// @dev `sequencer/crypto/digests.py` is the twin; `tests/vectors/digests.json` holds both.
library Digests {
    bytes32 internal constant DOMAIN_TYPE_HASH = keccak256(
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    );
    bytes32 internal constant NAME_HASH = keccak256("Switchyard");
    bytes32 internal constant VERSION_HASH = keccak256("1");

    bytes32 internal constant KEY_POSSESSION_TYPE_HASH =
        keccak256("KeyPossession(address operator,address signer,bytes32 transportKey)");
    bytes32 internal constant NOTARIZE_TYPE_HASH =
        keccak256("Notarize(uint64 epoch,bytes32 committee,uint64 view,bytes32 blockHash)");
    bytes32 internal constant NULLIFY_TYPE_HASH =
        keccak256("Nullify(uint64 epoch,bytes32 committee,uint64 view)");
    bytes32 internal constant FINALIZE_TYPE_HASH =
        keccak256("Finalize(uint64 epoch,bytes32 committee,uint64 view,bytes32 blockHash)");
    bytes32 internal constant BATCH_ATTESTATION_TYPE_HASH = keccak256(
        "BatchAttestation(uint64 epoch,bytes32 committee,uint64 index,bytes32 batchHash)"
    );
    bytes32 internal constant BLOCK_HEADER_TYPE_HASH = keccak256(
        "BlockHeader(uint64 epoch,uint64 height,uint64 view,uint64 timestampMs,bytes32 parentHash,bytes32 payloadHash,uint64 payloadLength,bytes32 transactionRoot,uint64 originNumber,bytes32 originHash,uint64 originTimestamp,uint64 forcedCount,address proposer)"
    );
    bytes32 internal constant BATCH_TYPE_HASH = keccak256(
        "Batch(uint64 index,bytes32 parentHash,uint64 firstHeight,uint64 lastHeight,bytes32 lastBlockHash,uint64 forcedCount,bytes32 dataHash,bytes32 blobsHash,bytes32 usageHash)"
    );

    bytes32 internal constant INCLUSION_PROMISE_TYPE_HASH = keccak256(
        "InclusionPromise(uint64 epoch,bytes32 committee,uint32 rollupId,bytes32 transactionHash,uint64 lastHeight,address beneficiary,uint96 valueWei)"
    );

    /// @notice ENC-1. Computed anew each time, so a chain that splits splits its signatures too.
    function domainSeparator(address registry) internal view returns (bytes32) {
        return
            keccak256(
                abi.encode(DOMAIN_TYPE_HASH, NAME_HASH, VERSION_HASH, block.chainid, registry)
            );
    }

    function keyPossession(bytes32 domain, address operator, address signer, bytes32 transportKey)
        internal
        pure
        returns (bytes32)
    {
        return _signed(
            domain, keccak256(abi.encode(KEY_POSSESSION_TYPE_HASH, operator, signer, transportKey))
        );
    }

    function notarize(bytes32 domain, Epoch epoch, bytes32 committee, View view_, bytes32 blockHash)
        internal
        pure
        returns (bytes32)
    {
        return _signed(
            domain, keccak256(abi.encode(NOTARIZE_TYPE_HASH, epoch, committee, view_, blockHash))
        );
    }

    function nullify(bytes32 domain, Epoch epoch, bytes32 committee, View view_)
        internal
        pure
        returns (bytes32)
    {
        return _signed(domain, keccak256(abi.encode(NULLIFY_TYPE_HASH, epoch, committee, view_)));
    }

    function finalize(bytes32 domain, Epoch epoch, bytes32 committee, View view_, bytes32 blockHash)
        internal
        pure
        returns (bytes32)
    {
        return _signed(
            domain, keccak256(abi.encode(FINALIZE_TYPE_HASH, epoch, committee, view_, blockHash))
        );
    }

    function batchAttestation(
        bytes32 domain,
        Epoch epoch,
        bytes32 committee,
        BatchIndex index,
        bytes32 batch
    ) internal pure returns (bytes32) {
        return _signed(
            domain,
            keccak256(abi.encode(BATCH_ATTESTATION_TYPE_HASH, epoch, committee, index, batch))
        );
    }

    function inclusionPromise(bytes32 domain, bytes32 committee, InclusionPromise calldata said)
        internal
        pure
        returns (bytes32)
    {
        return _signed(
            domain,
            keccak256(
                abi.encode(
                    INCLUSION_PROMISE_TYPE_HASH,
                    said.epoch,
                    committee,
                    said.rollupId,
                    said.transactionHash,
                    said.lastHeight,
                    said.beneficiary,
                    said.valueWei
                )
            )
        );
    }

    /// @notice ENC-8: `hashStruct`, without a domain.
    /// @dev `plainHeaderHash` on the words as they stand in calldata; a number too wide for its type is
    /// refused.
    function headerHash(BlockHeader calldata header) internal pure returns (bytes32 hash) {
        bytes32 typeHash = BLOCK_HEADER_TYPE_HASH;
        assembly ("memory-safe") {
            let encoded := mload(0x40)
            mstore(encoded, typeHash)
            calldatacopy(add(encoded, 0x20), header, 0x1a0)
            // The words of epoch, height, view and timestampMs.
            let wide := or(mload(add(encoded, 0x20)), mload(add(encoded, 0x40)))
            wide := or(wide, or(mload(add(encoded, 0x60)), mload(add(encoded, 0x80))))
            // Of payloadLength, originNumber, originTimestamp and forcedCount.
            wide := or(wide, or(mload(add(encoded, 0xe0)), mload(add(encoded, 0x120))))
            wide := or(wide, or(mload(add(encoded, 0x160)), mload(add(encoded, 0x180))))
            // The proposer is an address.
            if or(shr(64, wide), shr(160, mload(add(encoded, 0x1a0)))) { revert(0, 0) }
            hash := keccak256(encoded, 0x1c0)
        }
    }

    /// @notice The readable twin of `headerHash`, which tests hold equal to it.
    function plainHeaderHash(BlockHeader calldata header) internal pure returns (bytes32) {
        return keccak256(abi.encode(BLOCK_HEADER_TYPE_HASH, header));
    }

    /// @notice ENC-12: `hashStruct`, without a domain.
    /// @dev `plainBatchHash` on the words as they stand in calldata. Like it, and though a quorum may
    /// have signed it, a number too wide for its type is refused: nobody could read it back.
    function batchHash(Batch calldata batch) internal pure returns (bytes32 hash) {
        bytes32 typeHash = BATCH_TYPE_HASH;
        assembly ("memory-safe") {
            let encoded := mload(0x40)
            mstore(encoded, typeHash)
            calldatacopy(add(encoded, 0x20), batch, 0x120)
            // The words of index, firstHeight, lastHeight and forcedCount.
            let heights := or(mload(add(encoded, 0x60)), mload(add(encoded, 0x80)))
            let counts := or(mload(add(encoded, 0x20)), mload(add(encoded, 0xc0)))
            if shr(64, or(heights, counts)) { revert(0, 0) }
            hash := keccak256(encoded, 0x140)
        }
    }

    /// @notice The readable twin of `batchHash`, which tests hold equal to it.
    function plainBatchHash(Batch calldata batch) internal pure returns (bytes32) {
        return keccak256(abi.encode(BATCH_TYPE_HASH, batch));
    }

    /// @notice INBOX-4.
    function messageHash(ForcedMessage memory message) internal pure returns (bytes32) {
        return keccak256(abi.encode(message));
    }

    /// @notice INBOX-4: the accumulator after one more message.
    function accumulate(bytes24 accumulator, bytes32 hash) internal pure returns (bytes24) {
        return bytes24(keccak256(abi.encodePacked(accumulator, hash)));
    }

    /// @dev EIP-712: `keccak(0x1901 ‖ domain ‖ hashStruct)`.
    function _signed(bytes32 domain, bytes32 structHash) private pure returns (bytes32) {
        return MessageHashUtils.toTypedDataHash(domain, structHash);
    }
}
