// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Batch, ICommitmentChain} from "./interfaces/ICommitmentChain.sol";
import {IParameters, Parameter} from "./interfaces/IParameters.sol";
import {IRevenueSplitter} from "./interfaces/IRevenueSplitter.sol";
import {IRollupRegistry} from "./interfaces/IRollupRegistry.sol";
import {FeeAccount, ISequencingFees} from "./interfaces/ISequencingFees.sol";
import {Digests} from "./libraries/Digests.sol";
import {TimeLib} from "./libraries/TimeLib.sol";
import {UsageLib} from "./libraries/UsageLib.sol";
import {BatchIndex, Timestamp} from "./types/Types.sol";

/// @title Fees of rollups (FEE-1 to FEE-6)
/// @notice See ISequencingFees for what each function checks, leaves unchecked and does.
contract SequencingFees is ISequencingFees {
    using SafeCast for uint256;
    using TimeLib for Timestamp;

    /// @dev One slot. `entries` of the batch after `last` were charged.
    struct Position {
        BatchIndex last;
        uint64 entries;
    }

    /// @dev One slot.
    struct Doubt {
        BatchIndex index;
        Timestamp passableAt;
    }

    /// @dev What one rollup pays with one call.
    struct Fee {
        uint32 rollupId;
        uint96 feeWei;
    }

    /// @notice How long anyone may show the usage of a batch that was doubted (FEE-6).
    uint64 public constant DOUBT_SECONDS = 1 days;

    /// @inheritdoc ISequencingFees
    ICommitmentChain public immutable chain;

    /// @inheritdoc ISequencingFees
    IRollupRegistry public immutable rollups;

    /// @inheritdoc ISequencingFees
    IRevenueSplitter public immutable splitter;

    /// @inheritdoc ISequencingFees
    IParameters public immutable parameters;

    Position private _charged;
    Doubt private _doubted;

    mapping(uint32 rollupId => FeeAccount) private _accounts;

    /// @dev Hashes of batches that had left the ring when they were reached.
    mapping(BatchIndex index => bytes32) private _reached;

    constructor(ICommitmentChain chain_, IRevenueSplitter splitter_) {
        // Fees would go to the operators of another committee.
        address expected = address(chain_.committee().registry());
        address actual = address(splitter_.registry());
        if (expected != actual) revert SplitterOfAnotherRegistry(expected, actual);

        chain = chain_;
        splitter = splitter_;
        rollups = splitter_.rollups();
        parameters = splitter_.parameters();
    }

    /// @inheritdoc ISequencingFees
    function prepay(uint32 rollupId) external payable returns (uint64 bytes_) {
        if (!rollups.isRegistered(rollupId)) revert UnknownRollup(rollupId);
        FeeAccount storage a = _accounts[rollupId];
        uint256 priceWei = parameters.value(Parameter.FEE_WEI_PER_BYTE);
        uint256 fundsWei = msg.value + a.restWei;
        if (fundsWei < priceWei) revert TooLittle(priceWei, fundsWei);

        bytes_ = (fundsWei / priceWei).toUint64();
        uint64 late = uint64(Math.min(bytes_, a.arrearsBytes));
        uint64 bought = bytes_ - late;
        a.restWei = (fundsWei % priceWei).toUint96();
        a.paidWei += (bought * priceWei).toUint96();
        a.leftBytes += bought;
        emit Prepaid(rollupId, msg.sender, msg.value, bytes_);
        if (late == 0) return bytes_;

        a.arrearsBytes -= late;
        if (a.arrearsBytes == 0) {
            a.dropAt = Timestamp.wrap(0);
            emit NoticeCleared(rollupId);
        }
        splitter.deposit{value: late * priceWei}(rollupId);
    }

    /// @inheritdoc ISequencingFees
    function charge(Batch[] calldata batches, bytes[] calldata usages, uint256 entries) external {
        if (batches.length != usages.length) {
            revert WrongCount(batches.length, usages.length);
        }
        BatchIndex first = _requireLinked(batches);
        if (first != _charged.last.successor()) {
            revert WrongIndex(_charged.last.successor(), first);
        }
        for (uint256 i; i < batches.length; ++i) {
            _requireUsage(batches[i], usages[i]);
        }
        UsageLib.Reader memory reader = UsageLib.open(usages, _charged.entries, entries);
        BatchIndex last = batches[batches.length - 1].index;
        Position memory position = _after(last, usages[usages.length - 1], entries);
        _charged = position;
        emit BatchesCharged(position.last, position.entries);

        Fee[] memory fees = new Fee[](reader.left);
        uint256 count;
        while (reader.left != 0) {
            (uint32 rollupId, uint256 used) = UsageLib.next(reader, usages);
            if (!rollups.isRegistered(rollupId)) continue;
            uint96 feeWei = _charge(_accounts[rollupId], last, rollupId, used);
            if (feeWei != 0) fees[count++] = Fee(rollupId, feeWei);
        }
        for (uint256 i; i < count; ++i) {
            splitter.deposit{value: fees[i].feeWei}(fees[i].rollupId);
        }
    }

    /// @inheritdoc ISequencingFees
    function reach(Batch[] calldata batches) external {
        BatchIndex first = _requireLinked(batches);
        _reached[BatchIndex.wrap(BatchIndex.unwrap(first) - 1)] = batches[0].parentHash;
    }

    /// @inheritdoc ISequencingFees
    function doubt() external {
        BatchIndex index = _charged.last.successor();
        if (BatchIndex.unwrap(index) > BatchIndex.unwrap(chain.lastIndex())) revert NoBatches();
        if (_doubted.index == index) revert AlreadyDoubted(index);
        Timestamp passableAt = TimeLib.timestamp().plus(DOUBT_SECONDS);
        _doubted = Doubt(index, passableAt);

        emit UsageDoubted(index, passableAt);
    }

    /// @inheritdoc ISequencingFees
    function accountOf(uint32 rollupId) external view returns (FeeAccount memory) {
        return _accounts[rollupId];
    }

    /// @inheritdoc ISequencingFees
    function isDropped(uint32 rollupId) external view returns (bool) {
        Timestamp dropAt = _accounts[rollupId].dropAt;
        return Timestamp.unwrap(dropAt) != 0 && dropAt.isDue(TimeLib.timestamp());
    }

    /// @inheritdoc ISequencingFees
    function charged() external view returns (BatchIndex last, uint64 entries) {
        return (_charged.last, _charged.entries);
    }

    /// @inheritdoc ISequencingFees
    function doubted() external view returns (BatchIndex index, Timestamp passableAt) {
        return (_doubted.index, _doubted.passableAt);
    }

    /// @dev FEE-3, FEE-4. Never fails, whatever the bytes: arrears stop growing at their greatest.
    function _charge(FeeAccount storage a, BatchIndex last, uint32 rollupId, uint256 used)
        private
        returns (uint96 feeWei)
    {
        uint64 taken = uint64(Math.min(used, a.leftBytes));
        feeWei = taken == 0 ? 0 : uint96(Math.mulDiv(a.paidWei, taken, a.leftBytes));
        if (taken != 0) {
            a.paidWei -= feeWei;
            a.leftBytes -= taken;
        }
        // casting to 'uint64' is safe because it is at most that
        // forge-lint: disable-next-line(unsafe-typecast)
        emit Charged(last, rollupId, uint64(Math.min(used, type(uint64).max)), feeWei);
        if (used > taken) {
            uint256 arrears = Math.min(a.arrearsBytes + (used - taken), type(uint64).max);
            // forge-lint: disable-next-line(unsafe-typecast)
            a.arrearsBytes = uint64(arrears);
            _giveNotice(a, rollupId);
        }
    }

    /// @dev Once: what is used after a notice moves its time neither way.
    function _giveNotice(FeeAccount storage a, uint32 rollupId) private {
        if (Timestamp.unwrap(a.dropAt) != 0) return;
        uint64 noticeSeconds = uint256(parameters.value(Parameter.NOTICE_SECONDS)).toUint64();
        a.dropAt = TimeLib.timestamp().plus(noticeSeconds);

        emit NoticeGiven(rollupId, a.arrearsBytes, a.dropAt);
    }

    /// @dev FEE-6: a usage that nobody shows does not stop those after it for ever.
    function _requireUsage(Batch calldata batch, bytes calldata usage) private {
        bytes32 hash = keccak256(usage);
        if (hash == batch.usageHash) return;
        bool isPassable = usage.length == 0 && _doubted.index == batch.index
            && _doubted.passableAt.isDue(TimeLib.timestamp());
        if (!isPassable) revert WrongUsage(batch.index, batch.usageHash, hash);

        emit BatchPassedOver(batch.index);
    }

    /// @dev Where the charge is when `entries` of the usage of batch `last` are charged.
    function _after(BatchIndex last, bytes calldata usage, uint256 entries)
        private
        view
        returns (Position memory)
    {
        if (entries >= UsageLib.count(usage)) return Position(last, 0);
        BatchIndex before = BatchIndex.wrap(BatchIndex.unwrap(last) - 1);
        bool isNext = before == _charged.last;
        if (isNext && entries <= _charged.entries) {
            revert NothingToCharge(_charged.entries, entries);
        }
        // casting to 'uint64' is safe because it is below the usage's length
        // forge-lint: disable-next-line(unsafe-typecast)
        return Position(before, uint64(entries));
    }

    /// @dev FEE-3. The last is in the ring or was reached, each other one is the parent of the
    /// next. The chain itself has checked that indices go up by one.
    function _requireLinked(Batch[] calldata batches) private view returns (BatchIndex first) {
        uint256 i = batches.length;
        if (i == 0) revert NoBatches();
        bytes32 expected = _hashAt(batches[i - 1].index);
        while (i != 0) {
            Batch calldata batch = batches[--i];
            bytes32 hash = Digests.batchHash(batch);
            if (hash != expected) revert WrongBatch(batch.index, expected, hash);
            expected = batch.parentHash;
        }
        return batches[0].index;
    }

    function _hashAt(BatchIndex index) private view returns (bytes32 hash) {
        hash = _reached[index];
        if (hash == 0) hash = chain.batchHashAt(index);
    }
}
