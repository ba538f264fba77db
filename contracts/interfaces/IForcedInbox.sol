// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Timestamp} from "../types/Types.sol";
import {IRollupRegistry} from "./IRollupRegistry.sol";

/// @notice Fixed at construction.
/// @param forceWindowSeconds from enqueuing a message to its deadline
/// @param maxBytes longest content of a message
/// @param maxGas highest gas limit
/// @param baseFeeWei fee of any message on an empty queue; non-zero, or spam would be free
/// @param weiPerByte added per byte
/// @param weiPerGas added per unit of gas limit
/// @param congestionTarget the queue length that quadruples the fee (INBOX-2)
struct InboxParameters {
    uint64 forceWindowSeconds;
    uint32 maxBytes;
    uint64 maxGas;
    uint96 baseFeeWei;
    uint64 weiPerByte;
    uint64 weiPerGas;
    uint32 congestionTarget;
}

/// @notice What a message is (INBOX-4).
enum MessageKind {
    TRANSACTION,
    CALL,
    ETHER,
    TOKEN
}

/// @title The queue that no sequencer can close
/// @notice Trust: none in anyone. No pause, no filter, no owner, and fees have no way out, so
/// nobody gains from congestion.
interface IForcedInbox {
    /// @notice All that derivation needs of a message; `content` by its kind (INBOX-4).
    event MessageEnqueued(
        uint64 indexed index,
        uint32 indexed rollupId,
        address indexed sender,
        MessageKind kind,
        uint64 gasLimit,
        Timestamp deadline,
        bytes content
    );

    /// @notice L1 itself put messages `from` to `upTo - 1` into the order.
    event ForceIncluded(uint64 from, uint64 upTo, address indexed caller);

    /// @notice A commit took messages `from` to `upTo - 1`.
    event MessagesConsumed(uint64 from, uint64 upTo);

    error ZeroParameter(string name);
    error MaxBytesOutOfRange(uint256 maximum, uint256 actual);
    error MaxGasOutOfRange(uint256 minimum, uint256 actual);

    error UnknownRollup(uint32 rollupId);
    error LengthOutOfRange(uint256 minimum, uint256 maximum, uint256 actual);
    error GasLimitOutOfRange(uint256 minimum, uint256 maximum, uint256 actual);
    error FeeTooSmall(uint256 expectedWei, uint256 actualWei);
    error RefundFailed(address to, uint256 amountWei);
    error NoVault(uint32 rollupId);
    error VaultRefused(address vault, uint256 amountWei);
    error NothingDeposited();
    error VaultBalanceMismatch(uint256 expected, uint256 actual);
    error NothingToForce(uint64 consumed, uint64 upTo);
    error BeyondQueue(uint64 length, uint64 actual);
    error NotDue(uint64 index, Timestamp deadline, Timestamp actual);
    error DueMessageLeft(uint64 index, Timestamp deadline, Timestamp actual);
    error NotTheChain(address expected, address actual);
    error UnknownMessage(uint64 index, uint64 length);

    /// @notice Queue a signed transaction for a rollup (INBOX-1). By anyone, contracts included.
    ///
    /// Checks: the rollup exists; length and gas limit are within bounds; the fee is paid.
    ///
    /// Not checked: the transaction itself. One that its rollup cannot execute is skipped there,
    /// and has paid for its place.
    ///
    /// Effects: a deadline `forceWindowSeconds` from now that nothing moves; what was paid beyond
    /// the fee goes back to the caller.
    ///
    /// @param gasLimit upper bound of the gas the rollup spends on it
    /// @param transaction raw signed transaction
    /// @return index position in the queue, from 0
    /// @custom:reverts UnknownRollup, LengthOutOfRange, GasLimitOutOfRange, FeeTooSmall,
    /// RefundFailed
    function enqueue(uint32 rollupId, uint64 gasLimit, bytes calldata transaction)
        external
        payable
        returns (uint64 index);

