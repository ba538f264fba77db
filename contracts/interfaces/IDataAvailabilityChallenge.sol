// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BlockHeader} from "../libraries/Digests.sol";
import {BatchIndex, Epoch, Timestamp} from "../types/Types.sol";
import {Batch, ICommitmentChain} from "./ICommitmentChain.sol";
import {ICommittee} from "./ICommittee.sol";
import {IBondRegistry} from "./IBondRegistry.sol";
import {ICredits} from "./ICredits.sol";
import {ISlashingLedger} from "./ISlashingLedger.sol";

/// @notice A held segment (ENC-15) as a leaf of its block's transaction root (ENC-11).
/// @param position of the leaf within the whole block
/// @param length of the data, in bytes
/// @param hash keccak of the data
struct HeldEntry {
    uint32 rollupId;
    uint32 position;
    uint32 length;
    bytes32 hash;
}

/// @notice From L1's ring of batch hashes down to one leaf (DATA-1).
/// @param batches the first is in the ring, each further one the parent of the one before it; the
/// last is the batch of the entry
/// @param headers the first is that batch's last block, each further one the parent of the one
/// before it; the last is the block of the entry
/// @param siblings of the leaf, from the bottom up
/// @param sides bit i is set if sibling i stands on the left
struct HeldProof {
    Batch[] batches;
    BlockHeader[] headers;
    bytes32[] siblings;
    uint256 sides;
}

/// @notice Fixed at construction (DATA-7).
/// @param windowSeconds from the checkpoint that has a batch to the end of its challenges
/// @param answerSeconds from a challenge to its deadline
struct DataParameters {
    uint64 windowSeconds;
    uint64 answerSeconds;
}

enum ChallengeStatus {
    None,
    Open,
    Answered,
    Void
}

/// @param deadline first second at which it is too late to answer
/// @param priceWei what the answer earns, or the challenger gets back
/// @param index of the batch, whose hash is `batchHash`
/// @param hash keccak of the data
struct Challenge {
    address challenger;
    Timestamp deadline;
    uint32 length;
    uint128 priceWei;
    uint32 rollupId;
    BatchIndex index;
    ChallengeStatus status;
    bytes32 hash;
    bytes32 batchHash;
}

/// @title Makes the committee show held data on L1, or lose bond
interface IDataAvailabilityChallenge is ICredits {
    event DataChallenged(
        bytes32 indexed id,
        uint32 indexed rollupId,
        BatchIndex indexed index,
        address challenger,
        uint32 length,
        bytes32 hash,
        Timestamp deadline
    );

    event DataAnswered(bytes32 indexed id, bytes data);

    /// @notice The segment counts as empty, for ever (DERIVE-16).
    event DataVoided(bytes32 indexed id, uint32 indexed rollupId);

    /// @notice Batches up to `index` can be challenged for `windowSeconds` from now on.
    event Checkpointed(BatchIndex index);

    error ZeroParameter(string name);
    error UnknownToLedger(address ledger);
    error ChainOfAnotherCommittee(address expected, address actual);
    error TimesTooLong(uint256 maximum, uint256 actual);

    error WrongRoot(bytes32 expected, bytes32 actual);
    error WindowClosed(BatchIndex settled, BatchIndex actual);
    error PriceTooLow(uint256 expected, uint256 actual);

    error WrongStatus(bytes32 id, ChallengeStatus expected, ChallengeStatus actual);
    error AnswerTooLate(Timestamp deadline, Timestamp actual);
    error WrongLength(uint256 expected, uint256 actual);
    error WrongHash(bytes32 expected, bytes32 actual);
    error NotYetDue(Timestamp deadline, Timestamp actual);
    error UnknownSigner(address signer);

    /// @notice Ask the committee for the data of a held segment (DATA-1, DATA-2). By anyone.
    ///
    /// Checks: the batch leads down from one in L1's ring; the block lies in the batch; the entry
    /// is a leaf of its transaction root; the batch's window is open (DATA-6); it was never
    /// challenged before; the price is paid.
    ///
    /// Not checked: that the rollup holds its data or is `SHARED`. Derivation skips the entry of
    /// one that does not (DERIVE-15), and the price is paid all the same.
    ///
    /// Effects: answers are open until the deadline; what is paid above the price is credited.
    ///
    /// @return id `keccak(abi.encode(batchIndex, blockHash, leaf))`
    /// @custom:reverts EmptyProof, WrongBatch, WrongHeader and BelowBatch (ChainLib), WindowClosed,
    /// WrongRoot, WrongStatus, PriceTooLow, ICommitmentChain.BatchHashUnavailable
    function challenge(HeldEntry calldata entry, HeldProof calldata proof)
        external
        payable
        returns (bytes32 id);

    /// @notice Show the data (DATA-3). By anyone, before the deadline.
    ///
    /// Not checked: what the data says. Whoever executes the rollup reads it (DERIVE-17).
    ///
    /// Effects: the price is credited to the caller; the event carries the data.
    ///
    /// @custom:reverts WrongStatus, AnswerTooLate, WrongLength, WrongHash
    function answer(bytes32 id, bytes calldata data) external;

    /// @notice The deadline has passed: the segment is void (DATA-4). By anyone.
    ///
    /// Effects: the price is credited to the challenger; `punish` is open.
    ///
    /// @custom:reverts WrongStatus, NotYetDue
    function settle(bytes32 id) external;

    /// @notice Slash one who attested the batch of a void segment (DATA-5). By anyone.
    ///
    /// Checks: the segment is void; the signature is that of a bonded key over the batch, in the
    /// name of the committee that `epoch` has on this chain; it is not too old (SLASH-2); not
    /// slashed for an epoch's data before.
    ///
    /// Not checked: that the signer sat in the committee, as in IEquivocationSlasher.
    ///
    /// Effects: LEDGER-1 to LEDGER-7, with the challenger as reporter: copying a call gains nothing.
    /// The operator is jailed.
    ///
    /// @param epoch that the attestation names
    /// @param signature of its BatchAttestation (ENC-2, ENC-3)
    /// @custom:reverts WrongStatus, EvidenceTooOld (EvidenceLib), UnknownSigner, what SignatureLib
    /// refuses, ICommittee.NoCommittee, IBondRegistry.NotSlashable, ISlashingLedger.AlreadySlashed
    /// and OffenceTooEarly
    function punish(bytes32 id, Epoch epoch, bytes calldata signature) external;

    /// @notice Note the last committed index, if it is a new one (DATA-6). By anyone.
    function checkpoint() external;

    /// @notice What a challenge costs in this block, in wei (DATA-2). A node that is asked without a
    /// gas price may count the base fee as zero; what is paid too much is credited.
    function priceOf(uint32 length) external view returns (uint256);

    /// @notice All zero for an id never challenged.
    function challengeOf(bytes32 id) external view returns (Challenge memory);

    /// @notice The last batch that cannot be challenged any more (DATA-6).
    function settledIndex() external view returns (BatchIndex);

    /// @notice The last batch that a checkpoint has.
    function checkpointedIndex() external view returns (BatchIndex);

    function parameters() external view returns (DataParameters memory);

    function registry() external view returns (IBondRegistry);

    function ledger() external view returns (ISlashingLedger);

    function committee() external view returns (ICommittee);

    function chain() external view returns (ICommitmentChain);
}
