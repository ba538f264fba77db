// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IForcedInbox, InboxParameters, MessageKind} from "./interfaces/IForcedInbox.sol";
import {IRollupRegistry} from "./interfaces/IRollupRegistry.sol";
import {CallerLib} from "./libraries/CallerLib.sol";
import {Digests, ForcedMessage} from "./libraries/Digests.sol";
import {TimeLib} from "./libraries/TimeLib.sol";
import {Timestamp} from "./types/Types.sol";

/// @title Forced inclusion (INBOX-1 to INBOX-9)
/// @notice See IForcedInbox for what each function checks, leaves unchecked and does.
contract ForcedInbox is IForcedInbox {
    using SafeERC20 for IERC20;
    using TimeLib for Timestamp;

    /// @dev One slot. `length` and `consumed` count messages ever enqueued and ever consumed.
    struct Head {
        uint32 length;
        uint32 consumed;
        bytes24 accumulator;
    }

    /// @dev One slot.
    struct Message {
        Timestamp deadline;
        bytes24 accumulator;
    }

    /// @notice Gas of the cheapest transaction there is; less could not execute.
    uint64 public constant MIN_GAS = 21_000;

    /// @notice What a rollup node accepts as one transaction (ENC-10); longer ones could be
    /// enqueued but never executed.
    uint32 public constant MAX_TRANSACTION_BYTES = 128 * 1024;

    /// @inheritdoc IForcedInbox
    IRollupRegistry public immutable rollups;

    /// @inheritdoc IForcedInbox
    address public immutable chain;

    uint64 private immutable FORCE_WINDOW_SECONDS;
    uint32 private immutable MAX_BYTES;
    uint64 private immutable MAX_GAS;
    uint96 private immutable BASE_FEE_WEI;
    uint64 private immutable WEI_PER_BYTE;
    uint64 private immutable WEI_PER_GAS;
    uint32 private immutable CONGESTION_TARGET;

    Head private _head;
    mapping(uint64 index => Message) private _messages;

    constructor(IRollupRegistry rollups_, address chain_, InboxParameters memory p) {
        if (address(rollups_) == address(0)) revert ZeroParameter("rollups");
        if (chain_ == address(0)) revert ZeroParameter("chain");
        // Every message would be due in the block that enqueues it, and no commit could pass.
        if (p.forceWindowSeconds == 0) revert ZeroParameter("forceWindowSeconds");
        // The factor of INBOX-2 multiplies nothing if there is no fee, and divides by the target.
        if (p.baseFeeWei == 0) revert ZeroParameter("baseFeeWei");
        if (p.congestionTarget == 0) revert ZeroParameter("congestionTarget");
        // Bounds that let nothing in would close the queue.
        if (p.maxBytes == 0) revert ZeroParameter("maxBytes");
        if (p.maxBytes > MAX_TRANSACTION_BYTES) {
            revert MaxBytesOutOfRange(MAX_TRANSACTION_BYTES, p.maxBytes);
        }
        if (p.maxGas < MIN_GAS) revert MaxGasOutOfRange(MIN_GAS, p.maxGas);

        rollups = rollups_;
        chain = chain_;
        FORCE_WINDOW_SECONDS = p.forceWindowSeconds;
        MAX_BYTES = p.maxBytes;
        MAX_GAS = p.maxGas;
        BASE_FEE_WEI = p.baseFeeWei;
        WEI_PER_BYTE = p.weiPerByte;
        WEI_PER_GAS = p.weiPerGas;
        CONGESTION_TARGET = p.congestionTarget;
    }

    /// @inheritdoc IForcedInbox
    function enqueue(uint32 rollupId, uint64 gasLimit, bytes calldata transaction)
        external
        payable
        returns (uint64 index)
    {
        if (!rollups.isRegistered(rollupId)) revert UnknownRollup(rollupId);
        return _enqueue(rollupId, MessageKind.TRANSACTION, gasLimit, transaction, 0);
    }

    /// @inheritdoc IForcedInbox
    function enqueueCall(
        uint32 rollupId,
        uint64 gasLimit,
        address to,
        uint256 valueWei,
        bytes calldata data
    ) external payable returns (uint64 index) {
        if (!rollups.isRegistered(rollupId)) revert UnknownRollup(rollupId);
        bytes memory content = abi.encodePacked(to, valueWei, data);
        return _enqueue(rollupId, MessageKind.CALL, gasLimit, content, 0);
    }

    /// @inheritdoc IForcedInbox
    function depositEther(
        uint32 rollupId,
        uint64 gasLimit,
        address to,
        uint256 amountWei,
        bytes calldata data
    ) external payable returns (uint64 index) {
        if (amountWei == 0) revert NothingDeposited();
        address vault = _vaultOf(rollupId);
        bytes memory content = abi.encodePacked(to, amountWei, data);
        index = _enqueue(rollupId, MessageKind.ETHER, gasLimit, content, amountWei);
        (bool isTaken,) = vault.call{value: amountWei}("");
        if (!isTaken) revert VaultRefused(vault, amountWei);
    }

    /// @inheritdoc IForcedInbox
    function depositToken(
        uint32 rollupId,
        uint64 gasLimit,
        IERC20 token,
        address to,
        uint256 amount,
        bytes calldata data
    ) external payable returns (uint64 index) {
        _moveToken(token, _vaultOf(rollupId), amount);
        bytes memory content = abi.encodePacked(token, to, amount, data);
        return _enqueue(rollupId, MessageKind.TOKEN, gasLimit, content, 0);
    }

    /// @inheritdoc IForcedInbox
    function forceInclude(uint64 upTo) external {
        Head memory h = _head;
        if (upTo <= h.consumed) revert NothingToForce(h.consumed, upTo);
        if (upTo > h.length) revert BeyondQueue(h.length, upTo);
        Timestamp deadline = _messages[upTo - 1].deadline;
        Timestamp now_ = TimeLib.timestamp();
        if (!deadline.isDue(now_)) revert NotDue(upTo - 1, deadline, now_);

        // casting to 'uint32' is safe because `upTo` is at most `length`, a uint32
        // forge-lint: disable-next-line(unsafe-typecast)
        _head.consumed = uint32(upTo);

        emit ForceIncluded(h.consumed, upTo, msg.sender);
    }

    /// @inheritdoc IForcedInbox
    function consume(uint64 count) external returns (bool isCaughtUp) {
        if (msg.sender != chain) revert NotTheChain(chain, msg.sender);
        Head memory h = _head;
        if (count > h.length) revert BeyondQueue(h.length, count);

        uint64 consumed = count > h.consumed ? count : h.consumed;
        if (consumed < h.length) {
            Timestamp deadline = _messages[consumed].deadline;
            Timestamp now_ = TimeLib.timestamp();
            if (deadline.isDue(now_)) revert DueMessageLeft(consumed, deadline, now_);
        }

        if (consumed != h.consumed) {
            // casting to 'uint32' is safe because `consumed` is at most `length`, a uint32
            // forge-lint: disable-next-line(unsafe-typecast)
            _head.consumed = uint32(consumed);
            emit MessagesConsumed(h.consumed, consumed);
        }
        return count >= h.consumed;
    }

    /// @inheritdoc IForcedInbox
    function fee(uint256 bytesLength, uint64 gasLimit) external view returns (uint256) {
        return _fee(_head, bytesLength, gasLimit);
    }

    /// @inheritdoc IForcedInbox
    function head() external view returns (uint32 length, uint32 consumed, bytes24 accumulator) {
        Head memory h = _head;
        return (h.length, h.consumed, h.accumulator);
    }

    /// @inheritdoc IForcedInbox
    function message(uint64 index) external view returns (Timestamp deadline, bytes24 accumulator) {
        if (index >= _head.length) revert UnknownMessage(index, _head.length);
        Message memory m = _messages[index];
        return (m.deadline, m.accumulator);
    }

    /// @inheritdoc IForcedInbox
    function isOverdue(uint64 seconds_) external view returns (bool) {
        Head memory h = _head;
        if (h.consumed == h.length) return false;
        return _messages[h.consumed].deadline.plus(seconds_).isDue(TimeLib.timestamp());
    }

    /// @inheritdoc IForcedInbox
    function backlog() external view returns (uint64 pending, uint64 due) {
        Head memory h = _head;
        Timestamp now_ = TimeLib.timestamp();

        // Deadlines never decrease along the queue (INBOX-3): search for the first not due.
        uint64 low = h.consumed;
        uint64 high = h.length;
        while (low < high) {
            uint64 middle = low + (high - low) / 2;
            if (_messages[middle].deadline.isDue(now_)) low = middle + 1;
            else high = middle;
        }
        return (h.length - h.consumed, low - h.consumed);
    }

    /// @inheritdoc IForcedInbox
    function parameters() external view returns (InboxParameters memory) {
        return InboxParameters({
            forceWindowSeconds: FORCE_WINDOW_SECONDS,
            maxBytes: MAX_BYTES,
            maxGas: MAX_GAS,
            baseFeeWei: BASE_FEE_WEI,
            weiPerByte: WEI_PER_BYTE,
            weiPerGas: WEI_PER_GAS,
            congestionTarget: CONGESTION_TARGET
        });
    }

    /// @dev INBOX-1 to INBOX-4. What is paid beyond the fee and `depositWei` goes back to the caller.
    function _enqueue(
        uint32 rollupId,
        MessageKind kind,
        uint64 gasLimit,
        bytes memory content,
        uint256 depositWei
    ) private returns (uint64 index) {
        if (content.length == 0 || content.length > MAX_BYTES) {
            revert LengthOutOfRange(1, MAX_BYTES, content.length);
        }
        if (gasLimit < MIN_GAS || gasLimit > MAX_GAS) {
            revert GasLimitOutOfRange(MIN_GAS, MAX_GAS, gasLimit);
        }
        Head memory h = _head;
        uint256 dueWei = Math.saturatingAdd(_fee(h, content.length, gasLimit), depositWei);
        if (msg.value < dueWei) revert FeeTooSmall(dueWei, msg.value);

        index = h.length;
        address sender = CallerLib.sender();
        Timestamp deadline = TimeLib.timestamp().plus(FORCE_WINDOW_SECONDS);
        bytes32 messageHash = Digests.messageHash(
            ForcedMessage({
                kind: uint8(kind),
                index: index,
                rollupId: rollupId,
                sender: sender,
                gasLimit: gasLimit,
                deadline: deadline,
                contentHash: keccak256(content)
            })
        );
        bytes24 accumulator = Digests.accumulate(h.accumulator, messageHash);
        _messages[index] = Message(deadline, accumulator);
        _head = Head(h.length + 1, h.consumed, accumulator);

        emit MessageEnqueued(index, rollupId, sender, kind, gasLimit, deadline, content);
        _refund(msg.value - dueWei);
    }

    /// @dev A token that moves another amount, by a fee or by calling back, is refused.
    function _moveToken(IERC20 token, address vault, uint256 amount) private {
        if (amount == 0) revert NothingDeposited();
        uint256 balance = token.balanceOf(vault);
        token.safeTransferFrom(msg.sender, vault, amount);
        uint256 expected = balance + amount;
        uint256 actual = token.balanceOf(vault);
        if (actual != expected) revert VaultBalanceMismatch(expected, actual);
    }

    function _vaultOf(uint32 rollupId) private view returns (address vault) {
        address owner;
        // Its chain does not matter here.
        // slither-disable-next-line unused-return
        (owner,, vault) = rollups.rollup(rollupId);
        if (owner == address(0)) revert UnknownRollup(rollupId);
        if (vault == address(0)) revert NoVault(rollupId);
    }

    /// @dev INBOX-2.
    function _fee(Head memory h, uint256 bytesLength, uint64 gasLimit)
        private
        view
        returns (uint256)
    {
        uint256 target = CONGESTION_TARGET;
        uint256 load = target + h.length - h.consumed;
        uint256 plainWei =
            BASE_FEE_WEI + bytesLength * WEI_PER_BYTE + uint256(gasLimit) * WEI_PER_GAS;
        return Math.ceilDiv(plainWei * load * load, target * target);
    }

    function _refund(uint256 amountWei) private {
        if (amountWei == 0) return;
        (bool isSent,) = msg.sender.call{value: amountWei}("");
        if (!isSent) revert RefundFailed(msg.sender, amountWei);
    }
}
