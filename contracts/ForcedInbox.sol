// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IForcedInbox, InboxParameters} from "./interfaces/IForcedInbox.sol";
import {IRollupRegistry} from "./interfaces/IRollupRegistry.sol";
import {Digests, ForcedMessage} from "./libraries/Digests.sol";
import {TimeLib} from "./libraries/TimeLib.sol";
import {Timestamp} from "./types/Types.sol";

/// @title Forced inclusion (INBOX-1 to INBOX-6)
/// @notice See IForcedInbox for what each function checks, leaves unchecked and does.
contract ForcedInbox is IForcedInbox {
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

    /// @notice A signed transaction, the only kind of message in this version (INBOX-4).
    uint8 public constant SIGNED_TRANSACTION = 0;

    /// @notice Gas of the cheapest transaction there is; less could not execute.
    uint64 public constant MIN_GAS = 21_000;

    /// @notice What a rollup node accepts as one transaction (ENC-10); longer ones could be
    /// enqueued but never executed.
    uint32 public constant MAX_TRANSACTION_BYTES = 128 * 1024;

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
        if (transaction.length == 0 || transaction.length > MAX_BYTES) {
            revert LengthOutOfRange(1, MAX_BYTES, transaction.length);
        }
        if (gasLimit < MIN_GAS || gasLimit > MAX_GAS) {
            revert GasLimitOutOfRange(MIN_GAS, MAX_GAS, gasLimit);
        }
        Head memory h = _head;
        uint256 feeWei = _fee(h, transaction.length, gasLimit);
        if (msg.value < feeWei) revert FeeTooSmall(feeWei, msg.value);

        index = h.length;
        Timestamp deadline = TimeLib.timestamp().plus(FORCE_WINDOW_SECONDS);
        bytes32 messageHash = Digests.messageHash(
            ForcedMessage({
                kind: SIGNED_TRANSACTION,
                index: index,
                rollupId: rollupId,
                sender: msg.sender,
                gasLimit: gasLimit,
                deadline: deadline,
                transactionHash: keccak256(transaction)
            })
        );
        bytes24 accumulator = Digests.accumulate(h.accumulator, messageHash);
        _messages[index] = Message(deadline, accumulator);
        _head = Head(h.length + 1, h.consumed, accumulator);

        emit MessageEnqueued(index, rollupId, msg.sender, gasLimit, deadline, transaction);
        _refund(msg.value - feeWei);
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
    function consume(uint64 count) external {
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