    /// @notice Queue a call that the sender makes on the rollup, without a signature there (INBOX-8).
    ///
    /// Checks: as `enqueue`, for the content.
    ///
    /// Not checked: that the sender has `valueWei` on the rollup.
    ///
    /// Effects: as `enqueue`. The sender is the caller, aliased if it is a contract (INBOX-7).
    ///
    /// @param valueWei taken from the sender's balance on the rollup
    /// @custom:reverts what `enqueue` reverts with
    function enqueueCall(
        uint32 rollupId,
        uint64 gasLimit,
        address to,
        uint256 valueWei,
        bytes calldata data
    ) external payable returns (uint64 index);

    /// @notice Deposit ether (INBOX-9): the vault gets it here, the sender there, and `to` is called
    /// with it.
    ///
    /// Checks: as `enqueue`; the rollup has a vault; the vault takes the ether; it is not nothing.
    ///
    /// Not checked: what the vault is. A rollup's users trust their bridge.
    ///
    /// @param amountWei part of what is paid; the rest is for the fee
    /// @custom:reverts what `enqueue` reverts with, NoVault, VaultRefused, NothingDeposited
    function depositEther(
        uint32 rollupId,
        uint64 gasLimit,
        address to,
        uint256 amountWei,
        bytes calldata data
    ) external payable returns (uint64 index);

    /// @notice Deposit an ERC-20 token that the caller has approved (INBOX-9).
    ///
    /// Checks: as `enqueue`; the rollup has a vault; the vault's balance grows by exactly `amount`,
    /// which is not zero.
    ///
    /// @custom:reverts what `enqueue` reverts with, NoVault, NothingDeposited, VaultBalanceMismatch,
    /// SafeERC20FailedOperation, what the token reverts with
    function depositToken(
        uint32 rollupId,
        uint64 gasLimit,
        IERC20 token,
        address to,
        uint256 amount,
        bytes calldata data
    ) external payable returns (uint64 index);

    /// @notice Put every message before `upTo` into the order by L1 alone (INBOX-5). By anyone;
    /// the cost does not depend on how many.
    ///
    /// Checks: `upTo` is within the queue and beyond what is consumed; message `upTo - 1` is due,
    /// and with it every one before.
    ///
    /// @custom:reverts NothingToForce, BeyondQueue, NotDue
    function forceInclude(uint64 upTo) external;

    /// @notice Record that the committee's order holds the first `count` messages (INBOX-6).
    ///
    /// Checks: the caller is the CommitmentChain; `count` is within the queue; the first message
    /// left over is not due.
    ///
    /// Not checked: that `count` moves forward. After a forceInclude the committee's own count
    /// may lag behind; then nothing changes.
    ///
    /// @return isCaughtUp whether `count` is at least what was consumed before: the committee knows
    /// what L1 did without it (FALLBACK-4)
    /// @custom:reverts NotTheChain, BeyondQueue, DueMessageLeft
    function consume(uint64 count) external returns (bool isCaughtUp);

    /// @notice The fee of a message enqueued now, in wei, by the length of its content (INBOX-2).
    function fee(uint256 bytesLength, uint64 gasLimit) external view returns (uint256);

    /// @return length messages ever enqueued
    /// @return consumed how many of them are in the order
    /// @return accumulator over all of them (INBOX-4)
    function head() external view returns (uint32 length, uint32 consumed, bytes24 accumulator);

    /// @return deadline from when on anyone may force the message
    /// @return accumulator after the message
    /// @custom:reverts UnknownMessage
    function message(uint64 index) external view returns (Timestamp deadline, bytes24 accumulator);

    /// @notice Whether the first message left has been due for `seconds_` or longer (FALLBACK-2).
    function isOverdue(uint64 seconds_) external view returns (bool);

    /// @return pending messages not consumed
    /// @return due those of them whose deadline has come
    function backlog() external view returns (uint64 pending, uint64 due);

    function parameters() external view returns (InboxParameters memory);

    function rollups() external view returns (IRollupRegistry);

    /// @notice The CommitmentChain that may consume.
    function chain() external view returns (address);
}
