// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {InclusionPromise} from "../libraries/Digests.sol";
import {InclusionProof} from "../libraries/InclusionLib.sol";
import {BatchIndex, Epoch, Timestamp} from "../types/Types.sol";
import {IBondRegistry} from "./IBondRegistry.sol";
import {Batch, ICommitmentChain} from "./ICommitmentChain.sol";
import {ICommittedReports} from "./ICommittedReports.sol";
import {ICommittee} from "./ICommittee.sol";
import {ICredits} from "./ICredits.sol";
import {ISlashingLedger} from "./ISlashingLedger.sol";

enum PromiseStatus {
    None,
    Open,
    Kept,
    Broken
}

/// @notice What was asked, and by whom. L1 keeps the hash of it: whoever goes on with a challenge states
/// it as its event does.
/// @param deadline first second at which it is too late to answer
/// @param priceWei what the answer earns, or the challenger gets back
/// @param isRewarded whether the challenger had committed to its report (REPORT-1)
/// @param batchHash of the batch that has the promise's last height: an answer leads down from it
struct PromiseChallenge {
    address challenger;
    Timestamp deadline;
    uint96 priceWei;
    bool isRewarded;
    bytes32 batchHash;
}

/// @title Makes whoever promised an inclusion show it on L1, or pay
/// @notice Trust: none. Promises, proofs and challenges may come from anyone.
interface IPromiseSlasher is ICommittedReports, ICredits {
    /// @param id of the promise: `promiseId(operatorId, said)`
    /// @param index of the batch
    event PromiseChallenged(
        bytes32 indexed id,
        uint32 indexed operatorId,
        InclusionPromise said,
        BatchIndex index,
        PromiseChallenge asked
    );

    event PromiseKept(bytes32 indexed id, uint64 height, address answerer);

    /// @notice What its beneficiary got is in the ledger's events (LEDGER-9).
    event PromiseBroken(bytes32 indexed id, uint32 indexed operatorId, Epoch indexed epoch);

    event PriceReclaimed(bytes32 indexed id, address to);

    error ZeroParameter(string name);
    error UnknownToLedger(address ledger);
    error ChainOfAnotherCommittee(address expected, address actual);
    error TimesTooLong(uint256 maximum, uint256 actual);

    error NoBeneficiary();
    error UnknownSigner(address signer);
    error NotPassed(uint64 lastHeight, uint64 actual);
    error PassedBefore(uint64 lastHeight, uint64 firstHeight);
    error WrongBatch(bytes32 expected, bytes32 actual);
    error PriceTooLow(uint256 expected, uint256 actual);
    error WrongStatus(bytes32 id, PromiseStatus expected, PromiseStatus actual);
    error WrongChallenge(bytes32 id, bytes30 expected, bytes30 actual);
    error NotTheChallenger(address expected, address actual);
    error AlreadyReclaimed(bytes32 id);
    error AnswerTooLate(Timestamp deadline, Timestamp actual);
    error NotYetDue(Timestamp deadline, Timestamp actual);
    error TooHigh(uint64 lastHeight, uint64 actual);

    /// @notice Ask whoever signed a promise to show that it was kept (PROMISE-5). By anyone, once.
    ///
    /// Checks: a bonded key signed it in the name of the committee that its epoch has on this chain;
    /// it is not too old (SLASH-2); `batch` is in L1's ring and has the last height of the promise; the
    /// price is paid.
    ///
    /// Not checked: that the promise is broken: who asks for one that was kept pays for the answer. That
    /// the operator can still be slashed: of one that was released before it promised nothing comes but
    /// the price, and `settle` is refused for ever.
    ///
    /// Effects: answers are open until the deadline; what is paid above the price is credited. The
    /// reward for a broken promise is the caller's if it committed to `promiseId(…)` as the evidence in
    /// an earlier block, and burned otherwise.
    ///
    /// @return asked what is stated from then on, as in the event
    ///
    /// @custom:reverts NoBeneficiary, EvidenceTooOld (EvidenceLib), UnknownSigner, what SignatureLib
    /// refuses, NotPassed, PassedBefore, WrongBatch, WrongStatus, PriceTooLow,
    /// ICommittee.NoCommittee, ICommitmentChain.BatchHashUnavailable
    function challenge(
        InclusionPromise calldata said,
        bytes calldata signature,
        Batch calldata batch,
        bytes32 salt
    ) external payable returns (PromiseChallenge memory asked);

    /// @notice Show that a promise was kept (PROMISE-6). By anyone, before the deadline.
    ///
    /// Checks: the transaction is a leaf of a block at or below the last height, in a batch that leads
    /// from the challenge's down.
    ///
    /// Effects: the price is credited to the caller.
    ///
    /// @custom:reverts WrongStatus, WrongChallenge, AnswerTooLate, TooHigh, what InclusionLib and
    /// ChainLib refuse
    function answer(
        uint32 operatorId,
        InclusionPromise calldata said,
        PromiseChallenge calldata asked,
        InclusionProof calldata proof
    ) external;

    /// @notice The deadline has passed: the promise is broken (PROMISE-7). By anyone.
    ///
    /// Effects: the operator is slashed, if it was not for another promise of that epoch, with the
    /// challenger as reporter if it had committed to it; the beneficiary is compensated.
    ///
    /// @custom:reverts WrongStatus, WrongChallenge, NotYetDue, IBondRegistry.NotSlashable
    function settle(
        uint32 operatorId,
        InclusionPromise calldata said,
        PromiseChallenge calldata asked
    ) external;

    /// @notice The price is sent to `to`, when the deadline has passed without an answer. By the
    /// challenger, once, settled or not.
    /// @custom:reverts WrongChallenge, NotTheChallenger, ZeroRecipient, WrongStatus, NotYetDue,
    /// AlreadyReclaimed, TransferFailed
    function reclaim(bytes32 id, PromiseChallenge calldata asked, address to) external;

    function promiseId(uint32 operatorId, InclusionPromise calldata said)
        external
        pure
        returns (bytes32);

    /// @notice How far a challenge of the promise has come, and whether its price was reclaimed.
    function statusOf(bytes32 id) external view returns (PromiseStatus status, bool isReclaimed);

    /// @notice What a challenge costs in this block, in wei (PROMISE-5), as in DATA-2.
    function priceWei() external view returns (uint256);

    function answerSeconds() external view returns (uint64);

    function registry() external view returns (IBondRegistry);

    function ledger() external view returns (ISlashingLedger);

    function committee() external view returns (ICommittee);

    function chain() external view returns (ICommitmentChain);
}
