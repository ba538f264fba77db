// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Credits} from "../Credits.sol";
import {IBondRegistry, Times} from "../interfaces/IBondRegistry.sol";
import {Batch, ICommitmentChain} from "../interfaces/ICommitmentChain.sol";
import {ICommittee} from "../interfaces/ICommittee.sol";
import {IPromiseSlasher, PromiseChallenge, PromiseStatus} from "../interfaces/IPromiseSlasher.sol";
import {Consequence, ISlashingLedger, Offence, Slash} from "../interfaces/ISlashingLedger.sol";
import {CommitteeStore} from "../libraries/CommitteeStore.sol";
import {Digests, InclusionPromise} from "../libraries/Digests.sol";
import {EvidenceLib} from "../libraries/EvidenceLib.sol";
import {InclusionLib, InclusionProof} from "../libraries/InclusionLib.sol";
import {SignatureLib} from "../libraries/SignatureLib.sol";
import {Schedule, TimeLib} from "../libraries/TimeLib.sol";
import {Timestamp} from "../types/Types.sol";
import {CommittedReports} from "./CommittedReports.sol";

/// @title Promises of inclusion (PROMISE-5 to PROMISE-7, REPORT-1)
/// @notice See IPromiseSlasher for what each function checks, leaves unchecked and does.
contract PromiseSlasher is IPromiseSlasher, CommittedReports, Credits {
    using TimeLib for Timestamp;

    /// @dev What is kept of a challenge: one word.
    struct Record {
        bytes30 hash;
        PromiseStatus status;
        bool isReclaimed;
    }

    /// @notice What an answer costs its sender at most: as many batches as there are heights that a
    /// node promises over (PROMISE-2), one block each, and the deepest leaf.
    uint256 public constant ANSWER_GAS = 1_500_000;

    /// @notice Per gas, on top of the base fee.
    uint256 public constant TIP_WEI = 1 gwei;

    /// @inheritdoc IPromiseSlasher
    IBondRegistry public immutable registry;

    /// @inheritdoc IPromiseSlasher
    ISlashingLedger public immutable ledger;

    /// @inheritdoc IPromiseSlasher
    ICommittee public immutable committee;

    /// @inheritdoc IPromiseSlasher
    ICommitmentChain public immutable chain;

    /// @inheritdoc IPromiseSlasher
    uint64 public immutable answerSeconds;

    Schedule private immutable SCHEDULE;

    /// @dev How long after its epoch a promise can be challenged (PROMISE-5).
    uint64 private immutable CHALLENGE_LIFE_SECONDS;

    mapping(bytes32 id => Record) private _records;

    constructor(ISlashingLedger ledger_, ICommitmentChain chain_, uint64 answerSeconds_) {
        if (answerSeconds_ == 0) revert ZeroParameter("answerSeconds");
        // Whoever challenges in time finds the bond in place when the answer is due, and has as long
        // again to settle (TIME-4).
        IBondRegistry registry_ = ledger_.registry();
        Times memory p = registry_.times();
        if (2 * uint256(answerSeconds_) >= p.evidenceSeconds) {
            revert TimesTooLong((p.evidenceSeconds - 1) / 2, answerSeconds_);
        }
        // A slasher that its ledger does not know could never punish anyone.
        if (!ledger_.isSlasher(address(this))) revert UnknownToLedger(address(ledger_));
        ICommittee committee_ = ledger_.committee();
        if (address(chain_.committee()) != address(committee_)) {
            revert ChainOfAnotherCommittee(address(committee_), address(chain_.committee()));
        }

        ledger = ledger_;
        registry = registry_;
        committee = committee_;
        chain = chain_;
        answerSeconds = answerSeconds_;
        SCHEDULE = TimeLib.schedule(p.genesis, p.epochSeconds);
        CHALLENGE_LIFE_SECONDS = EvidenceLib.lifeSeconds(p) - 2 * answerSeconds_;
    }

    /// @inheritdoc IPromiseSlasher
    function challenge(
        InclusionPromise calldata said,
        bytes calldata signature,
        Batch calldata batch,
        bytes32 salt
    ) external payable returns (PromiseChallenge memory asked) {
        // Without a victim the slash would set nothing apart, for the victims of other promises either.
        if (said.beneficiary == address(0)) revert NoBeneficiary();
        bytes32 batchHash = _requirePassed(said, batch);
        uint32 operatorId = _requireSigned(said, signature);
        bytes32 id = promiseId(operatorId, said);
        PromiseStatus status = _records[id].status;
        if (status != PromiseStatus.None) revert WrongStatus(id, PromiseStatus.None, status);
        uint256 price = priceWei();
        if (msg.value < price) revert PriceTooLow(price, msg.value);

        asked = PromiseChallenge({
            challenger: msg.sender,
            deadline: TimeLib.timestamp().plus(answerSeconds),
            // casting to 'uint96' is safe because so much ether was paid
            // forge-lint: disable-next-line(unsafe-typecast)
            priceWei: uint96(price),
            isRewarded: _reporter(id, salt) != address(0),
            batchHash: batchHash
        });
        _records[id] = Record(_hash(asked), PromiseStatus.Open, false);
        _credit(msg.sender, msg.value - price);

        emit PromiseChallenged(id, operatorId, said, batch.index, asked);
    }

    /// @inheritdoc IPromiseSlasher
    function answer(
        uint32 operatorId,
        InclusionPromise calldata said,
        PromiseChallenge calldata asked,
        InclusionProof calldata proof
    ) external {
        bytes32 id = promiseId(operatorId, said);
        Record storage record = _requireOpen(id, asked);
        Timestamp now_ = TimeLib.timestamp();
        if (asked.deadline.isDue(now_)) revert AnswerTooLate(asked.deadline, now_);
        uint64 height =
            InclusionLib.heightOf(proof, asked.batchHash, said.rollupId, said.transactionHash);
        if (height > said.lastHeight) revert TooHigh(said.lastHeight, height);

        record.status = PromiseStatus.Kept;
        _credit(msg.sender, asked.priceWei);

        emit PromiseKept(id, height, msg.sender);
    }

    /// @inheritdoc IPromiseSlasher
    function settle(
        uint32 operatorId,
        InclusionPromise calldata said,
        PromiseChallenge calldata asked
    ) external {
        bytes32 id = promiseId(operatorId, said);
        Record storage record = _requireOpen(id, asked);
        _requireDue(asked.deadline);

        record.status = PromiseStatus.Broken;
        emit PromiseBroken(id, operatorId, said.epoch);
        _compensate(operatorId, said, asked.isRewarded ? asked.challenger : address(0));
    }

    /// @inheritdoc IPromiseSlasher
    function reclaim(bytes32 id, PromiseChallenge calldata asked, address to) external {
        Record storage record = _requireStated(id, asked);
        if (msg.sender != asked.challenger) revert NotTheChallenger(asked.challenger, msg.sender);
        if (to == address(0)) revert ZeroRecipient();
        // Who has answered was paid it.
        if (record.status == PromiseStatus.Kept) {
            revert WrongStatus(id, PromiseStatus.Broken, PromiseStatus.Kept);
        }
        _requireDue(asked.deadline);
        if (record.isReclaimed) revert AlreadyReclaimed(id);

        record.isReclaimed = true;
        emit PriceReclaimed(id, to);
        _send(to, asked.priceWei);
    }

    /// @inheritdoc IPromiseSlasher
    function statusOf(bytes32 id) external view returns (PromiseStatus status, bool isReclaimed) {
        Record storage record = _records[id];
        return (record.status, record.isReclaimed);
    }

    /// @inheritdoc IPromiseSlasher
    function priceWei() public view returns (uint256) {
        return ANSWER_GAS * (2 * block.basefee + TIP_WEI);
    }

    /// @inheritdoc IPromiseSlasher
    function promiseId(uint32 operatorId, InclusionPromise calldata said)
        public
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(operatorId, said));
    }

    /// @dev PROMISE-5: who promised.
    function _requireSigned(InclusionPromise calldata said, bytes calldata signature)
        private
        view
        returns (uint32 operatorId)
    {
        EvidenceLib.requireFresh(SCHEDULE, said.epoch, CHALLENGE_LIFE_SECONDS);
        bytes32 domain = Digests.domainSeparator(address(registry));
        bytes32 digest =
            Digests.inclusionPromise(domain, CommitteeStore.hashOf(committee, said.epoch), said);
        address signer = SignatureLib.recover(digest, signature);
        operatorId = registry.operatorIdOfSigner(signer);
        if (operatorId == 0) revert UnknownSigner(signer);
    }

    /// @dev PROMISE-5: the batch is on L1, and the promise's heights end in it. From a later one the way
    /// down could be longer than any transaction that L1 takes.
    function _requirePassed(InclusionPromise calldata said, Batch calldata batch)
        private
        view
        returns (bytes32 hash)
    {
        if (batch.lastHeight < said.lastHeight) {
            revert NotPassed(said.lastHeight, batch.lastHeight);
        }
        if (batch.firstHeight > said.lastHeight) {
            revert PassedBefore(said.lastHeight, batch.firstHeight);
        }
        hash = Digests.batchHash(batch);
        bytes32 expected = chain.batchHashAt(batch.index);
        if (hash != expected) revert WrongBatch(expected, hash);
    }

    /// @dev PROMISE-7: the first broken promise of an epoch slashes, and what that set apart is for the
    /// victims of all.
    function _compensate(uint32 id, InclusionPromise calldata said, address reporter) private {
        ledger.compensate(
            Slash({
                id: id,
                signer: address(0),
                epoch: said.epoch,
                offence: Offence.Promise,
                consequence: Consequence.None,
                severity: 1,
                reporter: reporter,
                victim: said.beneficiary,
                lossWei: said.valueWei
            })
        );
    }

    function _requireOpen(bytes32 id, PromiseChallenge calldata asked)
        private
        view
        returns (Record storage record)
    {
        PromiseStatus status = _records[id].status;
        if (status != PromiseStatus.Open) revert WrongStatus(id, PromiseStatus.Open, status);
        return _requireStated(id, asked);
    }

    /// @dev The challenge is stated as it was made.
    function _requireStated(bytes32 id, PromiseChallenge calldata asked)
        private
        view
        returns (Record storage record)
    {
        record = _records[id];
        (bytes30 expected, bytes30 actual) = (record.hash, _hash(asked));
        if (actual != expected) revert WrongChallenge(id, expected, actual);
    }

    function _requireDue(Timestamp deadline) private view {
        Timestamp now_ = TimeLib.timestamp();
        if (!deadline.isDue(now_)) revert NotYetDue(deadline, now_);
    }

    function _hash(PromiseChallenge memory asked) private pure returns (bytes30) {
        return bytes30(keccak256(abi.encode(asked)));
    }
}
