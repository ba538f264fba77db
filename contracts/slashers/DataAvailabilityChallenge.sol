// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IBondRegistry, Times} from "../interfaces/IBondRegistry.sol";
import {Credits} from "../Credits.sol";
import {Batch, ICommitmentChain} from "../interfaces/ICommitmentChain.sol";
import {ICommittee} from "../interfaces/ICommittee.sol";
import {
    Challenge,
    ChallengeStatus,
    DataParameters,
    HeldEntry,
    HeldProof,
    IDataAvailabilityChallenge
} from "../interfaces/IDataAvailabilityChallenge.sol";
import {Consequence, ISlashingLedger, Offence, Slash} from "../interfaces/ISlashingLedger.sol";
import {ChainLib} from "../libraries/ChainLib.sol";
import {BlockHeader, Digests} from "../libraries/Digests.sol";
import {EvidenceLib} from "../libraries/EvidenceLib.sol";
import {History, HistoryLib} from "../libraries/HistoryLib.sol";
import {MerkleLib} from "../libraries/MerkleLib.sol";
import {SignatureLib} from "../libraries/SignatureLib.sol";
import {Schedule, TimeLib} from "../libraries/TimeLib.sol";
import {BatchIndex, Epoch, Timestamp} from "../types/Types.sol";

/// @title Held data (DATA-1 to DATA-8)
/// @notice See IDataAvailabilityChallenge for what each function checks, leaves unchecked and does.
contract DataAvailabilityChallenge is IDataAvailabilityChallenge, Credits {
    using HistoryLib for History;
    using TimeLib for Timestamp;

    /// @notice What an answer costs its sender at most (DATA-2): the gas of the shortest, and per
    /// byte the floor of EIP-7623, which is above what calldata, hash and log cost together.
    uint256 public constant ANSWER_GAS = 60_000;
    uint256 public constant ANSWER_GAS_PER_BYTE = 40;

    /// @notice Per gas, on top of the base fee.
    uint256 public constant TIP_WEI = 1 gwei;

    /// @notice Longer data is no answer in any transaction: L1's pools take none that is longer.
    uint256 public constant MAX_ANSWER_BYTES = 128 << 10;

    IBondRegistry public immutable registry;
    ISlashingLedger public immutable ledger;
    ICommittee public immutable committee;
    ICommitmentChain public immutable chain;
    Schedule private immutable SCHEDULE;

    /// @dev How long after its epoch an attestation is still evidence (SLASH-2).
    uint64 private immutable EVIDENCE_LIFE_SECONDS;

    uint64 private immutable WINDOW_SECONDS;
    uint64 private immutable ANSWER_SECONDS;

    mapping(bytes32 id => Challenge) private _challenges;

    /// @dev The last committed index, by the second in which it was noted (DATA-6).
    History private _checkpoints;

    constructor(ISlashingLedger ledger_, ICommitmentChain chain_, DataParameters memory d) {
        // Nothing could be challenged, or nothing answered.
        if (d.windowSeconds == 0) revert ZeroParameter("windowSeconds");
        if (d.answerSeconds == 0) revert ZeroParameter("answerSeconds");
        // DATA-7: whoever challenges in time finds the signers' bonds in place.
        IBondRegistry registry_ = ledger_.registry();
        Times memory p = registry_.times();
        uint256 longest = uint256(d.windowSeconds) + d.answerSeconds;
        if (longest >= p.evidenceSeconds) revert TimesTooLong(p.evidenceSeconds - 1, longest);
        // A slasher that its ledger does not know could never punish anyone.
        if (!ledger_.isSlasher(address(this))) revert UnknownToLedger(address(ledger_));
        // What it commits would be attested by others than those who are slashed.
        ICommittee committee_ = ledger_.committee();
        if (address(chain_.committee()) != address(committee_)) {
            revert ChainOfAnotherCommittee(address(committee_), address(chain_.committee()));
        }

        ledger = ledger_;
        registry = registry_;
        committee = committee_;
        chain = chain_;
        SCHEDULE = TimeLib.schedule(p.genesis, p.epochSeconds);
        EVIDENCE_LIFE_SECONDS = EvidenceLib.lifeSeconds(p);
        WINDOW_SECONDS = d.windowSeconds;
        ANSWER_SECONDS = d.answerSeconds;
    }

    /// @inheritdoc IDataAvailabilityChallenge
    function challenge(HeldEntry calldata entry, HeldProof calldata proof)
        external
        payable
        returns (bytes32 id)
    {
        (Batch calldata batch, bytes32 batchHash) = _requireBatch(proof.batches);
        id = _requireEntry(entry, proof, batch);
        _requireStatus(id, ChallengeStatus.None);
        uint256 priceWei = priceOf(entry.length);
        if (msg.value < priceWei) revert PriceTooLow(priceWei, msg.value);

        Timestamp deadline = TimeLib.timestamp().plus(ANSWER_SECONDS);
        _challenges[id] = Challenge({
            challenger: msg.sender,
            deadline: deadline,
            length: entry.length,
            // casting to 'uint128' is safe because no account has that much ether
            // forge-lint: disable-next-line(unsafe-typecast)
            priceWei: uint128(priceWei),
            rollupId: entry.rollupId,
            index: batch.index,
            status: ChallengeStatus.Open,
            hash: entry.hash,
            batchHash: batchHash
        });
        _credit(msg.sender, msg.value - priceWei);

        emit DataChallenged(
            id, entry.rollupId, batch.index, msg.sender, entry.length, entry.hash, deadline
        );
    }

    /// @inheritdoc IDataAvailabilityChallenge
    function answer(bytes32 id, bytes calldata data) external {
        Challenge storage asked = _requireStatus(id, ChallengeStatus.Open);
        Timestamp now_ = TimeLib.timestamp();
        if (asked.deadline.isDue(now_)) revert AnswerTooLate(asked.deadline, now_);
        if (data.length != asked.length) revert WrongLength(asked.length, data.length);
        bytes32 hash = keccak256(data);
        if (hash != asked.hash) revert WrongHash(asked.hash, hash);

        asked.status = ChallengeStatus.Answered;
        _credit(msg.sender, asked.priceWei);

        emit DataAnswered(id, data);
    }

    /// @inheritdoc IDataAvailabilityChallenge
    function settle(bytes32 id) external {
        Challenge storage asked = _requireStatus(id, ChallengeStatus.Open);
        Timestamp now_ = TimeLib.timestamp();
        if (!asked.deadline.isDue(now_)) revert NotYetDue(asked.deadline, now_);

        asked.status = ChallengeStatus.Void;
        _credit(asked.challenger, asked.priceWei);

        emit DataVoided(id, asked.rollupId);
    }

    /// @inheritdoc IDataAvailabilityChallenge
    function punish(bytes32 id, Epoch epoch, bytes calldata signature) external {
        Challenge storage asked = _requireStatus(id, ChallengeStatus.Void);
        bytes32 members = committee.committeeHash(epoch);
        EvidenceLib.requireFresh(SCHEDULE, epoch, EVIDENCE_LIFE_SECONDS);
        bytes32 digest = Digests.batchAttestation(
            Digests.domainSeparator(address(registry)), epoch, members, asked.index, asked.batchHash
        );
        address signer = SignatureLib.recover(digest, signature);
        uint32 operatorId = registry.operatorIdOfSigner(signer);
        if (operatorId == 0) revert UnknownSigner(signer);

        // How the slash was split, the ledger's event says.
        // slither-disable-next-line unused-return
        ledger.slash(
            Slash({
                id: operatorId,
                signer: signer,
                epoch: epoch,
                offence: Offence.Data,
                consequence: Consequence.Jail,
                severity: 1,
                reporter: asked.challenger,
                victim: address(0),
                lossWei: 0
            })
        );
    }

    /// @inheritdoc IDataAvailabilityChallenge
    function checkpoint() external {
        BatchIndex last = chain.lastIndex();
        if (BatchIndex.unwrap(last) == _checkpoints.latest()) return;
        _checkpoints.record(BatchIndex.unwrap(last));

        emit Checkpointed(last);
    }

    /// @inheritdoc IDataAvailabilityChallenge
    function challengeOf(bytes32 id) external view returns (Challenge memory) {
        return _challenges[id];
    }

    /// @inheritdoc IDataAvailabilityChallenge
    function checkpointedIndex() external view returns (BatchIndex) {
        return BatchIndex.wrap(uint64(_checkpoints.latest()));
    }

    /// @inheritdoc IDataAvailabilityChallenge
    function parameters() external view returns (DataParameters memory) {
        return DataParameters(WINDOW_SECONDS, ANSWER_SECONDS);
    }

    /// @inheritdoc IDataAvailabilityChallenge
    function priceOf(uint32 length) public view returns (uint256) {
        uint256 gas_ = ANSWER_GAS + ANSWER_GAS_PER_BYTE * Math.min(length, MAX_ANSWER_BYTES);
        return gas_ * (2 * block.basefee + TIP_WEI);
    }

    /// @inheritdoc IDataAvailabilityChallenge
    function settledIndex() public view returns (BatchIndex) {
        uint256 opened = Math.saturatingSub(block.timestamp, WINDOW_SECONDS);
        // casting to 'uint64' is safe because it is a batch's index
        // forge-lint: disable-next-line(unsafe-typecast)
        return BatchIndex.wrap(uint64(_checkpoints.valueAt(opened)));
    }

    /// @dev DATA-1 and DATA-6. The last of a chain of batches down from one in the ring, and its
    /// hash. The chain has checked index and parent of each.
    function _requireBatch(Batch[] calldata batches)
        private
        view
        returns (Batch calldata batch, bytes32 hash)
    {
        if (batches.length == 0) revert ChainLib.EmptyProof();
        (batch, hash) = ChainLib.batchUnder(chain.batchHashAt(batches[0].index), batches);
        BatchIndex settled = settledIndex();
        if (BatchIndex.unwrap(batch.index) <= BatchIndex.unwrap(settled)) {
            revert WindowClosed(settled, batch.index);
        }
    }

    /// @dev DATA-1. The entry is a leaf of the last of a chain of headers down from the batch's last
    /// block. Returns its id.
    function _requireEntry(HeldEntry calldata entry, HeldProof calldata proof, Batch calldata batch)
        private
        pure
        returns (bytes32 id)
    {
        (BlockHeader calldata header, bytes32 hash) = ChainLib.blockIn(batch, proof.headers);
        bytes32 leaf = MerkleLib.leafHash(entry);
        bytes32 root = MerkleLib.rootOf(leaf, proof.siblings, proof.sides);
        if (root != header.transactionRoot) revert WrongRoot(header.transactionRoot, root);
        return keccak256(abi.encode(batch.index, hash, leaf));
    }

    function _requireStatus(bytes32 id, ChallengeStatus expected)
        private
        view
        returns (Challenge storage asked)
    {
        asked = _challenges[id];
        if (asked.status != expected) revert WrongStatus(id, expected, asked.status);
    }
}
